//! The simulated gateway against `ib_async`, which speaks text fields and most Python programs for IB are
//! written with. `ib_async_client.py` says what is asked and what must be told.

mod messages;
mod python;

/// The client's exact version: its decoders are what this test is about.
const CLIENT: &str = "ib_async==2.1.0";

#[test]
fn ib_async_is_told_what_it_should_be() {
    let said = python::believed_by(CLIENT, "ib_async_client.py", &[]);
    let seen = messages::Seen::reported(&said);
    messages::prove("ib_async, text", "ib_async_client", &seen);
}
