//! From what others publish to the words of the API. Pure; the only place that knows both.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::events::Entry;
use super::quantile::{Buckets, TICK_TO_ORDER};
use super::{Sources, readiness, schema, streams};
use crate::desk::snapshot::{self, FillRow, OrderRow, PositionRow, Snapshot};
use crate::domain::instrument::{Instrument, InstrumentId};
use crate::domain::money::Money;
use crate::domain::plugin::{PluginKind, PluginStatus};
use crate::domain::quote::Quote;
use crate::domain::report::{AccountValue, BrokerPosition};
use crate::domain::session::SessionStatus;
use crate::domain::time::Timestamp;

/// An instant in RFC 3339, or nothing where nothing has happened yet.
pub(super) fn instant(at: Timestamp) -> Option<String> {
    if at == Timestamp::NEVER {
        return None;
    }
    let instant = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.nanos())).ok()?;
    instant.format(&Rfc3339).ok()
}

pub(super) fn millis(duration: Duration) -> f64 {
    // Whole microseconds: more digits would only be noise to read.
    duration.as_micros() as f64 / 1_000.0
}

pub(super) fn age_ms(now: Timestamp, at: Timestamp) -> Option<f64> {
    (at != Timestamp::NEVER).then(|| millis(now.since(at)))
}

/// Instruments by id, for rows that name one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a>(&'a [(Instrument, Quote)]);

impl<'a> Names<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        Names(&snapshot.instruments)
    }

    pub(super) fn find(self, id: InstrumentId) -> Option<&'a Instrument> {
        let rows = self.0.iter().map(|(instrument, _)| instrument);
        rows.into_iter().find(|instrument| instrument.id == id)
    }

    pub(super) fn name(self, id: InstrumentId) -> String {
        let known = self.find(id);
        known.map_or_else(
            || format!("instrument {}", id.0),
            |instrument| instrument.name.clone(),
        )
    }
}

/// One screen of everything.
pub(super) fn status(now: Timestamp, sources: &Sources) -> schema::Status {
    let snapshot = sources.snapshot.borrow().clone();
    let session = sources.session.borrow().clone();
    let readiness = readiness_of(now, sources);
    let unmet = readiness.conditions.iter().filter(|condition| !condition.ok);
    let sum = |count: fn(&snapshot::PluginTally) -> u64| snapshot.plugins.values().map(count).sum();
    let profit = |amount: fn(&snapshot::PluginTally) -> Money| {
        let amounts = snapshot.plugins.values().map(amount);
        amounts.fold(Money::ZERO, Money::plus).to_string()
    };
    let base = snapshot
        .account
        .iter()
        .find(|row| row.tag == "NetLiquidation" && !row.currency.is_empty());
    schema::Status {
        version: sources.version.to_owned(),
        started_at: instant(sources.started),
        uptime_s: now.since(sources.started).as_secs_f64(),
        ready: readiness.ready,
        not_ready: unmet
            .map(|condition| format!("{}: {}", condition.name, condition.reason))
            .collect(),
        desk: desk(now, &snapshot),
        session_phase: session.phase.as_str().to_owned(),
        session_address: session.address,
        session_since_at: instant(session.since),
        ticks: snapshot.ticks,
        orders_live: snapshot.orders.iter().filter(|row| !row.state.is_final()).count() as u64,
        intents: sum(|tally| tally.intents),
        orders: sum(|tally| tally.orders),
        fills: sum(|tally| tally.fills),
        denials: sum(|tally| tally.denials.values().sum()),
        day_pnl: profit(|tally| tally.day_pnl),
        total_pnl: profit(|tally| tally.total_pnl),
        currency: base.map(|row| row.currency.clone()),
        plugins: snapshot
            .plugins
            .iter()
            .map(|(name, row)| tally(name, row))
            .collect(),
        tick_to_order: latency(sources),
    }
}

fn desk(now: Timestamp, snapshot: &Snapshot) -> schema::Desk {
    schema::Desk {
        snapshot_at: instant(snapshot.at),
        snapshot_age_ms: millis(now.since(snapshot.at)),
        trading_state: snapshot.trading_state.as_str().to_owned(),
        reasons: snapshot.reasons.clone(),
        latch: snapshot.latch.as_str().to_owned(),
        latch_reason: snapshot.latch_reason.clone(),
        reconciled_at: snapshot.reconciled_at.and_then(instant),
        external_orders: snapshot.external_orders as u64,
    }
}

fn tally(name: &str, row: &snapshot::PluginTally) -> schema::PluginTally {
    let denials = row
        .denials
        .iter()
        .map(|(code, count)| (code.as_str().to_owned(), *count));
    schema::PluginTally {
        plugin: name.to_owned(),
        intents: row.intents,
        orders: row.orders,
        fills: row.fills,
        denials: denials.collect(),
        day_pnl: row.day_pnl.to_string(),
        total_pnl: row.total_pnl.to_string(),
        fills_without_commission: row.fills_without_commission,
    }
}

fn latency(sources: &Sources) -> schema::Latency {
    let buckets = Buckets::gather(&sources.registry, TICK_TO_ORDER).unwrap_or_default();
    let micros = |q| buckets.quantile(q).map(|seconds| (seconds * 1e9).round() / 1e3);
    schema::Latency {
        count: buckets.total(),
        p50_us: micros(0.5),
        p99_us: micros(0.99),
    }
}

/// All conditions as they are now.
pub(super) fn readiness_of(now: Timestamp, sources: &Sources) -> schema::Readiness {
    let snapshot = sources.snapshot.borrow().clone();
    let session = sources.session.borrow().clone();
    let plugins = sources.plugins.borrow().clone();
    let mut conditions = readiness::assess(now, &snapshot, &session, &plugins);
    conditions.extend(readiness::recovery(now, &sources.recovery.borrow()));
    readiness(conditions)
}

/// The desk's condition alone.
pub(super) fn health_of(now: Timestamp, sources: &Sources) -> schema::Readiness {
    readiness(vec![readiness::desk(now, &sources.snapshot.borrow())])
}

fn readiness(conditions: Vec<readiness::Condition>) -> schema::Readiness {
    schema::Readiness {
        ready: conditions.iter().all(|condition| condition.ok),
        conditions: conditions.into_iter().map(schema::Condition::from).collect(),
    }
}

impl From<readiness::Condition> for schema::Condition {
    fn from(condition: readiness::Condition) -> Self {
        schema::Condition {
            name: condition.name.to_owned(),
            ok: condition.ok,
            age_ms: condition.age.map(millis),
            reason: condition.reason,
            fix: condition.fix,
        }
    }
}

pub(super) fn session(now: Timestamp, status: SessionStatus, names: Names<'_>) -> schema::Session {
    let subscriptions = status
        .subscriptions
        .iter()
        .map(|row| streams::row(now, row, names));
    let proofs = readiness::proofs(now, &status)
        .into_iter()
        .map(Into::into)
        .collect();
    let farms = status.farms.iter().map(|farm| schema::Farm {
        name: farm.name.clone(),
        kind: farm.kind.as_str().to_owned(),
        state: farm.state.as_str().to_owned(),
        since_at: instant(farm.since),
        age_ms: age_ms(now, farm.since),
        notices: farm.notices,
    });
    schema::Session {
        proofs,
        upstream_since_at: status.upstream_since.and_then(instant),
        farms: farms.collect(),
        phase: status.phase.as_str().to_owned(),
        since_at: instant(status.since),
        detail: String::new(),
        client_id: status.client_id,
        server_version: status.server_version,
        upstream: status.upstream,
        attempts: status.attempts,
        sessions: status.sessions,
        last_heartbeat_at: status.last_heartbeat.and_then(instant),
        competing_since_at: status.competing.and_then(instant),
        streams_silent: status.streams_silent as u64,
        subscriptions: subscriptions.collect(),
        address: status.address,
        accounts: status.accounts,
        last_error: status.last_error,
    }
}

impl From<PluginStatus> for schema::Plugin {
    fn from(status: PluginStatus) -> Self {
        let kind = match status.kind {
            PluginKind::Strategy => "strategy",
            PluginKind::Risk => "risk",
        };
        schema::Plugin {
            name: status.name,
            kind: kind.to_owned(),
            version: status.version,
            state: status.state.as_str().to_owned(),
            own_thread: status.own_thread,
            imports: status.imports,
            calls: status.calls,
            failures: status.failures,
            restarts: status.restarts,
            last_failure: status.last_failure,
        }
    }
}

pub(super) fn instrument(now: Timestamp, instrument: &Instrument, quote: &Quote) -> schema::Instrument {
    schema::Instrument {
        name: instrument.name.clone(),
        symbol: instrument.symbol.clone(),
        security_type: instrument.security_type.as_str().to_owned(),
        exchange: instrument.exchange.clone(),
        currency: instrument.currency.clone(),
        con_id: instrument.con_id,
        tick: instrument.tick.to_string(),
        multiplier: instrument.multiplier.to_string(),
        bid: quote.bid.map(|price| price.to_string()),
        ask: quote.ask.map(|price| price.to_string()),
        bid_size: quote.bid_size.to_string(),
        ask_size: quote.ask_size.to_string(),
        quote_at: instant(quote.received),
        quote_age_ms: age_ms(now, quote.received),
        delayed: quote.delayed,
    }
}

pub(super) fn order(row: &OrderRow, names: Names<'_>) -> schema::Order {
    let placement = &row.placement;
    schema::Order {
        order_id: placement.order_id.0,
        perm_id: row.perm_id,
        client_order_id: placement.client_order_id.0,
        plugin: placement.plugin_name.clone(),
        origin: "moored".to_owned(),
        instrument: names.name(placement.instrument),
        side: placement.side.as_str().to_owned(),
        kind: placement.kind.as_str().to_owned(),
        limit: placement.kind.limit().map(|price| price.to_string()),
        stop: placement.kind.stop().map(|price| price.to_string()),
        time_in_force: placement.time_in_force.as_str().to_owned(),
        quantity: placement.quantity.to_string(),
        filled: row.filled.to_string(),
        state: row.state.as_str().to_owned(),
        live: !row.state.is_final(),
        reason: row.reason.clone(),
        order_ref: placement.order_ref.clone(),
        accepted_at: instant(row.accepted),
        changed_at: instant(row.changed),
    }
}

pub(super) fn fill(row: &FillRow, names: Names<'_>) -> schema::Fill {
    let execution = &row.execution;
    let elsewhere = || format!("contract {}", execution.con_id);
    schema::Fill {
        exec_id: execution.exec_id.clone(),
        order_id: execution.order_id.0,
        plugin: row.plugin.clone(),
        instrument: execution.instrument.map_or_else(elsewhere, |id| names.name(id)),
        side: execution.side.as_str().to_owned(),
        quantity: execution.size.to_string(),
        price: execution.price.to_string(),
        commission: row.commission.map(|amount| amount.to_string()),
        exchange_time: execution.time.clone(),
        recorded_at: instant(row.at),
    }
}

pub(super) fn plugin_position(row: &PositionRow, names: Names<'_>) -> schema::PluginPosition {
    let position = &row.position;
    schema::PluginPosition {
        plugin: row.plugin.clone(),
        instrument: names.name(row.instrument),
        size: position.size.to_string(),
        average_price: position.average_price().to_string(),
        realized: position.realized.to_string(),
        fees: position.fees.to_string(),
        unrealized: row.unrealized.map(|amount| amount.to_string()),
        currency: names
            .find(row.instrument)
            .map(|instrument| instrument.currency.clone()),
        fills_without_commission: row.fills_without_commission,
        provisional: row.fills_without_commission > 0,
    }
}

pub(super) fn broker_position(row: &BrokerPosition, names: Names<'_>) -> schema::BrokerPosition {
    schema::BrokerPosition {
        account: row.account.clone(),
        con_id: row.con_id,
        instrument: row
            .instrument
            .map_or_else(|| row.symbol.clone(), |id| names.name(id)),
        size: row.size.to_string(),
        average_cost: row.average_cost.to_string(),
    }
}

impl From<&AccountValue> for schema::AccountValue {
    fn from(row: &AccountValue) -> Self {
        schema::AccountValue {
            account: row.account.clone(),
            tag: row.tag.clone(),
            value: row.value.clone(),
            currency: row.currency.clone(),
        }
    }
}

impl From<Entry> for schema::LogEvent {
    fn from(entry: Entry) -> Self {
        schema::LogEvent {
            sequence: entry.sequence,
            at: instant(entry.at),
            kind: entry.kind.to_owned(),
            text: entry.text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::specimen;
    use super::*;

    #[test]
    fn instants_are_rfc_3339_and_never_is_nothing() {
        let at = Timestamp::from_nanos(1_700_000_000_123_456_789);
        assert_eq!(instant(at).as_deref(), Some("2023-11-14T22:13:20.123456789Z"));
        assert_eq!(instant(Timestamp::NEVER), None);
    }

    #[test]
    fn decimals_are_text_and_instruments_have_names() {
        let at = Timestamp::from_nanos(1_700_000_000_000_000_000);
        let snapshot = specimen::snapshot(at);
        let names = Names::of(&snapshot);
        let order = serde_json::to_value(order(&snapshot.orders[0], names)).unwrap();
        assert_eq!(order["limit"], "189.45");
        assert_eq!(order["quantity"], "100");
        assert_eq!(order["instrument"], "AAPL");
        assert_eq!(order["live"], false);
        let fill = serde_json::to_value(fill(&snapshot.fills[0], names)).unwrap();
        assert_eq!((&fill["commission"], &fill["side"]), (&"1".into(), &"buy".into()));
        assert_eq!(names.name(InstrumentId(9)), "instrument 9");
    }
}
