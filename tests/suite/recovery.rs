//! Trouble that does not go away by itself: the ladder, the calendar, the second factor, another login, a client id that
//! is held. Real processes, with deadlines short enough to watch.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::rig::{Daemon, Home, Market, rows_of, strategy, wait_for};

const IMPATIENT: &str = "handshake_timeout_ms = 300\nrequest_timeout_ms = 2000\nheartbeat_interval_ms = 200\n\
                         heartbeat_timeout_ms = 500\nbackoff_max_ms = 300\nsilent_retry_ms = 200\n\
                         client_id_retry_min_ms = 100\nclient_id_retry_max_ms = 400\n";
const AAPL: &str = "[[instruments]]\nname = \"AAPL\"\n";
/// No window but the test's own: the suite may run at any hour.
const NO_WINDOWS: &str = "[maintenance]\npreset = \"none\"\n";

/// `[recovery]` with every step soon, and these lines more.
fn hasty(more: &str) -> String {
    let rung = "{ after_ms = 300, cool_down_ms = 100, settle_ms = 300 }";
    format!(
        "[recovery]\ncheck_every_ms = 50\ncalm_ms = 500\nslow_retry_ms = 500\nrerequest = {rung}\nreopen = {rung}\n\
         reconnect_data = {rung}\nreconnect_account = {rung}\nrestart = {rung}\nrestart_unit = {rung}\n\
         page = {{ after_ms = 500 }}\n{more}"
    )
}

fn control(market: &Market, command: &str) {
    let answer = market.control(command);
    assert_eq!(answer["ok"], true, "{command}: {answer}");
}

fn recovery(daemon: &Daemon<'_>) -> Value {
    daemon.get("/v1/recovery").1
}

/// The steps, as `rung outcome`.
fn steps(daemon: &Daemon<'_>) -> Vec<String> {
    let recovery = recovery(daemon);
    let steps = recovery["steps"].as_array().unwrap().iter();
    steps
        .map(|step| {
            format!(
                "{} {}",
                step["rung"].as_str().unwrap(),
                step["outcome"].as_str().unwrap()
            )
        })
        .collect()
}

fn wait_paged(daemon: &Daemon<'_>) -> Value {
    wait_for("the operator to be called", || {
        let recovery = recovery(daemon);
        recovery["paged_at"].is_string().then_some(recovery)
    })
}

/// How often an alarm was told.
fn alarms(daemon: &Daemon<'_>, name: &str) -> usize {
    let rows = rows_of(&daemon.get("/v1/events").1);
    let told = |row: &&Value| row["kind"] == "alarm" && row["text"].as_str().unwrap().starts_with(name);
    rows.iter().filter(told).count()
}

fn wait_alarm(daemon: &Daemon<'_>, name: &str) {
    wait_for(&format!("the alarm {name}"), || {
        (alarms(daemon, name) > 0).then_some(())
    });
}

/// A command server as IBC's, which does `work` for each command and remembers them.
fn ibc(work: impl Fn(&str) + Send + 'static) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let given = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&given);
    // Ends with the process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            writeln!(stream, "INFO IBC Command Server").unwrap();
            for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                let Ok(line) = line else { break };
                let _gone = writeln!(stream, "OK ");
                if line == "EXIT" {
                    break;
                }
                work(&line);
                log.lock().unwrap().push(line);
            }
        }
    });
    (address, given)
}

#[test]
fn broken_farms_are_reconnected_then_the_gateway_restarts_then_the_operator_is_called() {
    let market = Market::start(&[]);
    let (ibc, given) = ibc(|_| {});
    let more = format!("{}[recovery.ibc]\naddress = \"{ibc}\"\n", hasty(""));
    let home = Home::tuned(
        market.address,
        IMPATIENT,
        &[],
        &format!("{AAPL}{NO_WINDOWS}{more}"),
    );
    let daemon = home.start();
    daemon.wait_state("active");
    control(&market, "notice 2103");
    let paged = wait_paged(&daemon);
    assert_eq!(*given.lock().unwrap(), ["RECONNECTDATA", "RESTART"]);
    assert_eq!(paged["trouble"], "farms_down", "{paged}");
    assert_eq!(
        steps(&daemon),
        [
            "reconnect_data done",
            "restart done",
            "restart_unit refused",
            "page done"
        ]
    );
    // Called once; what adds risk waits, and the daemon lives.
    daemon.wait_state("reduce_only");
    assert_eq!(alarms(&daemon, "recovery_paged"), 1);
    let (_, ready) = daemon.get("/readyz");
    let unmet = ready["conditions"].as_array().unwrap().iter();
    assert!(
        unmet
            .clone()
            .any(|row| row["name"] == "recovery" && row["ok"] == false),
        "{ready}"
    );
    let shown = daemon.moorctl(&["recovery", "show"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(
        shown.contains("CALLED YOU") && shown.contains("reconnect_data"),
        "{shown}"
    );
    // The farm works again: so does everything.
    control(&market, "notice 2104");
    daemon.wait_state("active");
    assert_eq!(recovery(&daemon)["paged_at"], Value::Null);
    assert_eq!(daemon.get("/v1/session").1["sessions"], 1, "the socket was kept");
    // What was done is remembered by the next daemon, and counted.
    daemon.terminate();
    let daemon = home.start();
    assert!(steps(&daemon).contains(&"restart done".to_owned()));
    let rungs = wait_for("the rungs", || {
        let recovery = recovery(&daemon);
        let rungs = recovery["rungs"].as_array().unwrap().clone();
        (!rungs.is_empty()).then_some(rungs)
    });
    let used = |name: &str| rungs.iter().find(|rung| rung["rung"] == name).unwrap()["used"].clone();
    assert_eq!((used("restart"), used("restart_unit")), (1.into(), 0.into()));
}

#[test]
fn a_lost_upstream_is_reconnected_by_the_account() {
    let market = Arc::new(Market::start(&[]));
    let restored = Arc::clone(&market);
    let (ibc, given) = ibc(move |command| {
        if command == "RECONNECTACCOUNT" {
            control(&restored, "notice 1102");
        }
    });
    let more = format!("{}[recovery.ibc]\naddress = \"{ibc}\"\n", hasty(""));
    let home = Home::tuned(
        market.address,
        IMPATIENT,
        &[],
        &format!("{AAPL}{NO_WINDOWS}{more}"),
    );
    let daemon = home.start();
    daemon.wait_state("active");
    control(&market, "notice 1100");
    wait_for("the account to be reconnected", || {
        steps(&daemon)
            .contains(&"reconnect_account done".to_owned())
            .then_some(())
    });
    daemon.wait_state("active");
    assert_eq!(*given.lock().unwrap(), ["RECONNECTACCOUNT"]);
    assert_eq!(daemon.get("/v1/session").1["sessions"], 1, "the socket was kept");
}

#[test]
fn nothing_is_done_within_a_window() {
    let market = Market::start(&[]);
    let (ibc, given) = ibc(|_| {});
    // Two of them, because one ends at some minute of the day.
    let windows = "[maintenance]\npreset = \"none\"\n[[maintenance.windows]]\nname = \"day\"\ntz = \"UTC\"\n\
                   from = \"00:00\"\nto = \"00:00\"\n[[maintenance.windows]]\nname = \"shifted\"\ntz = \"UTC\"\n\
                   from = \"12:00\"\nto = \"12:00\"\n";
    let more = format!("{}[recovery.ibc]\naddress = \"{ibc}\"\n", hasty(""));
    let home = Home::tuned(market.address, IMPATIENT, &[], &format!("{AAPL}{windows}{more}"));
    let daemon = home.start();
    daemon.wait_state("active");
    control(&market, "notice 2103");
    wait_for("the farm to be known as broken", || {
        (recovery(&daemon)["trouble"] == "farms_down").then_some(())
    });
    let until = Instant::now() + Duration::from_millis(1_500);
    // Far longer than the steps would take: what is proved is that none comes.
    while Instant::now() < until {
        assert!(steps(&daemon).is_empty());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(given.lock().unwrap().is_empty());
    let (_, maintenance) = daemon.get("/v1/maintenance");
    assert_eq!(maintenance["active"][0]["kind"], "user", "{maintenance}");
    let shown = daemon.moorctl(&["maintenance", "show"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("login ends"), "{shown}");
}

/// Unix time, in seconds.
#[expect(
    clippy::disallowed_methods,
    reason = "maintenance is a matter of the day's time"
)]
fn unix_now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs()
}

/// The minute of the day (UTC) it will be so many minutes from now.
fn minute_in(minutes: u64) -> String {
    let minute = (unix_now() / 60 + minutes) % 1_440;
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[test]
fn orders_that_add_risk_are_held_back_before_the_gateway_restarts() {
    let market = Market::start(&[]);
    let steps = "steps = [{ at_ms = 100, symbol = \"AAPL\", do = \"limit\", side = \"buy\", quantity = \"10\", \
                 limit_offset = \"-5\" }]\n";
    let times = format!(
        "[maintenance]\npreset = \"none\"\ntime_zone = \"UTC\"\nauto_restart = \"{}\"\norder_blackout_before_ms = 600000\n",
        minute_in(5)
    );
    let more = format!("{AAPL}{times}{}", hasty(""));
    let home = Home::tuned(
        market.address,
        IMPATIENT,
        &[strategy("fixed-orders", steps)],
        &more,
    );
    let daemon = home.start();
    daemon.wait_state("reduce_only");
    let (_, status) = daemon.get("/v1/status");
    let reasons = status["reasons"].to_string();
    assert!(reasons.contains("order blackout"), "{status}");
    wait_for("a denial", || {
        let denials = &daemon.get("/v1/status").1["plugins"][0]["denials"]["reduce_only"];
        denials.as_u64().filter(|count| *count > 0)
    });
    assert!(daemon.get("/v1/maintenance").1["blackout_until"].is_string());
    assert!(market.books()["orders"].as_array().unwrap().is_empty());
}

#[test]
fn a_gateway_that_does_not_come_back_from_its_cold_start_waits_for_a_person() {
    let market = Market::start(&[]);
    // The cold start is this minute; a person is missed after a second.
    let now = unix_now();
    // 1 January 1970 was a Thursday.
    let day = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(now / 86_400 % 7) as usize];
    let times = format!(
        "[maintenance]\npreset = \"none\"\ntime_zone = \"UTC\"\ncold_restart = \"{day} {}\"\nlogin_wait_after_ms = 1000\n",
        minute_in(0)
    );
    let home = Home::tuned(
        market.address,
        IMPATIENT,
        &[],
        &format!("{AAPL}{times}{}", hasty("")),
    );
    let daemon = home.start();
    daemon.wait_state("active");
    control(
        &market,
        "inject do = \"lifecycle\", kind = \"cold\", for = \"200ms\"",
    );
    wait_alarm(&daemon, "second_factor");
    let session = daemon.get("/v1/session").1;
    assert!(
        session["detail"].as_str().unwrap().starts_with("2fa-wait since"),
        "{session}"
    );
    assert_eq!(daemon.get("/v1/maintenance").1["login"], "2fa-wait");
    // No storm: attempts follow each other at the slow pace.
    let before = session["attempts"].as_u64().unwrap();
    let begun = Instant::now();
    wait_for("two more attempts", || {
        (daemon.get("/v1/session").1["attempts"].as_u64().unwrap() >= before + 3).then_some(())
    });
    assert!(
        begun.elapsed() >= Duration::from_millis(900),
        "{:?}",
        begun.elapsed()
    );
    control(&market, "inject do = \"approve\"");
    daemon.wait_state("active");
    wait_for("the login to be over", || {
        (daemon.get("/v1/maintenance").1["login"] == "").then_some(())
    });
    assert_eq!(alarms(&daemon, "second_factor"), 1);
}

#[test]
fn a_competing_session_is_not_fought() {
    let market = Market::start(&[]);
    let home = Home::tuned(
        market.address,
        IMPATIENT,
        &[],
        &format!("{AAPL}{NO_WINDOWS}{}", hasty("")),
    );
    let daemon = home.start();
    daemon.wait_state("active");
    control(
        &market,
        "inject do = \"entitle\", of = \"AAPL\", as = \"competing\", burst = 5",
    );
    wait_alarm(&daemon, "competing_session");
    daemon.wait_state("reduce_only");
    let paged = wait_paged(&daemon);
    assert!(
        paged["paged_reason"]
            .as_str()
            .unwrap()
            .contains("logged in elsewhere"),
        "{paged}"
    );
    assert_eq!(steps(&daemon), ["page done"], "{paged}");
    assert_eq!(alarms(&daemon, "competing_session"), 1);
    assert_eq!(daemon.get("/v1/session").1["sessions"], 1, "the socket was kept");
}

/// A gateway that does `serve` on each connection; counts those open at once, and the most that were.
struct Listener {
    address: SocketAddr,
    served: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

fn listener(serve: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Listener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let [served, open, most] = [(); 3].map(|()| Arc::new(AtomicUsize::new(0)));
    let (count, peak) = (Arc::clone(&served), Arc::clone(&most));
    let serve = Arc::new(serve);
    // Ends with the process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let (open, peak, serve) = (Arc::clone(&open), Arc::clone(&peak), Arc::clone(&serve));
            std::thread::spawn(move || {
                let now = open.fetch_add(1, Ordering::SeqCst) + 1;
                peak.fetch_max(now, Ordering::SeqCst);
                serve(&mut stream);
                open.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    Listener {
        address,
        served,
        most,
    }
}

/// Until the other side closes.
fn swallow(stream: &mut TcpStream) {
    let mut buffer = [0; 256];
    while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
}

#[test]
fn a_wedged_gateway_never_has_two_sockets_of_ours_and_is_restarted() {
    let wedged = listener(swallow);
    let (ibc, given) = ibc(|_| {});
    let more = format!(
        "{}[recovery.ibc]\naddress = \"{ibc}\"\n",
        hasty("silent_after = 2\n")
    );
    let home = Home::tuned(
        wedged.address,
        IMPATIENT,
        &[],
        &format!("{AAPL}{NO_WINDOWS}{more}"),
    );
    let daemon = home.start();
    let paged = wait_paged(&daemon);
    assert_eq!(given.lock().unwrap().first().unwrap(), "RESTART");
    assert!(
        steps(&daemon).contains(&"restart_unit refused".to_owned()),
        "{paged}"
    );
    // Attempts go on, slowly, and each socket is gone before the next.
    let before = wedged.served.load(Ordering::SeqCst);
    wait_for("another attempt", || {
        (wedged.served.load(Ordering::SeqCst) > before).then_some(())
    });
    assert_eq!(wedged.most.load(Ordering::SeqCst), 1, "two sockets at once");
    assert_eq!(daemon.get("/v1/status").1["trading_state"], "recovering");
}

#[test]
fn a_connection_that_ends_at_our_client_id_is_taken_for_a_conflict() {
    // Shakes hands, hears the client id, hangs up without a word.
    let jealous = listener(|stream| {
        let mut hello = [0; 17];
        let _heard = stream.read_exact(&mut hello);
        let words = b"213\x0020261122 12:00:00 UTC\0";
        let length = u32::try_from(words.len()).unwrap().to_be_bytes();
        let _said = stream.write_all(&[&length[..], words].concat());
        let _start = stream.read(&mut [0; 64]);
    });
    let home = Home::tuned(
        jealous.address,
        IMPATIENT,
        &[],
        &format!("{AAPL}{NO_WINDOWS}{}", hasty("")),
    );
    let daemon = home.start();
    wait_alarm(&daemon, "client_id_conflict");
    let session = daemon.get("/v1/session").1;
    assert!(
        session["last_error"]
            .as_str()
            .unwrap()
            .contains("probably in use (326)"),
        "{session}"
    );
    // The same id, always.
    assert_eq!(session["client_id"], 7);
    assert_eq!(jealous.most.load(Ordering::SeqCst), 1, "two sockets at once");
    let paged = wait_paged(&daemon);
    assert_eq!(paged["trouble"], "client_id_held", "{paged}");
}

#[test]
fn a_held_client_id_is_waited_for_and_taken_when_it_is_free() {
    let market = Market::start(&[]);
    control(&market, "inject do = \"hold-id\", hold = \"2s\"");
    let home = Home::tuned(
        market.address,
        IMPATIENT,
        &[],
        &format!("{AAPL}{NO_WINDOWS}{}", hasty("client_id_alarm_after = 1\n")),
    );
    let daemon = home.start();
    daemon.wait_state("active");
    control(&market, "drop");
    wait_alarm(&daemon, "client_id_conflict");
    daemon.wait_state("active");
    assert_eq!(daemon.get("/v1/session").1["client_id"], 7);
}

#[test]
fn settings_that_cannot_work_are_named() {
    let market = Market::start(&[]);
    for (lines, words) in [
        (
            "[recovery.ibc]\naddress = \"192.0.2.1:7462\"\n",
            "`recovery.ibc.address`",
        ),
        ("[recovery.unit]\nallow = true\n", "`recovery.unit.name`"),
        (
            "[maintenance]\nauto_restart = \"25:00\"\n",
            "`maintenance.auto_restart`",
        ),
    ] {
        let home = Home::tuned(market.address, "", &[], &format!("{AAPL}{lines}"));
        let said = home.refused();
        assert!(said.contains(words), "{said}");
    }
}
