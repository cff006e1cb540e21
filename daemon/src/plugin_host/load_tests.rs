//! Bad input: what does not load, and the message that says why.

use std::path::Path;

use super::bench::{Bench, components, guest, load_error, on_aapl, risk, try_load};

/// One bad entry and everything its message must name.
fn check(toml: &str, named: &[&str]) {
    let message = load_error(toml);
    for name in named {
        assert!(message.contains(name), "{name:?} is not in: {message}");
    }
}

#[test]
fn a_file_that_is_missing_or_no_component() {
    check(
        &on_aapl("nowhere"),
        &[
            "\"nowhere\"",
            "guests/nowhere.wasm",
            "No such file",
            "`component`",
        ],
    );
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(components().join("guests/pinger.wasm")).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xff);
    let cases: [(&str, &[u8], &str); 5] = [
        ("text", b"not wasm at all", "does not begin like one"),
        ("empty", b"", "does not begin like one"),
        ("module", b"\0asm\x01\0\0\0", "core module"),
        ("cut", &whole[..whole.len() / 2], "may be damaged"),
        ("damaged", &damaged, "may be damaged"),
    ];
    for (name, bytes, named) in cases {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let toml = on_aapl("pinger").replace("guests/pinger.wasm", path.to_str().unwrap());
        check(&toml, &["\"pinger\"", path.to_str().unwrap(), named]);
    }
}

#[test]
fn a_component_of_another_version_or_world() {
    check(
        &on_aapl("wrong-version"),
        &["\"wrong-version\"", "moored:plugin/", "@0.2.0", "@0.1.0"],
    );
    check(
        &on_aapl("wrong-world"),
        &[
            "\"wrong-world\"",
            "the world strategy",
            "moored:plugin/lifecycle@0.1.0",
            "exports",
        ],
    );
    let strategy_as_risk = risk("pinger");
    check(
        &strategy_as_risk,
        &[
            "\"pinger\"",
            "moored:plugin/market-data",
            "risk plugin cannot be granted it",
        ],
    );
    let risk_as_strategy = on_aapl("risk-allow");
    check(
        &risk_as_strategy,
        &[
            "\"risk-allow\"",
            "market-handler",
            "the world risk (kind = \"risk\")",
        ],
    );
}

#[test]
fn an_import_beyond_the_grant_names_the_key_that_would_grant_it() {
    let no_orders = on_aapl("pinger").replace("order_types = [\"limit\"]", "order_types = []");
    check(
        &no_orders,
        &[
            "\"pinger\"",
            "moored:plugin/orders",
            "not granted",
            "order_types",
            "[plugins.grant]",
        ],
    );
    let market_only = on_aapl("pinger").replace("[\"limit\"]", "[\"market\"]");
    check(
        &market_only,
        &[
            "submit-limit of moored:plugin/orders",
            "add \"limit\" to order_types",
        ],
    );
    let no_data = on_aapl("pinger").replace(
        "[plugins.config]",
        "capabilities = [\"orders\"]\n[plugins.config]",
    );
    check(
        &no_data,
        &["moored:plugin/market-data", "add \"market-data\" to capabilities"],
    );
}

#[test]
fn an_instrument_beyond_the_grant_is_refused_by_the_plugin_with_its_key() {
    let other = on_aapl("pinger").replace("symbol = \"AAPL\"", "symbol = \"MSFT\"");
    check(&other, &["\"pinger\"", "\"symbol\"", "[plugins.config]", "MSFT"]);
    let unknown = on_aapl("pinger").replace("instruments = [\"AAPL\"]", "instruments = [\"APPL\"]");
    check(
        &unknown,
        &["\"pinger\"", "grant.instruments", "\"APPL\"", "AAPL, MSFT"],
    );
}

#[test]
fn a_configuration_that_init_refuses() {
    check(
        &on_aapl("init-refuser").replace("symbol = \"AAPL\"", ""),
        &[
            "\"init-refuser\"",
            "\"symbol\"",
            "[plugins.config]",
            "no symbol is good enough",
        ],
    );
    let unknown = on_aapl("pinger") + "fast = 12\n";
    check(&unknown, &["\"pinger\"", "\"fast\"", "unknown field"]);
}

#[test]
fn an_entry_that_makes_no_sense() {
    let cases = [
        ("name = \"pinger\"", "name = \"Pinger\"", "1 to 24 characters"),
        ("name = \"pinger\"", "name = \"operator\"", "choose another"),
        ("max_quantity = 100", "", "grant.max_quantity"),
        ("messages_per_second = 20", "", "grant.messages_per_second"),
        (
            "[plugins.grant]",
            "deadline_ms = 0\n[plugins.grant]",
            "deadline_ms",
        ),
        (
            "[plugins.grant]",
            "own_thread = true\nfuel_per_second = 5\n[plugins.grant]",
            "fuel_per_second",
        ),
        (
            "[plugins.config]",
            "capabilities = [\"orders\"]\n[plugins.config]",
            "order_types",
        ),
        ("kind = \"strategy\"", "kind = \"risk\"", "grant.order_types"),
    ];
    for (from, to, named) in cases {
        let mut toml = on_aapl("pinger").replace(from, to);
        if named == "order_types" {
            toml = toml.replace("order_types = [\"limit\"]", "");
        }
        check(&toml, &[named]);
    }
    check(
        &(on_aapl("pinger") + &on_aapl("pinger")),
        &["\"pinger\"", "used twice"],
    );
    check(
        &risk("risk-allow").replace("kind", "own_thread = true\nkind"),
        &["own_thread"],
    );
}

#[test]
fn an_init_that_traps_is_tried_again_and_then_quarantined() {
    let mut bench = Bench::new(&(guest("init-trapper", "", "") + &on_aapl("pinger")));
    bench.pass(std::time::Duration::from_millis(50));
    bench.pass(std::time::Duration::from_millis(100));
    let failures = bench.failures(0);
    let (first, last) = (failures[0], failures[1]);
    assert_eq!(
        (first.0, last.0, failures.len()),
        (false, true, 2),
        "{failures:?}"
    );
    assert!(first.1.contains("init trapped"), "{first:?}");
    bench.tick(1, 18_700);
    assert_eq!(bench.submits(1).len(), 1);
}

/// The only entry of a cache.
fn entry(cache: &Path) -> std::path::PathBuf {
    let entries: Vec<_> = std::fs::read_dir(cache)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries[0].clone()
}

#[test]
fn compiled_code_is_kept_and_never_trusted_when_it_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let load = || drop(try_load(&on_aapl("pinger"), &cache).unwrap_or_else(|error| panic!("{error}")));
    load();
    let path = entry(&cache);
    let compiled = std::fs::read(&path).unwrap();
    let modified = || std::fs::metadata(&path).unwrap().modified().unwrap();
    let first = modified();
    load();
    assert_eq!(modified(), first, "it was compiled again");
    for damage in [0, 40, compiled.len() - 1] {
        let mut bytes = compiled.clone();
        bytes[damage] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        load();
        assert!(
            std::fs::read(&path).unwrap() == compiled,
            "damage at {damage} was left there"
        );
    }
    std::fs::write(&path, b"short").unwrap();
    load();
    assert!(std::fs::read(&path).unwrap() == compiled);
}

#[test]
fn a_cache_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    std::fs::create_dir(&cache).unwrap();
    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o777)).unwrap();
    let load = || drop(try_load(&on_aapl("pinger"), &cache).unwrap_or_else(|error| panic!("{error}")));
    load();
    assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 0);
    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o755)).unwrap();
    load();
    entry(&cache);
    assert_eq!(
        std::fs::metadata(&cache).unwrap().permissions().mode() & 0o777,
        0o700
    );
}
