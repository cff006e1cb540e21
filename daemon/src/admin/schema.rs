//! What goes over the socket: the words of the API, shared with `moorctl`. Nothing here is a desk type, so the desk can
//! change without its readers noticing.
//!
//! Rules: decimals are text; instants are RFC 3339 in UTC, with `_at` in the name or `null` where they have not happened;
//! durations are numbers with the unit in the name; names of states are the ones metrics use. Fields are added, never
//! changed or taken away.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod recovery;

pub use recovery::{Maintenance, MaintenanceWindow, Recovery, RecoveryRung, RecoveryStep};

/// `POST /v1/backup`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackupBody {
    /// Where to: an absolute path that the daemon may write. Left out: a dated name in the daemon's own folder.
    pub path: Option<String>,
}

/// Where the socket is when nobody says otherwise.
pub const DEFAULT_SOCKET: &str = "/run/moored/admin.sock";
/// The longest reason an operator may give, in characters.
pub const REASON_LIMIT: usize = 500;

/// `GET /v1/version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The daemon's version.
    pub version: String,
    /// The API's version: the first part of every path.
    pub api: String,
}

/// `GET /v1/status`: one screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The daemon's version.
    pub version: String,
    /// When the daemon started.
    pub started_at: Option<String>,
    /// How long it has been running, in seconds.
    pub uptime_s: f64,
    /// Whether it would trade now.
    pub ready: bool,
    /// The conditions that are not met, as `name: reason`.
    pub not_ready: Vec<String>,
    /// The desk; its fields stand beside these.
    #[serde(flatten)]
    pub desk: Desk,
    /// The session's phase.
    pub session_phase: String,
    /// The gateway's `host:port`.
    pub session_address: String,
    /// Since when the session is in its phase.
    pub session_since_at: Option<String>,
    /// Quotes and trades handled since the start.
    pub ticks: u64,
    /// Orders that live at the broker, or may.
    pub orders_live: u64,
    /// Intents of all plugins since the start.
    pub intents: u64,
    /// Orders sent for all plugins since the start.
    pub orders: u64,
    /// Fills of all plugins since the start.
    pub fills: u64,
    /// Intents the risk gate refused since the start.
    pub denials: u64,
    /// Profit of the day of all plugins: realized less fees, and what is unrealized.
    pub day_pnl: String,
    /// Profit since the ledger began of all plugins.
    pub total_pnl: String,
    /// The account's currency, once the account summary told it.
    pub currency: Option<String>,
    /// What each plugin did.
    pub plugins: Vec<PluginTally>,
    /// From a tick's receipt to the acceptance of the order it caused.
    pub tick_to_order: Latency,
}

/// The desk, in the status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Desk {
    /// When the desk last published itself.
    pub snapshot_at: Option<String>,
    /// How old that is, in milliseconds; seconds of it mean that the desk is stuck.
    pub snapshot_age_ms: f64,
    /// What may leave: `recovering`, `active`, `reduce_only`, `halted`, `draining`.
    pub trading_state: String,
    /// Why, for people.
    pub reasons: Vec<String>,
    /// The operator's latch: `running`, `halted`, `killed`.
    pub latch: String,
    /// The reason given for the latch.
    pub latch_reason: String,
    /// When ours last agreed with the broker's truth.
    pub reconciled_at: Option<String>,
    /// Orders of the account that are not ours, at that time.
    pub external_orders: u64,
}

/// A latency as its histogram tells it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// How many were measured.
    pub count: u64,
    /// The median, in microseconds, interpolated in the histogram's buckets.
    pub p50_us: Option<f64>,
    /// The 99th percentile, in microseconds, interpolated in the histogram's buckets.
    pub p99_us: Option<f64>,
}

/// What one plugin did since the daemon started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginTally {
    /// Its name.
    pub plugin: String,
    /// Intents it had.
    pub intents: u64,
    /// Orders that left for it.
    pub orders: u64,
    /// Fills it got.
    pub fills: u64,
    /// Its denials, by code.
    pub denials: BTreeMap<String, u64>,
    /// Its profit of the day.
    pub day_pnl: String,
    /// Its profit since the ledger began.
    pub total_pnl: String,
    /// Its fills whose cost is not told yet: its profit is provisional while there are any.
    #[serde(default)]
    pub fills_without_commission: u64,
}

/// `GET /v1/session`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// `waiting`, `connecting`, `proving`, `up`, `closed`.
    pub phase: String,
    /// Since when.
    pub since_at: Option<String>,
    /// What the phase does not say: `2fa-wait since …`, a maintenance window; empty if there is nothing.
    #[serde(default)]
    pub detail: String,
    /// The gateway's `host:port`.
    pub address: String,
    /// Our client id.
    pub client_id: i32,
    /// What the gateway announced; zero before the first handshake.
    pub server_version: i32,
    /// The accounts it manages.
    pub accounts: Vec<String>,
    /// Whether the gateway has IB.
    pub upstream: bool,
    /// Since when that is so.
    pub upstream_since_at: Option<String>,
    /// IB's data farms that the gateway named in this session, by name.
    pub farms: Vec<Farm>,
    /// Attempts since it was last up.
    pub attempts: u64,
    /// Times it came up.
    pub sessions: u64,
    /// Why the last one ended or the last attempt failed; empty if none did.
    pub last_error: String,
    /// When the gateway last answered a heartbeat.
    pub last_heartbeat_at: Option<String>,
    /// Since when another session of the same user has the market data (10197).
    #[serde(default)]
    pub competing_since_at: Option<String>,
    /// Streams that are silent though their markets are open.
    #[serde(default)]
    pub streams_silent: u64,
    /// What the session has proved about itself, each with the age of its proof.
    pub proofs: Vec<Condition>,
    /// Market data by instrument.
    pub subscriptions: Vec<Subscription>,
}

/// One of IB's data farms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Farm {
    /// IB's name for it.
    pub name: String,
    /// `market_data`, `history`, `definitions`.
    pub kind: String,
    /// `up`, `idle` (as good as up), `connecting`, `broken`.
    pub state: String,
    /// Since when.
    pub since_at: Option<String>,
    /// How long that is, in milliseconds.
    pub age_ms: Option<f64>,
    /// How often the gateway has spoken of it, repetitions included.
    pub notices: u64,
}

/// `GET /v1/streams`: one of the list; one instrument's market data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// The instrument's name.
    pub instrument: String,
    /// When it was asked for.
    pub requested_at: Option<String>,
    /// When its first tick came.
    pub first_tick_at: Option<String>,
    /// When its last tick came.
    pub last_tick_at: Option<String>,
    /// How long ago that was, in milliseconds.
    pub last_tick_age_ms: Option<f64>,
    /// `wanted`, `requested`, `fresh`, `silent`, `closed`, `refused`.
    #[serde(default)]
    pub state: String,
    /// Since when nothing came that should have.
    #[serde(default)]
    pub silent_since_at: Option<String>,
    /// How long it may be silent in an open market.
    #[serde(default)]
    pub silent_after_ms: f64,
    /// How often it was asked for again today (UTC).
    #[serde(default)]
    pub rerequests_today: u32,
    /// `open`, `closed`, or `unknown`, which is treated as open.
    #[serde(default)]
    pub market: String,
    /// When its market opens next, where that is known.
    #[serde(default)]
    pub next_open_at: Option<String>,
    /// When its market closes next, where that is known.
    #[serde(default)]
    pub next_close_at: Option<String>,
    /// IB's code where IB refused it; zero where it gave none.
    #[serde(default)]
    pub code: Option<i32>,
    /// Why there is no data; empty where there is.
    #[serde(default)]
    pub reason: String,
    /// When a refused one is asked for again.
    #[serde(default)]
    pub retry_at: Option<String>,
    /// What to do; empty where nothing is to be done.
    #[serde(default)]
    pub fix: String,
}

/// `GET /v1/plugins`: one of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plugin {
    /// Its name in the configuration.
    pub name: String,
    /// `strategy` or `risk`.
    pub kind: String,
    /// The name and version it gave itself.
    pub version: String,
    /// `running`, `restarting`, `quarantined`.
    pub state: String,
    /// Whether it runs on a thread of its own.
    pub own_thread: bool,
    /// The interfaces its component imports: all it can reach.
    pub imports: Vec<String>,
    /// Callbacks that returned.
    pub calls: u64,
    /// Traps, exhausted budgets and deadlines.
    pub failures: u64,
    /// Times it was started again.
    pub restarts: u64,
    /// The last failure; empty if there was none.
    pub last_failure: String,
}

/// `GET /v1/instruments`: one of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instrument {
    /// The operator's name for it.
    pub name: String,
    /// IB's symbol.
    pub symbol: String,
    /// IB's security type.
    pub security_type: String,
    /// Where orders are routed.
    pub exchange: String,
    /// Currency of its price.
    pub currency: String,
    /// IB's contract id, once resolved.
    pub con_id: Option<i32>,
    /// Smallest price step.
    pub tick: String,
    /// Contract multiplier.
    pub multiplier: String,
    /// Best bid.
    pub bid: Option<String>,
    /// Best offer.
    pub ask: Option<String>,
    /// Size at the bid.
    pub bid_size: String,
    /// Size at the offer.
    pub ask_size: String,
    /// When the newest part of the quote was received.
    pub quote_at: Option<String>,
    /// How long ago that was, in milliseconds.
    pub quote_age_ms: Option<f64>,
    /// Whether IB marked the data as delayed.
    pub delayed: bool,
}

/// `GET /v1/orders`: one of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The API order id, which `cancel` takes.
    pub order_id: i32,
    /// IB's permanent id, zero while unknown.
    pub perm_id: i64,
    /// The plugin's own id for it.
    pub client_order_id: u64,
    /// Whose; `external` for orders made elsewhere.
    pub plugin: String,
    /// Who made it: `moored`, or whoever else, for people.
    #[serde(default)]
    pub origin: String,
    /// In what.
    pub instrument: String,
    /// `buy` or `sell`.
    pub side: String,
    /// `market`, `limit`, `stop`, `stop_limit`.
    pub kind: String,
    /// Its limit, where it has one.
    pub limit: Option<String>,
    /// Its trigger, where it has one.
    pub stop: Option<String>,
    /// `DAY`, `GTC`, `IOC`.
    pub time_in_force: String,
    /// Total quantity.
    pub quantity: String,
    /// Filled so far.
    pub filled: String,
    /// Where it stands.
    pub state: String,
    /// Whether it lives at the broker, or may.
    pub live: bool,
    /// The broker's or the desk's last word on it.
    pub reason: Option<String>,
    /// The tag carried in IB's `orderRef`.
    pub order_ref: String,
    /// When it was accepted.
    pub accepted_at: Option<String>,
    /// When it last changed.
    pub changed_at: Option<String>,
}

/// `GET /v1/discrepancies`: one of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Discrepancy {
    /// Its stable name, which `accept` takes: `position_mismatch:AAPL`.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// In which instrument new risk waits for it; none for a contract that is not configured.
    pub instrument: Option<String>,
    /// Whose.
    pub owner: String,
    /// What is on either side, for people.
    pub detail: String,
    /// For positions: how much more the account holds than the fills that are known.
    pub difference: Option<String>,
    /// What to do.
    pub fix: String,
    /// When it was first seen.
    pub first_seen_at: Option<String>,
    /// When it was last seen.
    pub last_seen_at: Option<String>,
    /// How long it has stood, in seconds.
    pub age_s: f64,
    /// Whether it has lasted long enough to be told as an alarm.
    pub confirmed: bool,
    /// Who accepted it.
    pub accepted_by: Option<String>,
    /// Why.
    pub accepted_reason: Option<String>,
}

/// `GET /v1/fills`: one of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// IB's execution id.
    pub exec_id: String,
    /// Which order; zero or negative for orders made elsewhere.
    pub order_id: i32,
    /// Whose; empty for orders made elsewhere.
    pub plugin: String,
    /// In what: the operator's name, or IB's contract id.
    pub instrument: String,
    /// `buy` or `sell`.
    pub side: String,
    /// How much.
    pub quantity: String,
    /// At what price.
    pub price: String,
    /// What it cost, once told.
    pub commission: Option<String>,
    /// The exchange's time, as IB words it.
    pub exchange_time: String,
    /// When we learned of it.
    pub recorded_at: Option<String>,
}

/// `GET /v1/positions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Positions {
    /// What each plugin holds, from our own fills.
    pub plugins: Vec<PluginPosition>,
    /// What the account held at the last reconciliation.
    pub broker: Vec<BrokerPosition>,
}

/// What one plugin holds in one instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginPosition {
    /// Whose.
    pub plugin: String,
    /// In what.
    pub instrument: String,
    /// Signed size.
    pub size: String,
    /// Average price of the open size; zero when flat.
    pub average_price: String,
    /// Profit realized since the ledger began, before fees.
    pub realized: String,
    /// Commissions since the ledger began.
    pub fees: String,
    /// Unrealized profit at the last mid.
    pub unrealized: Option<String>,
    /// Currency of the instrument's price.
    pub currency: Option<String>,
    /// Fills whose cost is not told yet.
    #[serde(default)]
    pub fills_without_commission: u64,
    /// Whether its profit may change without a trade: a cost is not told yet.
    #[serde(default)]
    pub provisional: bool,
}

/// What the account holds in one contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerPosition {
    /// Whose.
    pub account: String,
    /// IB's contract id.
    pub con_id: i32,
    /// The operator's name for it, or IB's symbol.
    pub instrument: String,
    /// Signed size.
    pub size: String,
    /// Average cost as IB counts it.
    pub average_cost: String,
}

/// `GET /v1/account`: one row of the account summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountValue {
    /// Whose.
    pub account: String,
    /// IB's tag: `NetLiquidation`, `BuyingPower` …
    pub tag: String,
    /// Its value as IB words it.
    pub value: String,
    /// Its currency, empty where there is none.
    pub currency: String,
}

/// `GET /v1/events`: one of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEvent {
    /// Its number since the start.
    pub sequence: u64,
    /// When.
    pub at: Option<String>,
    /// What kind of thing.
    pub kind: String,
    /// What, for people.
    pub text: String,
}

/// `GET /readyz` (200 when ready, else 503) and `GET /healthz` (the desk's condition alone).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Readiness {
    /// Whether every condition is met.
    pub ready: bool,
    /// All conditions, in the order in which one should look at them.
    pub conditions: Vec<Condition>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Its stable name.
    pub name: String,
    /// Whether it is met.
    pub ok: bool,
    /// How long it has been so, or how old what it was judged by is, in milliseconds.
    pub age_ms: Option<f64>,
    /// Why, for people.
    pub reason: String,
    /// What to do; empty when it is met.
    pub fix: String,
}

/// Body of `POST /v1/halt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HaltRequest {
    /// Why; kept in the ledger.
    pub reason: String,
    /// Whether working orders are canceled too.
    #[serde(default)]
    pub cancel_orders: bool,
}

/// Body of `POST /v1/resume`, `POST /v1/kill` and `POST /v1/discrepancies/{name}/accept`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonRequest {
    /// Why; kept in the ledger.
    pub reason: String,
}

/// A command was performed, or begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What happened, for people.
    pub message: String,
}

/// Body of every answer that is an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorDetail,
}

/// One error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// Its stable code.
    pub code: String,
    /// What happened, for people.
    pub message: String,
    /// What to do.
    pub fix: String,
}
