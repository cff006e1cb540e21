use std::path::Path;

use super::{Config, ConfigError};

const MINIMAL: &str = "[[instruments]]\nname = \"AAPL\"\n";

fn load(main: &str, fragment: Option<&str>) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("moored.toml");
    std::fs::write(&path, main).unwrap();
    if let Some(text) = fragment {
        std::fs::create_dir(folder.path().join("conf.d")).unwrap();
        std::fs::write(folder.path().join("conf.d/10-site.toml"), text).unwrap();
    }
    Config::load(&path)
}

/// Each of `parts` must be in the message.
fn check(main: &str, fragment: Option<&str>, parts: &[&str]) {
    let message = load(main, fragment).unwrap_err().to_string();
    for part in parts {
        assert!(message.contains(part), "{message:?} does not say {part:?}");
    }
}

#[test]
fn defaults_then_file_then_fragments() {
    let config = load(MINIMAL, None).unwrap();
    assert_eq!(config.gateway.client_id, 1);
    assert_eq!(config.instruments()[0].symbol, "AAPL");
    let main = format!("[gateway]\nclient_id = 5\naddress = \"10.0.0.1:4001\"\n{MINIMAL}");
    let config = load(&main, Some("[gateway]\nclient_id = 6\n")).unwrap();
    assert_eq!(
        (config.gateway.client_id, config.gateway.address.as_str()),
        (6, "10.0.0.1:4001")
    );
}

#[test]
fn an_unknown_key_names_its_file_and_the_nearest_known_one() {
    let main = format!("[gateway]\nclientid = 5\n{MINIMAL}");
    check(
        &main,
        None,
        &["moored.toml", "gateway.clientid", "did you mean `client_id`"],
    );
    check(
        MINIMAL,
        Some("[risk]\nmax_quantitty = 5\n"),
        &["10-site.toml", "risk.max_quantitty", "`max_quantity`"],
    );
    check(&format!("zzz = 1\n{MINIMAL}"), None, &["moored.toml", "`zzz`"]);
    let plugin = "[[plugins]]\nname = \"a\"\ncomponent = \"a.wasm\"\nkind = \"risk\"\nfuel = 3\n";
    check(
        &format!("{MINIMAL}{plugin}"),
        None,
        &["moored.toml", "fuel", "did you mean"],
    );
}

#[test]
fn a_wrong_value_names_its_key() {
    check(
        &format!("[gateway]\nclient_id = \"x\"\n{MINIMAL}"),
        None,
        &["moored.toml", "gateway.client_id"],
    );
    check("[[instruments]]\n", None, &["moored.toml", "name"]);
    check("[gateway\n", None, &["moored.toml", "line 1"]);
    check("", None, &["instruments", "at least one"]);
    check(
        &format!("{MINIMAL}{MINIMAL}"),
        None,
        &["instruments[1].name", "twice"],
    );
    check(
        &format!("[risk]\nmessages_per_second = 51\n{MINIMAL}"),
        None,
        &["risk.messages_per_second", "50"],
    );
    check(
        &format!("{MINIMAL}silent_after_ms = 5\n"),
        None,
        &["instruments[0].silent_after_ms", "between 10"],
    );
    check(
        &format!("[gateway]\nstream_silent_after_ms = 0\n{MINIMAL}"),
        None,
        &["gateway.stream_silent_after_ms", "between 10"],
    );
}

#[test]
fn a_missing_file_says_what_to_do() {
    let message = Config::load(Path::new("/nonexistent/moored.toml"))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("/nonexistent/moored.toml") && message.contains("--config"),
        "{message}"
    );
}
