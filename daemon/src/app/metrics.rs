//! Figures of the desk and its loop.

use std::collections::BTreeMap;

use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

use crate::desk::snapshot::{PluginTally, Snapshot};
use crate::domain::money::{Money, NANO};
use crate::domain::trading_state::TradingState;

/// From 20 µs to 2.6 s, each twice the one before: a tick's way to an order is a fraction of a millisecond.
const LATENCY_BUCKETS: (f64, f64, usize) = (20e-6, 2.0, 18);

/// What the loop shows of itself and of the desk.
#[derive(Debug)]
pub struct Metrics {
    trading_state: IntGaugeVec,
    intents: IntCounterVec,
    orders: IntCounterVec,
    fills: IntCounterVec,
    denials: IntCounterVec,
    alarms: IntCounterVec,
    orders_live: IntGauge,
    pnl: GaugeVec,
    position: GaugeVec,
    mailbox_depth: IntGaugeVec,
    /// Ticks merged into one that was still waiting.
    pub ticks_conflated: IntCounter,
    /// From a tick's receipt to the acceptance of the order it caused.
    pub tick_to_order: HistogramVec,
    /// From an order's acceptance to the broker's acknowledgement.
    pub order_ack: Histogram,
    /// Turns of the desk loop; the watchdog is fed only while it grows.
    pub turns: IntCounter,
    reconciled: Gauge,
    told: BTreeMap<String, PluginTally>,
    conflated: u64,
}

impl Metrics {
    /// Registers all of them.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let opts = |name: &str, help: &str| Opts::new(format!("moored_{name}"), help);
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let metric = IntCounterVec::new(opts(name, help), labels)?;
            registry.register(Box::new(metric.clone()))?;
            Ok::<_, prometheus::Error>(metric)
        };
        let gauges = |name: &str, help: &str, labels: &[&str]| {
            let metric = IntGaugeVec::new(opts(name, help), labels)?;
            registry.register(Box::new(metric.clone()))?;
            Ok::<_, prometheus::Error>(metric)
        };
        let floats = |name: &str, help: &str, labels: &[&str]| {
            let metric = GaugeVec::new(opts(name, help), labels)?;
            registry.register(Box::new(metric.clone()))?;
            Ok::<_, prometheus::Error>(metric)
        };
        let (start, factor, count) = LATENCY_BUCKETS;
        let buckets = prometheus::exponential_buckets(start, factor, count)?;
        let latency = |name: &str, help: &str| {
            HistogramOpts::new(format!("moored_{name}"), help).buckets(buckets.clone())
        };
        let tick_to_order = HistogramVec::new(
            latency(
                "tick_to_order_seconds",
                "From a tick's receipt to the acceptance of the order it caused.",
            ),
            &["plugin"],
        )?;
        registry.register(Box::new(tick_to_order.clone()))?;
        let order_ack = Histogram::with_opts(latency(
            "order_ack_seconds",
            "From an order's acceptance by the gate to its acknowledgement by the broker.",
        ))?;
        registry.register(Box::new(order_ack.clone()))?;
        let orders_live = IntGauge::with_opts(opts("orders_live", "Orders that have not ended."))?;
        registry.register(Box::new(orders_live.clone()))?;
        let turns = IntCounter::with_opts(opts("desk_loop_turns_total", "Turns of the desk loop."))?;
        registry.register(Box::new(turns.clone()))?;
        let ticks_conflated = IntCounter::with_opts(opts(
            "market_ticks_conflated_total",
            "Ticks merged into one of the same instrument that was still waiting.",
        ))?;
        registry.register(Box::new(ticks_conflated.clone()))?;
        let reconciled = Gauge::with_opts(opts(
            "reconciled_timestamp_seconds",
            "When the broker's truth was last agreed with, in seconds since 1970; zero if never.",
        ))?;
        registry.register(Box::new(reconciled.clone()))?;
        Ok(Metrics {
            trading_state: gauges(
                "trading_state",
                "One for the present trading state, zero for the others.",
                &["state"],
            )?,
            intents: counters(
                "intents_total",
                "Orders and changes that plugins wanted.",
                &["plugin"],
            )?,
            orders: counters("orders_total", "Orders that passed the gate.", &["plugin"])?,
            fills: counters("fills_total", "Executions.", &["plugin"])?,
            denials: counters(
                "denials_total",
                "Intents the risk gate denied, by code.",
                &["plugin", "code"],
            )?,
            alarms: counters(
                "alarms_total",
                "Conditions the operator should read about.",
                &["name"],
            )?,
            orders_live,
            pnl: floats(
                "plugin_pnl",
                "Profit less fees: of the day (UTC), and since the ledger began.",
                &["plugin", "kind"],
            )?,
            position: floats(
                "position",
                "What a plugin holds of an instrument.",
                &["plugin", "instrument"],
            )?,
            mailbox_depth: gauges("mailbox_depth", "What waits to be handled.", &["queue"])?,
            ticks_conflated,
            tick_to_order,
            order_ack,
            turns,
            reconciled,
            told: BTreeMap::new(),
            conflated: 0,
        })
    }

    /// Shows what a snapshot says.
    pub fn show(&mut self, snapshot: &Snapshot) {
        for state in TradingState::ALL {
            let now = i64::from(state == snapshot.trading_state);
            self.trading_state.with_label_values(&[state.as_str()]).set(now);
        }
        for (name, tally) in &snapshot.plugins {
            let before = self.told.remove(name).unwrap_or_default();
            let plugin = [name.as_str()];
            self.intents
                .with_label_values(&plugin)
                .inc_by(tally.intents - before.intents);
            self.orders
                .with_label_values(&plugin)
                .inc_by(tally.orders - before.orders);
            self.fills
                .with_label_values(&plugin)
                .inc_by(tally.fills - before.fills);
            for (code, count) in &tally.denials {
                let known = before.denials.get(code).copied().unwrap_or_default();
                self.denials
                    .with_label_values(&[name, code.as_str()])
                    .inc_by(count - known);
            }
            self.pnl
                .with_label_values(&[name, "day"])
                .set(float(tally.day_pnl));
            self.pnl
                .with_label_values(&[name, "total"])
                .set(float(tally.total_pnl));
            self.told.insert(name.clone(), tally.clone());
        }
        for row in &snapshot.positions {
            let name = snapshot
                .instruments
                .get(row.instrument.index())
                .map_or("?", |(known, _)| &known.name);
            let size = row.position.size.nanos() as f64 / NANO as f64;
            self.position
                .with_label_values(&[row.plugin.as_str(), name])
                .set(size);
        }
        let live = snapshot.orders.iter().filter(|row| !row.state.is_final()).count();
        self.orders_live.set(live as i64);
        let reconciled = snapshot
            .reconciled_at
            .map_or(0.0, |at| at.nanos() as f64 / NANO as f64);
        self.reconciled.set(reconciled);
    }

    /// Shows how much waits.
    pub fn show_depths(&mut self, reports: usize, market: usize, conflated: u64) {
        self.mailbox_depth
            .with_label_values(&["reports"])
            .set(reports as i64);
        self.mailbox_depth
            .with_label_values(&["market"])
            .set(market as i64);
        self.ticks_conflated
            .inc_by(conflated.saturating_sub(self.conflated));
        self.conflated = conflated;
    }

    /// Counts a condition the operator should read about.
    pub fn alarm(&self, name: &str) {
        self.alarms.with_label_values(&[name]).inc();
    }
}

/// For a graph; the ledger and the API have the exact figure.
fn float(money: Money) -> f64 {
    money.nanos() as f64 / NANO as f64
}
