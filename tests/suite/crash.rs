//! `kill -9` at any moment loses nothing that was sent and sends nothing twice. One market lives throughout; the daemon
//! that trades on it is killed at random moments and started again on the same ledger, and what it remembers is compared
//! with the market's own books.
//!
//! The moments follow from a seed, which is printed: `MOORED_CRASH_SEED`, else always the same; `MOORED_CRASH_KILLS` says
//! how many. They are measured from four anchors: the start of the process, the answer of its socket (it recovers), the
//! state `active` (it trades), and the first growth of the ledger's log after that (it is about to send, or has just
//! sent). In the second test the gateway fails too, in half of them. `make faults` runs both long.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::crash_books::{Chance, Ledger, Trial, busy, differences, positions, wait_flat};
use crate::rig::{Market, wait_for};

/// What a quick run has; a long one says its own number.
const KILLS: usize = 40;
/// How often ours is compared with the books as a whole; that the books hold nothing unknown is checked at each kill.
const COMPARED_EVERY: usize = 20;
const SEED: u64 = 20_260_105;

/// When to kill.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So long after the process began.
    Started(Duration),
    /// After its socket answered first.
    Recovering(Duration),
    /// After it could trade.
    Trading(Duration),
    /// After its ledger grew while it traded.
    Writing(Duration),
}

impl Moment {
    fn random(chance: &mut Chance) -> Moment {
        let micros = Duration::from_micros;
        match chance.below(10) {
            0 | 1 => Moment::Started(micros(chance.below(150_000))),
            2 => Moment::Recovering(micros(chance.below(60_000))),
            3..=6 => Moment::Trading(micros(1_000 + chance.below(399_000))),
            _ => Moment::Writing(micros(chance.below(2_000))),
        }
    }
}

/// A run: its label, part of every failure, begins with its seed.
struct Run {
    trial: Trial,
}

impl Run {
    /// Runs a daemon up to that moment and kills it. Returns how long it took to become active, if it did.
    /// With a fault, the gateway begins to fail a little before.
    fn kill_at(&self, moment: Moment, fault: Option<&str>) -> Option<Duration> {
        let inject = || {
            let said = fault.map(|fault| self.trial.market.control(&format!("inject {fault}")));
            assert!(
                said.as_ref().is_none_or(|said| said.get("error").is_none()),
                "{said:?}"
            );
        };
        let began = Instant::now();
        if let Moment::Started(delay) = moment {
            let mut child = self.trial.home.command().spawn().unwrap();
            inject();
            std::thread::sleep(delay);
            if let Some(status) = child.try_wait().unwrap() {
                self.trial
                    .fail(&format!("the daemon ended by itself with {status}"), &[]);
            }
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        let daemon = self.trial.home.start();
        let took = match moment {
            Moment::Started(_) | Moment::Recovering(_) => None,
            Moment::Trading(_) | Moment::Writing(_) => {
                daemon.wait_state("active");
                let took = began.elapsed();
                self.await_order();
                Some(took)
            }
        };
        inject();
        match moment {
            Moment::Started(delay) | Moment::Recovering(delay) | Moment::Trading(delay) => {
                std::thread::sleep(delay);
            }
            Moment::Writing(delay) => {
                self.await_growth();
                std::thread::sleep(delay);
            }
        }
        daemon.kill();
        took
    }

    /// Returns when the market has an order more, or after a while without: what the last kill left in doubt blocks new
    /// risk until the second reading of the broker's truth.
    fn await_order(&self) {
        let orders = || crate::rig::rows_of(&self.trial.market.brief_books()["orders"]).len();
        let (before, deadline) = (orders(), Instant::now() + Duration::from_secs(4));
        while orders() == before && Instant::now() < deadline {
            // Between two looks at the books.
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Returns as soon as the ledger's log has changed, or soon after if it does not.
    fn await_growth(&self) {
        let log = self.trial.home.path("ledger.db-wal");
        let now = || {
            std::fs::metadata(&log)
                .ok()
                .map(|data| (data.len(), data.modified().ok()))
        };
        let (before, deadline) = (now(), Instant::now() + Duration::from_millis(400));
        while now() == before && Instant::now() < deadline {
            std::hint::spin_loop();
        }
    }
}

/// What the gateway does wrong when it is told to, in the words of its control socket. Each ends by itself soon.
const FAULTS: [&str; 11] = [
    r#"do = "drop""#,
    r#"do = "fin""#,
    r#"do = "rst""#,
    r#"do = "freeze", for = "700ms""#,
    r#"do = "half-open", for = "700ms""#,
    r#"do = "lifecycle", kind = "restart", for = "800ms", rollback = 4"#,
    r#"do = "link-down", restored = "1101", for = "600ms""#,
    r#"do = "link-down", restored = "1102", for = "600ms""#,
    r#"do = "hold-id", hold = "1500ms", for = "3s""#,
    r#"do = "delay", by = "60ms", for = "500ms""#,
    r#"do = "duplicate""#,
];

/// What it does wrong with a message now and then, as long as the run lasts. What is acted on late may come when the
/// daemon that sent it is dead and the next one reads the truth.
const MESSAGES: &str = r#"
[[step]]
on = "placeOrder"
chance = 0.01
do = "lose"
[[step]]
on = "placeOrder"
chance = 0.01
do = "late"
by = "900ms"
[[step]]
on = "cancelOrder"
chance = 0.02
do = "lose"
[[step]]
on = "cancelOrder"
chance = 0.02
do = "late"
by = "900ms"
[[step]]
on = "placeOrder"
chance = 0.003
do = "rst"
[[step]]
before = "orderStatus"
chance = 0.001
do = "drop"
"#;

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap())
}

/// Kills, restarts and compares; with `failing`, the gateway fails before every other kill.
fn random_kills(failing: bool, usual: usize) {
    let seed = number("MOORED_CRASH_SEED", SEED);
    let kills = number("MOORED_CRASH_KILLS", usual as u64) as usize;
    println!("MOORED_CRASH_SEED={seed} MOORED_CRASH_KILLS={kills}");
    let began = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("messages.toml");
    std::fs::write(&scenario, if failing { MESSAGES } else { "" }).unwrap();
    let market = Market::start(&[
        "--tick-rate",
        "600",
        "--cash",
        "1000000000",
        "--seed",
        &seed.to_string(),
        "--scenario",
        scenario.to_str().unwrap(),
    ]);
    let home = busy(&market, "");
    let label = String::new();
    let mut run = Run {
        trial: Trial { label, market, home },
    };
    let mut chance = Chance(seed);
    let mut starts = Vec::new();
    let mut compared = 0;
    for kill in 1..=kills {
        run.trial.label = format!("seed {seed}, kill {kill}");
        let moment = Moment::random(&mut chance);
        let fault =
            (failing && chance.below(2) == 0).then(|| FAULTS[chance.below(FAULTS.len() as u64) as usize]);
        run.trial.label.extend(fault.map(|fault| format!(", {fault}")));
        starts.extend(run.kill_at(moment, fault));
        run.trial.check_dead();
        if kill % COMPARED_EVERY == 0 {
            run.trial.market.control("inject do = \"clear\"");
            run.trial.check_recovered(false);
            compared += 1;
            println!("seed {seed}: {kill} kills and all agrees");
        }
    }
    run.trial.market.control("inject do = \"clear\"");
    let ledger = run.trial.check_recovered(true);
    let lost = ledger
        .orders
        .values()
        .filter(|order| order.state == "lost")
        .count();
    starts.sort();
    println!(
        "{kills} kills in {:?}, compared {compared} times; {} orders, {} fills, {lost} orders that never left; started \
         and active in {:?}, {:?} at worst",
        began.elapsed(),
        ledger.orders.len(),
        ledger.fills.len(),
        starts[starts.len() / 2],
        starts[starts.len() - 1],
    );
    // A run that did little would prove little.
    assert!(
        ledger.orders.len() > 3 * kills,
        "only {} orders",
        ledger.orders.len()
    );
    assert!(
        ledger.fills.len() > kills / 2,
        "only {} fills",
        ledger.fills.len()
    );
}

#[test]
fn killed_at_random_moments_it_loses_and_doubles_nothing() {
    random_kills(false, KILLS);
}

#[test]
fn killed_while_the_gateway_fails_it_loses_and_doubles_nothing() {
    random_kills(true, KILLS / 2);
}

#[test]
fn a_kill_cut_off_by_a_crash_is_carried_out_once() {
    let market = Market::start(&[]);
    let home = busy(&market, "");
    let mut chance = Chance(SEED);
    for round in 0..4 {
        let daemon = home.start();
        if round > 0 {
            let (status, answer) = daemon.post("/v1/resume", &json!({"reason": "to hold something"}));
            assert_eq!(status, 200, "{answer}");
        }
        wait_for("a position", || {
            (!positions(&market.brief_books()).is_empty()).then_some(())
        });
        let (status, answer) = daemon.post("/v1/kill", &json!({"reason": "the test says so"}));
        assert_eq!(status, 200, "{answer}");
        std::thread::sleep(Duration::from_micros(chance.below(20_000)));
        daemon.kill();
        let daemon = home.start();
        daemon.wait_state("halted");
        wait_flat(&market, &daemon);
        // What would be flattened twice would not stay flat.
        // Commissions follow their fills a moment later.
        wait_for("a ledger that agrees with the books", || {
            let ledger = Ledger::read(&home.ledger).unwrap();
            differences(&market.brief_books(), &ledger, true)
                .is_empty()
                .then_some(())
        });
        daemon.kill();
    }
}

#[test]
fn a_second_daemon_on_the_same_ledger_refuses_and_leaves_the_first_alone() {
    let market = Market::start(&[]);
    let home = busy(&market, "");
    let daemon = home.start();
    daemon.wait_state("active");
    let said = home.refused();
    assert!(said.contains("another"), "{said}");
    assert_eq!(daemon.get("/healthz").0, 200);
    daemon.wait_state("active");
    daemon.wait_rows("/v1/fills", "fills", |rows| !rows.is_empty());
}
