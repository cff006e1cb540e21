//! Sockets and the passing of time: the gateway, served on a listener it is given, on one thread.
//!
//! Tasks here only wait. Whatever they wait for, the [`World`] then does in one go, without waiting in
//! between.

use std::cell::RefCell;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::sleep_until;

use crate::clock::{Clock, Pace};
use crate::control;
use crate::exchange::Config;
use crate::faults::{Door, Scenario, Step};
use crate::gateway::{ConnectionId, Gateway};
use crate::metrics;
use crate::summary;
use crate::wire::NEWEST_VERSION;
use crate::wire::frame::Decoder;
use crate::world::{Next, World};

/// The world as the tasks of one thread share it. Never borrowed across an await.
pub(crate) type Shared = Rc<RefCell<World>>;

/// Clients at once, as with the real one; more are closed at once.
const MOST_CONNECTIONS: usize = 32;
/// Commands waiting for the in-process operator's turn.
const COMMANDS: usize = 16;

/// What to serve.
#[derive(Debug, Clone)]
pub struct Options {
    /// The market behind.
    pub market: Config,
    /// Newest server version to announce.
    pub newest_version: i32,
    /// What goes wrong, and when.
    pub faults: Vec<Step>,
    /// More of that, and how things are that nobody knows.
    pub scenario: Scenario,
    /// The client that hears of everybody's orders, if any.
    pub master_client: Option<i32>,
    /// Whether orders are refused.
    pub read_only: bool,
    /// How fast its clock runs.
    pub pace: Pace,
    /// How often to print a line about everything to stderr; never, if absent.
    pub summary: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            market: Config::default(),
            newest_version: NEWEST_VERSION,
            faults: Vec::new(),
            scenario: Scenario::default(),
            master_client: None,
            read_only: false,
            pace: Pace::Times(1.0),
            summary: None,
        }
    }
}

/// A command of an in-process operator, and where its answer goes.
type Command = (String, oneshot::Sender<serde_json::Value>);

/// Serves clients, operators and scrapers until an operator says `quit` or the future is dropped. Needs a
/// current-thread runtime with a [`tokio::task::LocalSet`].
///
/// # Errors
/// When a refused port cannot be opened again.
pub async fn serve(
    listener: TcpListener,
    operators: Option<UnixListener>,
    metrics: Option<TcpListener>,
    options: Options,
) -> io::Result<()> {
    serve_with(listener, operators, metrics, options, None).await
}

/// Opens a socket for operators, in place of one that an earlier run left behind.
///
/// # Errors
/// When it cannot be made, as when anything but a socket is at that path.
pub fn operator_socket(path: &Path) -> io::Result<UnixListener> {
    let left_behind = std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if left_behind {
        std::fs::remove_file(path)?;
    }
    UnixListener::bind(path)
}

async fn serve_with(
    listener: TcpListener,
    operators: Option<UnixListener>,
    scrapers: Option<TcpListener>,
    options: Options,
    commands: Option<mpsc::Receiver<Command>>,
) -> io::Result<()> {
    let (mut scenario, seed) = (options.scenario, options.market.seed);
    scenario.steps.extend(options.faults);
    let mut gateway = Gateway::new(options.market, options.newest_version);
    gateway.set_master_client(options.master_client);
    gateway.set_read_only(options.read_only);
    let clock = Clock::new(options.pace);
    let world = World::new(gateway, scenario, seed, clock);
    let shared: Shared = Rc::new(RefCell::new(world));
    let quit = Rc::new(Notify::new());
    tokio::select! {
        biased;
        () = quit.notified() => Ok(()),
        never = pace(&shared) => never,
        failed = accept(listener, &shared) => failed,
        never = control::serve(operators, &shared, &quit) => never,
        never = metrics::serve(scrapers, &shared) => never,
        never = summary::print(options.summary, &shared) => never,
        never = in_process(commands, &shared, &quit) => never,
    }
}

/// Lets time pass.
async fn pace(shared: &Shared) -> io::Result<()> {
    let changed = Rc::clone(&shared.borrow().pace);
    loop {
        let due = shared.borrow().next_due();
        let due = async {
            match due {
                Some(due) => sleep_until(due.into()).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = due => shared.borrow_mut().advance(),
            () = changed.notified() => {}
        }
    }
}

/// Accepts clients, except while they are to be refused: then the port is closed for real.
async fn accept(listener: TcpListener, shared: &Shared) -> io::Result<()> {
    let address = listener.local_addr()?;
    let changed = Rc::clone(&shared.borrow().reopen);
    let mut listener = Some(listener);
    loop {
        let (refusing, door) = (shared.borrow().refusing.is_some(), shared.borrow().door);
        match (refusing, &listener) {
            (true, _) => {
                listener = None;
                changed.notified().await;
            }
            (false, None) => listener = Some(TcpListener::bind(address).await?),
            // The system completes connections by itself, as many as its backlog has room for.
            (false, Some(_)) if door == Door::Wedged => changed.notified().await,
            (false, Some(open)) => tokio::select! {
                biased;
                () = changed.notified() => {}
                accepted = open.accept() => match (accepted, door) {
                    (Ok((stream, _)), Door::Slam(how)) => shared.borrow_mut().slam(&stream, how),
                    (Ok((stream, _)), _) => welcome(stream, shared),
                    (Err(_), _) => {}
                },
            },
        }
    }
}

fn welcome(stream: TcpStream, shared: &Shared) {
    if shared.borrow().connections.len() >= MOST_CONNECTIONS || stream.set_nodelay(true).is_err() {
        return;
    }
    let stream = Rc::new(stream);
    let (id, wake) = shared.borrow_mut().connect(Rc::clone(&stream));
    let shared = Rc::clone(shared);
    tokio::task::spawn_local(async move {
        attend(&shared, id, &stream, &wake).await;
        shared.borrow_mut().disconnect(id);
    });
}

/// One connection's task: reads what comes, writes what could not be written at once.
async fn attend(shared: &Shared, id: ConnectionId, stream: &TcpStream, wake: &Notify) {
    let mut decoder = Decoder::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        // What was read before the client's answers piled up is handled once they are gone.
        if !handle_all(shared, id, &mut decoder) {
            return;
        }
        let Next::Wait { read, write } = shared.borrow().next(id) else {
            return;
        };
        let interest = match (read, write) {
            (true, true) => Some(Interest::READABLE | Interest::WRITABLE),
            (true, false) => Some(Interest::READABLE),
            (false, true) => Some(Interest::WRITABLE),
            (false, false) => None,
        };
        let ready = async {
            match interest {
                Some(interest) => stream.ready(interest).await,
                None => pending().await,
            }
        };
        let ready = tokio::select! {
            biased;
            () = wake.notified() => continue,
            ready = ready => ready,
        };
        let Ok(ready) = ready else {
            return;
        };
        if ready.is_readable() && read && !read_once(stream, &mut decoder, &mut buffer) {
            return;
        }
        if ready.is_writable() && write {
            shared.borrow_mut().flush(id);
        }
    }
}

/// Reads once; false when the client is gone.
fn read_once(stream: &TcpStream, decoder: &mut Decoder, buffer: &mut [u8]) -> bool {
    match stream.try_read(buffer) {
        Ok(0) => false,
        Ok(count) => {
            decoder.push(buffer.get(..count).unwrap_or_default());
            true
        }
        Err(error) => error.kind() == io::ErrorKind::WouldBlock,
    }
}

/// Handles every whole message, unless and until too much waits for the client; false when its stream
/// cannot be followed.
fn handle_all(shared: &Shared, id: ConnectionId, decoder: &mut Decoder) -> bool {
    let read_at = Instant::now();
    while shared.borrow().listens(id) {
        let encoding = shared.borrow().gateway.encoding(id);
        match decoder.next_message(encoding) {
            Ok(Some(message)) => shared.borrow_mut().receive(id, message, read_at),
            Ok(None) => return true,
            Err(error) => {
                shared.borrow_mut().malformed(id, &error.to_string());
                return false;
            }
        }
    }
    true
}

async fn in_process(
    commands: Option<mpsc::Receiver<Command>>,
    shared: &Shared,
    quit: &Rc<Notify>,
) -> io::Result<()> {
    let Some(mut commands) = commands else {
        return pending().await;
    };
    while let Some((line, answer)) = commands.recv().await {
        let value = control::execute(shared, quit, &line).await;
        // Whoever asked may have given up.
        let _ = answer.send(value);
    }
    Ok(())
}

/// A simulated gateway on a thread of its own, for tests. It ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    /// Where clients connect.
    pub address: SocketAddr,
    commands: Option<mpsc::Sender<Command>>,
    thread: Option<std::thread::JoinHandle<io::Result<()>>>,
}

impl Running {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When no port or thread can be had.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let thread = std::thread::Builder::new()
            .name("sim-gateway".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?;
                let local = tokio::task::LocalSet::new();
                local.block_on(&runtime, async move {
                    serve_with(
                        TcpListener::from_std(listener)?,
                        None,
                        None,
                        options,
                        Some(receiver),
                    )
                    .await
                })
            })?;
        Ok(Self {
            address,
            commands: Some(commands),
            thread: Some(thread),
        })
    }

    /// Says something as an operator would on the control socket, and waits for the answer.
    ///
    /// # Errors
    /// When the gateway has ended.
    pub fn command(&self, line: &str) -> io::Result<serde_json::Value> {
        let gone = || io::Error::new(io::ErrorKind::BrokenPipe, "the simulated gateway has ended");
        let (answer, value) = oneshot::channel();
        let commands = self.commands.as_ref().ok_or_else(gone)?;
        commands
            .blocking_send((line.to_owned(), answer))
            .map_err(|_| gone())?;
        value.blocking_recv().map_err(|_| gone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // Its result was for whoever asked it something.
            let _ = thread.join();
        }
    }
}
