use std::time::Duration;

use super::readiness::assess;
use super::specimen;
use crate::desk::snapshot::Snapshot;
use crate::domain::plugin::{PluginState, PluginStatus};
use crate::domain::proof::{Proof, ProofKind};
use crate::domain::session::{SessionPhase, SessionStatus};
use crate::domain::time::Timestamp;
use crate::domain::trading_state::{Latch, TradingState};

const START: Timestamp = Timestamp::from_nanos(1_700_000_000_000_000_000);

/// The moment, spoiled in one way.
struct Moment {
    now: Timestamp,
    snapshot: Snapshot,
    session: SessionStatus,
    plugins: Vec<PluginStatus>,
}

/// Spoils a ready moment, then checks that exactly `failing` fail, each saying `word` and what to do.
fn check(spoil: impl FnOnce(&mut Moment), failing: &[&str], word: &str) {
    let mut moment = Moment {
        now: START,
        snapshot: specimen::snapshot(START),
        session: specimen::session(START),
        plugins: specimen::plugins(),
    };
    spoil(&mut moment);
    let conditions = assess(moment.now, &moment.snapshot, &moment.session, &moment.plugins);
    let unmet: Vec<_> = conditions.iter().filter(|condition| !condition.ok).collect();
    let names: Vec<_> = unmet.iter().map(|condition| condition.name).collect();
    assert_eq!(names, failing, "{conditions:#?}");
    let said = unmet.iter().any(|condition| condition.reason.contains(word));
    assert!(said || failing.is_empty(), "nobody says {word:?}: {unmet:#?}");
    assert!(
        unmet.iter().all(|condition| !condition.fix.is_empty()),
        "{unmet:#?}"
    );
}

#[test]
fn a_daemon_that_trades_is_ready() {
    check(|_| {}, &[], "");
    check(|moment| moment.plugins.clear(), &[], "");
}

#[test]
fn a_stuck_desk_is_told_by_the_age_of_its_snapshot() {
    check(|moment| moment.now = START.after(Duration::from_secs(5)), &[], "");
    check(
        |moment| moment.now = START.after(Duration::from_secs(6)),
        &["desk"],
        "6.0 s",
    );
}

#[test]
fn the_session_says_why_it_is_not_up() {
    let refused = |moment: &mut Moment| {
        moment.session.phase = SessionPhase::Waiting;
        moment.session.last_error = "connection refused".to_owned();
    };
    check(refused, &["session"], "connection refused");
}

#[test]
fn what_was_never_or_no_longer_reconciled_is_told() {
    let never = |moment: &mut Moment| moment.snapshot.reconciled_at = None;
    check(never, &["reconciled"], "never");
    let recovering = |moment: &mut Moment| {
        moment.snapshot.trading_state = TradingState::Recovering;
        moment.snapshot.reasons = vec!["reports were lost".to_owned()];
    };
    check(recovering, &["reconciled", "trading"], "reports were lost");
}

#[test]
fn each_proof_is_a_condition_while_there_is_a_session() {
    for (at, kind) in ProofKind::ALL.into_iter().enumerate() {
        let missing = |moment: &mut Moment| {
            moment.session.proofs[at] = Proof {
                reason: "asked for and never ticked: AAPL".to_owned(),
                ..Proof::missing(kind)
            };
        };
        check(missing, &[kind.as_str()], "AAPL");
        let no_session = |moment: &mut Moment| {
            missing(moment);
            moment.session.phase = SessionPhase::Connecting;
        };
        check(no_session, &["session"], "connecting");
    }
}

#[test]
fn a_ledger_that_cannot_be_written_is_told() {
    let full = |moment: &mut Moment| moment.snapshot.ledger_error = "disk full".to_owned();
    check(full, &["ledger"], "disk full");
}

#[test]
fn a_plugin_that_is_out_is_named_with_its_failure() {
    let quarantined = |moment: &mut Moment| {
        moment.plugins[0].state = PluginState::Quarantined;
        moment.plugins[0].last_failure = "out of fuel".to_owned();
    };
    check(quarantined, &["plugins"], "maker is quarantined: out of fuel");
}

#[test]
fn a_halt_carries_its_reason() {
    let halted = |moment: &mut Moment| {
        moment.snapshot.trading_state = TradingState::Halted;
        moment.snapshot.latch = Latch::Halted;
        moment.snapshot.latch_reason = "feed looks wrong".to_owned();
    };
    check(halted, &["trading"], "halted (feed looks wrong)");
    let ledger = |moment: &mut Moment| {
        moment.snapshot.trading_state = TradingState::ReduceOnly;
        moment.snapshot.reasons = vec!["ledger: disk full".to_owned()];
    };
    check(ledger, &["trading"], "disk full");
}
