//! Figures of the desk and its loop.

use std::collections::BTreeMap;

use prometheus::core::Collector;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

use crate::desk::snapshot::{PluginTally, Snapshot};
use crate::domain::money::{Money, NANO};
use crate::domain::trading_state::TradingState;

use super::truth_metrics::TruthMetrics;

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
    /// What is found between ours and the broker's books.
    pub truth: TruthMetrics,
    told: BTreeMap<String, PluginTally>,
    conflated: u64,
}

/// Makes metrics of our names and registers them.
struct Maker<'a>(&'a Registry);

impl Maker<'_> {
    fn keep<M: Collector + Clone + 'static>(
        &self,
        made: Result<M, prometheus::Error>,
    ) -> Result<M, prometheus::Error> {
        let metric = made?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn opts(name: &str, help: &str) -> Opts {
        Opts::new(format!("moored_{name}"), help)
    }

    fn latency(name: &str, help: &str) -> Result<HistogramOpts, prometheus::Error> {
        let (start, factor, count) = LATENCY_BUCKETS;
        let buckets = prometheus::exponential_buckets(start, factor, count)?;
        Ok(HistogramOpts::new(format!("moored_{name}"), help).buckets(buckets))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
        self.keep(IntCounterVec::new(Self::opts(name, help), labels))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, prometheus::Error> {
        self.keep(IntGaugeVec::new(Self::opts(name, help), labels))
    }

    fn floats(&self, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec, prometheus::Error> {
        self.keep(GaugeVec::new(Self::opts(name, help), labels))
    }
}

impl Metrics {
    /// Registers all of them.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let make = Maker(registry);
        let told = "From a tick's receipt to the acceptance of the order it caused.";
        let tick_to_order = HistogramVec::new(Maker::latency("tick_to_order_seconds", told)?, &["plugin"]);
        let told = "From an order's acceptance by the gate to its acknowledgement by the broker.";
        let order_ack = Histogram::with_opts(Maker::latency("order_ack_seconds", told)?);
        let told = "When the broker's truth was last agreed with, in seconds since 1970; zero if never.";
        let reconciled = Gauge::with_opts(Maker::opts("reconciled_timestamp_seconds", told));
        let told = "Ticks merged into one of the same instrument that was still waiting.";
        let conflated = IntCounter::with_opts(Maker::opts("market_ticks_conflated_total", told));
        let turns = IntCounter::with_opts(Maker::opts("desk_loop_turns_total", "Turns of the desk loop."));
        let live = IntGauge::with_opts(Maker::opts("orders_live", "Orders that have not ended."));
        let plugin = &["plugin"];
        Ok(Metrics {
            trading_state: make.gauges("trading_state", "One for the present trading state.", &["state"])?,
            intents: make.counters("intents_total", "Orders and changes that plugins wanted.", plugin)?,
            orders: make.counters("orders_total", "Orders that passed the gate.", plugin)?,
            fills: make.counters("fills_total", "Executions.", plugin)?,
            denials: make.counters(
                "denials_total",
                "Intents the gate denied, by code.",
                &["plugin", "code"],
            )?,
            alarms: make.counters(
                "alarms_total",
                "Conditions the operator should read about.",
                &["name"],
            )?,
            orders_live: make.keep(live)?,
            pnl: make.floats(
                "plugin_pnl",
                "Profit less fees: of the day (UTC), and since the ledger began.",
                &["plugin", "kind"],
            )?,
            position: make.floats(
                "position",
                "What a plugin holds of an instrument.",
                &["plugin", "instrument"],
            )?,
            mailbox_depth: make.gauges("mailbox_depth", "What waits to be handled.", &["queue"])?,
            ticks_conflated: make.keep(conflated)?,
            tick_to_order: make.keep(tick_to_order)?,
            order_ack: make.keep(order_ack)?,
            turns: make.keep(turns)?,
            reconciled: make.keep(reconciled)?,
            truth: TruthMetrics::register(registry)?,
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
        self.truth.show(snapshot);
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
