//! The simulated gateway against `ib_insync`, the ancestor of `ib_async` that many programs still use, at its
//! own server version. `ib_insync_client.py` says what is asked and what must be told.

mod messages;
mod python;

/// The client's exact version, the last one there will be.
const CLIENT: &str = "ib_insync==0.9.86";

#[test]
fn ib_insync_is_told_what_it_should_be() {
    let said = python::believed_by(CLIENT, "ib_insync_client.py", &[]);
    let seen = messages::Seen::reported(&said);
    messages::prove("ib_insync, text", "ib_insync_client", &seen);
}
