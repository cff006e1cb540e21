//! What the tests of this folder run plugins with: real components, a real host, a time that stands still
//! until moved.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use super::config::{Config, Settings};
use super::{LoadError, PluginHost, load};
use crate::clock;
use crate::desk::effect::Notice;
use crate::desk::event::Event;
use crate::desk::snapshot::SharedView;
use crate::domain::instrument::{Instrument, InstrumentId, SecurityType};
use crate::domain::money::{Price, Quantity};
use crate::domain::order::Intent;
use crate::domain::plugin::{PluginId, PluginStatus};
use crate::domain::quote::Quote;
use crate::domain::time::Timestamp;
use crate::mailbox::{Inbox, Letter, Mailbox};

/// How long a test waits for a thread before it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A host with its plugins and all it is connected to.
pub struct Bench {
    /// The host.
    pub host: PluginHost,
    /// What came out.
    pub out: Vec<Event>,
    /// What slow plugins sent.
    pub inbox: Inbox,
    /// What look-ups answer from.
    pub view: SharedView,
    /// What is measured.
    pub registry: prometheus::Registry,
    /// Now.
    pub at: Timestamp,
}

/// Cargo's target folder: a test is at `debug/deps/` in it.
fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().to_owned()
}

/// Compiled code of all tests: with optimisation at a minimum, compiling is most of their time.
fn cache() -> PathBuf {
    target().join("plugin-test-cache")
}

/// The folder with `plugins/` and `guests/`.
pub fn components() -> PathBuf {
    let named = std::env::var_os("MOORED_TEST_COMPONENTS").map(PathBuf::from);
    let folder = named.unwrap_or_else(target);
    assert!(
        folder.join("guests/pinger.wasm").exists(),
        "no components in {}; build them with `make plugins`, or name their folder in MOORED_TEST_COMPONENTS",
        folder.display()
    );
    folder
}

fn instrument(id: u32, name: &str) -> Instrument {
    Instrument {
        id: InstrumentId(id),
        name: name.to_owned(),
        symbol: name.to_owned(),
        security_type: SecurityType::Stk,
        exchange: "SMART".to_owned(),
        primary_exchange: None,
        currency: "USD".to_owned(),
        expiry: None,
        con_id: Some(265_598),
        tick: Price::from_nanos(10_000_000),
        multiplier: Quantity::ONE,
        hours: None,
        silent_after: None,
    }
}

/// AAPL and MSFT.
pub fn instruments() -> Vec<Instrument> {
    vec![instrument(0, "AAPL"), instrument(1, "MSFT")]
}

/// `[[plugins]]` as an operator writes them.
pub fn configs(toml: &str) -> Vec<Config> {
    #[derive(serde::Deserialize)]
    struct Table {
        plugins: Vec<Config>,
    }
    toml::from_str::<Table>(toml).unwrap().plugins
}

/// A strategy on AAPL with limit orders granted, named like its component.
pub fn guest(name: &str, extra: &str, config: &str) -> String {
    format!(
        "[[plugins]]\nname = \"{name}\"\ncomponent = \"guests/{name}.wasm\"\nkind = \"strategy\"\n{extra}\n\
         [plugins.grant]\ninstruments = [\"AAPL\"]\norder_types = [\"limit\"]\nmax_quantity = 100\n\
         messages_per_second = 20\n[plugins.config]\n{config}\n"
    )
}

/// A strategy that takes AAPL as its `symbol`.
pub fn on_aapl(name: &str) -> String {
    let quantity = if name == "pinger" { "quantity = 1" } else { "" };
    guest(name, "", &format!("symbol = \"AAPL\"\n{quantity}"))
}

/// A risk plugin.
pub fn risk(name: &str) -> String {
    format!("[[plugins]]\nname = \"{name}\"\ncomponent = \"guests/{name}.wasm\"\nkind = \"risk\"\n")
}

/// A host and what it is connected to.
pub type Loaded = (PluginHost, SharedView, Inbox, prometheus::Registry);

/// Loads, or says why not.
pub fn try_load(toml: &str, cache: &Path) -> Result<Loaded, LoadError> {
    let view = SharedView::default();
    {
        let mut view = view.lock().unwrap();
        view.instruments = instruments();
        view.quotes = vec![None; 2];
    }
    let mailbox = Mailbox::new(2);
    let registry = prometheus::Registry::new();
    let mut settings = Settings::new(components(), cache.to_owned());
    settings.policy.first_pause = Duration::from_millis(100);
    let host = load(
        settings,
        &configs(toml),
        &instruments(),
        Arc::clone(&view),
        Arc::new(AtomicU64::new(1000)),
        mailbox.intents,
        &registry,
    )?;
    Ok((host, view, mailbox.inbox, registry))
}

/// The message of a load that must fail.
pub fn load_error(toml: &str) -> String {
    match try_load(toml, &cache()) {
        Ok(_) => panic!("these plugins must not load:\n{toml}"),
        Err(error) => error.to_string(),
    }
}

impl Bench {
    /// A host with these plugins.
    pub fn new(toml: &str) -> Bench {
        let loaded = try_load(toml, &cache());
        let (host, view, inbox, registry) = loaded.unwrap_or_else(|error| panic!("{error}"));
        let (out, at) = (Vec::new(), clock::now());
        Bench {
            host,
            out,
            inbox,
            view,
            registry,
            at,
        }
    }

    /// Moves time on and lets the host do what that brings.
    pub fn pass(&mut self, time: Duration) {
        self.at = self.at.after(time);
        self.host.maintain(self.at, &mut self.out);
    }

    /// A quote of AAPL with this bid, a cent wide, received a microsecond ago.
    pub fn quote(&mut self, bid: i64) -> Notice {
        self.at = self.at.after(Duration::from_micros(1));
        let cents = |cents: i64| Some(Price::from_nanos(cents * 10_000_000));
        let quote = Quote {
            bid: cents(bid),
            ask: cents(bid + 1),
            bid_size: Quantity::from_units(100),
            ask_size: Quantity::from_units(100),
            received: self.at,
            ..Quote::empty(InstrumentId(0))
        };
        self.view.lock().unwrap().quotes[0] = Some(quote);
        self.at = self.at.after(Duration::from_micros(1));
        Notice::Quote(quote)
    }

    /// Tells a plugin of a quote.
    pub fn tick(&mut self, plugin: u16, bid: i64) {
        let notice = self.quote(bid);
        self.deliver(plugin, &[notice]);
    }

    /// Tells a plugin.
    pub fn deliver(&mut self, plugin: u16, notices: &[Notice]) {
        self.host
            .deliver(self.at, PluginId(plugin), notices, &mut self.out);
    }

    /// The tags of the orders one plugin wants, and what they are caused by.
    pub fn submits(&self, plugin: u16) -> Vec<u64> {
        let tags = self.out.iter().filter_map(|event| match event {
            Event::Intent {
                intent: Intent::Submit(intent),
                ..
            } if intent.plugin == PluginId(plugin) => Some(intent.tag),
            _ => None,
        });
        tags.collect()
    }

    /// Why plugins failed, with whether they are out.
    pub fn failures(&self, plugin: u16) -> Vec<(bool, &str)> {
        let failures = self.out.iter().filter_map(|event| match event {
            Event::PluginFailed {
                plugin: id,
                quarantined,
                reason,
            } if *id == PluginId(plugin) => Some((*quarantined, reason.as_str())),
            _ => None,
        });
        failures.collect()
    }

    /// How a plugin is.
    pub fn status(&mut self, plugin: usize) -> PluginStatus {
        self.pass(Duration::from_secs(1));
        self.host.status().borrow()[plugin].clone()
    }

    /// The value of one series, by a part of its line.
    pub fn metric(&self, series: &str) -> f64 {
        let text = prometheus::TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .unwrap();
        let line = text.lines().find(|line| line.starts_with(series));
        let line = line.unwrap_or_else(|| panic!("no {series} in:\n{text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// What slow plugins send next, within the test's patience.
    pub fn receive(&mut self) -> Event {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let letter = runtime.block_on(async { tokio::time::timeout(PATIENCE, self.inbox.next()).await });
        match letter.expect("a slow plugin sent nothing") {
            Letter::Event(event) => event,
            other => panic!("not from a plugin: {other:?}"),
        }
    }

    /// Maintains the host until something is so.
    pub fn until(&mut self, what: &str, mut so: impl FnMut(&mut Bench) -> bool) {
        let began = Instant::now();
        while !so(self) {
            assert!(began.elapsed() < PATIENCE, "never: {what}");
            std::thread::yield_now();
            self.host.maintain(clock::now().max(self.at), &mut self.out);
        }
    }
}
