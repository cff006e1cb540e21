//! The disk fails, in every way we could bring about: new risk stops, cancels still go, the operator is told, nothing is
//! destroyed, and when the ledger can be written again trading goes on by itself.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::crash_books::{Ledger, Trial, busy, differences};
use crate::crash_sweep::old_ledger;
use crate::rig::{Daemon, Home, Market, rows_of, wait_for};

/// What the service unit does not restart on.
const NEEDS_A_PERSON: Option<i32> = Some(78);

fn trial() -> Trial {
    let market = Market::start(&["--tick-rate", "400", "--cash", "1000000000"]);
    let home = busy(&market, "");
    Trial {
        label: "a failing disk".to_owned(),
        market,
        home,
    }
}

/// How many orders the market has ever had from us.
fn sent(market: &Market) -> usize {
    rows_of(&market.brief_books()["orders"]).len()
}

/// Our orders that live at the broker.
fn working(market: &Market) -> Vec<Value> {
    let mut rows = rows_of(&market.brief_books()["orders"]);
    rows.retain(|row| !matches!(row["status"].as_str(), Some("Filled" | "Cancelled" | "Inactive")));
    rows
}

/// A daemon that trades is put into trouble, is watched, is relieved, and trades on.
fn check_trouble(
    trial: &Trial,
    daemon: &Daemon<'_>,
    word: &str,
    cause: impl FnOnce(),
    relief: impl FnOnce(),
) {
    daemon.wait_state("active");
    // Resting orders of the quoter's, to be canceled in the trouble.
    wait_for("a working order", || {
        (!working(&trial.market).is_empty()).then_some(())
    });
    cause();
    daemon.wait_state("reduce_only");
    // New risk stops: after what was on its way, no order of the plugins arrives any more.
    let (status, readiness) = daemon.get("/readyz");
    assert_eq!(status, 503, "{readiness}");
    assert!(readiness.to_string().contains("ledger"), "{readiness}");
    assert!(
        readiness.to_string().contains(word),
        "{word:?} is not in {readiness}"
    );
    let events = daemon.get("/v1/events?limit=500").1.to_string();
    assert!(events.contains("ledger_failed"), "{events}");
    // Cancels go: the quoter's own, who is told the state, and the operator's.
    wait_for("the end of all orders at the broker", || {
        let live = rows_of(&daemon.get("/v1/orders").1);
        for row in &live {
            // It may have ended between the list and this.
            let _answer = daemon.post(&format!("/v1/orders/{}/cancel", row["order_id"]), &Value::Null);
        }
        (live.is_empty() && working(&trial.market).is_empty()).then_some(())
    });
    let before = sent(&trial.market);
    // The plugins go on wanting: long enough for hundreds of ticks, none of which may become an order.
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(
        sent(&trial.market),
        before,
        "orders left that the ledger does not have"
    );
    relief();
    daemon.wait_state("active");
    wait_for("new orders", || (sent(&trial.market) > before).then_some(()));
    let (status, answer) = daemon.post(
        "/v1/halt",
        &json!({"reason": "to compare", "cancel_orders": true}),
    );
    assert_eq!(status, 200, "{answer}");
    wait_for("a ledger that agrees with the books", || {
        let found = differences(
            &trial.market.brief_books(),
            &Ledger::read(&ledger_of(trial)).ok()?,
            false,
        );
        found.is_empty().then_some(())
    });
}

/// Where the ledger is: on the small file system, if there is one.
fn ledger_of(trial: &Trial) -> PathBuf {
    let small = trial.home.path("small/ledger.db");
    if small.exists() {
        small
    } else {
        trial.home.ledger.clone()
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A small file system of its own for root; for others a limit on the size of files, which the kernel enforces at the same
/// place: both are real failures of the write.
struct Narrow {
    folder: PathBuf,
    mounted: bool,
}

impl Narrow {
    fn make(home: &Home) -> Narrow {
        let folder = home.path("small");
        std::fs::create_dir(&folder).unwrap();
        let root =
            String::from_utf8_lossy(&Command::new("id").arg("-u").output().unwrap().stdout).trim() == "0";
        let mounted = root
            && Command::new("mount")
                .args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"])
                .arg(&folder)
                .status()
                .is_ok_and(|status| status.success());
        println!("narrow by {}", if mounted { "a tmpfs" } else { "RLIMIT_FSIZE" });
        Narrow { folder, mounted }
    }

    fn start<'a>(&self, trial: &'a Trial) -> Daemon<'a> {
        trial.home.start_with(&mut |command: &mut Command| {
            command.env("MOORED__LEDGER__PATH", self.folder.join("ledger.db"));
        })
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }

    fn fill(&self, daemon: &Daemon<'_>) {
        if self.mounted {
            // Until nothing more fits; how much that is depends on what the ledger has taken.
            let _full = std::io::copy(
                &mut std::io::repeat(0),
                &mut std::fs::File::create(self.ballast()).unwrap(),
            );
        } else {
            limit(daemon, "4096");
        }
    }

    fn free(&self, daemon: &Daemon<'_>) {
        if self.mounted {
            std::fs::remove_file(self.ballast()).unwrap();
        } else {
            limit(daemon, "unlimited");
        }
    }
}

fn limit(daemon: &Daemon<'_>, bytes: &str) {
    run(Command::new("prlimit")
        .arg(format!("--pid={}", daemon.child.id()))
        .arg(format!("--fsize={bytes}:")));
}

impl Drop for Narrow {
    fn drop(&mut self) {
        if self.mounted {
            let _left = Command::new("umount").arg("-l").arg(&self.folder).status();
        }
    }
}

#[test]
fn a_full_disk() {
    let trial = trial();
    let narrow = Narrow::make(&trial.home);
    let daemon = narrow.start(&trial);
    let (fill, free) = (|| narrow.fill(&daemon), || narrow.free(&daemon));
    check_trouble(&trial, &daemon, "ledger", fill, free);
    assert!(daemon.terminate().success());
}

#[test]
fn a_ledger_locked_by_another_process() {
    let trial = trial();
    let daemon = trial.home.start();
    // This very process is the other one.
    let other = Connection::open(&trial.home.ledger).unwrap();
    other.busy_timeout(Duration::from_secs(10)).unwrap();
    let hold = || other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let let_go = || other.execute_batch("ROLLBACK").unwrap();
    check_trouble(&trial, &daemon, "locked", hold, let_go);
    assert!(daemon.terminate().success());
}

#[test]
fn a_ledger_that_was_deleted_or_replaced() {
    let trial = trial();
    let daemon = trial.home.start();
    let (ledger, away) = (&trial.home.ledger, trial.home.path("away.db"));
    let delete = || std::fs::rename(ledger, &away).unwrap();
    let put_back = || std::fs::rename(&away, ledger).unwrap();
    check_trouble(&trial, &daemon, "moved", delete, put_back);
    let (status, answer) = daemon.post("/v1/resume", &json!({"reason": "the next one"}));
    assert_eq!(status, 200, "{answer}");
    let replace = || {
        std::fs::rename(ledger, &away).unwrap();
        std::fs::write(ledger, "somebody else's").unwrap();
    };
    check_trouble(&trial, &daemon, "replaced", replace, put_back);
    assert!(daemon.terminate().success());
}

/// A ledger with some trading in it, closed.
fn used(trial: &Trial) {
    let daemon = trial.home.start();
    daemon.wait_rows("/v1/fills", "fills", |rows| rows.len() > 3);
    assert!(daemon.terminate().success());
}

/// A start on this must be refused, say all these words, end with that code, and leave the file as it is.
fn check_refused(home: &Home, words: &[&str], code: Option<i32>) {
    let before = std::fs::read(&home.ledger).ok();
    let _none = std::fs::remove_file(home.path("log"));
    let mut child = home.command().spawn().unwrap();
    let status = wait_for("the daemon to refuse", || child.try_wait().unwrap());
    let said = home.log();
    assert_eq!(status.code(), code, "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
    assert_eq!(
        std::fs::read(&home.ledger).ok(),
        before,
        "the file changed: {said}"
    );
}

fn spoil(path: &Path, how: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    how(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_ledger_is_refused_kept_and_replaced_by_a_backup() {
    let trial = trial();
    used(&trial);
    let daemon = trial.home.start();
    let backup = trial.home.path("copy.db");
    let backup = backup.to_str().unwrap();
    let made = daemon.moorctl(&["backup", "create", backup]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let twice = daemon.moorctl(&["backup", "create", backup]);
    assert_eq!(twice.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&twice.stderr).contains("exists already"));
    let ledger = trial.home.ledger.to_str().unwrap();
    let running = daemon.moorctl(&["backup", "restore", backup, "--ledger", ledger]);
    assert_eq!(running.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&running.stderr).contains("in use by process"));
    // What it trades after the backup is what the broker's truth has to fill in.
    let behind = sent(&trial.market);
    wait_for("trading after the backup", || {
        (sent(&trial.market) > behind + 5).then_some(())
    });
    let good = {
        assert!(daemon.terminate().success());
        std::fs::read(&trial.home.ledger).unwrap()
    };
    let words = ["damaged", "moorctl backup restore"];
    let half = good.len() / 2;
    spoil(&trial.home.ledger, |bytes| bytes[half..half + 4096].fill(0xA5));
    check_refused(&trial.home, &words, NEEDS_A_PERSON);
    spoil(&trial.home.ledger, |bytes| {
        *bytes = good[..good.len() - 5000].to_vec()
    });
    check_refused(&trial.home, &words, NEEDS_A_PERSON);
    spoil(&trial.home.ledger, |bytes| {
        *bytes = good.clone();
        bytes[..100].fill(0x5A);
    });
    check_refused(&trial.home, &["not a SQLite database"], NEEDS_A_PERSON);
    spoil(&trial.home.ledger, Vec::clear);
    check_refused(&trial.home, &["empty", "moorctl backup restore"], NEEDS_A_PERSON);
    restore_and_trade(&trial, backup);
}

/// Restores with no daemon running, and sees the broker's truth fill in what the backup lacks.
fn restore_and_trade(trial: &Trial, backup: &str) {
    let moorctl = |arguments: &[&str]| {
        Command::new(crate::rig::binary("moorctl"))
            .args(arguments)
            .output()
            .unwrap()
    };
    let verified = moorctl(&["backup", "verify", backup]);
    assert!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stderr)
    );
    assert!(String::from_utf8_lossy(&verified.stdout).contains("sha256"));
    let ledger = trial.home.ledger.to_str().unwrap();
    let nothing = moorctl(&[
        "backup",
        "restore",
        trial.home.config.to_str().unwrap(),
        "--ledger",
        ledger,
    ]);
    assert_eq!(nothing.status.code(), Some(1), "a configuration is no backup");
    let restored = moorctl(&["backup", "restore", backup, "--ledger", ledger]);
    assert!(
        restored.status.success(),
        "{}",
        String::from_utf8_lossy(&restored.stderr)
    );
    let said = String::from_utf8_lossy(&restored.stdout).into_owned();
    assert!(said.contains(".replaced-"), "{said}");
    let daemon = trial.home.start();
    daemon.wait_state("halted");
    let theirs = crate::crash_books::positions(&trial.market.brief_books());
    wait_for("the positions of the broker", || {
        let shown = daemon.get("/v1/positions").1;
        (crate::crash_books::sizes(&shown["plugins"]) == theirs).then_some(())
    });
    let (status, answer) = daemon.post("/v1/resume", &json!({"reason": "compared"}));
    assert_eq!(status, 200, "{answer}");
    let before = sent(&trial.market);
    wait_for("trading after the restore", || {
        (sent(&trial.market) > before).then_some(())
    });
    assert!(daemon.terminate().success());
}

#[test]
fn a_newer_ledger_is_refused() {
    let trial = trial();
    used(&trial);
    let known = {
        let newer = Connection::open(&trial.home.ledger).unwrap();
        let known: i32 = newer
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        newer.pragma_update(None, "user_version", known + 1).unwrap();
        known
    };
    let words = [format!("version {}", known + 1), format!("up to {known}")];
    check_refused(
        &trial.home,
        &[&words[0], &words[1], "newer moored"],
        NEEDS_A_PERSON,
    );
}

#[test]
fn a_log_that_was_cut_or_spoiled_loses_its_end_and_the_broker_fills_it_in() {
    let mut trial = trial();
    for spoiled in [false, true] {
        trial.label = format!("the log is spoiled: {spoiled}");
        let daemon = trial.home.start();
        daemon.wait_rows("/v1/fills", "fills", |rows| rows.len() > 3);
        daemon.kill();
        let log = trial.home.path("ledger.db-wal");
        spoil(&log, |bytes| {
            let half = bytes.len() / 2;
            match spoiled {
                true => bytes[half..half + 16].fill(0xA5),
                false => bytes.truncate(half + 7),
            }
        });
        let daemon = trial.home.start();
        daemon.wait_state("active");
        let (status, answer) = daemon.post(
            "/v1/halt",
            &json!({"reason": "to compare", "cancel_orders": true}),
        );
        assert_eq!(status, 200, "{answer}");
        wait_for("the positions of the broker", || {
            let theirs = crate::crash_books::positions(&trial.market.brief_books());
            let shown = daemon.get("/v1/positions").1;
            (crate::crash_books::sizes(&shown["plugins"]) == theirs).then_some(())
        });
        let (status, answer) = daemon.post("/v1/resume", &json!({"reason": "compared"}));
        assert_eq!(status, 200, "{answer}");
        daemon.kill();
    }
}

#[test]
fn a_read_only_place_is_refused_at_the_start() {
    use std::os::unix::fs::PermissionsExt;
    let trial = trial();
    used(&trial);
    let folder = trial.home.ledger.parent().unwrap();
    let mode =
        |bits| std::fs::set_permissions(&trial.home.ledger, std::fs::Permissions::from_mode(bits)).unwrap();
    // Root writes where it may not, so root gets a read-only mount instead.
    let root = std::fs::OpenOptions::new().write(true).open({
        mode(0o400);
        &trial.home.ledger
    });
    if root.is_err() {
        check_refused(&trial.home, &["cannot write", "write access"], Some(1));
        mode(0o600);
        return;
    }
    drop(root);
    let ledger = folder.join("read-only");
    std::fs::create_dir(&ledger).unwrap();
    std::fs::copy(&trial.home.ledger, ledger.join("ledger.db")).unwrap();
    run(Command::new("mount").arg("--bind").arg(&ledger).arg(&ledger));
    run(Command::new("mount").args(["-o", "remount,bind,ro"]).arg(&ledger));
    let mut child = trial
        .home
        .command()
        .env("MOORED__LEDGER__PATH", ledger.join("ledger.db"))
        .spawn()
        .unwrap();
    let status = wait_for("the daemon to refuse", || child.try_wait().unwrap());
    run(Command::new("umount").arg("-l").arg(&ledger));
    let said = trial.home.log();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(
        said.contains("cannot write") && said.contains("write access"),
        "{said}"
    );
}

#[test]
fn an_old_ledgers_migration_is_tried_on_a_copy_first() {
    let trial = trial();
    old_ledger(&trial.home.ledger);
    let before = std::fs::read(&trial.home.ledger).unwrap();
    let check = || trial.home.command().arg("--check-migrations").status().unwrap();
    assert!(check().success(), "{}", trial.home.log());
    let said = trial.home.log();
    assert!(
        said.contains("version 1 becomes 2") && said.contains("4 fills after"),
        "{said}"
    );
    assert_eq!(
        std::fs::read(&trial.home.ledger).unwrap(),
        before,
        "a dry run changes nothing"
    );
    assert!(!trial.home.path("ledger.db.migration-check").exists());
    used(&trial);
    assert!(check().success());
    assert!(
        trial.home.log().contains("there is nothing to migrate"),
        "{}",
        trial.home.log()
    );
    let verified = Command::new(crate::rig::binary("moorctl"))
        .args(["backup", "verify"])
        .arg(trial.home.path("ledger.db.v1-backup"))
        .output()
        .unwrap();
    assert!(
        String::from_utf8_lossy(&verified.stdout).contains("version 1"),
        "{verified:?}"
    );
}
