//! `kill -9` at every numbered step of `crash_point.rs`. The daemon kills itself there; it is started again on the same
//! ledger against the same living market, and the market's books say whether anything was lost, doubled or left behind.
//! A step that is never reached fails the sweep.
//!
//! `MOORED_CRASH_NTH=1,2,5` says at which times a step is reached; a quick run has the first, and for orders the third.

use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::time::{Duration, Instant};

use moored::crash_point::Step;
use serde_json::{Value, json};

use crate::crash_books::{Trial, busy, positions};
use crate::rig::{Market, PATIENCE, repository, request, rows_of, signal};

/// What has to be done to a daemon so that it comes to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Push {
    /// Nothing: it trades.
    None,
    /// Halt it with a cancel of all orders.
    Halt,
    /// Kill it by the operator's command while it holds something.
    Kill,
    /// Have it make a backup.
    Backup,
    /// Stop it.
    Stop,
}

fn push(step: Step) -> Push {
    match step.number() {
        401..=499 | 601..=610 => Push::Halt,
        611..=620 => Push::Kill,
        731..=740 => Push::Backup,
        801.. => Push::Stop,
        _ => Push::None,
    }
}

/// The steps from number `first` to before `end`.
fn steps(first: u16, end: u16) -> Vec<Step> {
    let all = Step::ALL.iter().copied();
    all.filter(|step| (first..end).contains(&step.number())).collect()
}

fn times(usual: &[u32]) -> Vec<u32> {
    match std::env::var("MOORED_CRASH_NTH") {
        Ok(text) => text.split(',').map(|nth| nth.parse().unwrap()).collect(),
        Err(_) => usual.to_vec(),
    }
}

/// Waits until the daemon has killed itself, pushing it where it does not go by itself.
fn await_death(trial: &Trial, child: &mut Child, step: Step) {
    let deadline = Instant::now() + PATIENCE;
    let mut pushed = push(step) == Push::None;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            let said = format!("crash point {} {} reached", step.number(), step.as_str());
            if status.signal() != Some(9) || !trial.home.log().contains(&said) {
                trial.fail(&format!("it ended with {status} and not at the step"), &[]);
            }
            return;
        }
        if Instant::now() > deadline {
            let _gone = child.kill();
            let _gone = child.wait();
            trial.fail("the step was never reached", &[]);
        }
        if !pushed {
            pushed = try_push(trial, child, push(step));
        }
        // A poll: there is nothing to wait on for the end of a process and an answer of its socket at once.
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether it was done; it cannot be until the daemon trades.
fn try_push(trial: &Trial, child: &Child, push: Push) -> bool {
    let socket = &trial.home.socket;
    let state = request(socket, "GET", "/v1/status", None).map(|(_, status)| status["trading_state"].clone());
    if state.ok().as_ref().and_then(Value::as_str) != Some("active") {
        return false;
    }
    let because = json!({"reason": "the sweep says so"});
    // It may die before it answers.
    let _answer = match push {
        Push::None => return true,
        Push::Stop => {
            signal(child, "TERM");
            return true;
        }
        Push::Kill if positions(&trial.market.brief_books()).is_empty() => return false,
        Push::Kill => request(socket, "POST", "/v1/kill", Some(&because)),
        Push::Backup => request(socket, "POST", "/v1/backup", Some(&json!({}))),
        Push::Halt if rows_of(&trial.market.brief_books()["orders"]).iter().all(ended) => return false,
        Push::Halt => {
            let body = json!({"reason": "the sweep says so", "cancel_orders": true});
            request(socket, "POST", "/v1/halt", Some(&body))
        }
    };
    true
}

/// Whether nothing more comes of an order of the books.
fn ended(row: &Value) -> bool {
    matches!(row["status"].as_str(), Some("Filled" | "Cancelled" | "Inactive"))
}

/// Kills at each of the steps, each so many times, on one ledger and one market.
fn sweep(trial: &mut Trial, steps: &[Step], times: &[u32]) {
    let began = Instant::now();
    let mut kills = 0;
    for step in steps {
        for nth in times {
            trial.label = format!("step {} {}:{nth}", step.number(), step.as_str());
            kill_once(trial, *step, *nth);
            kills += 1;
        }
    }
    trial.label = "after the sweep".to_owned();
    let ledger = trial.check_recovered(true);
    println!(
        "{kills} kills at {} steps in {:?}; {} orders, {} fills",
        steps.len(),
        began.elapsed(),
        ledger.orders.len(),
        ledger.fills.len()
    );
}

fn kill_once(trial: &Trial, step: Step, nth: u32) {
    // Each kill has a log of its own, so that the step named in it is this one.
    let _none = std::fs::remove_file(trial.home.path("log"));
    let armed = format!("{}:{nth}", step.as_str());
    let mut child = trial
        .home
        .command()
        .env("MOORED_CRASH_AT", armed)
        .spawn()
        .unwrap();
    await_death(trial, &mut child, step);
    trial.check_dead();
    trial.check_recovered(false);
}

fn trial(more: &str) -> Trial {
    let market = Market::start(&["--tick-rate", "600", "--cash", "1000000000"]);
    let home = busy(&market, more);
    Trial {
        label: String::new(),
        market,
        home,
    }
}

#[test]
fn at_every_step_of_a_start() {
    // The first two are of a ledger's making, which happens once.
    for step in steps(101, 103) {
        let mut trial = trial("");
        sweep(&mut trial, &[step], &[1]);
    }
    sweep(&mut trial(""), &steps(103, 200), &[1]);
}

#[test]
fn at_every_step_of_an_order() {
    sweep(&mut trial(""), &steps(200, 400), &times(&[1, 3]));
}

#[test]
fn at_every_step_of_a_cancel() {
    // A halt cancels what is at work, and that may be one order.
    sweep(&mut trial(""), &steps(400, 500), &[1]);
}

#[test]
fn at_every_step_of_a_report() {
    sweep(&mut trial(""), &steps(500, 600), &times(&[1, 4]));
}

#[test]
fn at_every_step_of_the_operator() {
    sweep(&mut trial(""), &steps(600, 700), &[1]);
}

#[test]
fn at_every_step_of_the_ledgers_own_work() {
    sweep(&mut trial(""), &steps(700, 710), &[1]);
    sweep(&mut trial(""), &steps(730, 740), &[1]);
}

/// A ledger of the first release, whose fills are years old: it is migrated after a backup, then its positions are added
/// up, then its old rows are deleted, because the backup has them.
#[test]
fn at_every_step_of_an_old_ledgers_first_start() {
    let mut steps = steps(710, 730);
    steps.extend(self::steps(740, 750));
    for step in steps {
        let mut trial = trial("");
        old_ledger(&trial.home.ledger);
        sweep(&mut trial, &[step], &[1]);
        let (version, old): (i32, i64) = {
            let ledger = rusqlite::Connection::open(&trial.home.ledger).unwrap();
            let sql = "SELECT COUNT(*) FROM executions WHERE exec_id LIKE '0000aaaa.%'";
            (
                ledger
                    .pragma_query_value(None, "user_version", |row| row.get(0))
                    .unwrap(),
                ledger.query_row(sql, [], |row| row.get(0)).unwrap(),
            )
        };
        // A backup that was made and not written down is no reason to delete what it has.
        let left = if step == Step::MigrationCommitted { 4 } else { 0 };
        assert_eq!(
            (version, old),
            (2, left),
            "{step:?}: migrated, and the old rows are gone"
        );
        let backup = trial.home.path("ledger.db.v1-backup");
        let backup = rusqlite::Connection::open(backup).unwrap();
        let kept: i64 = backup
            .query_row("SELECT COUNT(*) FROM executions", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, 4, "{step:?}: the backup has them");
    }
}

/// Makes a ledger as the first release wrote it.
pub fn old_ledger(path: &std::path::Path) {
    let text = std::fs::read_to_string(repository().join("tests/suite/ledger-v1.sql")).unwrap();
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(&text).unwrap();
    connection.close().unwrap();
}

#[test]
fn at_every_step_of_a_stop() {
    sweep(&mut trial(""), &steps(800, 900), &[1]);
}
