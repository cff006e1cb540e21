//! Floor 7: puts the house together, from the ground up, and leaves it in reverse.
//!
//! | thread | runs |
//! |---|---|
//! | main | signals, the service manager, the watchdog's food |
//! | lane | the gateway's tasks, the desk loop, the fast plugins: a current-thread runtime |
//! | surface | the admin socket, the metrics exporter, recovery of the session: a current-thread runtime |
//! | slow plugins, ledger checkpoints, epoch ticker | their own |
//!
//! A thread that ends early ends the process: a dead part must not leave a living daemon.
//!
//! Never: trading logic, a format, a protocol.

mod backup;
mod crash_steps;
mod desk_loop;
mod metrics;
pub mod panics;
mod past_steps;
mod remember;
mod service_manager;
mod truth_metrics;

use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use prometheus::Registry;
use tokio::runtime::LocalOptions;
use tokio::sync::{mpsc, oneshot, watch};

use crate::admin::events::EventLog;
use crate::admin::{self, PluginRestart};
use crate::clock;
use crate::config::{Config, ConfigError};
use crate::crash_point::{self, Step};
use crate::desk::policy::Policy;
use crate::desk::record::{Memory, Record};
use crate::desk::snapshot::{PluginView, SharedView, Snapshot};
use crate::desk::{Desk, Setup};
use crate::domain::instrument::Instrument;
use crate::domain::order::ClientOrderId;
use crate::domain::plugin::{Names, PluginKind, PluginStatus};
use crate::domain::recovery::{Guidance, Step as PastStep};
use crate::domain::session::SessionStatus;
use crate::ledger::Ledger;
use crate::mailbox::{CommandSender, Mailbox, ReportSender};
use crate::plugin_host::PluginHost;
use crate::plugin_host::load::LoadError;
use crate::{gateway, ledger, plugin_host, recovery, telemetry};

use desk_loop::{DeskLoop, LoopState};
use metrics::Metrics;
use service_manager::StopSignals;

/// How long the lane may take to drain before the daemon leaves without it. systemd's patience is longer.
const DRAIN_DEADLINE: Duration = Duration::from_secs(10);
/// Restarts of plugins that wait for the loop; given by hand.
const RESTARTS: usize = 16;
/// The lane runs guests, whose stacks are bounded, and the host's own frames on top of them.
const LANE_STACK: usize = 8 * 1024 * 1024;

/// Why the daemon did not start, or ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The log.
    #[error("log: {0}")]
    Log(#[from] telemetry::log::LogError),
    /// The ledger.
    #[error("ledger: {0}")]
    Ledger(#[from] ledger::OpenError),
    /// A check of the ledger's migrations.
    #[error("ledger: {0}")]
    Migration(#[from] ledger::BackupError),
    /// A plugin.
    #[error("plugins: {0}")]
    Plugins(#[from] LoadError),
    /// The gateway's settings.
    #[error("gateway: {0}")]
    Gateway(#[from] gateway::StartError),
    /// Recovery of the session.
    #[error(transparent)]
    Recovery(#[from] recovery::StartError),
    /// The admin socket.
    #[error("admin socket: {0}")]
    Admin(#[from] admin::BindError),
    /// The metrics exporter.
    #[error("metrics: {0}")]
    Exporter(#[from] telemetry::exporter::BindError),
    /// The metrics' registry.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The operating system refused a thread, a runtime or a signal handler.
    #[error("the system refused {what}: {source}")]
    System {
        /// What was asked for.
        what: &'static str,
        /// Its answer.
        source: std::io::Error,
    },
    /// A part of the house ended though nobody told it to.
    #[error("the {part} ended by itself; see the log above")]
    Died {
        /// Which.
        part: &'static str,
    },
}

/// What starting again cannot mend: `EX_CONFIG` of sysexits(3). The service unit does not restart on it.
const MISCONFIGURED: u8 = 78;

impl AppError {
    /// The exit code that tells the service manager whether another start may help.
    pub const fn exit_code(&self) -> u8 {
        match self {
            AppError::Plugins(LoadError::Engine(_) | LoadError::Metrics(_)) => 1,
            AppError::Config(_) | AppError::Plugins(_) => MISCONFIGURED,
            AppError::Ledger(error) if error.needs_a_person() => MISCONFIGURED,
            _ => 1,
        }
    }
}

/// What the lane hands out once it stands.
struct Standing {
    commands: CommandSender,
    session: watch::Receiver<SessionStatus>,
    guidance: watch::Sender<Guidance>,
    reports: ReportSender,
    plugins: watch::Receiver<Vec<PluginStatus>>,
    snapshot: watch::Receiver<Arc<Snapshot>>,
    pulse: Arc<gateway::Pulse>,
}

impl Standing {
    /// What recovery sees and moves of it.
    fn links(&self, past: Vec<PastStep>) -> recovery::Links {
        recovery::Links {
            session: self.session.clone(),
            guidance: self.guidance.clone(),
            reports: self.reports.clone(),
            past,
            uid: nix::unistd::getuid().as_raw(),
        }
    }
}

/// What the lane is built from; all of it crosses to its thread.
struct LaneParts {
    config: Config,
    instruments: Vec<Instrument>,
    ledger: Ledger,
    memory: Memory,
    registry: Registry,
    events: EventLog,
    turns: Arc<AtomicU64>,
    restarts: mpsc::Receiver<PluginRestart>,
    /// Of what others than the desk did.
    records: mpsc::Receiver<Record>,
}

/// Checks what can be checked without touching anything: the configuration and every plugin.
///
/// # Errors
/// What would keep the daemon from starting.
pub fn check(path: &Path) -> Result<String, AppError> {
    let config = Config::load(path)?;
    let (instruments, plugins) = (config.instruments.len(), config.plugins.len());
    let mailbox = Mailbox::new(instruments);
    let _host = load_plugins(
        &config,
        &config.instruments(),
        SharedView::default(),
        1,
        &mailbox,
        &Registry::new(),
    )?;
    Ok(format!(
        "{}: good; {instruments} instruments, {plugins} plugins",
        path.display()
    ))
}

/// Says what a start would do to the ledger's version, and tries it on a copy.
///
/// # Errors
/// What would keep the migration from being done.
pub fn check_migrations(config: &Config) -> Result<String, AppError> {
    Ok(ledger::dry_run(&config.ledger.path)?.to_string())
}

/// Runs the daemon until a signal ends it.
///
/// # Errors
/// Why it did not start, or which part of it died.
pub async fn run(config: Config) -> Result<(), AppError> {
    let mut signals = StopSignals::listen().map_err(|source| system("signal handlers", source))?;
    telemetry::log::init(&config.log)?;
    panics::end_the_process();
    let started = clock::now();
    let registry = Registry::new();
    telemetry::process::register(&registry, env!("CARGO_PKG_VERSION"))?;
    let exporter = telemetry::exporter::Exporter::bind(&config.metrics)?;
    let metrics = exporter.address();
    let socket = admin::Socket::bind(&config.admin)?;
    let instruments = config.instruments();
    let names: Vec<String> = config.plugins.iter().map(|plugin| plugin.name.clone()).collect();
    let (ledger, memory) = Ledger::open(&config.ledger, &instruments, &names, &registry)?;
    let past = past_steps::read(&ledger.reader(), started);
    let (recovery, times) = (config.recovery.clone(), config.maintenance.clone());
    let events = EventLog::default();
    let turns = Arc::new(AtomicU64::new(0));
    let (restart_sender, restarts) = mpsc::channel(RESTARTS);
    let (backups, records) = backup::start(ledger.backups(&config.ledger))?;
    let parts = LaneParts {
        config,
        instruments,
        ledger,
        memory,
        registry: registry.clone(),
        events: events.clone(),
        turns: Arc::clone(&turns),
        restarts,
        records,
    };
    let (stop_lane, lane_stop) = oneshot::channel();
    let (standing, mut lane_end) = start_lane(parts, lane_stop).await?;
    let links = standing.links(past);
    let (driver, recovery) = recovery::prepare(recovery, &times, links, &registry)?;
    let sources = admin::Sources {
        snapshot: standing.snapshot.clone(),
        recovery,
        session: standing.session,
        plugins: standing.plugins,
        commands: standing.commands,
        restarts: restart_sender,
        backups,
        events,
        registry,
        version: env!("CARGO_PKG_VERSION"),
        started,
    };
    let (stop_surface, surface_stop) = watch::channel(false);
    let mut surface_end = start_surface(socket, exporter, sources, driver, surface_stop)?;
    service_manager::ready();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), %metrics, "moored stands");
    let ended = tokio::select! {
        signal = signals.received() => Ok(signal),
        _ = &mut lane_end => Err(AppError::Died { part: "lane" }),
        _ = &mut surface_end => Err(AppError::Died { part: "admin surface" }),
        () = service_manager::attend(turns, standing.pulse, standing.snapshot) => Ok("nothing"),
    };
    let reason = reason_to_stop(&ended);
    tracing::info!("{reason}");
    service_manager::stopping(&reason);
    // The lane may be gone already.
    let _gone = stop_lane.send(());
    if tokio::time::timeout(DRAIN_DEADLINE, &mut lane_end).await.is_err() {
        tracing::error!("the lane did not drain within {DRAIN_DEADLINE:?}; leaving without it");
    }
    stop_surface.send_replace(true);
    let _late = tokio::time::timeout(DRAIN_DEADLINE, &mut surface_end).await;
    ended.map(|_| ())
}

fn reason_to_stop(ended: &Result<&'static str, AppError>) -> String {
    match ended {
        Ok(signal) => format!("stopping on {signal}"),
        Err(error) => error.to_string(),
    }
}

fn system(what: &'static str, source: std::io::Error) -> AppError {
    AppError::System { what, source }
}

fn load_plugins(
    config: &Config,
    instruments: &[Instrument],
    view: SharedView,
    first_order_id: u64,
    mailbox: &Mailbox,
    registry: &Registry,
) -> Result<PluginHost, LoadError> {
    let settings = plugin_host::config::Settings::new(config.plugin_dir.clone(), config.cache_dir.clone());
    let ids = Arc::new(AtomicU64::new(first_order_id));
    plugin_host::load(
        settings,
        &config.plugins,
        instruments,
        view,
        ids,
        mailbox.intents.clone(),
        registry,
    )
}

/// Starts the lane's thread and waits until it stands.
async fn start_lane(
    parts: LaneParts,
    stop: oneshot::Receiver<()>,
) -> Result<(Standing, oneshot::Receiver<()>), AppError> {
    let (report, standing) = oneshot::channel();
    let (end, ended) = oneshot::channel::<()>();
    let body = move || {
        // Dropped when the thread ends, however it ends.
        let _end = end;
        // A local runtime and not a `LocalSet`: in that, each wake from the client's own tasks is a write to the event
        // loop and one more round of it, on the way of every tick.
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = match builder.enable_all().build_local(LocalOptions::default()) {
            Ok(runtime) => runtime,
            Err(source) => {
                let _gone = report.send(Err(system("a runtime", source)));
                return;
            }
        };
        runtime.block_on(async move {
            match build_lane(parts) {
                Ok((desk_loop, standing)) => {
                    if report.send(Ok(standing)).is_ok() {
                        // A task, because the future of `block_on` is woken through the event loop too.
                        let turning = tokio::task::spawn_local(desk_loop.run(stop)).await;
                        if let Err(failed) = turning
                            && failed.is_panic()
                        {
                            std::panic::resume_unwind(failed.into_panic());
                        }
                    }
                }
                Err(error) => _ = report.send(Err(error)),
            }
        });
    };
    let thread = thread::Builder::new().name("lane".into()).stack_size(LANE_STACK);
    thread
        .spawn(body)
        .map_err(|source| system("the lane's thread", source))?;
    let standing = standing.await.map_err(|_| AppError::Died { part: "lane" })??;
    Ok((standing, ended))
}

/// Builds everything that lives on the lane.
fn build_lane(parts: LaneParts) -> Result<(DeskLoop, Standing), AppError> {
    let LaneParts {
        config,
        instruments,
        ledger,
        memory,
        registry,
        events,
        turns,
        restarts,
        records,
    } = parts;
    let mailbox = Mailbox::new(instruments.len());
    let view: SharedView = Arc::new(Mutex::new(PluginView {
        quotes: vec![None; instruments.len()],
        instruments: instruments.clone(),
        ..PluginView::default()
    }));
    let highest_order_id = memory.highest_order_id;
    let highest = memory
        .highest_client_order_id
        .min(ClientOrderId::FIRST_OF_DESK - 1);
    let host = load_plugins(
        &config,
        &instruments,
        Arc::clone(&view),
        highest + 1,
        &mailbox,
        &registry,
    )?;
    let names: Vec<String> = config.plugins.iter().map(|plugin| plugin.name.clone()).collect();
    let desk = Desk::new(setup(&config, &instruments, &host), memory, clock::now());
    crash_point::reach(Step::DeskBuilt);
    let metrics = Metrics::register(&registry)?;
    let (publish, snapshot) = watch::channel(Arc::new(desk.snapshot(clock::now())));
    let reports = mailbox.reports.clone();
    let gateway = gateway::start(
        config.gateway,
        instruments,
        mailbox.reports,
        mailbox.quotes.clone(),
        highest_order_id,
        &registry,
    )?;
    let standing = Standing {
        commands: mailbox.commands,
        session: gateway.status(),
        guidance: gateway.guidance(),
        reports,
        pulse: gateway.pulse(),
        plugins: host.status(),
        snapshot,
    };
    let desk_loop = DeskLoop {
        desk,
        names: Names::new(names),
        ledger,
        host,
        gateway,
        inbox: mailbox.inbox,
        quotes: mailbox.quotes,
        view,
        restarts,
        records,
        publish,
        metrics,
        events,
        turns,
        state: LoopState::default(),
    };
    Ok((desk_loop, standing))
}

/// What the configuration makes of a desk.
fn setup(config: &Config, instruments: &[Instrument], host: &PluginHost) -> Setup {
    Setup {
        instruments: instruments.to_vec(),
        plugins: config.plugins.iter().map(|plugin| plugin.name.clone()).collect(),
        grants: host.grants(),
        limits: config.risk.clone(),
        risk_plugins: config
            .plugins
            .iter()
            .any(|plugin| plugin.kind == PluginKind::Risk),
        policy: Policy {
            orders: config.orders,
            reconciliation: config.reconciliation,
        },
    }
}

/// Starts the thread of the admin socket and the exporter.
fn start_surface(
    socket: admin::Socket,
    exporter: telemetry::exporter::Exporter,
    sources: admin::Sources,
    recovery: recovery::Driver,
    stop: watch::Receiver<bool>,
) -> Result<oneshot::Receiver<()>, AppError> {
    let (end, ended) = oneshot::channel::<()>();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| system("a runtime", source))?;
    let stopped = |mut stop: watch::Receiver<bool>| async move {
        // An error means that the sender is gone, which is a stop too.
        let _stopped = stop.wait_for(|stopped| *stopped).await;
    };
    let body = move || {
        let _end = end;
        runtime.block_on(async move {
            let registry = sources.registry.clone();
            // Ends with the runtime; if it panics, so does the process.
            tokio::spawn(recovery.run());
            let admin = admin::serve(socket, sources, stopped(stop.clone()));
            let exporter = exporter.serve(registry, stopped(stop));
            let (admin, exporter) = tokio::join!(admin, exporter);
            for error in [admin.err(), exporter.err()].into_iter().flatten() {
                tracing::error!(%error, "the admin surface ended");
            }
        });
        // A restart of the gateway's unit may be waited for: the daemon's end does not wait for that.
        runtime.shutdown_background();
    };
    thread::Builder::new()
        .name("surface".into())
        .spawn(body)
        .map_err(|source| system("the admin thread", source))?;
    Ok(ended)
}
