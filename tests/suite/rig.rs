//! Real processes for real tests: the simulated gateway on a socket, the daemon connected to it, an HTTP client on the
//! daemon's admin socket.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The longest anything is waited for. Far beyond what is needed, because these machines stall.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `ready` gives something, and says what was waited for if it never does.
pub fn wait_for<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ready() {
            return found;
        }
        assert!(
            Instant::now() < deadline,
            "waited {PATIENCE:?} in vain for: {what}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub fn binary(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_moored")).with_file_name(name);
    assert!(
        path.exists(),
        "{} is not built; `make test` builds it",
        path.display()
    );
    path
}

fn target_dir() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_moored"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

/// The component of a shipped plugin or a test guest.
pub fn component(name: &str) -> PathBuf {
    let found = ["plugins", "guests"].map(|kind| target_dir().join(kind).join(format!("{name}.wasm")));
    let found = found.into_iter().find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{name}.wasm is not built; run `make plugins`"))
}

/// The repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The simulated gateway, running.
pub struct Market {
    child: Child,
    pub address: SocketAddr,
    control: PathBuf,
    _folder: TempDir,
}

impl Market {
    /// Starts one on a free port.
    pub fn start(arguments: &[&str]) -> Market {
        Market::start_at("127.0.0.1:0", arguments)
    }

    /// Starts one on that port.
    pub fn start_at(listen: &str, arguments: &[&str]) -> Market {
        let folder = tempfile::tempdir().unwrap();
        let control = folder.path().join("control.sock");
        let mut command = Command::new(binary("sim-gateway"));
        for (option, usual) in [("--seed", "7"), ("--tick-rate", "200")] {
            if !arguments.contains(&option) {
                command.args([option, usual]);
            }
        }
        command
            .args(["--listen", listen, "--control"])
            .arg(&control)
            .args(arguments)
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on ")
            .expect(&line)
            .parse()
            .unwrap();
        Market {
            child,
            address,
            control,
            _folder: folder,
        }
    }

    /// Gives the market a command and returns its answer.
    pub fn control(&self, command: &str) -> Value {
        // The address is announced before the operator's socket is there.
        let mut stream = wait_for("the market's control socket", || {
            UnixStream::connect(&self.control).ok()
        });
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        writeln!(stream, "{command}").unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{command}: {error}: {line:?}"))
    }

    /// The same as [`Market::books`] without every frame of every connection, which grows with each of them.
    pub fn brief_books(&self) -> Value {
        self.control("books brief")
    }

    /// Everything the market knows of orders, executions and positions.
    pub fn books(&self) -> Value {
        self.control("books")
    }
}

impl Drop for Market {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// One plugin of a test's configuration.
pub struct Plugin<'a> {
    pub name: &'a str,
    pub component: &'a str,
    pub kind: &'a str,
    /// Lines of `[plugins.grant]`.
    pub grant: &'a str,
    /// Lines of `[plugins.config]`.
    pub config: &'a str,
    /// More lines of `[[plugins]]`.
    pub more: &'a str,
}

/// A strategy with a wide grant on AAPL.
pub fn strategy<'a>(component: &'a str, config: &'a str) -> Plugin<'a> {
    let grant = "instruments = [\"AAPL\"]\norder_types = [\"market\", \"limit\", \"stop\", \"stop_limit\"]\n\
                 max_quantity = 1000\nmessages_per_second = 40\n";
    Plugin {
        name: component,
        component,
        kind: "strategy",
        grant,
        config,
        more: "",
    }
}

/// A risk plugin.
pub fn risk<'a>(component: &'a str, config: &'a str) -> Plugin<'a> {
    Plugin {
        name: component,
        component,
        kind: "risk",
        grant: "",
        config,
        more: "",
    }
}

/// Where one daemon keeps its things; outlives its restarts.
pub struct Home {
    folder: TempDir,
    pub config: PathBuf,
    pub socket: PathBuf,
    pub ledger: PathBuf,
}

impl Home {
    /// A home with AAPL and MSFT and these plugins.
    pub fn new(gateway: SocketAddr, plugins: &[Plugin<'_>]) -> Home {
        Home::with(
            gateway,
            plugins,
            "[[instruments]]\nname = \"AAPL\"\n[[instruments]]\nname = \"MSFT\"\n",
        )
    }

    /// A home with these plugins and more lines of configuration, instruments among them.
    pub fn with(gateway: SocketAddr, plugins: &[Plugin<'_>], more: &str) -> Home {
        Home::tuned(gateway, "", plugins, more)
    }

    /// The same, with more lines of `[gateway]`: its deadlines, for example.
    pub fn tuned(gateway: SocketAddr, session: &str, plugins: &[Plugin<'_>], more: &str) -> Home {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (config, socket, ledger) = (path("moored.toml"), path("admin.sock"), path("ledger.db"));
        let mut text = format!(
            "cache_dir = {:?}\n[gateway]\naddress = \"{gateway}\"\nclient_id = 7\n{session}\n[ledger]\npath = {ledger:?}\n\
             [admin]\nsocket = {socket:?}\n[metrics]\nlisten = \"127.0.0.1:0\"\n",
            target_dir().join("plugin-cache"),
        );
        text.push_str(more);
        for plugin in plugins {
            let file = if plugin.component.contains('/') {
                PathBuf::from(plugin.component)
            } else {
                component(plugin.component)
            };
            text.push_str(&format!(
                "[[plugins]]\nname = {:?}\ncomponent = {file:?}\nkind = {:?}\n{}\n[plugins.grant]\n{}\n\
                 [plugins.config]\n{}\n",
                plugin.name, plugin.kind, plugin.more, plugin.grant, plugin.config
            ));
        }
        std::fs::write(&config, text).unwrap();
        Home {
            folder,
            config,
            socket,
            ledger,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The daemon's command, its log going to a file of the home.
    pub fn command(&self) -> Command {
        let mut command = Command::new(binary("moored"));
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        command.arg("--config").arg(&self.config).stdin(Stdio::null());
        command
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .env_remove("NOTIFY_SOCKET");
        command
    }

    /// Starts the daemon and waits until its socket answers.
    pub fn start(&self) -> Daemon<'_> {
        self.start_with(&mut |_| {})
    }

    /// The same with something said to its command first. What exceeds a limit on files is an error to it, not its end.
    pub fn start_with(&self, prepare: &mut dyn FnMut(&mut Command)) -> Daemon<'_> {
        let mut command = self.command();
        prepare(&mut command);
        let child = command.spawn().unwrap();
        let mut daemon = Daemon { home: self, child };
        wait_for("the admin socket", || {
            if let Some(status) = daemon.child.try_wait().unwrap() {
                panic!("the daemon ended with {status}:\n{}", self.log());
            }
            daemon.try_get("/healthz").map(|_| ())
        });
        daemon
    }

    /// Starts a daemon that is expected to refuse; returns what it said.
    pub fn refused(&self) -> String {
        let mut child = self.command().spawn().unwrap();
        let status = wait_for("the daemon to refuse", || child.try_wait().unwrap());
        assert!(!status.success(), "it did not refuse:\n{}", self.log());
        assert!(
            status.code().is_some(),
            "it was killed by a signal: {status}:\n{}",
            self.log()
        );
        self.log()
    }

    /// Everything the daemon wrote.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

/// The daemon, running.
pub struct Daemon<'a> {
    home: &'a Home,
    pub child: Child,
}

impl Daemon<'_> {
    fn try_get(&self, path: &str) -> Option<(u16, Value)> {
        request(&self.home.socket, "GET", path, None).ok()
    }

    /// The exporter's page, read on the port that the log names.
    pub fn metrics(&self) -> String {
        let log = self.home.log();
        let found = log.split("metrics=").nth(1).and_then(|rest| {
            let address: String = rest.chars().take_while(|c| !c.is_whitespace()).collect();
            address.parse::<SocketAddr>().ok()
        });
        let address = found.unwrap_or_else(|| panic!("the log names no exporter:\n{log}"));
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "GET /metrics HTTP/1.1\r\nHost: moored\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let (_, body) = parse(&String::from_utf8_lossy(&answer)).expect("an answer");
        body.as_str().unwrap_or_default().to_owned()
    }

    /// A read, with its status.
    pub fn get(&self, path: &str) -> (u16, Value) {
        request(&self.home.socket, "GET", path, None)
            .unwrap_or_else(|error| panic!("GET {path}: {error}\n{}", self.home.log()))
    }

    /// A command, with its status.
    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        request(&self.home.socket, "POST", path, Some(body))
            .unwrap_or_else(|error| panic!("POST {path}: {error}\n{}", self.home.log()))
    }

    /// `moorctl` with these arguments.
    pub fn moorctl(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new(binary("moorctl"));
        command
            .arg("--socket")
            .arg(&self.home.socket)
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Waits until the trading state is this.
    pub fn wait_state(&self, state: &str) {
        wait_for(&format!("the state {state}\n{}", self.home.log()), || {
            let (_, status) = self.get("/v1/status");
            (status["trading_state"] == state).then_some(())
        });
    }

    /// Waits until an array of the API satisfies a condition, and returns it.
    pub fn wait_rows(&self, path: &str, what: &str, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        wait_for(&format!("{what} at {path}"), || {
            let (_, body) = self.get(path);
            let rows = rows_of(&body);
            enough(&rows).then_some(rows)
        })
    }

    /// Ends it as systemd would, and returns how it ended.
    pub fn terminate(mut self) -> ExitStatus {
        signal(&self.child, "TERM");
        wait_for("the daemon to end", || self.child.try_wait().unwrap())
    }

    /// Ends it as nobody should.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the daemon's log:\n{}", self.home.log());
        }
    }
}

/// Sends a signal by name.
pub fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(status.success());
}

/// The rows of an answer, whether it is an array or an object with one array in it.
pub fn rows_of(body: &Value) -> Vec<Value> {
    match body {
        Value::Array(rows) => rows.clone(),
        Value::Object(fields) => fields
            .values()
            .find_map(Value::as_array)
            .cloned()
            .unwrap_or_else(|| panic!("no rows in {body}")),
        _ => panic!("no rows in {body}"),
    }
}

/// One HTTP request on a Unix socket.
pub fn request(
    socket: &Path,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> std::io::Result<(u16, Value)> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: moored\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    let text = raw(UnixStream::connect(socket)?, format!("{head}{body}").as_bytes())?;
    parse(&text).ok_or_else(|| std::io::Error::other(format!("not an answer: {text:?}")))
}

/// Sends bytes and reads until the other side closes.
pub fn raw(mut stream: UnixStream, bytes: &[u8]) -> std::io::Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(bytes)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn parse(text: &str) -> Option<(u16, Value)> {
    let status = text.split(' ').nth(1)?.parse().ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { unchunk(body)? } else { body.to_owned() };
    Some((status, serde_json::from_str(&body).unwrap_or(Value::String(body))))
}

fn unchunk(mut body: &str) -> Option<String> {
    let mut whole = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n")?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        whole.push_str(rest.get(..size)?);
        body = rest.get(size + 2..)?;
    }
}
