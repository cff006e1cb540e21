use std::path::Path;

use super::bench::{configs, instruments, on_aapl, risk};
use super::grants::{Grants, Import, check};

const EXPORTS: [&str; 5] = [
    "lifecycle",
    "market-handler",
    "order-handler",
    "timer-handler",
    "session-handler",
];

/// What is said of a strategy with limit orders that imports one thing; empty if nothing is.
fn check_import(name: &str, functions: &[&str], expected: &str) {
    let config = configs(&on_aapl("pinger")).remove(0);
    let (grants, _) = Grants::resolve(&config, &instruments()).unwrap();
    let functions = functions.iter().map(|name| (*name).to_owned()).collect();
    let imports = [Import {
        name: name.to_owned(),
        functions,
    }];
    let exports = EXPORTS.map(|interface| format!("moored:plugin/{interface}@0.1.0"));
    let said = check(&config, Path::new("pinger.wasm"), &grants, &imports, &exports);
    let said = said.err().map(|error| error.to_string()).unwrap_or_default();
    if expected.is_empty() {
        assert_eq!(said, "", "{name}");
    } else {
        assert!(
            said.contains(expected) && said.contains("\"pinger\""),
            "{name}: {said}"
        );
    }
}

#[test]
fn imports_are_measured_by_package_version_interface_and_function() {
    check_import("moored:plugin/types@0.1.0", &[], "");
    check_import("moored:plugin/market-data@0.1.7", &["subscribe"], "");
    check_import("moored:plugin/orders@0.1.0", &["submit-limit", "cancel"], "");
    check_import(
        "moored:plugin/orders@0.1.0",
        &["submit-stop-limit"],
        "add \"stop_limit\" to order_types",
    );
    check_import(
        "moored:plugin/types@0.2.0",
        &[],
        "moored:plugin/types@0.2.0, this daemon has",
    );
    check_import(
        "moored:plugin/types",
        &[],
        "this daemon has moored:plugin/types@0.1.0",
    );
    check_import(
        "moored:plugin/history@0.1.0",
        &[],
        "moored:plugin/history@0.1.0, which this daemon does not have",
    );
    check_import(
        "wasi:filesystem/types@0.2.6",
        &[],
        "wasi:filesystem/types@0.2.6, and this daemon gives",
    );
    check_import("wasi:clocks/wall-clock@0.2.0", &[], "no WASI");
    check_import(
        "other:package/thing@1.0.0",
        &[],
        "other:package/thing@1.0.0, which this daemon does not have",
    );
}

#[test]
fn a_strategy_sees_its_grant_and_a_risk_plugin_sees_all() {
    let seen = |toml: &str| {
        let config = configs(toml).remove(0);
        let (grants, grant) = Grants::resolve(&config, &instruments()).unwrap();
        let visible: Vec<u32> = grants.visible().map(|id| id.0).collect();
        (visible, grant.instruments.len())
    };
    assert_eq!(seen(&on_aapl("pinger")), (vec![0], 1));
    assert_eq!(seen(&risk("risk-allow")), (vec![0, 1], 0));
}
