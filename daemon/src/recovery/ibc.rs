//! IBC's command server: one line of text each way, over TCP, without a password. What it does for us is what a person
//! would do at the gateway's window.
//!
//! A connection may begin with `INFO IBC Command Server` (`SuppressInfoMessages=no`) and with a prompt that ends no line
//! (`CommandPrompt`). A command is answered by `OK …` or `ERROR …`; `RESTART` closes the connection after its `OK`.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// More than this is no answer of IBC's.
const ANSWER_MAX: u64 = 16 * 1024;
/// How much of a strange answer is shown.
const SHOWN: usize = 120;

/// Where IBC's command server listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `address:port` (IBC's `CommandServerPort`, `BindAddress`); not used if left out.
    pub address: Option<SocketAddr>,
    /// How long a command may take, connecting included.
    pub timeout_ms: u32,
    /// Whether the address may be another machine's. Anyone who can reach the port can stop the gateway.
    pub allow_remote: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            address: None,
            timeout_ms: 10_000,
            allow_remote: false,
        }
    }
}

impl Config {
    /// Whether the settings can work: the key and what to do, if not.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if let Some(address) = self.address
            && !self.allow_remote
            && !is_loopback(address.ip())
        {
            let problem = format!(
                "{address} is not on this machine, and the port has no password: set recovery.ibc.allow_remote if you \
                 mean it"
            );
            return Err(("ibc.address", problem));
        }
        if !(10..=600_000).contains(&self.timeout_ms) {
            let problem = "must be between 10 and 600000 milliseconds".to_owned();
            return Err(("ibc.timeout_ms", problem));
        }
        Ok(())
    }
}

const fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => address.is_loopback(),
    }
}

/// What the gateway is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IbcCommand {
    /// Connect to the data farms again, as Ctrl-Alt-F does.
    ReconnectData,
    /// Connect to the login server again, as Ctrl-Alt-R does.
    ReconnectAccount,
    /// Start again within two minutes, without a login. It moves the daily restart to that minute.
    Restart,
}

impl IbcCommand {
    /// As IBC spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            IbcCommand::ReconnectData => "RECONNECTDATA",
            IbcCommand::ReconnectAccount => "RECONNECTACCOUNT",
            IbcCommand::Restart => "RESTART",
        }
    }
}

/// Why a command was not carried out, or perhaps not.
#[derive(Debug, thiserror::Error)]
pub enum IbcError {
    /// The connection could not be had.
    #[error("IBC cannot be reached at {address}: {source}; is CommandServerPort set in its config.ini?")]
    Unreachable {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// It hung up before it answered.
    #[error("IBC at {address} hung up without an answer: does its ControlFrom allow this host?")]
    HungUp {
        /// Where.
        address: SocketAddr,
    },
    /// The connection broke.
    #[error("the connection to IBC at {address} broke: {source}")]
    Broken {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// It said no.
    #[error("IBC refused {command}: {answer}")]
    Refused {
        /// What was asked for.
        command: &'static str,
        /// What it said.
        answer: String,
    },
    /// Whoever answered was not IBC.
    #[error("{address} answered {answer:?}, which is not IBC: is recovery.ibc.address the command server's?")]
    Strange {
        /// Where.
        address: SocketAddr,
        /// What came.
        answer: String,
    },
    /// No answer in time: it may still be carried out.
    #[error("IBC at {address} did not answer {command} within {timeout:?}: the gateway may hang")]
    Silent {
        /// Where.
        address: SocketAddr,
        /// What was asked for.
        command: &'static str,
        /// How long we waited.
        timeout: Duration,
    },
}

/// Gives one command; returns what IBC said to it.
///
/// # Errors
/// Why it was not carried out. After [`IbcError::Silent`] and [`IbcError::Broken`] it may have been.
pub async fn give(address: SocketAddr, command: IbcCommand, timeout: Duration) -> Result<String, IbcError> {
    match tokio::time::timeout(timeout, converse(address, command.as_str())).await {
        Ok(said) => said,
        Err(_) => Err(IbcError::Silent {
            address,
            command: command.as_str(),
            timeout,
        }),
    }
}

async fn converse(address: SocketAddr, command: &'static str) -> Result<String, IbcError> {
    let stream = TcpStream::connect(address).await;
    let stream = stream.map_err(|source| IbcError::Unreachable { address, source })?;
    let (reader, mut writer) = stream.into_split();
    let broken = |source| IbcError::Broken { address, source };
    writer
        .write_all(format!("{command}\n").as_bytes())
        .await
        .map_err(broken)?;
    let mut reader = BufReader::new(reader.take(ANSWER_MAX));
    let mut strange = String::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).await.map_err(broken)? == 0 {
            return Err(match strange.is_empty() {
                true => IbcError::HungUp { address },
                false => IbcError::Strange {
                    address,
                    answer: strange,
                },
            });
        }
        let line = String::from_utf8_lossy(&line);
        match read(&line) {
            Answer::Done(text) => {
                // A polite end; that it was done is known already.
                let _gone = writer.write_all(b"EXIT\n").await;
                return Ok(text);
            }
            Answer::Refused(answer) => return Err(IbcError::Refused { command, answer }),
            Answer::Information => {}
            Answer::Strange if strange.is_empty() => strange = line.trim().chars().take(SHOWN).collect(),
            Answer::Strange => {}
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Done(String),
    Refused(String),
    Information,
    Strange,
}

/// A prompt of any words may stand before the word that counts.
fn read(line: &str) -> Answer {
    /// Words a prompt may have.
    const PROMPT_WORDS: usize = 5;
    let mut rest = line.trim();
    for _ in 0..=PROMPT_WORDS {
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let after = after.trim();
        match word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()) {
            "OK" => return Answer::Done(after.to_owned()),
            "ERROR" => return Answer::Refused(after.to_owned()),
            "INFO" => return Answer::Information,
            _ => rest = after,
        }
    }
    Answer::Strange
}
