//! The streams in the words of the API, and as a condition of readiness. Pure.

use super::convert::{Names, age_ms, instant, millis};
use super::readiness::Condition;
use super::schema;
use crate::desk::snapshot::Snapshot;
use crate::domain::hours::Openness;
use crate::domain::instrument::InstrumentId;
use crate::domain::session::SessionStatus;
use crate::domain::stream::{StreamState, Subscription};
use crate::domain::time::Timestamp;

/// How many are named before the rest is only counted.
const NAMED: usize = 5;

/// One stream.
pub(super) fn row(now: Timestamp, row: &Subscription, names: Names<'_>) -> schema::Subscription {
    let hours = names
        .find(row.instrument)
        .and_then(|instrument| instrument.hours.as_ref());
    let next_open = match row.market {
        Openness::Closed { until } => until,
        Openness::Open { .. } => hours.and_then(|hours| hours.next_open(now)),
        Openness::Unknown => None,
    };
    let next_close = match row.market {
        Openness::Open { until, .. } => Some(until),
        Openness::Closed { .. } => hours.and_then(|hours| hours.next_close(now)),
        Openness::Unknown => None,
    };
    let refusal = row.refusal.as_ref();
    schema::Subscription {
        instrument: names.name(row.instrument),
        requested_at: row.requested.and_then(instant),
        first_tick_at: row.first_tick.and_then(instant),
        last_tick_at: row.last_tick.and_then(instant),
        last_tick_age_ms: row.last_tick.and_then(|at| age_ms(now, at)),
        state: row.state.as_str().to_owned(),
        silent_since_at: row.silent_since.and_then(instant),
        silent_after_ms: millis(row.silent_after),
        rerequests_today: row.rerequests,
        market: row.market.as_str().to_owned(),
        next_open_at: next_open.and_then(instant),
        next_close_at: next_close.and_then(instant),
        code: refusal.map(|refusal| refusal.code),
        reason: reason(now, row),
        retry_at: refusal.and_then(|refusal| refusal.retry).and_then(instant),
        fix: fix(row).to_owned(),
    }
}

fn reason(now: Timestamp, row: &Subscription) -> String {
    if let Some(refusal) = &row.refusal {
        return refusal.text.clone();
    }
    match (row.silent_since, row.capped) {
        (Some(since), capped) => {
            let after = if capped {
                ", and no longer asked for today"
            } else {
                ""
            };
            format!("no tick for {:.0} s{after}", now.since(since).as_secs_f64())
        }
        (None, _) => String::new(),
    }
}

const fn fix(row: &Subscription) -> &'static str {
    match (&row.refusal, row.state) {
        (Some(refusal), _) => refusal.fix,
        (None, StreamState::Silent) => {
            "it is asked for again by itself; if it never ticks that often, give its [[instruments]] a larger \
             silent_after_ms, else look at the gateway's own window or log"
        }
        _ => "",
    }
}

/// Whether every stream that should flow does.
pub(super) fn condition(now: Timestamp, snapshot: &Snapshot, session: &SessionStatus) -> Condition {
    let names = Names::of(snapshot);
    let wanted = || session.subscriptions.iter().filter(|row| !row.optional);
    let silent: Vec<_> = wanted().filter(|row| row.state == StreamState::Silent).collect();
    let age = silent
        .iter()
        .filter_map(|row| row.silent_since)
        .min()
        .map(|since| now.since(since));
    let mut reasons = Vec::new();
    let mut fix = "";
    if let Some(first) = silent.first() {
        let ids: Vec<_> = silent.iter().map(|row| row.instrument).collect();
        reasons.push(format!("silent in an open market: {}", list(&ids, names)));
        fix = self::fix(first);
    }
    if let Some(since) = session.competing {
        let seconds = now.since(since).as_secs_f64();
        reasons.push(format!(
            "another session of the same user has the market data since {seconds:.0} s (10197)"
        ));
        fix =
            "log the same user out elsewhere (TWS, the phone, the portal), or give moored a user of its own";
    }
    let closed = wanted().filter(|row| row.state == StreamState::Closed).count();
    let ok = reasons.is_empty();
    let reason = match (ok, closed) {
        (false, _) => reasons.join("; "),
        (true, 0) => "none is silent".to_owned(),
        (true, closed) => format!("none is silent; {closed} markets are closed"),
    };
    Condition {
        name: "streams",
        ok,
        age,
        reason,
        fix: fix.to_owned(),
    }
}

fn list(ids: &[InstrumentId], names: Names<'_>) -> String {
    let shown: Vec<_> = ids.iter().take(NAMED).map(|id| names.name(*id)).collect();
    match ids.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
