//! What the daemon does not start with: each ends in a message that says what, where and what to do, and loses nothing.

use std::net::TcpListener;

use crate::rig::{Home, Market, Plugin, component, risk, strategy};

/// A daemon that is not started needs an address, not a gateway.
fn nowhere() -> std::net::SocketAddr {
    "127.0.0.1:9".parse().unwrap()
}

fn check(home: &Home, parts: &[&str]) {
    let said = home.refused();
    for part in parts {
        assert!(said.contains(part), "it does not say {part:?}:\n{said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

const QUICK: &str = "symbol = \"AAPL\"\n";

#[test]
fn a_wrong_configuration() {
    let home = |more: &str| Home::with(nowhere(), &[], more);
    let instrument = "[[instruments]]\nname = \"AAPL\"\n";
    check(
        &home(&format!("[risk]\nmax_quantitty = 5\n{instrument}")),
        &["moored.toml", "risk.max_quantitty", "did you mean `max_quantity`"],
    );
    check(&home(""), &["instruments", "at least one"]);
    check(
        &home(&format!("[risk]\nmax_quantity = \"lots\"\n{instrument}")),
        &["risk.max_quantity"],
    );
    check(&home("[[instruments"), &["moored.toml"]);
    let home = home(instrument);
    std::fs::remove_file(&home.config).unwrap();
    check(&home, &["moored.toml", "--config"]);
}

#[test]
fn a_missing_corrupt_or_foreign_component() {
    let with = |component: &str| Home::new(nowhere(), &[strategy(component, QUICK)]);
    let bad = |bytes: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad.wasm");
        std::fs::write(&path, bytes).unwrap();
        let name = path.to_str().unwrap().to_owned();
        (folder, name)
    };
    let plugin = |component| Plugin {
        name: "bad",
        ..strategy(component, QUICK)
    };
    check(
        &Home::new(nowhere(), &[plugin("/nonexistent/x.wasm")]),
        &["bad", "/nonexistent/x.wasm"],
    );
    let (_keep, path) = bad(b"not wasm at all");
    check(&Home::new(nowhere(), &[plugin(&path)]), &["bad", "bad.wasm"]);
    let mut cut = std::fs::read(component("pinger")).unwrap();
    cut.truncate(cut.len() / 2);
    let (_keep, path) = bad(&cut);
    check(&Home::new(nowhere(), &[plugin(&path)]), &["bad", "bad.wasm"]);
    check(&with("wrong-world"), &["wrong-world"]);
    check(&with("wrong-version"), &["wrong-version", "0.2.0", "0.1.0"]);
    check(&with("init-refuser"), &["init-refuser", "symbol"]);
}

#[test]
fn an_ungranted_import_names_the_plugin_and_the_grant() {
    let grant = "instruments = [\"AAPL\"]\n";
    let home = Home::new(
        nowhere(),
        &[Plugin {
            grant,
            ..strategy("pinger", QUICK)
        }],
    );
    check(&home, &["pinger", "orders", "order_types"]);
    let grant =
        "instruments = [\"TSLA\"]\norder_types = [\"limit\"]\nmax_quantity = 1\nmessages_per_second = 1\n";
    let home = Home::new(
        nowhere(),
        &[Plugin {
            grant,
            ..strategy("pinger", QUICK)
        }],
    );
    check(&home, &["pinger", "TSLA"]);
    // A strategy's component is no risk check.
    let home = Home::new(nowhere(), &[risk("pinger", QUICK)]);
    check(&home, &["pinger"]);
}

#[test]
fn a_ledger_that_cannot_be_used_is_left_as_it_is() {
    let market = Market::start(&[]);
    let home = Home::new(market.address, &[]);
    std::fs::write(&home.ledger, b"these are not the records you are looking for").unwrap();
    check(&home, &["ledger.db"]);
    let left = std::fs::read(&home.ledger).unwrap();
    assert_eq!(left, b"these are not the records you are looking for");
    std::fs::remove_file(&home.ledger).unwrap();
    std::fs::create_dir(&home.ledger).unwrap();
    check(&home, &["ledger.db"]);
    std::fs::remove_dir(&home.ledger).unwrap();
    // Two daemons on one ledger.
    let daemon = home.start();
    let other = Home::new(market.address, &[]);
    let text = std::fs::read_to_string(&other.config).unwrap();
    let shared = text.replace(other.ledger.to_str().unwrap(), home.ledger.to_str().unwrap());
    std::fs::write(&other.config, shared).unwrap();
    check(&other, &["ledger.db", &daemon.child.id().to_string()]);
    assert!(daemon.terminate().success());
    // One from a later version, and one that was cut.
    let newer = rusqlite::Connection::open(&home.ledger).unwrap();
    newer.pragma_update(None, "user_version", 9_999).unwrap();
    newer.close().unwrap();
    check(&home, &["ledger.db", "9999"]);
}

#[test]
fn a_port_or_a_socket_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().to_string();
    let home = Home::new(nowhere(), &[]);
    let text = std::fs::read_to_string(&home.config).unwrap();
    std::fs::write(&home.config, text.replace("127.0.0.1:0", &port)).unwrap();
    check(&home, &[&port, "metrics"]);
    let market = Market::start(&[]);
    let first = Home::new(market.address, &[]);
    let daemon = first.start();
    let second = Home::new(market.address, &[]);
    let text = std::fs::read_to_string(&second.config).unwrap();
    let shared = text.replace(second.socket.to_str().unwrap(), first.socket.to_str().unwrap());
    std::fs::write(&second.config, shared).unwrap();
    check(&second, &["admin.sock"]);
    assert_eq!(daemon.get("/healthz").0, 200);
}

#[test]
fn a_socket_folder_that_is_not_there() {
    let home = Home::new(nowhere(), &[]);
    let text = std::fs::read_to_string(&home.config).unwrap();
    std::fs::write(&home.config, text.replace("admin.sock", "none/admin.sock")).unwrap();
    check(&home, &["none"]);
}

#[test]
fn shipped_configurations_are_good() {
    let shipped = crate::rig::repository().join("config");
    for name in ["moored.toml", "demo.toml"] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_moored"));
        let cache = tempfile::tempdir().unwrap();
        let output = command
            .args(["--check", "--config"])
            .arg(shipped.join(name))
            .env("MOORED__PLUGIN_DIR", component("ema-cross").parent().unwrap())
            .env("MOORED__CACHE_DIR", cache.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
