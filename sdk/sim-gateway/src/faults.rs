//! The script of misfortunes: what goes wrong, and when.
//!
//! A line is `<when> <what>`, with `at=3s` or `order=3` for when, for example `at=5s refuse=2s`,
//! `order=3 reject=201`, `order=4 duplicate`. The same words, without a time, are what an operator types.

use std::collections::VecDeque;
use std::str::FromStr;
use std::time::Duration;

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Every connection is closed, unwritten frames are lost. After an order: the order is taken, its
    /// acknowledgement lost.
    Drop,
    /// As a restarting gateway: everybody is dropped, and connections are refused for this long.
    Refuse(Duration),
    /// New connections are accepted and then ignored.
    Silent(bool),
    /// Nothing is read from or written to live connections any more; they catch up when it ends.
    Mute(bool),
    /// A notice to everybody, with the usual text of its code.
    Notice(i32),
    /// The next new order is rejected with this code.
    Reject(i32),
    /// The next order frame is sent twice; after an order: all frames that answer it.
    Duplicate,
    /// All frames leave this much later.
    Delay(Duration),
    /// Bytes that are no frame are written to everybody.
    Garbage,
    /// The next client is told this server version, whatever it can speak.
    Version(i32),
    /// An order is read and forgotten. Only after `order=`.
    Lose,
}

/// When it goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// So long after the start.
    At(Duration),
    /// With the n-th order message of the whole run, counted from one.
    Order(u64),
}

/// Why a line of the script was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// It does not begin with a time.
    #[error("a fault starts with at=<time> or order=<number>, as in \"at=3s drop\": {0:?}")]
    When(String),
    /// No such fault.
    #[error(
        "unknown fault {0:?}; known: drop, refuse=2s, silent[=on|off], mute[=on|off], notice=1100, \
         reject[=201], duplicate, delay=50ms, garbage, version=100, lose"
    )]
    Unknown(String),
    /// Its value makes no sense.
    #[error("{value:?} is no value for {name}: {wanted}")]
    Value {
        /// The fault.
        name: String,
        /// What was given.
        value: String,
        /// What it takes.
        wanted: &'static str,
    },
}

/// A fault with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub when: When,
    /// What.
    pub fault: Fault,
}

impl FromStr for Line {
    type Err = ScriptError;

    fn from_str(line: &str) -> Result<Self, ScriptError> {
        let bad = || ScriptError::When(line.to_owned());
        let (when, what) = line.trim().split_once(char::is_whitespace).ok_or_else(bad)?;
        let when = match when.split_once('=').ok_or_else(bad)? {
            ("at", time) => When::At(duration(time, Duration::from_secs(1)).ok_or_else(bad)?),
            ("order", number) => When::Order(number.parse().map_err(|_| bad())?),
            _ => return Err(bad()),
        };
        let mut words = what.trim().splitn(2, ['=', ' ']);
        let name = words.next().unwrap_or_default();
        Ok(Line {
            when,
            fault: fault(name, words.next().map(str::trim).unwrap_or_default())?,
        })
    }
}

/// Reads one fault: its name and its value, empty for the usual one.
///
/// # Errors
/// When either is not known.
pub fn fault(name: &str, value: &str) -> Result<Fault, ScriptError> {
    let wrong = |wanted| ScriptError::Value {
        name: name.to_owned(),
        value: value.to_owned(),
        wanted,
    };
    let code = |usual: Option<i32>| match (value, usual) {
        ("", Some(usual)) => Ok(usual),
        _ => value.parse().map_err(|_| wrong("a number")),
    };
    let time = |unit| duration(value, unit).ok_or_else(|| wrong("a time such as 2s or 50ms"));
    let switch = || match value {
        "" | "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(wrong("on or off")),
    };
    Ok(match name {
        "drop" => Fault::Drop,
        "refuse" => Fault::Refuse(time(Duration::from_secs(1))?),
        "silent" => Fault::Silent(switch()?),
        "mute" => Fault::Mute(switch()?),
        "notice" => Fault::Notice(code(None)?),
        "reject" | "reject-next" => Fault::Reject(code(Some(201))?),
        "duplicate" | "duplicate-next" => Fault::Duplicate,
        "delay" => Fault::Delay(time(Duration::from_millis(1))?),
        "garbage" => Fault::Garbage,
        "version" => Fault::Version(code(None)?),
        "lose" => Fault::Lose,
        _ => return Err(ScriptError::Unknown(name.to_owned())),
    })
}

/// `2s`, `50ms`, `1.5s`, or a bare number of `unit`s.
pub(crate) fn duration(text: &str, unit: Duration) -> Option<Duration> {
    let (number, unit) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, Duration::from_millis(1)),
        (None, Some(number)) => (number, Duration::from_secs(1)),
        (None, None) => (text, unit),
    };
    let number: f64 = number.parse().ok()?;
    (0.0..=86_400_000.0)
        .contains(&number)
        .then(|| unit.mul_f64(number))
}

/// The usual text of a notice.
#[must_use]
pub fn notice_text(code: i32) -> &'static str {
    match code {
        1100 => "Connectivity between IB and Trader Workstation has been lost.",
        1101 => "Connectivity between IB and Trader Workstation has been restored - data lost.",
        1102 => {
            "Connectivity between IB and Trader Workstation has been restored - data maintained. All data \
             farms are connected: usfarm; ushmds; secdefil."
        }
        1300 => {
            "TWS socket port has been reset and this connection is being dropped. Please reconnect on the \
             new port"
        }
        2103 => "Market data farm connection is broken:usfarm",
        2104 => "Market data farm connection is OK:usfarm",
        2105 => "HMDS data farm connection is broken:ushmds",
        2106 => "HMDS data farm connection is OK:ushmds",
        2107 => "HMDS data farm connection is inactive but should be available upon demand.ushmds",
        2108 => "Market data farm connection is inactive but should be available upon demand.usfarm",
        2110 => {
            "Connectivity between Trader Workstation and server is broken. It will be restored automatically."
        }
        2119 => "Market data farm is connecting:usfarm",
        2157 => "Sec-def data farm connection is broken:secdefil",
        2158 => "Sec-def data farm connection is OK:secdefil",
        _ => "Notice from the fault script",
    }
}

/// The faults still to come.
#[derive(Debug, Default)]
pub struct Script {
    timed: VecDeque<(Duration, Fault)>,
    by_order: Vec<(u64, Fault)>,
    orders: u64,
}

impl Script {
    /// A script of these lines.
    #[must_use]
    pub fn new(lines: Vec<Line>) -> Self {
        let mut timed = Vec::new();
        let mut by_order = Vec::new();
        for line in lines {
            match line.when {
                When::At(at) => timed.push((at, line.fault)),
                When::Order(number) => by_order.push((number, line.fault)),
            }
        }
        timed.sort_by_key(|(at, _)| *at);
        Self {
            timed: timed.into(),
            by_order,
            orders: 0,
        }
    }

    /// When the next timed fault is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Duration> {
        self.timed.front().map(|(at, _)| *at)
    }

    /// The next timed fault, if its time has come.
    pub fn due(&mut self, now: Duration) -> Option<Fault> {
        self.timed
            .pop_front_if(|(at, _)| *at <= now)
            .map(|(_, fault)| fault)
    }

    /// Counts an order message; the faults that come with it.
    pub fn order_arrived(&mut self) -> Vec<Fault> {
        self.orders += 1;
        let here = self.by_order.iter().filter(|(number, _)| *number == self.orders);
        here.map(|(_, fault)| fault.clone()).collect()
    }
}
