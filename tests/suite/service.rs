//! What the service manager sees: ready, fed while the loop turns, stopping; and a stop at any moment.

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use crate::rig::{Home, Market, PATIENCE, signal, strategy, wait_for};

/// Reads what the daemon tells its service manager until one of the messages says this.
fn told(socket: &UnixDatagram, what: &str) -> String {
    let deadline = Instant::now() + PATIENCE;
    let mut said = String::new();
    let mut buffer = [0_u8; 4096];
    while Instant::now() < deadline {
        let Ok(length) = socket.recv(&mut buffer) else {
            continue;
        };
        let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let found = message.lines().any(|line| line.starts_with(what));
        said.push_str(&message);
        said.push('\n');
        if found {
            return said;
        }
    }
    panic!("never told {what:?}, only:\n{said}");
}

#[test]
fn ready_fed_and_stopping() {
    let market = Market::start(&[]);
    let home = Home::new(
        market.address,
        &[strategy(
            "pinger",
            "symbol = \"AAPL\"\nquantity = 1\nioc = true\n",
        )],
    );
    let path = home.path("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut child = home
        .command()
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "900000")
        .spawn()
        .unwrap();
    told(&socket, "READY=1");
    told(&socket, "WATCHDOG=1");
    told(&socket, "STATUS=active");
    told(&socket, "WATCHDOG=1");
    signal(&child, "TERM");
    told(&socket, "STOPPING=1");
    let status = wait_for("the end", || child.try_wait().unwrap());
    assert!(status.success(), "{status}\n{}", home.log());
}

/// The signal of Ctrl-C, or SIGTERM where this very run has SIGINT ignored, as a shell's background jobs have: a daemon born
/// so cannot see one before it listens.
fn interrupt() -> &'static str {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = u64::from_str_radix(ignored.unwrap().trim(), 16).unwrap();
    if ignored & 0b10 == 0 { "INT" } else { "TERM" }
}

#[test]
fn a_stop_at_any_moment_ends_it_and_spoils_nothing() {
    let market = Market::start(&[]);
    let home = Home::new(
        market.address,
        &[strategy(
            "pinger",
            "symbol = \"AAPL\"\nquantity = 1\nioc = true\n",
        )],
    );
    for moment in 0..12_u64 {
        let mut child = home.command().spawn().unwrap();
        // Not a wait for a state: the moment itself is what is tried, from before the first line to well after the start.
        std::thread::sleep(Duration::from_millis(moment * moment * 3));
        signal(&child, if moment % 2 == 0 { "TERM" } else { interrupt() });
        let status = wait_for("the end", || child.try_wait().unwrap());
        // Before it listens for signals it ends as any program does; after that, orderly.
        assert!(
            status.success() || status.code().is_none(),
            "{status}\n{}",
            home.log()
        );
    }
    let daemon = home.start();
    daemon.wait_state("active");
    assert!(daemon.terminate().success());
}
