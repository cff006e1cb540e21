use super::trouble::{Trouble, Watch, describe};
use crate::domain::proof::{Proof, ProofKind};
use crate::domain::session::{Failing, Farm, FarmKind, FarmState, Obstacle, SessionPhase, SessionStatus};
use crate::domain::time::Timestamp;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_nanos((1_000_000 + seconds) * 1_000_000_000)
}

/// A session without any trouble.
fn healthy() -> SessionStatus {
    SessionStatus {
        phase: SessionPhase::Up,
        since: at(0),
        address: "127.0.0.1:4002".to_owned(),
        client_id: 7,
        server_version: 213,
        accounts: vec!["DU1".to_owned()],
        upstream: true,
        attempts: 0,
        sessions: 1,
        last_error: String::new(),
        last_heartbeat: Some(at(0)),
        failing: None,
        silences: 0,
        farms: Vec::new(),
        upstream_since: None,
        competing: None,
        streams_silent: 0,
        proofs: vec![Proof {
            held: true,
            ..Proof::missing(ProofKind::Upstream)
        }],
        subscriptions: Vec::new(),
    }
}

fn failing(obstacle: Obstacle) -> SessionStatus {
    let failing = Failing {
        obstacle,
        since: at(0),
        count: 1,
    };
    SessionStatus {
        phase: SessionPhase::Waiting,
        failing: Some(failing),
        upstream: false,
        proofs: Vec::new(),
        ..healthy()
    }
}

fn farm(name: &str, state: FarmState) -> Farm {
    Farm {
        name: name.to_owned(),
        kind: FarmKind::MarketData,
        state,
        since: at(0),
        notices: 1,
    }
}

#[track_caller]
fn check(session: &SessionStatus, login_pending: bool, expected: Option<Trouble>) {
    let seen = Watch::default().look(at(1), session, login_pending, false, 3);
    assert_eq!(seen.map(|lasting| lasting.trouble), expected);
}

#[test]
fn each_trouble_is_told_from_the_others() {
    check(&healthy(), false, None);
    let mut session = healthy();
    session.streams_silent = 2;
    check(&session, false, Some(Trouble::StaleStreams));
    session.farms = vec![farm("usfuture", FarmState::Idle)];
    check(&session, false, Some(Trouble::StaleStreams));
    session.farms.push(farm("usfarm", FarmState::Broken));
    check(&session, false, Some(Trouble::FarmsDown));
    assert!(describe(Trouble::FarmsDown, &session).contains("usfarm"));
    session.proofs.clear();
    check(&session, false, Some(Trouble::UpstreamMute));
    session.upstream = false;
    check(&session, false, Some(Trouble::UpstreamLost));
    session.competing = Some(at(0));
    check(&session, false, Some(Trouble::Competing));
    for (obstacle, trouble) in [
        (Obstacle::Refused, Some(Trouble::Absent)),
        (Obstacle::Rejected, Some(Trouble::Absent)),
        (Obstacle::ClientIdInUse, Some(Trouble::ClientIdHeld)),
        (Obstacle::WrongAccount, Some(Trouble::Misconfigured)),
        (Obstacle::VersionTooLow, Some(Trouble::Misconfigured)),
        (Obstacle::Lost, None),
        (Obstacle::Reopened, None),
        // One silence is not a hung gateway.
        (Obstacle::Silent, None),
    ] {
        check(&failing(obstacle), false, trouble);
    }
    check(&failing(Obstacle::Refused), true, Some(Trouble::LoginPending));
}

#[test]
fn silences_add_up_and_are_forgotten() {
    let mut watch = Watch::default();
    let mut session = failing(Obstacle::Silent);
    session.silences = 2;
    assert!(watch.look(at(0), &session, false, false, 3).is_none());
    // A session that stands in between is no cure.
    let mut standing = healthy();
    standing.silences = 2;
    assert!(watch.look(at(20), &standing, false, false, 3).is_none());
    session.silences = 3;
    let hung = watch.look(at(40), &session, false, false, 3).unwrap();
    assert_eq!((hung.trouble, hung.since), (Trouble::Hung, at(40)));
    // Ten minutes later they are history.
    assert!(watch.look(at(641), &session, false, false, 3).is_none());
}

#[test]
fn what_lasts_within_a_window_counts_from_its_end() {
    let mut watch = Watch::default();
    let mut session = healthy();
    session.upstream = false;
    watch.look(at(0), &session, false, false, 3);
    watch.look(at(100), &session, false, true, 3);
    let lasting = watch.look(at(200), &session, false, false, 3).unwrap();
    assert_eq!((lasting.since, lasting.since_outside), (at(0), at(100)));
    // Gone for a moment is gone.
    watch.look(at(210), &healthy(), false, false, 3);
    let lasting = watch.look(at(220), &session, false, false, 3).unwrap();
    assert_eq!(lasting.since, at(220));
}
