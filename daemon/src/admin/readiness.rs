//! Whether the daemon would trade now, as a list of named conditions, each with how long it has been so, why, and what
//! to do. Pure: everything it judges is handed to it.

use std::time::Duration;

use crate::desk::snapshot::Snapshot;
use crate::domain::instrument::InstrumentId;
use crate::domain::plugin::{PluginState, PluginStatus};
use crate::domain::session::{SessionPhase, SessionStatus, Subscription};
use crate::domain::time::Timestamp;
use crate::domain::trading_state::{Latch, TradingState};

/// The desk publishes itself at least once a second; five missed ones mean that it is stuck.
pub const DESK_STUCK_AFTER: Duration = Duration::from_secs(5);
/// IB answers a market data request with a first tick within seconds, in the market's hours or not.
const FIRST_TICK_WITHIN: Duration = Duration::from_secs(30);

/// One thing that must be so before orders can leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its stable name.
    pub name: &'static str,
    /// Whether it is so.
    pub ok: bool,
    /// How long it has been as it is, or how old what it was judged by is, where that is known.
    pub age: Option<Duration>,
    /// Why, for people.
    pub reason: String,
    /// What to do; empty when it is so.
    pub fix: String,
}

impl Condition {
    fn met(name: &'static str, age: Option<Duration>, reason: impl Into<String>) -> Self {
        Condition {
            name,
            ok: true,
            age,
            reason: reason.into(),
            fix: String::new(),
        }
    }

    fn unmet(
        name: &'static str,
        age: Option<Duration>,
        reason: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Condition {
            name,
            ok: false,
            age,
            reason: reason.into(),
            fix: fix.into(),
        }
    }
}

/// Every condition, in the order in which one should look at them.
pub fn assess(
    now: Timestamp,
    snapshot: &Snapshot,
    session: &SessionStatus,
    plugins: &[PluginStatus],
) -> Vec<Condition> {
    vec![
        desk(now, snapshot),
        session_up(now, session),
        upstream(now, session),
        reconciled(now, snapshot),
        market_data(now, snapshot, session),
        plugins_running(plugins),
        trading(snapshot),
    ]
}

/// Whether the desk's loop turns. What [`assess`] begins with, and all that liveness asks.
pub fn desk(now: Timestamp, snapshot: &Snapshot) -> Condition {
    let age = now.since(snapshot.at);
    if age <= DESK_STUCK_AFTER {
        return Condition::met("desk", Some(age), "the desk's loop turns");
    }
    let reason = format!("the desk has not published itself for {}", seconds(age));
    let fix = "nothing of what is shown is newer than that; `journalctl -u moored` says what it did last, and \
               `systemctl restart moored` starts it with its memory";
    Condition::unmet("desk", Some(age), reason, fix)
}

fn session_up(now: Timestamp, session: &SessionStatus) -> Condition {
    const NAME: &str = "session";
    let age = Some(now.since(session.since));
    let address = &session.address;
    let doing = match session.phase {
        SessionPhase::Up => return Condition::met(NAME, age, format!("up to {address}")),
        SessionPhase::Waiting => "waiting before the next attempt to connect to",
        SessionPhase::Connecting => "connecting to",
        SessionPhase::Proving => "connected, reading the broker's truth from",
        SessionPhase::Closed => "closed, because the daemon stops:",
    };
    let mut reason = format!("{doing} {address}");
    if !session.last_error.is_empty() {
        reason = format!("{reason}; last error: {}", session.last_error);
    }
    let fix = "check that the gateway runs, is logged in and accepts API connections on that address; \
               moored keeps trying by itself";
    Condition::unmet(NAME, age, reason, fix)
}

fn upstream(now: Timestamp, session: &SessionStatus) -> Condition {
    const NAME: &str = "upstream";
    let age = session.last_heartbeat.map(|at| now.since(at));
    if session.upstream {
        return Condition::met(NAME, age, "the gateway has its connection to IB");
    }
    let reason = "the gateway has no connection to IB";
    let fix = "wait for it to return (IB resets every night), or look at the gateway's own window or log";
    Condition::unmet(NAME, age, reason, fix)
}

fn reconciled(now: Timestamp, snapshot: &Snapshot) -> Condition {
    const NAME: &str = "reconciled";
    let age = snapshot.reconciled_at.map(|at| now.since(at));
    let fix = "it is done by itself once the session is up; `moorctl reconcile` asks for it again";
    if snapshot.reconciled_at.is_none() {
        return Condition::unmet(NAME, None, "the broker's truth was never read", fix);
    }
    if snapshot.trading_state == TradingState::Recovering {
        let reason = with_reasons("what the broker holds is not known", snapshot);
        return Condition::unmet(NAME, age, reason, fix);
    }
    Condition::met(NAME, age, "ours agreed with the broker's truth")
}

fn market_data(now: Timestamp, snapshot: &Snapshot, session: &SessionStatus) -> Condition {
    const NAME: &str = "market_data";
    let newest = session.subscriptions.iter().filter_map(|s| s.last_tick).max();
    let age = newest.map(|at| now.since(at));
    let silent: Vec<String> = session
        .subscriptions
        .iter()
        .filter(|subscription| is_silent(now, subscription))
        .map(|subscription| instrument_name(snapshot, subscription.instrument))
        .collect();
    if silent.is_empty() {
        let reason = match session.subscriptions.len() {
            0 => "no instrument is subscribed".to_owned(),
            count => format!("{count} subscribed, none silent since it was asked for"),
        };
        return Condition::met(NAME, age, reason);
    }
    let reason = format!("no data at all of {}", silent.join(", "));
    let fix =
        "check the account's market data subscriptions for them; IB's answer is in `journalctl -u moored`";
    Condition::unmet(NAME, age, reason, fix)
}

/// Asked for, with time enough to answer, and nothing came; or not asked for at all.
fn is_silent(now: Timestamp, subscription: &Subscription) -> bool {
    match (subscription.requested, subscription.first_tick) {
        (_, Some(_)) => false,
        (None, None) => true,
        (Some(requested), None) => now.since(requested) > FIRST_TICK_WITHIN,
    }
}

fn plugins_running(plugins: &[PluginStatus]) -> Condition {
    const NAME: &str = "plugins";
    let out: Vec<String> = plugins
        .iter()
        .filter(|plugin| plugin.state != PluginState::Running)
        .map(|plugin| match plugin.last_failure.as_str() {
            "" => format!("{} is {}", plugin.name, plugin.state.as_str()),
            failure => format!("{} is {}: {failure}", plugin.name, plugin.state.as_str()),
        })
        .collect();
    if out.is_empty() {
        let reason = match plugins.len() {
            0 => "no plugin is configured".to_owned(),
            count => format!("all {count} running"),
        };
        return Condition::met(NAME, None, reason);
    }
    let fix = "a restarting one comes back by itself; a quarantined one with `moorctl plugins restart NAME`, once \
               its failure is understood";
    Condition::unmet(NAME, None, out.join("; "), fix)
}

fn trading(snapshot: &Snapshot) -> Condition {
    const NAME: &str = "trading";
    let fix = match snapshot.trading_state {
        TradingState::Active => return Condition::met(NAME, None, "active"),
        TradingState::Halted => "`moorctl resume --reason …` once the cause is gone",
        TradingState::ReduceOnly => "make the ledger writable again: free disk space, check its directory",
        TradingState::Recovering => "wait for the session and its reconciliation: the conditions above",
        TradingState::Draining => "the daemon is stopping: start it again",
    };
    let what = match snapshot.latch {
        Latch::Running => snapshot.trading_state.as_str().to_owned(),
        // The reasons say it already.
        latch if snapshot.latch_reason.is_empty() || !snapshot.reasons.is_empty() => {
            latch.as_str().to_owned()
        }
        latch => format!("{} ({})", latch.as_str(), snapshot.latch_reason),
    };
    Condition::unmet(NAME, None, with_reasons(&what, snapshot), fix)
}

fn with_reasons(what: &str, snapshot: &Snapshot) -> String {
    if snapshot.reasons.is_empty() {
        return what.to_owned();
    }
    format!("{what}: {}", snapshot.reasons.join("; "))
}

fn instrument_name(snapshot: &Snapshot, id: InstrumentId) -> String {
    let known = snapshot
        .instruments
        .iter()
        .find(|(instrument, _)| instrument.id == id);
    known.map_or_else(
        || format!("instrument {}", id.0),
        |(instrument, _)| instrument.name.clone(),
    )
}

fn seconds(age: Duration) -> String {
    format!("{:.1} s", age.as_secs_f64())
}
