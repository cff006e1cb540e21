//! What was traded in a window of time: two readings of the status and what lies between them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::Failure;
use super::client::Client;
use super::number::{count, duration, micros, signed_money};
use super::show::Lines;
use super::table::{Table, clean};
use crate::admin::schema::{Latency, Plugin, PluginTally, Status};

/// How often the daemon is asked.
const POLL: Duration = Duration::from_millis(500);

/// A window of time and what happened in it.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    /// How long it was watched.
    pub(super) window_s: f64,
    /// Whether anything was filled.
    pub(super) traded: bool,
    /// Why nothing was; empty if something was.
    pub(super) reason: String,
    /// Whether the daemon started again meanwhile, so that counts are since that start.
    pub(super) restarted: bool,
    /// Whether it would trade at the end.
    pub(super) ready: bool,
    /// Quotes and trades handled.
    pub(super) ticks: u64,
    /// Intents of plugins.
    pub(super) intents: u64,
    /// Orders sent.
    pub(super) orders: u64,
    /// Fills.
    pub(super) fills: u64,
    /// Intents the risk gate refused, by code.
    pub(super) denials: BTreeMap<String, u64>,
    /// The same, plugin by plugin, with their profits at the end.
    pub(super) plugins: Vec<PluginTally>,
    /// Plugins that are not running at the end, with their last failure.
    pub(super) plugins_out: Vec<String>,
    /// Profit of the day at the end.
    pub(super) day_pnl: String,
    /// Currency of the profits.
    pub(super) currency: Option<String>,
    /// Tick to order, since the daemon started.
    pub(super) tick_to_order: Latency,
}

/// Watches for `window`, beginning when the daemon first answers, which may take as long as `wait`. Ctrl-C ends the
/// window early.
pub(super) async fn take(client: &Client, window: Duration, wait: Duration) -> Result<Summary, Failure> {
    let first = first_status(client, wait).await?;
    let began = Instant::now();
    let mut last = first.clone();
    let mut failure = None;
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    loop {
        let left = window.saturating_sub(began.elapsed());
        if left.is_zero() {
            break;
        }
        tokio::select! {
            biased;
            _ = &mut interrupted => break,
            () = sleep(left.min(POLL)) => {}
        }
        match client.get("/v1/status").await {
            Ok(status) => (last, failure) = (status, None),
            // It may be restarting; the last word counts at the end.
            Err(error) => failure = Some(error),
        }
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    let plugins: Vec<Plugin> = client.get("/v1/plugins").await?;
    Ok(between(&first, &last, &plugins, began.elapsed()))
}

async fn first_status(client: &Client, wait: Duration) -> Result<Status, Failure> {
    let asked = Instant::now();
    loop {
        match client.get("/v1/status").await {
            Err(Failure::Unreachable { .. }) if asked.elapsed() < wait => sleep(POLL).await,
            answer => return answer,
        }
    }
}

/// What lies between two readings.
pub(super) fn between(first: &Status, last: &Status, plugins: &[Plugin], window: Duration) -> Summary {
    let restarted = first.started_at != last.started_at;
    let none = PluginTally::default();
    let tallies: Vec<PluginTally> = last
        .plugins
        .iter()
        .map(|tally| {
            let before = first
                .plugins
                .iter()
                .find(|before| before.plugin == tally.plugin && !restarted);
            tally_between(before.unwrap_or(&none), tally)
        })
        .collect();
    let ticks = last.ticks.saturating_sub(if restarted { 0 } else { first.ticks });
    let mut denials = BTreeMap::new();
    for (code, number) in tallies.iter().flat_map(|tally| &tally.denials) {
        *denials.entry(code.clone()).or_default() += number;
    }
    let out = plugins.iter().filter(|plugin| plugin.state != "running");
    let mut summary = Summary {
        window_s: window.as_secs_f64(),
        traded: false,
        reason: String::new(),
        restarted,
        ready: last.ready,
        ticks,
        intents: tallies.iter().map(|tally| tally.intents).sum(),
        orders: tallies.iter().map(|tally| tally.orders).sum(),
        fills: tallies.iter().map(|tally| tally.fills).sum(),
        denials,
        plugins: tallies,
        plugins_out: out
            .map(|plugin| format!("{}: {}, {}", plugin.name, plugin.state, plugin.last_failure))
            .collect(),
        day_pnl: last.day_pnl.clone(),
        currency: last.currency.clone(),
        tick_to_order: last.tick_to_order,
    };
    summary.traded = summary.fills > 0;
    if !summary.traded {
        summary.reason = why_nothing(&summary, last);
    }
    summary
}

fn tally_between(before: &PluginTally, after: &PluginTally) -> PluginTally {
    let denials = after.denials.iter().map(|(code, number)| {
        let earlier = before.denials.get(code).copied().unwrap_or(0);
        (code.clone(), number.saturating_sub(earlier))
    });
    PluginTally {
        plugin: after.plugin.clone(),
        intents: after.intents.saturating_sub(before.intents),
        orders: after.orders.saturating_sub(before.orders),
        fills: after.fills.saturating_sub(before.fills),
        denials: denials.filter(|(_, number)| *number > 0).collect(),
        day_pnl: after.day_pnl.clone(),
        total_pnl: after.total_pnl.clone(),
        fills_without_commission: after.fills_without_commission,
    }
}

fn why_nothing(summary: &Summary, last: &Status) -> String {
    if !last.ready {
        return format!("moored is not ready: {}", last.not_ready.join("; "));
    }
    if summary.orders > 0 {
        return format!("{} orders left and none was filled", summary.orders);
    }
    if !summary.denials.is_empty() {
        return format!(
            "the risk gate denied what the plugins wanted: {}",
            codes(&summary.denials)
        );
    }
    format!("{} ticks came in and no plugin wanted an order", summary.ticks)
}

fn codes(denials: &BTreeMap<String, u64>) -> String {
    let codes: Vec<String> = denials
        .iter()
        .map(|(code, number)| format!("{code} {number}"))
        .collect();
    codes.join(", ")
}

/// The summary as people read it.
pub(super) fn lines(summary: &Summary) -> Lines {
    let verdict = match summary.traded {
        true => format!(
            "traded: {} fills in {}",
            count(summary.fills),
            duration(summary.window_s)
        ),
        false => format!(
            "nothing was traded in {}: {}",
            duration(summary.window_s),
            summary.reason
        ),
    };
    let denied: u64 = summary.denials.values().sum();
    let denied_by = match denied {
        0 => "0".to_owned(),
        denied => format!("{} ({})", count(denied), codes(&summary.denials)),
    };
    let latency = &summary.tick_to_order;
    let currency = summary.currency.as_deref().unwrap_or("");
    let mut lines = vec![
        clean(&verdict),
        String::new(),
        format!("ticks in         {}", count(summary.ticks)),
        format!("intents          {}", count(summary.intents)),
        format!("orders out       {}", count(summary.orders)),
        format!("fills            {}", count(summary.fills)),
        clean(&format!("denied by risk   {denied_by}")),
        format!(
            "tick to order    p50 {}, p99 {} of {} since the start",
            micros(latency.p50_us),
            micros(latency.p99_us),
            count(latency.count)
        ),
        clean(&format!(
            "profit today     {} {currency}",
            signed_money(&summary.day_pnl)
        )),
    ];
    if summary.restarted {
        lines.push("moored started again meanwhile: the counts are since that start".to_owned());
    }
    lines.extend(
        summary
            .plugins_out
            .iter()
            .map(|plugin| clean(&format!("not running      {plugin}"))),
    );
    lines.push(String::new());
    lines.extend(plugins(&summary.plugins));
    lines
}

fn plugins(tallies: &[PluginTally]) -> Lines {
    let mut table = Table::new(&[
        "PLUGIN",
        ">ORDERS",
        ">FILLS",
        ">DENIED",
        ">DAY P&L",
        ">TOTAL P&L",
        "DENIED FOR",
    ]);
    for tally in tallies {
        table.row([
            tally.plugin.clone(),
            count(tally.orders),
            count(tally.fills),
            count(tally.denials.values().sum()),
            signed_money(&tally.day_pnl),
            signed_money(&tally.total_pnl),
            codes(&tally.denials),
        ]);
    }
    table.lines()
}
