//! Real processes: the simulated gateway, the daemon and the bare client, and the ways to talk to them.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Whatever keeps a part from being measured.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The longest a start may take, and that is one that compiles its plugins on a busy machine.
const START: Duration = Duration::from_secs(30);
/// The longest anything else is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where this run keeps its things: on the disk the build is on, because a ledger in memory would prove
/// nothing.
pub fn bench_dir() -> PathBuf {
    let folder = target_dir().join("bench");
    // Whoever writes there finds out if it could not be made.
    let _ = std::fs::create_dir_all(&folder);
    folder
}

fn binary(name: &str) -> Result<PathBuf, Failure> {
    let path = std::env::current_exe()?.with_file_name(name);
    if !path.exists() {
        return Err(format!("{} is not built; scripts/bench.sh builds it", path.display()).into());
    }
    Ok(path)
}

fn target_dir() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program.ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}

/// The component of a shipped plugin or a guest.
pub fn component(name: &str) -> Result<PathBuf, Failure> {
    let places = ["plugins", "guests"].map(|kind| target_dir().join(kind).join(format!("{name}.wasm")));
    let found = places.into_iter().find(|path| path.exists());
    found.ok_or_else(|| format!("{name}.wasm is not built; run `make plugins`").into())
}

fn folder() -> Result<TempDir, Failure> {
    Ok(tempfile::Builder::new().prefix("run-").tempdir_in(bench_dir())?)
}

/// Asks until there is an answer, `every` so often.
pub fn wait_for<T>(
    what: &str,
    every: Duration,
    mut ready: impl FnMut() -> Result<Option<T>, Failure>,
) -> Result<T, Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ready()? {
            return Ok(found);
        }
        if Instant::now() > deadline {
            return Err(format!("waited {PATIENCE:?} in vain for {what}").into());
        }
        std::thread::sleep(every);
    }
}

/// A process that ends when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted.
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// Processor time a process has spent so far, in hundredths of a second.
fn processor(process: &Running) -> Result<u64, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.0.id()))?;
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let time = |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok());
    let spent = time(11).zip(time(12)).map(|(user, system)| user + system);
    Ok(spent.ok_or("no processor time")?)
}

/// The simulated gateway, running.
pub struct Market {
    process: Running,
    /// Where clients connect.
    pub address: SocketAddr,
    control: PathBuf,
    _folder: TempDir,
}

impl Market {
    /// Starts one on a free port.
    pub fn start(arguments: &[&str]) -> Result<Market, Failure> {
        let folder = folder()?;
        let control = folder.path().join("control.sock");
        let mut command = Command::new(binary("sim-gateway")?);
        command
            .args(["--seed", "7", "--listen", "127.0.0.1:0", "--control"])
            .arg(&control)
            .args(arguments);
        let mut process = Running(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?);
        let mut line = String::new();
        let output = process.0.stdout.take().ok_or("no output")?;
        BufReader::new(output).read_line(&mut line)?;
        let address = line
            .trim()
            .strip_prefix("listening on ")
            .ok_or("the gateway does not listen")?
            .parse()?;
        Ok(Market {
            process,
            address,
            control,
            _folder: folder,
        })
    }

    /// Processor time spent so far, in hundredths of a second.
    pub fn processor(&self) -> Result<u64, Failure> {
        processor(&self.process)
    }

    /// Gives a command and returns the answer.
    pub fn control(&self, command: &str) -> Result<Value, Failure> {
        let mut stream = UnixStream::connect(&self.control)?;
        writeln!(stream, "{command}")?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        let answer: Value = serde_json::from_str(&line)?;
        match answer.get("error") {
            Some(error) => Err(format!("{command}: {error}").into()),
            None => Ok(answer),
        }
    }
}

/// The bare client, running.
pub struct Bare(#[expect(dead_code, reason = "held for its end")] Running);

impl Bare {
    /// Starts it on a market; it trades the first symbol and listens to all.
    pub fn start(market: &Market, offset: &str, symbols: &[String]) -> Result<Bare, Failure> {
        let mut command = Command::new(binary("bare")?);
        command
            .arg(market.address.to_string())
            .arg(offset)
            .args(symbols)
            .stdin(Stdio::null());
        Ok(Bare(Running(command.spawn()?)))
    }
}

/// One plugin of a daemon's configuration.
pub struct Plugin<'a> {
    /// Its component, and its name.
    pub component: &'a str,
    /// `strategy` or `risk`.
    pub kind: &'a str,
    /// Lines of its grant.
    pub grant: &'a str,
    /// Lines of its configuration.
    pub config: &'a str,
    /// Lines about itself: its budget.
    pub more: &'a str,
}

/// A gateway section that paces nothing: what is measured is the work, not the waiting.
const UNPACED: &str = "[risk]\nmessages_per_second = 50\n[gateway]\nmessages_per_second = 1000\n";

/// The daemon, running.
pub struct Daemon {
    process: Running,
    folder: TempDir,
    notify: UnixDatagram,
    metrics: SocketAddr,
    /// When it was started.
    pub started: Instant,
}

impl Daemon {
    /// Starts one with these instruments and plugins. It is not ready yet.
    pub fn start(market: &Market, instruments: &[String], plugins: &[Plugin<'_>]) -> Result<Daemon, Failure> {
        Daemon::start_with_cache(market, instruments, plugins, &bench_dir().join("plugin-cache"))
    }

    /// The same with another folder for compiled plugins.
    pub fn start_with_cache(
        market: &Market,
        instruments: &[String],
        plugins: &[Plugin<'_>],
        cache: &Path,
    ) -> Result<Daemon, Failure> {
        let lines = format!("cache_dir = {cache:?}\n{UNPACED}");
        Daemon::start_on(folder()?, market, instruments, plugins, &lines)
    }

    /// One as it is shipped: no setting but what it must be told, and `lines` of `[gateway]`.
    pub fn start_as_shipped(
        market: &Market,
        instruments: &[String],
        plugins: &[Plugin<'_>],
        lines: &str,
    ) -> Result<Daemon, Failure> {
        let cache = bench_dir().join("plugin-cache");
        let lines = format!("cache_dir = {cache:?}\n[gateway]\n{lines}\n");
        Daemon::start_on(folder()?, market, instruments, plugins, &lines)
    }

    /// Ends it and starts another on the same ledger.
    pub fn again(self, market: &Market) -> Result<Daemon, Failure> {
        let Daemon { process, folder, .. } = self;
        drop(process);
        let lines = std::fs::read_to_string(folder.path().join("moored.toml"))?;
        let _gone = std::fs::remove_file(folder.path().join("notify.sock"));
        Daemon::launch(folder, market, &lines)
    }

    /// `lines` begin with keys of no section and end within `[gateway]`.
    fn start_on(
        folder: TempDir,
        market: &Market,
        instruments: &[String],
        plugins: &[Plugin<'_>],
        lines: &str,
    ) -> Result<Daemon, Failure> {
        std::fs::create_dir_all(bench_dir().join("plugin-cache"))?;
        let metrics = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let path = |name: &str| folder.path().join(name);
        let client = if lines.contains("client_id") {
            ""
        } else {
            "client_id = 7\n"
        };
        let mut text = format!(
            "{lines}address = \"{}\"\n{client}[ledger]\npath = {:?}\n[admin]\nsocket = {:?}\n\
             [metrics]\nlisten = \"{metrics}\"\n",
            market.address,
            path("ledger.db"),
            path("admin.sock"),
        );
        for name in instruments {
            text.push_str(&format!("[[instruments]]\nname = {name:?}\n"));
        }
        for plugin in plugins {
            let file = component(plugin.component)?;
            text.push_str(&format!(
                "[[plugins]]\nname = {:?}\ncomponent = {file:?}\nkind = {:?}\n{}\n[plugins.grant]\n{}\n\
                 [plugins.config]\n{}\n",
                plugin.component, plugin.kind, plugin.more, plugin.grant, plugin.config
            ));
        }
        Daemon::launch(folder, market, &text)
    }

    fn launch(folder: TempDir, market: &Market, text: &str) -> Result<Daemon, Failure> {
        let path = |name: &str| folder.path().join(name);
        let metrics = text
            .split_once("[metrics]\nlisten = \"")
            .and_then(|(_, rest)| rest.split('"').next()?.parse().ok());
        let metrics = metrics.ok_or_else(|| format!("no exporter's address for {}", market.address))?;
        std::fs::write(path("moored.toml"), text)?;
        let notify = UnixDatagram::bind(path("notify.sock"))?;
        notify.set_read_timeout(Some(START))?;
        let log = File::create(path("log"))?;
        let mut command = Command::new(binary("moored")?);
        command
            .arg("--config")
            .arg(path("moored.toml"))
            .env("NOTIFY_SOCKET", path("notify.sock"));
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let started = Instant::now();
        let process = Running(command.spawn()?);
        Ok(Daemon {
            process,
            folder,
            notify,
            metrics,
            started,
        })
    }

    /// Waits for the word to the service manager; how long it took since the start.
    pub fn ready(&self) -> Result<Duration, Failure> {
        let mut buffer = [0; 4096];
        loop {
            let count = self
                .notify
                .recv(&mut buffer)
                .map_err(|error| self.explained(&error))?;
            let took = self.started.elapsed();
            if String::from_utf8_lossy(&buffer[..count])
                .lines()
                .any(|line| line == "READY=1")
            {
                return Ok(took);
            }
        }
    }

    /// Waits until orders may leave.
    pub fn tradable(&self, every: Duration) -> Result<(), Failure> {
        wait_for("a daemon that may trade", every, || {
            let state = self.get("/v1/status").ok();
            Ok(state.and_then(|status| (status["trading_state"] == "active").then_some(())))
        })
        .map_err(|error| self.explained(&*error))
    }

    /// Waits until every instrument has ticked.
    pub fn quoted(&self) -> Result<(), Failure> {
        wait_for("quotes of all instruments", Duration::from_millis(50), || {
            let session = self.get("/v1/session")?;
            let rows = session["subscriptions"].as_array().ok_or("no subscriptions")?;
            let all = !rows.is_empty() && rows.iter().all(|row| !row["first_tick_at"].is_null());
            Ok(all.then_some(()))
        })
        .map_err(|error| self.explained(&*error))
    }

    fn explained(&self, error: &dyn std::fmt::Display) -> Failure {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(20)..].join("\n");
        format!("{error}; the daemon's log ends:\n{last}").into()
    }

    /// Gives a command on the admin socket.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let mut stream = UnixStream::connect(self.folder.path().join("admin.sock"))?;
        let answer = http(&mut stream, "POST", path, &body.to_string())?;
        Ok(serde_json::from_str(&answer)?)
    }

    /// Reads from the admin socket.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        let mut stream = UnixStream::connect(self.folder.path().join("admin.sock"))?;
        let body = http(&mut stream, "GET", path, "")?;
        Ok(serde_json::from_str(&body)?)
    }

    /// One figure of the exporter: the sum of all series that begin so.
    pub fn metric(&self, name: &str) -> Result<f64, Failure> {
        let mut stream = TcpStream::connect(self.metrics)?;
        let body = http(&mut stream, "GET", "/metrics", "")?;
        let series = body.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            rest.starts_with(['{', ' '])
                .then(|| rest.rsplit(' ').next()?.parse::<f64>().ok())?
        });
        Ok(series.sum())
    }

    /// Resident memory: all of it, and the part that is its own, in bytes.
    pub fn memory(&self) -> Result<(u64, u64), Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.0.id()))?;
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
            kilobytes
                .map(|count| count * 1024)
                .ok_or_else(|| Failure::from(format!("no {name}")))
        };
        Ok((field("VmRSS:")?, field("RssAnon:")?))
    }

    /// Processor time spent so far, in hundredths of a second.
    pub fn processor(&self) -> Result<u64, Failure> {
        processor(&self.process)
    }
}

/// One request; the body of the answer.
fn http<S: Read + Write>(stream: &mut S, method: &str, path: &str, body: &str) -> Result<String, Failure> {
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: moored\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8(answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    if !head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        return Ok(body.to_owned());
    }
    let (mut whole, mut rest) = (String::new(), body);
    loop {
        let (size, after) = rest.split_once("\r\n").ok_or("half an answer")?;
        let size = usize::from_str_radix(size.trim(), 16)?;
        if size == 0 {
            return Ok(whole);
        }
        whole.push_str(after.get(..size).ok_or("half an answer")?);
        rest = after.get(size + 2..).ok_or("half an answer")?;
    }
}
