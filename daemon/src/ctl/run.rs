//! Each command: one request, one answer, one view of it.

use std::io::Write;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::args::{Args, Command, Discrepancies, Orders, Plugins, Session, Show};
use super::client::{Answer, Client};
use super::show::{self, Lines};
use super::{Failure, backup, show_recovery, show_streams, summary, table, watch};
use crate::admin::schema::{Done, HaltRequest, Readiness, ReasonRequest, Version};

/// Where a command gets its answers and how it prints them.
pub(super) struct Printer {
    pub(super) client: Client,
    pub(super) json: bool,
}

/// Runs one command to its end.
pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let printer = Printer {
        client: Client::new(super::socket_path(args.socket)),
        json: args.json,
    };
    match args.command {
        Command::Status => printer.show("/v1/status", show::status).await,
        Command::Session(Session::Show) => printer.show("/v1/session", show::session).await,
        Command::Recovery(Show::Show) => printer.show("/v1/recovery", show_recovery::recovery).await,
        Command::Maintenance(Show::Show) => {
            printer.show("/v1/maintenance", show_recovery::maintenance).await
        }
        Command::Plugins(Plugins::List) => printer.list("/v1/plugins", show::plugins).await,
        Command::Plugins(Plugins::Restart { name }) => {
            let path = format!("/v1/plugins/{}/restart", path_segment(&name));
            printer.command(&path, None::<&()>).await
        }
        Command::Orders(Orders::List { all: false }) => printer.list("/v1/orders", show::orders).await,
        Command::Orders(Orders::List { all: true }) => printer.list("/v1/orders?state=all", show::orders).await,
        Command::Orders(Orders::Cancel { id }) => {
            printer.command(&format!("/v1/orders/{id}/cancel"), None::<&()>).await
        }
        Command::Discrepancies(Discrepancies::List) => {
            printer.list("/v1/discrepancies", show::discrepancies).await
        }
        Command::Discrepancies(Discrepancies::Accept { name, reason }) => {
            let path = format!("/v1/discrepancies/{}/accept", path_segment(&name));
            printer.command(&path, Some(&ReasonRequest { reason })).await
        }
        Command::Fills => printer.list("/v1/fills", show::fills).await,
        Command::Positions => printer.show("/v1/positions", show::positions).await,
        Command::Account => printer.list("/v1/account", show::account).await,
        Command::Streams => printer.list("/v1/streams", show_streams::streams).await,
        Command::Instruments => printer.list("/v1/instruments", show::instruments).await,
        Command::Events { limit } => printer.list(&format!("/v1/events?limit={limit}"), show::events).await,
        Command::Halt { reason, cancel_orders } => {
            let body = HaltRequest { reason, cancel_orders };
            printer.command("/v1/halt", Some(&body)).await
        }
        Command::Resume { reason } => printer.command("/v1/resume", Some(&ReasonRequest { reason })).await,
        Command::Kill { reason, yes: true } => {
            printer.command("/v1/kill", Some(&ReasonRequest { reason })).await
        }
        Command::Kill { yes: false, .. } => Err(Failure::Usage(
            "kill cancels every order and flattens every position at the market: say --yes if you mean it, or \
             use `moorctl halt` to only stop new orders"
                .to_owned(),
        )),
        Command::Backup(command) => backup::run(&printer, command).await,
        Command::Reconcile => printer.command("/v1/reconcile", None::<&()>).await,
        Command::Ready => printer.judge("/readyz").await,
        Command::Health => printer.judge("/healthz").await,
        Command::Version => printer.version().await,
        Command::Watch { seconds } => {
            watch::run(&printer.client, seconds.map(Duration::from_secs), printer.json).await
        }
        Command::Summary { seconds, wait } => {
            let (window, wait) = (Duration::from_secs(seconds), Duration::from_secs(wait));
            let summary = summary::take(&printer.client, window, wait).await?;
            match printer.json {
                true => print(&[serde_json::to_string(&summary).map_err(std::io::Error::other)?])?,
                false => print(&summary::lines(&summary))?,
            }
            if summary.traded { Ok(()) } else { Err(Failure::NotSo) }
        }
    }
}

impl Printer {
    async fn show<T: DeserializeOwned>(&self, path: &str, view: fn(&T) -> Lines) -> Result<(), Failure> {
        let answer = self.client.read(path).await?;
        self.print_answer(&answer, |answer| Ok(view(&answer.parse()?)))
    }

    async fn list<T: DeserializeOwned>(&self, path: &str, view: fn(&[T]) -> Lines) -> Result<(), Failure> {
        let answer = self.client.read(path).await?;
        self.print_answer(&answer, |answer| Ok(view(&answer.parse::<Vec<T>>()?)))
    }

    pub(super) async fn command(
        &self,
        path: &str,
        body: Option<&impl serde::Serialize>,
    ) -> Result<(), Failure> {
        let answer = self.client.post(path, body).await?;
        self.print_answer(&answer, |answer| {
            Ok(vec![table::clean(&answer.parse::<Done>()?.message)])
        })
    }

    async fn judge(&self, path: &str) -> Result<(), Failure> {
        let answer = self.client.judge(path).await?;
        let judgement: Readiness = answer.parse()?;
        self.print_answer(&answer, |_| Ok(show::readiness(&judgement)))?;
        if judgement.ready {
            Ok(())
        } else {
            Err(Failure::NotSo)
        }
    }

    /// This program's version is told even when the daemon cannot be asked for its own.
    async fn version(&self) -> Result<(), Failure> {
        if !self.json {
            print(&[format!("moorctl {}", env!("CARGO_PKG_VERSION"))])?;
        }
        let answer = self.client.read("/v1/version").await?;
        self.print_answer(&answer, |answer| {
            let Version { version, api } = answer.parse()?;
            Ok(vec![table::clean(&format!("moored {version}, API {api}"))])
        })
    }

    fn print_answer(
        &self,
        answer: &Answer,
        view: impl FnOnce(&Answer) -> Result<Lines, Failure>,
    ) -> Result<(), Failure> {
        let lines = if self.json {
            vec![answer.text()]
        } else {
            view(answer)?
        };
        print(&lines)
    }
}

/// Writes lines to stdout, all at once.
pub(super) fn print(lines: &[String]) -> Result<(), Failure> {
    let mut text = lines.join("\n");
    text.push('\n');
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// A name as one part of a path.
fn path_segment(name: &str) -> String {
    let mut segment = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}
