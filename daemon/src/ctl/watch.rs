//! The live view: everything on one screen, four times a second, in plain ANSI.

use std::io::IsTerminal;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Failure;
use super::client::Client;
use super::number::{micros, price, signed_money, time_of_day};
use super::run::print;
use super::show::{self, Lines};
use super::table::{Table, clean};
use crate::admin::schema::{Fill, Instrument, LogEvent, Order, Plugin, Status};

const REFRESH: Duration = Duration::from_millis(250);
/// How many of the latest are shown of lists that grow.
const LATEST: usize = 7;

/// One screen's worth of answers.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) status: Status,
    pub(super) instruments: Vec<Instrument>,
    pub(super) plugins: Vec<Plugin>,
    pub(super) orders: Vec<Order>,
    pub(super) fills: Vec<Fill>,
    pub(super) events: Vec<LogEvent>,
}

/// Draws until Ctrl-C, or until `limit` has passed. A daemon that goes away is told on the screen and waited for; it is a
/// failure if it is away at the end.
pub(super) async fn run(client: &Client, limit: Option<Duration>, json: bool) -> Result<(), Failure> {
    let drawn = std::io::stdout().is_terminal() && !json;
    let paint = Paint(drawn && std::env::var_os("NO_COLOR").is_none());
    let end = limit.map(|limit| Instant::now() + limit);
    let mut turns = interval(REFRESH);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let _cursor = drawn.then(HiddenCursor::new);
    // One for the whole run: made anew each turn it would miss what comes between.
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    loop {
        tokio::select! {
            biased;
            stopped = &mut interrupted => return Ok(stopped?),
            _ = turns.tick() => {}
        }
        let (lines, answered) = match frame(client, paint, json).await {
            Ok(lines) => (lines, Ok(())),
            // For people it is part of the view; a script is told at once.
            Err(failure) if json => return Err(failure),
            Err(failure) => (silence(&failure, paint), Err(failure)),
        };
        if drawn {
            draw(&lines)?;
        } else {
            print(&lines)?;
        }
        if end.is_some_and(|end| Instant::now() >= end) {
            return answered;
        }
    }
}

async fn frame(client: &Client, paint: Paint, json: bool) -> Result<Lines, Failure> {
    if json {
        return Ok(vec![client.read("/v1/status").await?.text()]);
    }
    Ok(lines(&read(client).await?, paint))
}

/// The screen while the daemon is away.
fn silence(failure: &Failure, paint: Paint) -> Lines {
    let mut lines = vec![paint.bad("moored does not answer")];
    lines.extend(failure.to_string().lines().map(clean));
    lines
}

async fn read(client: &Client) -> Result<Screen, Failure> {
    let events = format!("/v1/events?limit={LATEST}");
    let (status, instruments, plugins, orders, fills, events) = tokio::try_join!(
        client.get("/v1/status"),
        client.get("/v1/instruments"),
        client.get("/v1/plugins"),
        client.get("/v1/orders"),
        client.get("/v1/fills"),
        client.get(&events),
    )?;
    Ok(Screen {
        status,
        instruments,
        plugins,
        orders,
        fills,
        events,
    })
}

/// The whole screen.
pub(super) fn lines(screen: &Screen, paint: Paint) -> Lines {
    let status = &screen.status;
    let mut lines = head(status, paint);
    let mut section = |title: &str, body: Lines| {
        lines.push(String::new());
        lines.push(paint.title(title));
        lines.extend(body);
    };
    section("QUOTES", show::instruments(&screen.instruments));
    section("PLUGINS", plugins(&screen.plugins, status));
    let hidden = screen.orders.len().saturating_sub(LATEST);
    let title = match hidden {
        0 => format!("LIVE ORDERS ({})", screen.orders.len()),
        hidden => format!(
            "LIVE ORDERS ({}, the oldest {hidden} not shown)",
            screen.orders.len()
        ),
    };
    section(&title, orders(latest(&screen.orders)));
    section("LATEST FILLS", fills(latest(&screen.fills)));
    section("LATEST EVENTS", show::events(latest(&screen.events)));
    lines
}

fn head(status: &Status, paint: Paint) -> Lines {
    let state = &status.desk.trading_state;
    let state = if state == "active" {
        paint.good(state)
    } else {
        paint.bad(&clean(state))
    };
    let session = match status.session_phase.as_str() {
        "up" => paint.good("up"),
        phase => paint.bad(&clean(phase)),
    };
    let ready = if status.ready {
        paint.good("ready")
    } else {
        paint.bad("not ready")
    };
    let currency = clean(status.currency.as_deref().unwrap_or(""));
    let latency = &status.tick_to_order;
    let (day, total) = (signed_money(&status.day_pnl), signed_money(&status.total_pnl));
    let mut lines = vec![
        format!(
            "moored {}  {ready}  trading {state}  session {session} {}",
            clean(&status.version),
            clean(&status.session_address)
        ),
        format!(
            "ticks {}  orders {} ({} live)  fills {}  denied {}  P&L day {day} {currency} total {total} {currency}",
            status.ticks, status.orders, status.orders_live, status.fills, status.denials
        ),
        format!(
            "tick to order p50 {} p99 {} of {}",
            micros(latency.p50_us),
            micros(latency.p99_us),
            latency.count
        ),
    ];
    lines.extend(status.not_ready.iter().map(|reason| paint.bad(&clean(reason))));
    lines
}

fn plugins(plugins: &[Plugin], status: &Status) -> Lines {
    let headings = [
        "NAME",
        "STATE",
        ">CALLS",
        ">FAILURES",
        ">ORDERS",
        ">FILLS",
        ">DENIED",
        ">DAY P&L",
        ">TOTAL P&L",
    ];
    let mut table = Table::new(&headings);
    for plugin in plugins {
        let tally = status.plugins.iter().find(|tally| tally.plugin == plugin.name);
        let counted =
            |count: fn(&crate::admin::schema::PluginTally) -> u64| tally.map_or(0, count).to_string();
        table.row([
            plugin.name.clone(),
            plugin.state.clone(),
            plugin.calls.to_string(),
            plugin.failures.to_string(),
            counted(|tally| tally.orders),
            counted(|tally| tally.fills),
            counted(|tally| tally.denials.values().sum()),
            tally.map_or_else(String::new, |tally| signed_money(&tally.day_pnl)),
            tally.map_or_else(String::new, |tally| signed_money(&tally.total_pnl)),
        ]);
    }
    table.lines()
}

fn orders(orders: &[Order]) -> Lines {
    let mut table = Table::new(&[
        ">ID",
        "PLUGIN",
        "INSTRUMENT",
        "SIDE",
        ">QUANTITY",
        ">FILLED",
        ">PRICE",
        "STATE",
    ]);
    for order in orders {
        let at = order.limit.as_deref().or(order.stop.as_deref());
        table.row([
            order.order_id.to_string(),
            order.plugin.clone(),
            order.instrument.clone(),
            order.side.clone(),
            order.quantity.clone(),
            order.filled.clone(),
            at.map_or_else(|| order.kind.clone(), price),
            order.state.clone(),
        ]);
    }
    table.lines()
}

fn fills(fills: &[Fill]) -> Lines {
    let mut table = Table::new(&["TIME", "PLUGIN", "INSTRUMENT", "SIDE", ">QUANTITY", ">PRICE"]);
    for fill in fills {
        table.row([
            time_of_day(fill.recorded_at.as_ref()),
            fill.plugin.clone(),
            fill.instrument.clone(),
            fill.side.clone(),
            fill.quantity.clone(),
            price(&fill.price),
        ]);
    }
    table.lines()
}

fn latest<T>(rows: &[T]) -> &[T] {
    &rows[rows.len().saturating_sub(LATEST)..]
}

/// Colours, or none where nobody sees them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    fn title(self, text: &str) -> String {
        self.wrap("1", text)
    }

    fn good(self, text: &str) -> String {
        self.wrap("32", text)
    }

    fn bad(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Over the frame before: from the top, each line to its end, then nothing below. Clearing first would flicker.
fn draw(lines: &[String]) -> Result<(), Failure> {
    let lines: Lines = lines.iter().map(|line| format!("{line}\x1b[K")).collect();
    print(&[format!("\x1b[H{}\x1b[J", lines.join("\n"))])
}

/// A screen of its own without a cursor, given back at the end.
struct HiddenCursor;

impl HiddenCursor {
    fn new() -> Self {
        // A terminal that is gone fails the first frame.
        let _ = print(&["\x1b[?1049h\x1b[?25l\x1b[?7l".to_owned()]);
        HiddenCursor
    }
}

impl Drop for HiddenCursor {
    fn drop(&mut self) {
        let _ = print(&["\x1b[?7h\x1b[?25h\x1b[?1049l".to_owned()]);
    }
}
