//! The simulated gateway against IB's own Python client: an implementation of the protocol that owes us
//! nothing. `official_client.py` says what is asked and what must be told.

mod python;

/// The client's exact version: its decoders are what this test is about.
const CLIENT: &str = "ibapi-stable==10.50.2";

#[test]
fn the_official_python_client_is_told_what_it_should_be() {
    python::believed_by(CLIENT, "official_client.py", &[]);
}
