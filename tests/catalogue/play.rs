//! Plays a row: starts its processes, does and awaits what it says, clears the faults, and looks at the invariants.

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::invariants;
use crate::look::{self, Names};
use crate::proxy::Proxy;
use crate::rig::{Daemon, Home, Market, Plugin, wait_for};
use crate::row::{DaemonPlan, Entry, Row};

/// Of every market.
pub const SEED: u32 = 7;
/// How long anything may take that names no deadline. Far beyond what is needed, because these machines stall.
const WITHIN: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);
/// Between a kill and the new start.
const RESTART: Duration = Duration::from_millis(1_100);
/// The instrument whose price gives the plugin its cues, and a price that gives none.
const PROMPTER: &str = "SYM001";
const NO_CUE: &str = "100";
/// The lines of a log that a failure shows.
const LOG_LINES: usize = 25;

/// Plays a row to its end.
pub fn run(row: &Row) -> Result<(), String> {
    let outcome = perform(row);
    match (&row.gap, outcome) {
        (None, outcome) => outcome,
        (Some(gap), Err(problem)) => {
            let first = problem.lines().next().unwrap_or_default();
            println!("{} fails, as it is known to: {gap}\n  {first}", row.name);
            Ok(())
        }
        (Some(gap), Ok(())) => Err(format!(
            "{}: it passes, so this gap is closed and can be taken out: {gap}",
            row.file
        )),
    }
}

fn perform(row: &Row) -> Result<(), String> {
    let address = free_address();
    let market = (!row.market.later).then(|| start_market(row, address));
    let proxy = row.market.proxy.then(|| Proxy::to(address));
    let home = home_of(&row.daemon, proxy.as_ref().map_or(address, |proxy| proxy.address));
    let metrics = free_port();
    let text = std::fs::read_to_string(&home.config).map_err(|error| error.to_string())?;
    let listen = text.replace("listen = \"127.0.0.1:0\"", &format!("listen = \"{metrics}\""));
    std::fs::write(&home.config, listen).map_err(|error| error.to_string())?;
    let mut stage = Stage {
        row,
        address,
        market,
        proxy,
        home: &home,
        daemon: None,
        metrics,
        restarted: false,
        acted: Instant::now(),
        names: Names::new(),
    };
    stage.play().map_err(|problem| {
        let log = home.log();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
        format!(
            "{}: {problem}\n--- the end of the daemon's log:\n{tail}",
            row.file
        )
    })
}

/// The market's port is chosen before it starts, so that it can be started again on the same one.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.8:0").expect("a port for the market");
    listener.local_addr().expect("its address")
}

/// On another address than the market's, so that neither is given the other's by chance.
fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.7:0").expect("a port for the metrics");
    listener.local_addr().expect("its address")
}

fn start_market(row: &Row, address: SocketAddr) -> Market {
    let mut options: Vec<String> = row.market.options.clone();
    if !options.iter().any(|option| option == "--instruments") {
        options.extend(["--instruments".to_owned(), "1".to_owned()]);
    }
    let folder = tempfile::tempdir().expect("a folder for the scenario");
    if !row.market.scenario.is_empty() {
        let file = folder.path().join("scenario.toml");
        std::fs::write(&file, &row.market.scenario).expect("the scenario is written");
        options.extend(["--scenario".to_owned(), file.to_string_lossy().into_owned()]);
    }
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    Market::start_at(&address.to_string(), &options)
}

fn home_of(plan: &DaemonPlan, gateway: SocketAddr) -> Home {
    let mut names: Vec<&str> = plan.instruments.iter().map(String::as_str).collect();
    names.push(PROMPTER);
    let granted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    let grant = format!(
        "instruments = [{}]\norder_types = [\"market\", \"limit\", \"stop\", \"stop_limit\"]\n\
         max_quantity = 1000\nmessages_per_second = 40\n",
        granted.join(", ")
    );
    let mut config = toml::Table::new();
    config.insert("cue".to_owned(), PROMPTER.into());
    let steps = plan.steps.iter().cloned().map(toml::Value::Table).collect();
    config.insert("steps".to_owned(), toml::Value::Array(steps));
    let config = inline(&config);
    let plugin = Plugin {
        name: "fixed-orders",
        component: "fixed-orders",
        kind: "strategy",
        grant: &grant,
        config: &config,
        more: "",
    };
    let instruments: String = names
        .iter()
        .map(|name| format!("[[instruments]]\nname = {name:?}\n"))
        .collect();
    let session = format!("{}{}", plan.session, plan.also);
    // What happens must not depend on the hour in which the rows are run.
    let calendar = if plan.more.contains("[maintenance]") {
        ""
    } else {
        "[maintenance]\npreset = \"none\"\n"
    };
    let more = format!("{calendar}{}\n{instruments}", plan.more);
    Home::tuned(gateway, &session, &[plugin], &more)
}

/// A table's keys as lines that stand wherever they are put: values in one line each.
fn inline(table: &toml::Table) -> String {
    table
        .iter()
        .map(|(key, value)| format!("{key} = {value}\n"))
        .collect()
}

/// Everything a row has on stage.
pub struct Stage<'a> {
    pub row: &'a Row,
    address: SocketAddr,
    pub market: Option<Market>,
    proxy: Option<Proxy>,
    pub home: &'a Home,
    pub daemon: Option<Daemon<'a>>,
    pub metrics: SocketAddr,
    /// Whether the daemon is another process than the first: it knows positions and what is live, and lists fills of its
    /// own time only.
    pub restarted: bool,
    /// When the play last did something.
    acted: Instant,
    names: Names,
}

impl Stage<'_> {
    fn play(&mut self) -> Result<(), String> {
        let row = self.row;
        if !row.daemon.later {
            self.daemon = Some(self.home.start());
            self.await_state(&row.daemon.until, "before the play")?;
        }
        for (number, entry) in row.play.iter().enumerate() {
            self.enter(entry)
                .map_err(|problem| format!("entry {} of the play: {problem}", number + 1))?;
        }
        self.recover()
    }

    /// Clears every fault, awaits that the daemon is well, and looks at the invariants; again after a kill if asked.
    fn recover(&mut self) -> Result<(), String> {
        let row = self.row;
        if let Some(proxy) = &self.proxy {
            proxy.set("pass")?;
        }
        if self.market.is_some() {
            self.say("inject do = \"clear\"")?;
        }
        self.alive()?;
        self.await_state(&row.recovery.state, "after the faults were cleared")?;
        invariants::check(self).map_err(|broken| format!("after the faults were cleared, {broken}"))?;
        if !row.recovery.kill {
            return Ok(());
        }
        if let Some(market) = &self.market {
            // A plugin that starts anew must not take an old cue for its own.
            market.control(&format!("price {PROMPTER} {NO_CUE}"));
        }
        if let Some(daemon) = self.daemon.take() {
            daemon.kill();
            self.restarted = true;
        }
        // The service manager waits five seconds; what matters is that messages of two lives are not of one second.
        std::thread::sleep(RESTART);
        self.daemon = Some(self.home.start());
        self.await_state(&row.recovery.state, "after a kill and a new start")?;
        invariants::check(self).map_err(|broken| format!("after a kill and a new start, {broken}"))
    }

    fn alive(&mut self) -> Result<(), String> {
        let Some(daemon) = &mut self.daemon else {
            return Err("the play left no daemon running".to_owned());
        };
        match daemon.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(format!("invariant 7: the daemon ended with {status}")),
            Err(error) => Err(error.to_string()),
        }
    }

    fn await_state(&self, state: &str, when: &str) -> Result<(), String> {
        if state.is_empty() {
            return Ok(());
        }
        let entry = Entry {
            api: Some("/v1/status".to_owned()),
            path: Some("trading_state".to_owned()),
            is: Some(state.into()),
            ..Entry::default()
        };
        let seen = self.await_seen(&entry).map(drop);
        seen.map_err(|problem| {
            let reasons = self.answer("/v1/status").unwrap_or_default();
            format!(
                "{when}: {problem}; reasons: {} {}",
                reasons["reasons"], reasons["not_ready"]
            )
        })
    }

    fn enter(&mut self, entry: &Entry) -> Result<(), String> {
        if entry.looks() > 0 {
            let seen = self.await_seen(entry)?;
            let took = self.acted.elapsed();
            if let Some(most) = entry
                .took_ms
                .map(Duration::from_millis)
                .filter(|most| took > *most)
            {
                return Err(format!("{} took {took:?}, more than {most:?}", entry.place()));
            }
            if let Some(name) = &entry.remember {
                self.names.insert(name.clone(), seen);
            }
            return Ok(());
        }
        self.acted = Instant::now();
        self.act(entry)
    }

    fn act(&mut self, entry: &Entry) -> Result<(), String> {
        if let Some(command) = &entry.say {
            return self.say(&look::filled(command, &self.names));
        }
        if let Some(fault) = &entry.inject {
            return self.say(&format!("inject {}", look::filled(fault, &self.names)));
        }
        if let Some(cue) = entry.cue {
            return self.say(&format!("price {PROMPTER} {cue}000"));
        }
        if let Some(weather) = &entry.proxy {
            let proxy = self
                .proxy
                .as_ref()
                .ok_or("there is no proxy: write market.proxy = true")?;
            return proxy.set(weather);
        }
        if let Some(what) = &entry.daemon {
            return self.daemon(what);
        }
        if let Some(what) = &entry.gateway {
            return self.gateway(what);
        }
        if let Some(path) = &entry.post {
            let path = look::filled(path, &self.names);
            let body = entry.body.clone().unwrap_or_else(|| json!({}));
            let body: Value = serde_json::from_str(&look::filled(&body.to_string(), &self.names))
                .map_err(|error| error.to_string())?;
            let daemon = self.daemon.as_ref().ok_or("no daemon is running")?;
            let (status, answer) = daemon.post(&path, &body);
            return match status {
                200..=299 => Ok(()),
                _ => Err(format!("POST {path} was answered {status}: {answer}")),
            };
        }
        if let Some(pause) = entry.pause_ms {
            std::thread::sleep(Duration::from_millis(pause));
        }
        Ok(())
    }

    fn say(&self, command: &str) -> Result<(), String> {
        let market = self.market.as_ref().ok_or("no gateway is running")?;
        let answer = market.control(command);
        match answer.get("error") {
            Some(error) => Err(format!("the gateway refused {command:?}: {error}")),
            None => Ok(()),
        }
    }

    fn daemon(&mut self, what: &str) -> Result<(), String> {
        match (what, self.daemon.take()) {
            ("start", None) => {
                self.daemon = Some(self.home.start());
                return Ok(());
            }
            ("kill", Some(daemon)) => daemon.kill(),
            ("forget", Some(daemon)) => {
                daemon.kill();
                let ledger = self.home.ledger.to_string_lossy();
                for suffix in ["", "-wal", "-shm"] {
                    // SQLite's other files are not always there.
                    let _gone = std::fs::remove_file(format!("{ledger}{suffix}"));
                }
            }
            ("end", Some(daemon)) => {
                let status = daemon.terminate();
                if !status.success() {
                    return Err(format!("the daemon ended with {status}"));
                }
            }
            (_, daemon) => {
                self.daemon = daemon;
                return Err(format!("daemon = {what:?} cannot be done here"));
            }
        }
        self.restarted = true;
        Ok(())
    }

    fn gateway(&mut self, what: &str) -> Result<(), String> {
        match (what, self.market.take()) {
            ("start", None) => {
                // The port of one that was killed may be taken for another moment.
                wait_for("the gateway's port", || TcpListener::bind(self.address).ok());
                self.market = Some(start_market(self.row, self.address));
            }
            ("kill", Some(market)) => drop(market),
            (_, market) => {
                self.market = market;
                return Err(format!("gateway = {what:?} cannot be done here"));
            }
        }
        Ok(())
    }

    /// An answer of the admin API.
    pub fn answer(&self, path: &str) -> Result<Value, String> {
        let daemon = self.daemon.as_ref().ok_or("no daemon is running")?;
        let (_, body) = daemon.get(path);
        Ok(body)
    }

    fn look(&self, entry: &Entry) -> Result<Value, String> {
        if let Some(words) = &entry.log {
            let words = look::filled(words, &self.names);
            return Ok(Value::from(self.home.log().matches(&words).count()));
        }
        if let Some(name) = &entry.metric {
            return look::metric(self.metrics, name);
        }
        let whole = if let Some(path) = &entry.api {
            self.answer(&look::filled(path, &self.names))?
        } else {
            let market = self.market.as_ref().ok_or("no gateway is running")?;
            match (&entry.books, &entry.told) {
                (Some(part), _) => market.brief_books()[part].clone(),
                (_, Some(command)) => market.control(command),
                _ => Value::Null,
            }
        };
        Ok(look::pick(entry, &whole, &self.names))
    }

    /// Looks until it is as the entry wants, and as long as it must stay so.
    fn await_seen(&self, entry: &Entry) -> Result<Value, String> {
        let patience = entry.within_s.map_or(WITHIN, Duration::from_secs);
        let deadline = Instant::now() + patience;
        let unmet = |seen: &Value| match &entry.log {
            // Lines of the log are counted; that there is one is what is wanted if nothing is said.
            Some(_) if entry.is_plain_log() => (seen == &json!(0)).then(|| "to be there".to_owned()),
            _ => look::unmet(entry, seen, &self.names),
        };
        loop {
            let seen = self.look(entry);
            let problem = match &seen {
                Ok(seen) => unmet(seen),
                Err(error) => Some(format!("an answer ({error})")),
            };
            match (problem, seen) {
                (None, Ok(seen)) => return self.await_still(entry, seen, unmet),
                (Some(problem), seen) if Instant::now() >= deadline => {
                    let seen = seen.map_or_else(|error| error, |seen| shortened(&seen));
                    let what = entry.place();
                    return Err(format!("waited {patience:?} for {what} {problem}; it is {seen}"));
                }
                _ => std::thread::sleep(LOOK),
            }
        }
    }

    fn await_still(
        &self,
        entry: &Entry,
        mut seen: Value,
        unmet: impl Fn(&Value) -> Option<String>,
    ) -> Result<Value, String> {
        let holds = Duration::from_millis(entry.holds_ms.unwrap_or(0));
        let until = Instant::now() + holds;
        while Instant::now() < until {
            std::thread::sleep(LOOK);
            seen = self.look(entry)?;
            if let Some(problem) = unmet(&seen) {
                let (what, seen) = (entry.place(), shortened(&seen));
                return Err(format!(
                    "{what} did not stay so for {holds:?}: wanted {problem}; it is {seen}"
                ));
            }
        }
        Ok(seen)
    }
}

/// What was seen, as long as a person reads.
fn shortened(seen: &Value) -> String {
    const MOST: usize = 1_500;
    let text = seen.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl Entry {
    fn is_plain_log(&self) -> bool {
        self.is.is_none() && self.at_least.is_none() && self.at_most.is_none() && self.more_than.is_none()
    }

    /// Where it looks, for people.
    fn place(&self) -> String {
        let places = [&self.api, &self.metric, &self.log, &self.books, &self.told];
        let place = places.into_iter().flatten().next().map_or("", String::as_str);
        let parts = [&self.path, &self.field].into_iter().flatten();
        let parts: Vec<&str> = parts.map(String::as_str).collect();
        let only = self
            .only
            .as_ref()
            .map(|only| format!(" where {}", Value::Object(only.clone())));
        format!("{place:?} {}{}", parts.join(" "), only.unwrap_or_default())
    }
}
