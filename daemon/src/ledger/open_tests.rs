//! What can be wrong with a ledger, before and after it is open: each is told clearly, and nothing is
//! destroyed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use prometheus::Registry;
use rusqlite::Connection;

use super::samples::{self, at, open, open_with, placement, state};
use super::{AppendErrorKind, Config, Ledger, OpenError, Page, Synchronous, schema};
use crate::desk::record::Record;
use crate::orders::lifecycle::OrderState;

fn open_error(path: &Path) -> OpenError {
    let config = Config {
        path: path.to_owned(),
        ..Config::default()
    };
    open_with(&config, &samples::NAMES, &samples::PLUGINS).expect_err("cannot be opened")
}

/// Opens `ledger.db` after `spoil` had its way with one that holds orders; it must fail saying all `words`
/// and leave the database as it was.
fn check_spoiled(spoil: impl FnOnce(&Path), words: &[&str]) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("ledger.db");
    let (mut ledger, _) = open(directory.path());
    for id in 1..=200 {
        ledger
            .append(at(1), &[Record::Placed(placement(id))])
            .expect("appends");
    }
    ledger.close();
    spoil(&path);
    let before = fs::read(&path).ok();
    let text = open_error(&path).to_string();
    for word in words.iter().copied().chain([path.to_str().expect("a path")]) {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
    assert_eq!(fs::read(&path).ok(), before, "the file changed: {text}");
}

#[test]
fn a_file_that_is_not_a_good_ledger_is_left_alone() {
    let rewrite = |path: &Path, bytes: &[u8]| fs::write(path, bytes).expect("writes");
    check_spoiled(|path| rewrite(path, b""), &["empty file", "backup"]);
    check_spoiled(
        |path| rewrite(path, b"# my notes\n"),
        &["not a SQLite database", "ledger.path"],
    );
    check_spoiled(|path| rewrite(path, b"SQLite"), &["not a SQLite database"]);
    check_spoiled(
        |path| {
            let bytes = fs::read(path).expect("reads");
            rewrite(path, &bytes[..bytes.len() / 2]);
        },
        &["damaged", "backup"],
    );
    for length in [60, 600, 4095, 4097] {
        let cut = |path: &Path| {
            let bytes = fs::read(path).expect("reads");
            rewrite(path, &bytes[..length]);
        };
        check_spoiled(cut, &["damaged", "backup"]);
    }
    check_spoiled(
        |path| {
            let mut bytes = fs::read(path).expect("reads");
            let middle = bytes.len() / 2;
            bytes[middle..middle + 8192].fill(0xA5);
            rewrite(path, &bytes);
        },
        &["damaged", "backup"],
    );
}

#[test]
fn a_good_database_that_is_not_our_ledger_is_left_alone() {
    check_spoiled(
        |path| sql(path, "UPDATE orders SET state = 'asleep' WHERE order_id = 7"),
        &["damaged", "order 7"],
    );
    check_spoiled(
        |path| {
            sql(
                path,
                "INSERT INTO latches (at, latch, reason) VALUES (1, 'ajar', '')",
            )
        },
        &["damaged", "latch"],
    );
    check_spoiled(
        |path| sql(path, &format!("PRAGMA user_version = {}", schema::VERSION + 1)),
        &["version 3", "up to 2", "newer moored"],
    );
    check_spoiled(
        |path| {
            fs::remove_file(path).expect("removes");
            sql(path, "CREATE TABLE songs (name TEXT)");
        },
        &["another program", "ledger.path"],
    );
}

#[test]
fn what_is_not_a_file_is_left_alone() {
    check_spoiled(
        |path| {
            fs::remove_file(path).expect("removes");
            fs::create_dir(path).expect("makes");
        },
        &["not a file but a directory"],
    );
    check_spoiled(
        |path| {
            fs::remove_file(path).expect("removes");
            symlink("nowhere", path).expect("links");
        },
        &["a symbolic link that leads nowhere"],
    );
    check_spoiled(
        |path| {
            fs::remove_file(path).expect("removes");
            fs::write(path.with_file_name("ledger.db-wal"), "commits").expect("writes");
        },
        &["missing", "ledger.db-wal", "put the ledger back"],
    );
}

fn sql(path: &Path, text: &str) {
    let connection = Connection::open(path).expect("opens");
    connection.execute_batch(text).expect("runs");
}

#[test]
fn a_place_that_cannot_hold_a_ledger_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = open_error(&directory.path().join("missing/ledger.db")).to_string();
    assert!(text.contains("missing does not exist; create it"), "{text}");
    fs::write(directory.path().join("file"), "").expect("writes");
    open_error(&directory.path().join("file/ledger.db"));
    // Where not even root may make a file; anyone else is refused by the mode.
    let locked = match nix::unistd::geteuid().is_root() {
        true => Path::new("/sys/kernel").to_owned(),
        false => {
            let mode = fs::Permissions::from_mode(0o500);
            fs::set_permissions(directory.path(), mode).expect("sets");
            directory.path().to_owned()
        }
    };
    let text = open_error(&locked.join("ledger.db")).to_string();
    assert!(
        text.contains("cannot write") && text.contains("write access"),
        "{text}"
    );
}

#[test]
fn a_second_opener_is_told_who_has_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let (ledger, _) = open(directory.path());
    let text = open_error(&directory.path().join("ledger.db")).to_string();
    let holder = format!("in use by process {}", std::process::id());
    assert!(text.contains(&holder), "{text}");
    drop(ledger);
    open(directory.path());
}

#[test]
fn a_registry_takes_one_ledger() {
    let registry = Registry::new();
    let directory = tempfile::tempdir().expect("a directory");
    let config = samples::config(directory.path());
    let (mut ledger, _) = Ledger::open(&config, &[], &[], &registry).expect("opens");
    ledger
        .append(at(1), &[state(1, OrderState::Lost)])
        .expect("appends");
    let names: Vec<_> = registry
        .gather()
        .iter()
        .map(|family| family.name().to_owned())
        .collect();
    let expected = [
        "append_seconds",
        "appends_total",
        "checkpoints_total",
        "errors_total",
        "pruned_rows_total",
        "wal_bytes",
    ];
    assert_eq!(names, expected.map(|name| format!("moored_ledger_{name}")));
    drop(ledger);
    let again = Ledger::open(&config, &[], &[], &registry).map(|_| ());
    assert!(matches!(again, Err(OpenError::Metrics(_))));
}

#[test]
fn an_interrupted_first_start_is_no_obstacle() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("ledger.db.new"), "half").expect("writes");
    open(directory.path()).0.close();
    let names = fs::read_dir(directory.path()).expect("lists");
    let mut names: Vec<_> = names.map(|entry| entry.expect("an entry").file_name()).collect();
    names.sort();
    assert_eq!(names, ["ledger.db", "ledger.db.lock"]);
}

#[test]
fn only_the_owner_can_read_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut ledger, _) = open(directory.path());
    ledger
        .append(at(1), &[state(1, OrderState::Lost)])
        .expect("appends");
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock"] {
        let mode = fs::metadata(directory.path().join(name))
            .expect(name)
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    ledger.close();
    let path = directory.path().join("ledger.db");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("sets");
    let _ledger = open(directory.path());
    assert_eq!(
        fs::metadata(&path).expect("there").permissions().mode() & 0o777,
        0o600
    );
}

/// The orders a failing ledger must still know, and no other.
fn check_orders(ledger: &Ledger, expected: &[i32]) {
    let page = Page {
        limit: 1000,
        before: None,
    };
    let mut ids: Vec<_> = ledger
        .reader()
        .orders(page)
        .expect("reads")
        .iter()
        .map(|row| row.order_id)
        .collect();
    ids.reverse();
    assert_eq!(ids, expected);
}

/// A ledger that holds order 1 is put into trouble, fails with `kind`, is relieved, and then writes what it
/// could not.
fn check_trouble(kind: AppendErrorKind, trouble: impl FnOnce(&Ledger), relief: impl FnOnce(&Ledger)) {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut ledger, _) = open(directory.path());
    ledger
        .append(at(1), &[Record::Placed(placement(1))])
        .expect("appends");
    trouble(&ledger);
    let batch: Vec<_> = (2..=200).map(|id| Record::Placed(placement(id))).collect();
    let failed = ledger.append(at(2), &batch).expect_err("trouble");
    assert_eq!(failed.kind, kind, "{failed}");
    assert_eq!(ledger.probe().expect_err("still trouble").kind, kind);
    if kind != AppendErrorKind::Moved {
        check_orders(&ledger, &[1]);
    }
    relief(&ledger);
    ledger.probe().expect("relief");
    ledger.append(at(2), &batch).expect("the same again");
    check_orders(&ledger, &(1..=200).collect::<Vec<_>>());
    drop(ledger);
    assert_eq!(open(directory.path()).1.open_orders.len(), 200);
}

#[test]
fn a_full_database_fails_and_recovers() {
    let limit = |pages: i64| {
        move |ledger: &Ledger| {
            let set = ledger.connection.pragma_update(None, "max_page_count", pages);
            set.expect("sets");
        }
    };
    check_trouble(AppendErrorKind::Full, limit(1), limit(1_000_000));
}

#[test]
fn a_read_only_ledger_fails_and_recovers() {
    let set = |on: bool| {
        move |ledger: &Ledger| {
            ledger
                .connection
                .pragma_update(None, "query_only", on)
                .expect("sets");
        }
    };
    check_trouble(AppendErrorKind::ReadOnly, set(true), set(false));
}

#[test]
fn a_locked_ledger_fails_and_recovers() {
    let other = std::cell::OnceCell::new();
    let hold = |ledger: &Ledger| {
        let connection = Connection::open(ledger.place.path()).expect("opens");
        connection.execute_batch("BEGIN IMMEDIATE").expect("begins");
        let _ = other.set(connection);
    };
    let release = |_: &Ledger| {
        other
            .get()
            .expect("held")
            .execute_batch("ROLLBACK")
            .expect("ends")
    };
    check_trouble(AppendErrorKind::Busy, hold, release);
}

#[test]
fn a_ledger_that_was_moved_fails_and_recovers_when_it_is_back() {
    let away = |ledger: &Ledger| ledger.place.path().with_file_name("away.db");
    check_trouble(
        AppendErrorKind::Moved,
        |ledger| {
            fs::rename(ledger.place.path(), away(ledger)).expect("moves");
            fs::write(ledger.place.path(), "something else").expect("writes");
            ledger.place.look();
        },
        |ledger| fs::rename(away(ledger), ledger.place.path()).expect("moves"),
    );
}

/// A real full disk, where a small file system can be mounted.
#[test]
fn a_full_disk_fails_and_recovers() {
    let directory = tempfile::tempdir().expect("a directory");
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"])
        .arg(directory.path())
        .output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        eprintln!("not run: no right to mount a small file system");
        return;
    }
    let outcome = std::panic::catch_unwind(|| fill_the_disk(directory.path()));
    let unmounted = std::process::Command::new("umount")
        .arg("-l")
        .arg(directory.path())
        .status();
    assert!(unmounted.expect("runs").success());
    outcome.expect("the disk was filled and freed");
}

fn fill_the_disk(directory: &Path) {
    let ballast = directory.join("ballast");
    let (mut ledger, _) = open(directory);
    ledger
        .append(at(1), &[Record::Placed(placement(1))])
        .expect("appends");
    fs::write(&ballast, vec![0; 300 * 1024]).expect("room for the ballast");
    let mut kept = vec![1];
    let failed = (2..10_000).find_map(
        |id| match ledger.append(at(2), &[Record::Placed(placement(id))]) {
            Ok(()) => {
                kept.push(id);
                None
            }
            Err(error) => Some(error),
        },
    );
    let failed = failed.expect("the disk is full at last");
    assert_eq!(failed.kind, AppendErrorKind::Full, "{failed}");
    assert!(failed.text.contains("free space"), "{failed}");
    fs::remove_file(&ballast).expect("removes");
    ledger.probe().expect("space again");
    let next = kept.len() as i32 + 1;
    ledger
        .append(at(3), &[Record::Placed(placement(next))])
        .expect("appends");
    kept.push(next);
    drop(ledger);
    let (ledger, _) = open(directory);
    let ids: Vec<i32> = ledger
        .connection
        .prepare("SELECT order_id FROM orders ORDER BY order_id")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .expect("reads");
    assert_eq!(ids, kept);
}

#[test]
fn the_configuration_has_defaults_and_no_unknown_keys() {
    let read = |text: &str| toml::from_str::<Config>(text);
    let full = read("synchronous = \"full\"").expect("reads");
    assert_eq!(full.path, Path::new("/var/lib/moored/ledger.db"));
    assert_eq!(full.synchronous, Synchronous::Full);
    assert_eq!(read("").expect("reads"), Config::default());
    read("sync = \"full\"").expect_err("an unknown key");

    let directory = tempfile::tempdir().expect("a directory");
    let config = Config {
        path: directory.path().join("ledger.db"),
        ..full
    };
    let (mut ledger, _) = open_with(&config, &samples::NAMES, &samples::PLUGINS).expect("opens");
    ledger
        .append(at(1), &[Record::Placed(placement(1))])
        .expect("appends");
    let level = ledger
        .connection
        .pragma_query_value(None, "synchronous", |row| row.get::<_, i32>(0));
    assert_eq!(level, Ok(2));
}
