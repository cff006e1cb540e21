//! Asks systemd, through D-Bus, to restart the gateway's unit, and waits until it has. Which unit, and whether at all, is the
//! policy's; who may ask is polkit's (`systemd/moored-gateway.rules`).

use std::time::{Duration, Instant};

use rustbus::connection::{Error as BusError, Timeout};
use rustbus::message_builder::MarshalledMessage;
use rustbus::{MessageBuilder, MessageType, RpcConn, get_system_bus_path, standard_messages};
use rustbus_nix::sys::socket::UnixAddr;
use serde::{Deserialize, Serialize};

const SYSTEMD: &str = "org.freedesktop.systemd1";
const MANAGER_PATH: &str = "/org/freedesktop/systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";
/// The signal that tells the end of a job: its number, its path, its unit and its result.
const JOB_REMOVED: &str = "JobRemoved";
/// The beginning of a D-Bus address we can use.
const UNIX_PATH: &str = "unix:path=";

/// The unit that runs the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Its name, such as `ibgateway@live.service`.
    pub name: String,
    /// Whether it may be restarted. That is a cold start of the gateway: somebody may have to approve the second factor.
    pub allow: bool,
    /// How long its restart may take.
    pub timeout_ms: u32,
    /// The D-Bus address (`unix:path=…`); the system's bus, if left out.
    pub bus: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            name: String::new(),
            allow: false,
            timeout_ms: 120_000,
            bus: None,
        }
    }
}

impl Config {
    /// Whether the settings can work: the key and what to do, if not.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if self.allow && !self.name.ends_with(".service") {
            let problem = "must name the gateway's unit, such as \"ibgateway@live.service\"".to_owned();
            return Err(("unit.name", problem));
        }
        if self.bus.as_deref().is_some_and(|bus| !bus.starts_with(UNIX_PATH)) {
            let problem = format!("must begin with {UNIX_PATH:?}; leave it out for the system's bus");
            return Err(("unit.bus", problem));
        }
        if !(10..=3_600_000).contains(&self.timeout_ms) {
            let problem = "must be between 10 and 3600000 milliseconds".to_owned();
            return Err(("unit.timeout_ms", problem));
        }
        Ok(())
    }
}

/// Why the unit was not restarted, or perhaps not.
#[derive(Debug, thiserror::Error)]
pub enum UnitError {
    /// The bus could not be reached, or broke.
    #[error("the D-Bus cannot be used: {0}")]
    Bus(String),
    /// Nobody gave us the right.
    #[error("systemd refused to restart {unit} ({answer}): install systemd/moored-gateway.rules for polkit")]
    NotAuthorized {
        /// Which unit.
        unit: String,
        /// Its answer.
        answer: String,
    },
    /// It said no.
    #[error("systemd refused to restart {unit}: {answer}")]
    Refused {
        /// Which unit.
        unit: String,
        /// Its answer.
        answer: String,
    },
    /// The restart was begun and did not succeed.
    #[error("the restart of {unit} ended as {result:?}; `systemctl status {unit}` says why")]
    Failed {
        /// Which unit.
        unit: String,
        /// systemd's word: failed, timeout, canceled …
        result: String,
    },
    /// No answer in time: it may still be carried out.
    #[error("the restart of {unit} did not end within {timeout:?}")]
    Silent {
        /// Which unit.
        unit: String,
        /// How long we waited.
        timeout: Duration,
    },
}

/// Restarts the unit and waits until systemd says that it did.
///
/// # Errors
/// Why not. After [`UnitError::Silent`] it may still happen.
pub async fn restart(config: &Config) -> Result<String, UnitError> {
    let config = config.clone();
    // The bus is spoken to step by step, on a thread of its own.
    match tokio::task::spawn_blocking(move || ask(&config)).await {
        Ok(answer) => answer,
        Err(failed) => Err(UnitError::Bus(failed.to_string())),
    }
}

fn ask(config: &Config) -> Result<String, UnitError> {
    let unit = &config.name;
    let timeout = Duration::from_millis(config.timeout_ms.into());
    let broken = |error: BusError| match error {
        BusError::TimedOut => UnitError::Silent {
            unit: unit.clone(),
            timeout,
        },
        error => UnitError::Bus(error.to_string()),
    };
    let mut bus = Bus {
        connection: connect(config.bus.as_deref(), timeout).map_err(broken)?,
        until: Instant::now() + timeout,
    };
    // Listening before asking, so that the end of a short job is not missed. Without a subscription systemd tells none.
    let rule = format!("type='signal',interface='{MANAGER}',member='{JOB_REMOVED}'");
    let added = bus
        .call(&mut standard_messages::add_match(&rule))
        .map_err(broken)?;
    denied(&added).map_or(Ok(()), |(_, answer)| Err(UnitError::Bus(answer)))?;
    let subscribed = bus.call(&mut request("Subscribe")).map_err(broken)?;
    refuse(unit, &subscribed)?;
    let mut order = request("RestartUnit");
    let written = order.body.push_param2(unit.as_str(), "replace");
    written.map_err(|error| UnitError::Bus(format!("{error:?}")))?;
    let begun = bus.call(&mut order).map_err(broken)?;
    refuse(unit, &begun)?;
    let job = begun.body.parser().get::<rustbus::wire::ObjectPath<&str>>();
    let job = job.map_err(|error| UnitError::Bus(format!("{error:?}")))?;
    loop {
        let signal = bus.connection.wait_signal(bus.left()).map_err(broken)?;
        if signal.dynheader.member.as_deref() != Some(JOB_REMOVED) {
            continue;
        }
        type Removed<'a> = (u32, rustbus::wire::ObjectPath<&'a str>, &'a str, &'a str);
        let mut parser = signal.body.parser();
        let Ok((_, path, _, result)): Result<Removed<'_>, _> = parser.get4() else {
            continue;
        };
        if path.as_ref() != job.as_ref() {
            continue;
        }
        let unit = unit.clone();
        return match result {
            "done" => Ok(format!("systemd restarted {unit}")),
            result => Err(UnitError::Failed {
                unit,
                result: result.to_owned(),
            }),
        };
    }
}

/// A connection with a deadline for all that is said on it.
struct Bus {
    connection: RpcConn,
    until: Instant,
}

impl Bus {
    fn left(&self) -> Timeout {
        // The socket takes no deadline of zero.
        let least = Duration::from_millis(1);
        Timeout::Duration(self.until.saturating_duration_since(Instant::now()).max(least))
    }

    fn call(&mut self, message: &mut MarshalledMessage) -> Result<MarshalledMessage, BusError> {
        let left = self.left();
        let sending = self.connection.send_message(message)?;
        let serial = sending
            .write(left)
            .map_err(rustbus::connection::ll_conn::force_finish_on_error)?;
        self.connection.wait_response(serial, self.left())
    }
}

fn connect(address: Option<&str>, timeout: Duration) -> Result<RpcConn, BusError> {
    let address = match address.and_then(|address| address.strip_prefix(UNIX_PATH)) {
        // A guid may follow the path.
        Some(path) => UnixAddr::new(path.split(',').next().unwrap_or(path))?,
        None => get_system_bus_path()?,
    };
    RpcConn::connect_to_path(address, Timeout::Duration(timeout))
}

fn request(method: &str) -> MarshalledMessage {
    let call = MessageBuilder::new().call(method).with_interface(MANAGER);
    call.on(MANAGER_PATH).at(SYSTEMD).build()
}

/// The error an answer is: its name and its words.
fn denied(answer: &MarshalledMessage) -> Option<(String, String)> {
    if answer.typ != MessageType::Error {
        return None;
    }
    let name = answer.dynheader.error_name.clone().unwrap_or_default();
    let words = answer.body.parser().get::<&str>().unwrap_or_default();
    let text = format!("{name}: {words}");
    Some((name, text))
}

fn refuse(unit: &str, answer: &MarshalledMessage) -> Result<(), UnitError> {
    let unit = unit.to_owned();
    match denied(answer) {
        None => Ok(()),
        Some((name, answer)) if name.ends_with("AccessDenied") || name.ends_with("AuthorizationRequired") => {
            Err(UnitError::NotAuthorized { unit, answer })
        }
        Some((_, answer)) => Err(UnitError::Refused { unit, answer }),
    }
}
