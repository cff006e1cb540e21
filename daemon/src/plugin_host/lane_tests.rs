//! Fast plugins, each a real component that does one thing wrong, or right.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::bench::{Bench, guest, on_aapl};
use crate::desk::effect::Notice;
use crate::desk::event::{Event, Feeds};
use crate::domain::instrument::InstrumentId;
use crate::domain::order::{ClientOrderId, Intent, OrderKind, Side};
use crate::domain::plugin::{PluginId, PluginState};
use crate::domain::trading_state::TradingState;
use crate::orders::event::{OrderEvent, OrderEventKind};

/// What every failure must leave alone: a plugin beside it.
fn check_neighbour(bench: &mut Bench) {
    let before = bench.submits(1).len();
    bench.tick(1, 19_000);
    bench.tick(1, 19_001);
    assert_eq!(
        bench.submits(1).len(),
        before + 2,
        "the neighbour does not trade: {:?}",
        bench.out
    );
    assert_eq!(bench.failures(1), []);
}

/// A guest beside a healthy one, and what its first quote leads to.
fn check_contained(toml: &str, kind: &str, reason: &str) {
    let mut bench = Bench::new(&(toml.to_owned() + &on_aapl("pinger")));
    bench.tick(0, 18_700);
    assert!(
        bench.submits(0).is_empty(),
        "a callback that failed must leave no order"
    );
    let failures = bench.failures(0);
    assert!(
        matches!(failures.as_slice(), [(false, text)] if text.contains(reason)),
        "expected {reason:?}, got {failures:?}"
    );
    let unsubscribed = Event::Subscription {
        plugin: PluginId(0),
        instrument: InstrumentId(0),
        feeds: Feeds::default(),
    };
    assert!(bench.out.contains(&unsubscribed), "{:?}", bench.out);
    check_neighbour(&mut bench);
    let name = bench.status(0).name;
    let series = format!("moored_plugin_failures_total{{kind=\"{kind}\",plugin=\"{name}\"}}");
    assert_eq!(bench.metric(&series), 1.0);
}

#[test]
fn a_quote_becomes_an_order_that_knows_its_tick() {
    let mut bench = Bench::new(&on_aapl("pinger"));
    let quote = bench.quote(18_725);
    let Notice::Quote(sent) = quote else {
        unreachable!()
    };
    bench.deliver(0, &[quote]);
    let subscription = Event::Subscription {
        plugin: PluginId(0),
        instrument: InstrumentId(0),
        feeds: Feeds {
            quotes: true,
            trades: false,
        },
    };
    assert_eq!(bench.out[0], subscription);
    let Event::Intent {
        intent: Intent::Submit(intent),
        cause,
    } = &bench.out[1]
    else {
        panic!("{:?}", bench.out);
    };
    assert_eq!(bench.out.len(), 2);
    assert_eq!(cause.tick_received, Some(sent.received));
    assert_eq!(intent.client_order_id, ClientOrderId(1000));
    assert_eq!(
        (intent.plugin, intent.instrument, intent.side),
        (PluginId(0), InstrumentId(0), Side::Buy)
    );
    assert_eq!(
        intent.kind,
        OrderKind::Limit {
            limit: sent.bid.unwrap()
        }
    );
    assert_eq!(intent.tag, sent.received.nanos());
    let status = bench.status(0);
    assert_eq!(
        (status.state, status.calls, status.failures),
        (PluginState::Running, 3, 0)
    );
    assert!(status.version.starts_with("pinger "), "{status:?}");
    assert!(
        bench.metric("moored_plugin_call_seconds_count{callback=\"on_quotes\",plugin=\"pinger\"}") == 1.0
    );
    assert!(bench.metric("moored_plugin_fuel_total{plugin=\"pinger\"}") > 100.0);
    assert!(bench.metric("moored_plugin_state{plugin=\"pinger\",state=\"running\"}") == 1.0);
}

#[test]
fn a_spinner_is_stopped_by_its_fuel() {
    check_contained(
        &on_aapl("spinner"),
        "fuel",
        "on_quotes spent its 5000000 units of fuel",
    );
}

#[test]
fn a_spinner_with_endless_fuel_is_stopped_by_the_watchdog() {
    let toml = guest("spinner", "fuel_per_call = 1000000000000", "symbol = \"AAPL\"");
    check_contained(&toml, "deadline", "on_quotes ran longer than its 5 ms");
}

#[test]
fn a_hoarder_is_stopped_at_its_memory() {
    let toml = guest(
        "hoarder",
        "fuel_per_call = 1000000000\ndeadline_ms = 5000",
        "symbol = \"AAPL\"",
    );
    check_contained(&toml, "memory", "more than its 16 MiB of memory");
}

#[test]
fn a_trap_takes_its_order_with_it() {
    let mut bench = Bench::new(&(on_aapl("trapper") + &on_aapl("pinger")));
    for bid in 0..3 {
        bench.tick(0, 18_700 + bid);
    }
    assert_eq!(
        bench.submits(0),
        [1, 2],
        "the third callback queued an order and trapped"
    );
    assert!(matches!(bench.failures(0).as_slice(), [(false, text)] if text.contains("on_quotes trapped")));
    bench.tick(0, 18_800);
    assert_eq!(bench.submits(0), [1, 2], "it is down");
    check_neighbour(&mut bench);
    bench.pass(Duration::from_millis(100));
    bench.tick(0, 18_900);
    assert_eq!(
        bench.submits(0),
        [1, 2, 1],
        "it counts from one again: a new instance"
    );
    let status = bench.status(0);
    assert_eq!(
        (status.state, status.restarts, status.failures),
        (PluginState::Running, 1, 1)
    );
}

#[test]
fn a_crash_loop_ends_in_quarantine_until_the_operator_acts() {
    let mut bench = Bench::new(&(guest("trapper", "", "symbol = \"AAPL\"\nevery = 1") + &on_aapl("pinger")));
    for _ in 0..5 {
        bench.tick(0, 18_700);
        bench.pass(Duration::from_secs(2));
    }
    let quarantined: Vec<bool> = bench.failures(0).iter().map(|(out, _)| *out).collect();
    assert_eq!(quarantined, [false, false, false, false, true]);
    bench.pass(Duration::from_secs(3600));
    bench.tick(0, 18_700);
    assert_eq!(bench.status(0).state, PluginState::Quarantined);
    check_neighbour(&mut bench);
    assert!(
        bench
            .host
            .restart(bench.at, "tripper")
            .unwrap_err()
            .to_string()
            .contains("trapper, pinger")
    );
    assert!(
        bench
            .host
            .restart(bench.at, "pinger")
            .unwrap_err()
            .to_string()
            .contains("is running")
    );
    bench.host.restart(bench.at, "trapper").unwrap();
    assert_eq!(bench.status(0).state, PluginState::Running);
    bench.tick(0, 18_700);
    assert_eq!(bench.failures(0).len(), 6);
}

#[test]
fn a_flood_of_orders_is_cut() {
    let mut bench = Bench::new(&(on_aapl("flooder") + &on_aapl("pinger")));
    bench.tick(0, 18_700);
    assert_eq!(bench.submits(0), (0..64).collect::<Vec<u64>>(), "64 of the 500");
    assert_eq!(bench.failures(0), []);
    bench.tick(0, 18_701);
    assert_eq!(bench.submits(0).len(), 128, "each callback has its own count");
    check_neighbour(&mut bench);
}

#[test]
fn a_flood_of_calls_ends_the_callback() {
    let toml = guest(
        "flooder",
        "fuel_per_call = 1000000000\ndeadline_ms = 5000",
        "symbol = \"AAPL\"\norders = 5000",
    );
    check_contained(&toml, "flood", "more than 4096 calls");
}

/// Takes the plugins' lines of one level, counts them, or breaks.
struct Lines {
    taken: Arc<AtomicU64>,
    broken: bool,
}

impl tracing::Subscriber for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "plugin" && *metadata.level() == tracing::Level::INFO
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {
        assert!(super::is_in_guest_call());
        assert!(!self.broken, "the subscriber is broken");
        self.taken.fetch_add(1, Ordering::Relaxed);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn a_flood_of_log_lines_is_cut_and_the_plugin_lives() {
    let toml = guest("logger-flood", "", "symbol = \"AAPL\"\nbytes = 60") + &on_aapl("pinger");
    let mut bench = Bench::new(&toml);
    let taken = Arc::new(AtomicU64::new(0));
    let lines = Lines {
        taken: Arc::clone(&taken),
        broken: false,
    };
    tracing::subscriber::with_default(lines, || bench.tick(0, 18_700));
    assert_eq!(bench.failures(0), []);
    assert_eq!(taken.load(Ordering::Relaxed), 100);
    assert_eq!(
        bench.metric("moored_plugin_log_lines_dropped_total{plugin=\"logger-flood\"}"),
        900.0
    );
    check_neighbour(&mut bench);
}

#[test]
fn a_log_line_of_a_mebibyte_is_cut_too() {
    let config = "symbol = \"AAPL\"\nlines = 3";
    let mut bench = Bench::new(&(guest("logger-flood", "", config) + &on_aapl("pinger")));
    let taken = Arc::new(AtomicU64::new(0));
    let lines = Lines {
        taken: Arc::clone(&taken),
        broken: false,
    };
    tracing::subscriber::with_default(lines, || bench.tick(0, 18_700));
    assert_eq!(bench.failures(0), []);
    assert_eq!(taken.load(Ordering::Relaxed), 3);
    check_neighbour(&mut bench);
}

#[test]
fn a_panic_of_the_host_in_a_call_costs_that_plugin_only() {
    let toml = guest("logger-flood", "", "symbol = \"AAPL\"\nbytes = 60") + &on_aapl("pinger");
    let mut bench = Bench::new(&toml);
    let lines = Lines {
        taken: Arc::default(),
        broken: true,
    };
    tracing::subscriber::with_default(lines, || bench.tick(0, 18_700));
    let failures = bench.failures(0);
    assert!(matches!(failures.as_slice(), [(false, text)] if text.contains("the subscriber is broken")));
    assert!(!super::is_in_guest_call());
    check_neighbour(&mut bench);
}

#[test]
fn overdrawn_fuel_holds_market_data_back_and_only_that() {
    let toml = guest(
        "pinger",
        "fuel_per_second = 100",
        "symbol = \"AAPL\"\nquantity = 1",
    );
    let mut bench = Bench::new(&toml);
    bench.tick(0, 18_700);
    let first = bench.submits(0).len();
    for bid in 1..=5 {
        bench.tick(0, 18_700 + bid);
    }
    assert_eq!(bench.submits(0).len(), first, "the fuel of the second is spent");
    let event = OrderEvent {
        client_order_id: ClientOrderId(1000),
        tag: 0,
        kind: OrderEventKind::Sent,
    };
    let calls = bench.status(0).calls;
    bench.deliver(0, &[Notice::Order(event)]);
    bench.deliver(0, &[Notice::TradingState(TradingState::Active)]);
    assert!(
        bench.status(0).calls >= calls + 2,
        "orders and states are told all the same"
    );
    bench.pass(Duration::from_secs(60));
    assert_eq!(
        bench.submits(0).len(),
        first + 1,
        "the five quotes became the last of them"
    );
    assert_eq!(
        bench.metric("moored_plugin_conflated_total{plugin=\"pinger\"}"),
        4.0
    );
}

#[test]
fn timers_are_called_and_order_events_told() {
    let toml = "[[plugins]]\nname = \"script\"\n\
         component = \"guests/fixed-orders.wasm\"\nkind = \"strategy\"\n\
         [plugins.grant]\ninstruments = [\"AAPL\"]\n\
         order_types = [\"limit\", \"market\", \"stop\", \"stop_limit\"]\n\
         max_quantity = 100\nmessages_per_second = 20\n\
         [plugins.config]\nsteps = [\n\
         {do = \"market\", symbol = \"AAPL\", side = \"buy\", quantity = 10, at_ms = 1000},\n\
         {do = \"limit\", symbol = \"AAPL\", side = \"sell\", quantity = 101, limit = 190.5, at_ms = 2000},\n\
         {do = \"cancel\", step = 0, at_ms = 3000},\n\
         {do = \"limit\", symbol = \"AAPL\", side = \"sell\", quantity = 1, tif = \"fok\", at_ms = 3000},\n\
         {do = \"cancel_all\", at_ms = 4000}]\n";
    let mut bench = Bench::new(toml);
    let first = bench.host.next_timer().unwrap();
    assert!(first > bench.at);
    for _ in 0..4 {
        bench.at = bench
            .host
            .next_timer()
            .unwrap()
            .max(bench.at.after(Duration::from_millis(500)));
        let at = bench.at;
        bench.host.fire_timers(at, &mut bench.out);
        bench.pass(Duration::ZERO);
    }
    assert_eq!(bench.host.next_timer(), None);
    let intents: Vec<&Intent> = bench
        .out
        .iter()
        .filter_map(|event| match event {
            Event::Intent { intent, cause } => {
                assert_eq!(cause.tick_received, None);
                Some(intent)
            }
            _ => None,
        })
        .collect();
    let (plugin, client_order_id) = (PluginId(0), ClientOrderId(1000));
    assert!(
        matches!(
            intents.as_slice(),
            [Intent::Submit(order), Intent::Cancel { .. }, Intent::CancelAll { .. }]
                if order.kind == OrderKind::Market && order.client_order_id == client_order_id
        ),
        "too large and fok must not leave: {intents:?}"
    );
    assert_eq!(
        *intents[1],
        Intent::Cancel {
            plugin,
            client_order_id
        }
    );
}
