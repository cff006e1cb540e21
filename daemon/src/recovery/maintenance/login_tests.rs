use std::time::Duration;

use super::{Clocks, LoginWatch};
use crate::domain::session::Obstacle;
use crate::domain::time::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
/// The moment of the cold start or of the end of the login.
const MOMENT: u64 = 1_000_000;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_nanos(seconds * 1_000_000_000)
}

fn watch() -> LoginWatch {
    LoginWatch::new(Duration::from_secs(240), Duration::from_secs(900))
}

const CLOSED: Option<Obstacle> = Some(Obstacle::Refused);

fn cold() -> Clocks {
    Clocks {
        cold_restart: Some(at(MOMENT)),
        ..Clocks::default()
    }
}

fn expired() -> Clocks {
    Clocks {
        token_expiry: Some(at(MOMENT)),
        ..Clocks::default()
    }
}

#[test]
fn a_cold_start_that_does_not_come_back_waits_for_a_person() {
    let mut watch = watch();
    watch.look(at(MOMENT - HOUR), true, None, &cold());
    assert!(watch.look(at(MOMENT + 5), false, CLOSED, &cold()).is_none());
    assert!(watch.look(at(MOMENT + 200), false, CLOSED, &cold()).is_none());
    let wait = watch.look(at(MOMENT + 5 + 240), false, CLOSED, &cold()).unwrap();
    assert_eq!(wait.since, at(MOMENT + 5));
    assert!(wait.reason.contains("cold start"), "{}", wait.reason);
    // Until somebody approves.
    assert!(watch.look(at(MOMENT + HOUR), true, None, &cold()).is_none());
}

#[test]
fn a_silent_port_is_a_dialog_too_and_a_lost_socket_is_none() {
    let mut silent = watch();
    silent.look(at(MOMENT - HOUR), true, None, &cold());
    silent.look(at(MOMENT + 5), false, Some(Obstacle::Silent), &cold());
    assert!(
        silent
            .look(at(MOMENT + 300), false, Some(Obstacle::Silent), &cold())
            .is_some()
    );
    let mut held = watch();
    held.look(at(MOMENT - HOUR), true, None, &cold());
    held.look(at(MOMENT + 5), false, Some(Obstacle::ClientIdInUse), &cold());
    let other = Some(Obstacle::ClientIdInUse);
    assert!(held.look(at(MOMENT + 900), false, other, &cold()).is_none());
}

#[test]
fn a_gateway_that_goes_at_another_time_is_only_gone() {
    let mut watch = watch();
    watch.look(at(MOMENT - HOUR), true, None, &cold());
    watch.look(at(MOMENT + 20 * HOUR), true, None, &cold());
    watch.look(at(MOMENT + 30 * HOUR), false, CLOSED, &cold());
    assert!(
        watch
            .look(at(MOMENT + 40 * HOUR), false, CLOSED, &cold())
            .is_none()
    );
}

#[test]
fn an_expired_login_is_noticed_by_the_first_restart_after_it() {
    let mut watch = watch();
    watch.look(at(MOMENT - HOUR), true, None, &expired());
    watch.look(at(MOMENT + 48 * HOUR), true, None, &expired());
    assert!(watch.login_expired(&expired()));
    let gone = MOMENT + 49 * HOUR;
    watch.look(at(gone), false, CLOSED, &expired());
    let wait = watch.look(at(gone + 5 * MINUTE), false, CLOSED, &expired());
    assert!(wait.unwrap().reason.contains("expired"));
    // Somebody logs in: the login is good until it next expires.
    watch.look(at(gone + 10 * MINUTE), true, None, &expired());
    assert!(!watch.login_expired(&expired()));
    watch.look(at(gone + 24 * HOUR), false, CLOSED, &expired());
    assert!(
        watch
            .look(at(gone + 25 * HOUR), false, CLOSED, &expired())
            .is_none()
    );
}

#[test]
fn what_is_not_known_of_the_past_is_not_assumed_but_near_the_moment() {
    let mut near = watch();
    near.look(at(MOMENT + HOUR), false, CLOSED, &expired());
    assert!(
        near.look(at(MOMENT + 2 * HOUR), false, CLOSED, &expired())
            .is_some()
    );
    let mut far = watch();
    far.look(at(MOMENT + 72 * HOUR), false, CLOSED, &expired());
    assert!(
        far.look(at(MOMENT + 73 * HOUR), false, CLOSED, &expired())
            .is_none()
    );
    let mut unknown = watch();
    unknown.look(at(MOMENT + 72 * HOUR), true, None, &expired());
    assert!(!unknown.login_expired(&expired()));
}

#[test]
fn our_own_cold_start_is_waited_for() {
    let clocks = Clocks {
        unit_restart: Some(at(MOMENT)),
        ..Clocks::default()
    };
    let mut watch = watch();
    watch.look(at(MOMENT - HOUR), true, None, &clocks);
    watch.look(at(MOMENT - 10 * MINUTE), false, Some(Obstacle::Silent), &clocks);
    assert!(watch.look(at(MOMENT + MINUTE), false, CLOSED, &clocks).is_none());
    assert!(
        watch
            .look(at(MOMENT + 5 * MINUTE), false, CLOSED, &clocks)
            .is_some()
    );
}
