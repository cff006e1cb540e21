//! Who may name whom.

use crate::Finding;
use crate::code;
use crate::files::SourceFile;

/// The daemon's modules and their floors. A module names only modules on lower floors; modules on one floor
/// are strangers. The configuration is a record of the parts' own, so it stands above them and below what
/// puts the house together.
const HOUSE: [(&str, u8); 17] = [
    ("domain", 0),
    ("market", 1),
    ("portfolio", 1),
    ("risk", 2),
    ("orders", 3),
    ("desk", 4),
    ("clock", 5),
    ("crash_point", 5),
    ("mailbox", 5),
    ("gateway", 6),
    ("recovery", 6),
    ("plugin_host", 6),
    ("ledger", 6),
    ("admin", 6),
    ("telemetry", 6),
    ("config", 7),
    ("app", 8),
];

/// `moorctl` stands beside the floors: it is another program that happens to share the admin's types.
const BESIDE: &str = "ctl";
/// All it may name, and why nothing more: what it knows of a running daemon comes over the socket. The ledger it
/// verifies and restores while there is no daemon to ask.
const BESIDE_MAY_NAME: [&str; 4] = ["admin::schema", "clock", "config", "ledger"];

/// Where a foreign crate may be named, and why only there. A module, or `main` for the program's file.
const HOMES: [(&str, &[&str], &str); 14] = [
    (
        "ibapi",
        &["gateway"],
        "a new version of the client must change one folder",
    ),
    (
        "wasmtime",
        &["plugin_host"],
        "a new version of the engine must change one folder",
    ),
    (
        "rusqlite",
        &["ledger"],
        "what is durable is decided in one folder",
    ),
    (
        "axum",
        &["admin", "telemetry"],
        "HTTP is spoken by the admin socket and the exporter only",
    ),
    (
        "hyper",
        &["admin", "telemetry", "ctl"],
        "HTTP is spoken by the admin socket, the exporter and its client only",
    ),
    (
        "figment",
        &["config"],
        "layers are put together in one place; parts only have types",
    ),
    (
        "tracing_journald",
        &["telemetry"],
        "where logs go is decided in one folder",
    ),
    (
        "tracing_subscriber",
        &["telemetry"],
        "where logs go is decided in one folder",
    ),
    (
        "sd_notify",
        &["app"],
        "the service manager is told by what starts and stops the house",
    ),
    (
        "rustbus",
        &["recovery"],
        "the system is asked for something in one place",
    ),
    ("clap", &["ctl", "main"], "arguments belong to the programs"),
    // admin: peer credentials and user names; app: signals and limits of the process; ledger: the lock on its
    // file; plugin_host: the processor time of a guest's thread; crash_point: its own death in tests.
    (
        "nix",
        &["admin", "app", "crash_point", "ledger", "plugin_host"],
        "system calls are made at the edges",
    ),
    (
        "jiff",
        &["gateway", "recovery"],
        "time zones are read where IB or the operator names them; below, there are only instants",
    ),
    (
        "sha2",
        &["ledger", "plugin_host"],
        "only compiled plugins and backups are known by their digest",
    ),
];

/// Crates for floors that have an outside, and the lowest of them.
const OUTSIDE: [(&str, u8, &str); 3] = [
    ("tokio", 5, "the heart has no runtime: it is called"),
    ("futures_util", 5, "the heart has no runtime: it is called"),
    (
        "prometheus",
        6,
        "what the heart knows is in its snapshot; the edges measure",
    ),
];

const SOURCE: &str = "daemon/src/";

/// The crate's root, from so many levels below it.
const CLIMBS: [&str; 4] = ["crate", "super", "super::super", "super::super::super"];

/// The module of the daemon a file belongs to: `desk` for `daemon/src/desk/event.rs`, `clock` for
/// `daemon/src/clock.rs`. `main` and `lib` are files of their own; so are the programs in `bin`.
fn module(file: &SourceFile) -> Option<&str> {
    let inside = file.path.strip_prefix(SOURCE).filter(|_| file.is_rust())?;
    let first = inside.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    Some(name)
}

fn floor(name: &str) -> Option<u8> {
    HOUSE
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, floor)| *floor)
}

pub fn modules(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let Some(name) = module(file) else { continue };
        let programs = ["lib", "main", "bin"];
        if !programs.contains(&name) && name != BESIDE && floor(name).is_none() {
            let what = format!(
                "module `{name}` has no floor: add it to HOUSE in tests/tidy/floors.rs and to the picture \
                 in {SOURCE}lib.rs"
            );
            findings.push(Finding::new(file, 0, what));
            continue;
        }
        let root = if matches!(name, "main" | "bin") {
            "moored"
        } else {
            "crate"
        };
        let mut named = code::named_after(&file.code, root);
        named.extend(named_by_climbing(file));
        for (line, other, path) in named {
            if let Some(what) = objection(name, other, path) {
                findings.push(Finding::new(file, line, what));
            }
        }
    }
    findings
}

/// Modules reached by going up to the crate's root with `super`: one for `desk/mod.rs`, two for `desk/event.rs`.
fn named_by_climbing(file: &SourceFile) -> Vec<(usize, &str, &str)> {
    let inside = file.path.strip_prefix(SOURCE).unwrap_or("");
    let steps = inside.matches('/').count() + usize::from(!inside.ends_with("/mod.rs"));
    // Inside a module within the file the same path ends one level lower.
    let outermost = code::before_inner_modules(&file.code);
    let mut named = code::named_after(outermost, CLIMBS[steps.min(CLIMBS.len() - 1)]);
    named.retain(|(_, other, _)| floor(other).is_some() || *other == BESIDE);
    named
}

/// Why the module `name` may not name `other`; `path` begins with `other`.
fn objection(name: &str, other: &str, path: &str) -> Option<String> {
    if name == other || (floor(other).is_none() && other != BESIDE) {
        return None;
    }
    match name {
        "lib" => None,
        "main" => (!matches!(other, "app" | "config" | "telemetry")).then(|| {
            format!("main.rs names `{other}`: it reads the configuration and runs app, nothing else")
        }),
        "bin" => (other != BESIDE)
            .then(|| format!("a small program names `{other}`: it calls {BESIDE} and nothing else")),
        BESIDE => (!BESIDE_MAY_NAME.iter().any(|allowed| path.starts_with(allowed))).then(|| {
            format!(
                "{BESIDE} names `{other}`: what it knows of a daemon comes over the socket, as admin::schema"
            )
        }),
        _ if other == BESIDE => Some(format!("`{name}` names `{BESIDE}`, which is another program")),
        _ => match (floor(name)?, floor(other)?) {
            (own, theirs) if theirs < own => None,
            (own, theirs) if theirs == own => Some(format!(
                "`{name}` names its sibling `{other}` (floor {own}): siblings are strangers; the floor above joins them"
            )),
            (own, theirs) => Some(format!(
                "`{name}` (floor {own}) names `{other}` (floor {theirs}): imports point down, so that what is \
                 below can be read and tested without what is above"
            )),
        },
    }
}

pub fn foreign_crates(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let Some(name) = module(file) else { continue };
        for (foreign, homes, reason) in HOMES {
            if homes.contains(&name) {
                continue;
            }
            findings.extend(code::crate_lines(&file.code, foreign).into_iter().map(|line| {
                let home = homes.join(", ");
                Finding::new(
                    file,
                    line,
                    format!("`{foreign}` in `{name}`, its home is {home}: {reason}"),
                )
            }));
        }
        for (foreign, lowest, reason) in OUTSIDE {
            if floor(name).is_none_or(|own| own >= lowest) {
                continue;
            }
            findings.extend(code::crate_lines(&file.code, foreign).into_iter().map(|line| {
                let what = format!("`{foreign}` in `{name}`, below floor {lowest}: {reason}");
                Finding::new(file, line, what)
            }));
        }
    }
    findings
}

pub fn clocks(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let heart = module(file).and_then(floor).is_some_and(|floor| floor < 5);
        let pure = heart || file.path.starts_with("sdk/sim-gateway/src/exchange/");
        let ours = file.path.starts_with(SOURCE) || file.path.starts_with("plugins/");
        for (line, text) in file.code_lines() {
            if text.contains("SystemTime::now") && (ours || pure) && file.path != "daemon/src/clock.rs" {
                let what = "the wall clock is read in clock.rs only: a recorded run must be able to bring its own time";
                findings.push(Finding::new(file, line, what));
            }
            if pure && (text.contains("Instant::now") || text.contains("thread::sleep")) {
                let what =
                    "time enters with the event: what decides must give the same answer when it is replayed";
                findings.push(Finding::new(file, line, what));
            }
        }
    }
    findings
}

/// Which packages may name the daemon's library or the simulated gateway's.
pub fn packages(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let simulated = file.path.starts_with("sdk/sim-gateway/");
        let guest = ["sdk/rust/", "plugins/", "tests/guests/"]
            .iter()
            .any(|folder| file.path.starts_with(folder));
        if file.is_rust() && simulated {
            let what =
                "the simulated gateway names the daemon: shared code would agree with itself about a mistake";
            findings.extend(
                code::crate_lines(&file.code, "moored")
                    .into_iter()
                    .map(|line| Finding::new(file, line, what)),
            );
        }
        if file.path.ends_with("Cargo.toml") && (simulated || guest) {
            let depends = file.text_lines().filter(|(_, line)| {
                line.split(['=', '.'])
                    .next()
                    .is_some_and(|name| name.trim() == "moored")
            });
            findings.extend(depends.map(|(line, _)| {
                Finding::new(
                    file,
                    line,
                    "this package must not depend on the daemon: it knows the wire or wit/",
                )
            }));
        }
        if module(file).is_some() {
            let what = "the daemon names the simulated gateway: it must not know that it is tested";
            findings.extend(
                code::crate_lines(&file.code, "sim_gateway")
                    .into_iter()
                    .map(|line| Finding::new(file, line, what)),
            );
        }
    }
    findings
}
