//! Market data that stops without a word, is refused, or rests with its market: what is told, and what is asked for again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::rig::{Daemon, Home, Market, repository, strategy, wait_for};

/// Silence short enough to watch.
const WATCHFUL: &str = "stream_silent_after_ms = 1500\ncompeting_probe_ms = 1000\n";
const BOTH: &str = "[[instruments]]\nname = \"AAPL\"\n[[instruments]]\nname = \"MSFT\"\n";
/// A plugin that gets AAPL's quotes, and does nothing but tell of its gaps.
const LISTENER: &str = "steps = [{ at_ms = 600000, symbol = \"AAPL\", do = \"cancel_all\" }]\n";

fn control(market: &Market, command: &str) {
    let answer = market.control(command);
    assert!(answer["error"].is_null(), "{command}: {answer}");
}

fn stream(daemon: &Daemon<'_>, name: &str) -> Value {
    let rows = daemon.get("/v1/streams").1;
    let rows = rows.as_array().unwrap();
    rows.iter()
        .find(|row| row["instrument"] == name)
        .unwrap_or_else(|| panic!("no {name} in {rows:?}"))
        .clone()
}

fn wait_stream(daemon: &Daemon<'_>, name: &str, state: &str) -> Value {
    wait_for(&format!("{name} to be {state}"), || {
        let row = stream(daemon, name);
        (row["state"] == state).then_some(row)
    })
}

fn condition(daemon: &Daemon<'_>, name: &str) -> Value {
    let readiness = daemon.get("/readyz").1;
    let conditions = readiness["conditions"].as_array().unwrap();
    conditions
        .iter()
        .find(|condition| condition["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {readiness}"))
        .clone()
}

fn said(home: &Home, words: &str) -> usize {
    home.log().matches(words).count()
}

/// The gaps the listener was told: from and to, in nanoseconds since 1970.
fn gaps(home: &Home) -> Vec<(u64, u64)> {
    let log = home.log();
    let told = log.split("gap in AAPL from ").skip(1);
    let number = |text: &str| {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    };
    told.map(|rest| {
        let (from, to) = rest.split_once(" to ").unwrap();
        (number(from), number(to))
    })
    .collect()
}

/// Waits for that many gaps and gives the last one.
fn wait_gap(home: &Home, count: usize) -> (u64, u64) {
    let all = wait_for(&format!("gap {count}"), || {
        let all = gaps(home);
        (all.len() >= count).then_some(all)
    });
    assert_eq!(all.len(), count, "told once: {all:?}");
    all[count - 1]
}

#[expect(clippy::disallowed_methods, reason = "gaps are told in the time of the day")]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_nanos()).unwrap()
}

#[test]
fn a_mute_stream_is_flagged_and_asked_for_again_alone() {
    // The first two requests for MSFT lead to nothing.
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("mute.toml");
    let step =
        |nth: u32| format!("[[step]]\non = \"reqMktData\"\nsymbol = \"MSFT\"\nnth = {nth}\ndo = \"lose\"\n");
    std::fs::write(&scenario, step(1) + &step(2)).unwrap();
    let market = Market::start(&["--scenario", scenario.to_str().unwrap()]);
    let home = Home::tuned(market.address, WATCHFUL, &[], BOTH);
    let daemon = home.start();
    let first = wait_stream(&daemon, "AAPL", "fresh")["requested_at"].clone();
    let silent = wait_stream(&daemon, "MSFT", "silent");
    assert!(
        silent["silent_since_at"].is_string() && silent["fix"] != "",
        "{silent}"
    );
    // It says so where one looks, and the session is not called proved.
    wait_for("readiness to name it", || {
        let streams = condition(&daemon, "streams");
        (streams["ok"] == false && streams["reason"].as_str().unwrap().contains("MSFT")).then_some(())
    });
    let proof = wait_for("the proof to fall", || {
        let proof = condition(&daemon, "market_data");
        (proof["ok"] == false).then_some(proof)
    });
    assert!(proof["reason"].as_str().unwrap().contains("MSFT"), "{proof}");
    assert_eq!(daemon.get("/v1/session").1["streams_silent"], 1);
    let shown = daemon.moorctl(&["streams"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("MSFT") && shown.contains("silent"), "{shown}");
    // The third request is answered.
    let healed = wait_stream(&daemon, "MSFT", "fresh");
    assert_eq!(healed["rerequests_today"], 2, "{healed}");
    daemon.wait_state("active");
    assert_eq!(
        stream(&daemon, "AAPL")["requested_at"],
        first,
        "its neighbour was left alone"
    );
    assert_eq!(said(&home, "market data is asked for again"), 2);
    let conditions = condition(&daemon, "streams");
    assert_eq!(conditions["ok"], true, "{conditions}");
}

#[test]
fn after_1102_only_a_dead_stream_is_asked_for_again() {
    let market = Market::start(&[]);
    let home = Home::tuned(market.address, "stream_silent_after_ms = 3000\n", &[], BOTH);
    let daemon = home.start();
    let alive = wait_stream(&daemon, "AAPL", "fresh")["requested_at"].clone();
    let dead = wait_stream(&daemon, "MSFT", "fresh")["requested_at"].clone();
    control(&market, "notice 1100");
    daemon.wait_state("recovering");
    control(&market, "halt MSFT");
    control(&market, "notice 1102");
    daemon.wait_state("active");
    wait_for("MSFT to be asked for again", || {
        let asked = stream(&daemon, "MSFT")["requested_at"].clone();
        (asked.is_string() && asked != dead).then_some(())
    });
    assert_eq!(stream(&daemon, "AAPL")["requested_at"], alive);
    assert!(home.log().contains("restored"), "the reason is said");
    assert_eq!(daemon.get("/v1/session").1["sessions"], 1, "the socket was kept");
}

#[test]
fn each_gap_is_told_once_with_its_ends() {
    let market = Market::start(&[]);
    let session = "backoff_max_ms = 300\n";
    let home = Home::tuned(
        market.address,
        session,
        &[strategy("fixed-orders", LISTENER)],
        BOTH,
    );
    let daemon = home.start();
    let before = wait_stream(&daemon, "AAPL", "fresh");
    assert_eq!(gaps(&home), [], "the first tick of all is no gap");
    // The socket breaks.
    let broke = now();
    control(&market, "refuse 1s");
    let (from, to) = wait_gap(&home, 1);
    assert!(from < to && to > broke && to - from >= 500_000_000, "{from} {to}");
    // 1101: everything is asked for again.
    control(&market, "notice 1100");
    daemon.wait_state("recovering");
    control(&market, "notice 1101");
    let (next, end) = wait_gap(&home, 2);
    assert!(to <= next && next < end, "{to} {next} {end}");
    wait_for("both streams to be asked for anew", || {
        let asked = |name| stream(&daemon, name)["requested_at"].clone();
        (asked("AAPL") != before["requested_at"] && asked("AAPL").is_string() && asked("MSFT").is_string())
            .then_some(())
    });
    wait_stream(&daemon, "MSFT", "fresh");
    // 1102: the stream goes on, and what happened meanwhile is unknown all the same.
    control(&market, "notice 1100");
    daemon.wait_state("recovering");
    control(&market, "notice 1102");
    let (last, done) = wait_gap(&home, 3);
    assert!(end <= last && last < done, "{end} {last} {done}");
    daemon.wait_state("active");
    assert_eq!(gaps(&home).len(), 3, "MSFT's gaps are not the listener's");
}

#[test]
fn a_competing_session_is_one_edge_and_comes_back() {
    let market = Market::start(&[]);
    // The operator was called: calm must last a while before new risk is taken again.
    let calm = format!("[recovery]\ncalm_ms = 1000\n{BOTH}");
    let home = Home::tuned(market.address, WATCHFUL, &[], &calm);
    let daemon = home.start();
    for name in ["AAPL", "MSFT"] {
        wait_stream(&daemon, name, "fresh");
    }
    control(&market, "inject do = \"entitle\", as = \"competing\", burst = 15");
    for name in ["AAPL", "MSFT"] {
        let refused = wait_stream(&daemon, name, "refused");
        assert_eq!(refused["code"], 10_197, "{refused}");
    }
    let since = daemon.get("/v1/session").1["competing_since_at"].clone();
    assert!(since.is_string(), "{since}");
    daemon.wait_state("reduce_only");
    // Named: several probes are to fail before the other session ends, a second apart.
    std::thread::sleep(Duration::from_millis(3_500));
    assert_eq!(daemon.get("/v1/session").1["competing_since_at"], since);
    control(&market, "inject do = \"entitle\", as = \"live\"");
    for name in ["AAPL", "MSFT"] {
        wait_stream(&daemon, name, "fresh");
    }
    wait_for("the competition to be over", || {
        daemon.get("/v1/session").1["competing_since_at"]
            .is_null()
            .then_some(())
    });
    daemon.wait_state("active");
    assert_eq!(
        said(&home, "another session of the same user has the market data"),
        1
    );
    let asked = said(&home, "market data is asked for again");
    assert!(
        (3..=8).contains(&asked),
        "{asked} requests: neither a storm nor none"
    );
}

#[test]
fn a_closed_market_is_no_fault() {
    // Shares of New York get hours that begin three hours from now, by UTC's clock.
    let minutes = now() / 60_000_000_000 % 1_440;
    let clock = |minutes: u64| format!("{:02}:{:02}", minutes % 1_440 / 60, minutes % 60);
    let (open, close) = (minutes + 180, minutes + 240);
    if open / 1_440 != close / 1_440 {
        // The catalogue reads a close before its opening as the next day's, which is as good a session.
        assert!(clock(close) < clock(open));
    }
    let catalogue = std::fs::read_to_string(repository().join("sdk/sim-gateway/catalogue.toml")).unwrap();
    let (head, rest) = catalogue.split_once("[hours.us-stock]").unwrap();
    let (_, tail) = rest.split_once("\n[").unwrap();
    let session = format!("[\"{}-{}\"]", clock(open), clock(close));
    let hours = format!(
        "[hours.us-stock]\nzone = \"UTC\"\nzone_id = \"UTC\"\nholidays = \"never\"\ndays = \"all\"\n\
         trading = {session}\nliquid = {session}\n\n[holidays.never]\n\n["
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalogue.toml");
    std::fs::write(&file, format!("{head}{hours}{tail}")).unwrap();
    let market = Market::start(&["--catalogue", file.to_str().unwrap(), "--hours", "venue"]);
    let home = Home::tuned(market.address, WATCHFUL, &[], BOTH);
    let daemon = home.start();
    let row = wait_stream(&daemon, "AAPL", "closed");
    assert_eq!(row["market"], "closed", "{row}");
    assert!(
        row["next_open_at"].is_string() && row["next_close_at"].is_string(),
        "{row}"
    );
    daemon.wait_state("active");
    // Named: longer than a stream of an open market may be silent.
    std::thread::sleep(Duration::from_secs(3));
    let row = stream(&daemon, "AAPL");
    assert_eq!(
        (&row["state"], &row["rerequests_today"]),
        (&"closed".into(), &0.into()),
        "{row}"
    );
    let (status, readiness) = daemon.get("/readyz");
    assert_eq!(status, 200, "{readiness}");
    assert_eq!(said(&home, "silent"), 0, "{}", home.log());
}

#[test]
fn a_refused_stream_says_what_to_do_and_a_farm_that_returns_asks_again() {
    let market = Market::start(&[]);
    let home = Home::tuned(market.address, WATCHFUL, &[], BOTH);
    let daemon = home.start();
    for name in ["AAPL", "MSFT"] {
        wait_stream(&daemon, name, "fresh");
    }
    let first = stream(&daemon, "AAPL")["requested_at"].clone();
    control(&market, "inject do = \"entitle\", of = \"MSFT\", as = \"none\"");
    let refused = wait_stream(&daemon, "MSFT", "refused");
    assert_eq!(refused["code"], 354, "{refused}");
    assert!(
        refused["fix"].as_str().unwrap().contains("subscribe"),
        "{refused}"
    );
    // A right that is missing is not asked for again and again.
    assert!(refused["retry_at"].is_string(), "{refused}");
    daemon.wait_state("reduce_only");
    let proof = condition(&daemon, "market_data");
    assert!(
        proof["reason"].as_str().unwrap().contains("MSFT (refused: 354)"),
        "{proof}"
    );
    control(&market, "inject do = \"entitle\", of = \"MSFT\", as = \"live\"");
    // The farm's return is the moment to ask, and a stream that ticks is left alone.
    control(
        &market,
        "inject do = \"notice\", code = 2103, text = \"Market data farm connection is broken:usfarm\"",
    );
    control(
        &market,
        "inject do = \"notice\", code = 2104, text = \"Market data farm connection is OK:usfarm\"",
    );
    wait_stream(&daemon, "MSFT", "fresh");
    daemon.wait_state("active");
    assert_eq!(stream(&daemon, "AAPL")["requested_at"], first);
    assert_eq!(said(&home, "market data is asked for again"), 1, "{}", home.log());
}
