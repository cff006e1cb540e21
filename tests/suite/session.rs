//! Losing the gateway in every way it can be lost, and trading again by itself: nothing forgotten, nothing counted
//! twice, nothing sent while the broker's truth is not known.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::rig::{Daemon, Home, Market, Plugin, rows_of, strategy, wait_for};

/// Deadlines short enough to watch.
const IMPATIENT: &str = "handshake_timeout_ms = 400\nrequest_timeout_ms = 2000\nheartbeat_interval_ms = 200\n\
                         heartbeat_timeout_ms = 500\nbackoff_max_ms = 500\nsilent_retry_ms = 500\n";
const AAPL: &str = "[[instruments]]\nname = \"AAPL\"\n";

/// A plugin that does `order` every half second for half a minute.
fn drum(order: &str) -> String {
    let step = |beat: u32| format!("{{ at_ms = {}, symbol = \"AAPL\", {order} }}", beat * 500);
    let steps: Vec<String> = (0..60).map(step).collect();
    format!("steps = [{}]\n", steps.join(", "))
}

/// Buys that rest far below the market.
const RESTING: &str = "do = \"limit\", side = \"buy\", quantity = \"10\", limit_offset = \"-5\"";
const TAKING: &str = "do = \"market\", side = \"buy\", quantity = \"1\"";

fn resting() -> String {
    drum(RESTING)
}

fn drummer(config: &str) -> Plugin<'_> {
    strategy("fixed-orders", config)
}

fn session(daemon: &Daemon<'_>) -> Value {
    daemon.get("/v1/session").1
}

fn sessions(daemon: &Daemon<'_>) -> u64 {
    session(daemon)["sessions"].as_u64().unwrap()
}

/// Waits until the last error of the session says this.
fn wait_error(daemon: &Daemon<'_>, words: &str) -> Value {
    wait_for(&format!("a session whose last error says {words:?}"), || {
        let session = session(daemon);
        session["last_error"]
            .as_str()
            .unwrap()
            .contains(words)
            .then_some(session)
    })
}

/// Waits until it trades on a later session than that many.
fn wait_traded_anew(daemon: &Daemon<'_>, before: u64) {
    wait_for("a new session", || (sessions(daemon) > before).then_some(()));
    daemon.wait_state("active");
}

fn order(daemon: &Daemon<'_>, id: i64) -> Value {
    let rows = rows_of(&daemon.get("/v1/orders?state=all").1);
    rows.into_iter()
        .find(|row| row["order_id"] == id)
        .unwrap_or_else(|| panic!("order {id} is not known"))
}

/// Waits for an order that works, and returns its id.
fn wait_working(daemon: &Daemon<'_>) -> i64 {
    let working = |row: &Value| row["state"] == "working";
    let rows = daemon.wait_rows("/v1/orders?state=live", "a working order", |rows| {
        rows.iter().any(working)
    });
    rows.iter().find(|row| working(row)).unwrap()["order_id"]
        .as_i64()
        .unwrap()
}

fn wait_order(daemon: &Daemon<'_>, id: i64, field: &str, value: &str) {
    let what = format!("order {id} with {field} {value}");
    wait_for(&what, || (order(daemon, id)[field] == value).then_some(()));
}

/// Execution ids, sorted.
fn executions(rows: &[Value]) -> Vec<String> {
    let mut ids: Vec<String> = rows
        .iter()
        .map(|row| row["exec_id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

/// Waits until the daemon knows exactly the fills of the books.
fn wait_same_fills(daemon: &Daemon<'_>, market: &Market) -> Vec<String> {
    wait_for("the fills of the books", || {
        let theirs = executions(market.books()["executions"].as_array().unwrap());
        let ours = executions(&rows_of(&daemon.get("/v1/fills").1));
        (ours == theirs).then_some(ours)
    })
}

fn control(market: &Market, command: &str) {
    let answer = market.control(command);
    assert_eq!(answer["ok"], true, "{command}: {answer}");
}

fn ticking(session: &Value) -> bool {
    let rows = session["subscriptions"].as_array().unwrap();
    !rows.is_empty() && rows.iter().all(|row| row["first_tick_at"].is_string())
}

/// An address on which nobody listens, and which no test is given by chance.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.9:0").unwrap().local_addr().unwrap()
}

#[test]
fn starts_before_its_gateway_and_trades_when_it_comes() {
    let address = free_address();
    let config = resting();
    let home = Home::tuned(address, "backoff_max_ms = 500\n", &[drummer(&config)], AAPL);
    let daemon = home.start();
    let waiting = wait_error(&daemon, "nobody listens");
    assert_eq!(waiting["sessions"], 0);
    daemon.wait_state("recovering");
    let market = Market::start_at(&address.to_string(), &[]);
    daemon.wait_state("active");
    // The first tick of each subscription is known.
    wait_for("first ticks", || ticking(&session(&daemon)).then_some(()));
    wait_working(&daemon);
    assert_eq!(session(&daemon)["last_error"], "");
    drop(market);
}

#[test]
fn orders_outlive_a_dropped_socket_and_fills_meanwhile_count_once() {
    let market = Market::start(&[]);
    let config = resting();
    let home = Home::tuned(
        market.address,
        "backoff_max_ms = 500\n",
        &[drummer(&config)],
        AAPL,
    );
    let daemon = home.start();
    let id = wait_working(&daemon);
    let before = sessions(&daemon);
    control(&market, "drop");
    wait_traded_anew(&daemon, before);
    assert_eq!(order(&daemon, id)["state"], "working");
    // Filled in part while the gateway refuses us, and then wholly.
    for (part, filled, state) in [("4", "4", "working"), ("", "10", "filled")] {
        let before = sessions(&daemon);
        control(&market, "refuse 1s");
        control(&market, format!("fill 7:{id} {part}").trim_end());
        wait_traded_anew(&daemon, before);
        wait_order(&daemon, id, "filled", filled);
        wait_order(&daemon, id, "state", state);
    }
    assert!(home.log().contains("nobody listens"), "{}", home.log());
    // Read again from the start, it is still the same.
    let before = sessions(&daemon);
    control(&market, "drop");
    wait_traded_anew(&daemon, before);
    assert_eq!(wait_same_fills(&daemon, &market).len(), 2);
    let positions = daemon.get("/v1/positions").1;
    assert_eq!(positions["plugins"][0]["size"], "10", "{positions}");
    assert_eq!(positions["broker"][0]["size"], "10", "{positions}");
}

#[test]
fn a_gateway_that_accepts_and_says_nothing_is_given_up_and_tried_again() {
    let market = Market::start(&[]);
    control(&market, "silent on");
    let home = Home::tuned(market.address, IMPATIENT, &[], AAPL);
    let daemon = home.start();
    wait_error(&daemon, "did not finish the handshake");
    wait_for("three attempts", || {
        (session(&daemon)["attempts"].as_u64().unwrap() >= 3).then_some(())
    });
    control(&market, "silent off");
    daemon.wait_state("active");
}

#[test]
fn a_gateway_that_falls_silent_is_noticed_by_its_heartbeat() {
    let market = Market::start(&[]);
    let config = resting();
    let home = Home::tuned(market.address, IMPATIENT, &[drummer(&config)], AAPL);
    let daemon = home.start();
    let id = wait_working(&daemon);
    let before = sessions(&daemon);
    control(&market, "mute on");
    wait_for("the heartbeat to notice", || {
        home.log().contains("did not answer 2 heartbeats").then_some(())
    });
    daemon.wait_state("recovering");
    control(&market, "mute off");
    wait_traded_anew(&daemon, before);
    // What was written into the silence arrived, was lost, or is not known yet; what rested still rests.
    assert_eq!(order(&daemon, id)["state"], "working");
}

/// Another program, connected under our client id.
fn occupy(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"API\0\0\0\0\x09v213..226").unwrap();
    let mut frame = || {
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let mut body = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut body).unwrap();
    };
    frame();
    // StartApiRequest { client_id: 7 }, as message 71 in protobuf.
    stream.write_all(&[0, 0, 0, 6, 0, 0, 1, 15, 8, 7]).unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).unwrap();
    stream
}

#[test]
fn a_client_id_in_use_is_waited_for() {
    let market = Market::start(&[]);
    let other = occupy(market.address);
    let home = Home::tuned(market.address, "", &[], AAPL);
    let daemon = home.start();
    let waiting = wait_error(&daemon, "326");
    assert_eq!(waiting["client_id"], 7);
    assert_eq!(waiting["sessions"], 0);
    drop(other);
    daemon.wait_state("active");
    assert_eq!(session(&daemon)["client_id"], 7);
}

fn requested(daemon: &Daemon<'_>) -> Value {
    session(daemon)["subscriptions"][0]["requested_at"].clone()
}

fn denied_by_state(daemon: &Daemon<'_>) -> u64 {
    daemon.get("/v1/status").1["plugins"][0]["denials"]["trading_state"]
        .as_u64()
        .unwrap_or(0)
}

#[test]
fn a_gateway_without_ib_is_not_traded_on() {
    let market = Market::start(&[]);
    let config = resting();
    let home = Home::new(market.address, &[drummer(&config)]);
    let daemon = home.start();
    let id = wait_working(&daemon);
    wait_for("first ticks", || ticking(&session(&daemon)).then_some(()));
    let first = requested(&daemon);

    control(&market, "notice 1100");
    daemon.wait_state("recovering");
    assert_eq!(session(&daemon)["upstream"], false);
    let sent = market.books()["orders"].as_array().unwrap().len();
    let denied = denied_by_state(&daemon);
    wait_for("a denial", || (denied_by_state(&daemon) > denied).then_some(()));
    assert_eq!(
        market.books()["orders"].as_array().unwrap().len(),
        sent,
        "sent while the gateway had no IB"
    );

    // Restored with its data: nothing is asked for again.
    control(&market, "notice 1102");
    daemon.wait_state("active");
    assert_eq!(requested(&daemon), first);

    // Restored without: everything is, and ticks come anew.
    control(&market, "notice 1100");
    daemon.wait_state("recovering");
    control(&market, "notice 1101");
    daemon.wait_state("active");
    wait_for("fresh ticks", || {
        let session = session(&daemon);
        let fresh = session["subscriptions"][0]["requested_at"] != first;
        (fresh && ticking(&session)).then_some(())
    });
    assert_eq!(sessions(&daemon), 1, "the socket was kept");
    assert_eq!(order(&daemon, id)["state"], "working");
    wait_for("orders again", || {
        (market.books()["orders"].as_array().unwrap().len() > sent).then_some(())
    });
}

/// Listens and says the same to everyone; counts who came.
fn listener(words: Vec<Vec<u8>>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&served);
    // Ends with the process: it waits for clients that may come at any time.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let number = count.fetch_add(1, Ordering::SeqCst);
            let mut hello = [0; 17];
            let _heard = stream.read_exact(&mut hello);
            let _said = stream.write_all(&words[number % words.len()]);
            // Closed only when the client has had time to read, or has gone.
            let _gone = stream.set_read_timeout(Some(std::time::Duration::from_millis(300)));
            let _rest = stream.read(&mut [0; 64]);
        }
    });
    (address, served)
}

fn frame(body: &[u8]) -> Vec<u8> {
    let mut bytes = (body.len() as u32).to_be_bytes().to_vec();
    bytes.extend_from_slice(body);
    bytes
}

#[test]
fn a_gateway_too_old_is_named_and_waited_for() {
    let (old, _) = listener(vec![frame(b"150\x0020260105 10:00:00 EST\0")]);
    let home = Home::tuned(old, "", &[], AAPL);
    let daemon = home.start();
    let status = wait_error(&daemon, "upgrade IB Gateway");
    let said = status["last_error"].as_str().unwrap();
    assert!(said.contains("150") && said.contains("213"), "{said}");
    assert!(home.log().contains("upgrade IB Gateway"), "{}", home.log());
    assert_eq!(daemon.get("/healthz").0, 200);
    daemon.wait_state("recovering");
    // A real one that can speak nothing we can hangs up.
    let market = Market::start(&["--max-server-version", "200"]);
    let home = Home::tuned(market.address, "", &[], AAPL);
    let daemon = home.start();
    wait_error(&daemon, "hung up");
    assert_eq!(daemon.get("/healthz").0, 200);
    assert!(daemon.terminate().success());
}

#[test]
fn garbage_ends_a_session_and_nothing_else() {
    let version = frame(b"226\x0020260105 10:00:00 EST\0");
    let then = |junk: &[u8]| [version.clone(), junk.to_vec()].concat();
    let (address, served) = listener(vec![
        vec![0xff; 4096],
        frame(&[0xff; 64]),
        vec![0x7f, 0xff, 0xff, 0xff],
        then(&[0xff; 4096]),
        then(&[0, 0, 0, 0]),
        then(&frame(&[0xff; 64])),
        frame(b"\0\0\0\0\0\0"),
        Vec::new(),
    ]);
    let home = Home::tuned(address, IMPATIENT, &[], AAPL);
    let daemon = home.start();
    wait_for("ten connections", || {
        (served.load(Ordering::SeqCst) >= 10).then_some(())
    });
    assert_eq!(daemon.get("/healthz").0, 200);
    let said = session(&daemon)["last_error"].as_str().unwrap().to_owned();
    assert!(!said.is_empty());
    assert!(daemon.terminate().success());

    // In the middle of a session that trades.
    let market = Market::start(&[]);
    let config = resting();
    let home = Home::tuned(market.address, IMPATIENT, &[drummer(&config)], AAPL);
    let daemon = home.start();
    let id = wait_working(&daemon);
    control(&market, &format!("fill 7:{id} 3"));
    wait_order(&daemon, id, "filled", "3");
    for _ in 0..3 {
        let before = sessions(&daemon);
        control(&market, "garbage");
        wait_traded_anew(&daemon, before);
    }
    assert!(
        home.log().contains("the connection to the gateway broke"),
        "{}",
        home.log()
    );
    assert_eq!(order(&daemon, id)["filled"], "3");
    assert_eq!(order(&daemon, id)["state"], "working");
    assert_eq!(wait_same_fills(&daemon, &market).len(), 1);
}

#[test]
fn what_is_said_twice_counts_once_and_late_is_not_lost() {
    let script = [
        "--fault",
        "order=1 duplicate",
        "--fault",
        "order=3 duplicate",
        "--fault",
        "order=4 delay=300ms",
    ];
    let market = Market::start(&script);
    let config = drum(TAKING);
    let home = Home::tuned(market.address, "", &[drummer(&config)], AAPL);
    let daemon = home.start();
    for count in 2..=6 {
        control(&market, "duplicate-next");
        daemon.wait_rows("/v1/fills", "fills", |rows| rows.len() >= count);
    }
    // Stop trading, and compare.
    let (status, answer) = daemon.post("/v1/halt", &serde_json::json!({"reason": "to compare"}));
    assert_eq!(status, 200, "{answer}");
    let fills = wait_same_fills(&daemon, &market);
    let size = fills.len().to_string();
    let positions = daemon.get("/v1/positions").1;
    assert_eq!(positions["plugins"][0]["size"], size.as_str(), "{positions}");
    for row in rows_of(&daemon.get("/v1/orders?state=all").1) {
        assert_eq!(
            (&row["state"], &row["filled"]),
            (&"filled".into(), &"1".into()),
            "{row}"
        );
    }
}

#[test]
fn a_rejected_order_is_told_to_its_owner() {
    // The first order of a session is the what-if that proves the right to place orders.
    let market = Market::start(&["--fault", "order=2 reject=201", "--fault", "order=3 reject=110"]);
    let config = resting();
    let home = Home::tuned(market.address, "", &[drummer(&config)], AAPL);
    let daemon = home.start();
    wait_working(&daemon);
    let rows = rows_of(&daemon.get("/v1/orders?state=all").1);
    let rejected: Vec<&Value> = rows.iter().filter(|row| row["state"] == "rejected").collect();
    assert_eq!(rejected.len(), 2, "{rows:?}");
    for (row, code) in rejected.iter().zip(["201", "110"]) {
        assert_eq!(row["live"], false);
        assert!(row["reason"].as_str().unwrap().contains(code), "{row}");
    }
    wait_for("both to be told", || {
        (home.log().matches("Rejected").count() >= 2).then_some(())
    });
}
