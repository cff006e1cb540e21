use super::connect::choose_account;
use super::session::may_follow;
use super::{Config, MarketDataType};
use crate::domain::session::SessionPhase;

#[track_caller]
fn check(wanted: Option<&str>, managed: &[&str], expected: Result<&str, &str>) {
    let managed: Vec<String> = managed.iter().map(ToString::to_string).collect();
    match (choose_account(wanted, &managed), expected) {
        (Ok(account), Ok(expected)) => assert_eq!(account, expected),
        (Err(reason), Err(part)) => assert!(reason.contains(part), "{reason}"),
        (chosen, expected) => panic!("{chosen:?}, not {expected:?}"),
    }
}

#[test]
fn the_account_is_the_configured_or_the_only_one() {
    check(None, &["DU1"], Ok("DU1"));
    check(Some("DU2"), &["DU1", "DU2"], Ok("DU2"));
    check(None, &["DU1", ""], Ok("DU1"));
    check(Some("U9"), &["DU1"], Err("not the configured U9"));
    check(None, &["DU1", "DU2"], Err("set gateway.account"));
    check(Some("DU1"), &[], Err("no account"));
}

#[test]
fn phases_follow_the_drawing() {
    use SessionPhase::{Closed, Connecting, Proving, Up, Waiting};
    for from in [Waiting, Connecting, Proving, Up] {
        assert!(may_follow(from, Closed));
    }
    for (from, to) in [
        (Waiting, Connecting),
        (Connecting, Proving),
        (Proving, Up),
        (Up, Waiting),
    ] {
        assert!(may_follow(from, to));
    }
    for (from, to) in [
        (Waiting, Up),
        (Waiting, Proving),
        (Connecting, Up),
        (Up, Connecting),
        (Closed, Waiting),
    ] {
        assert!(!may_follow(from, to), "{from:?} -> {to:?}");
    }
}

#[track_caller]
fn check_config(change: impl FnOnce(&mut Config), expected: Option<&str>) {
    let mut config = Config::default();
    change(&mut config);
    let key = config.check().err().map(|problem| problem.key);
    assert_eq!(key, expected);
}

#[test]
fn settings_that_cannot_work_are_named() {
    check_config(|_| {}, None);
    check_config(|config| config.address = "gateway".into(), Some("address"));
    check_config(|config| config.address = ":4002".into(), Some("address"));
    check_config(|config| config.address = "gateway:99999".into(), Some("address"));
    check_config(|config| config.address = "[::1]:4002".into(), None);
    check_config(|config| config.client_id = 0, Some("client_id"));
    check_config(|config| config.account = Some(" ".into()), Some("account"));
    check_config(
        |config| config.heartbeat_timeout_ms = 0,
        Some("heartbeat_timeout_ms"),
    );
    check_config(|config| config.backoff_max_ms = 20, Some("backoff_max_ms"));
    check_config(|config| config.execution_days = 8, Some("execution_days"));
    check_config(
        |config| config.messages_per_second = 0,
        Some("messages_per_second"),
    );
}

#[test]
fn settings_read_from_a_file() {
    let config: Config =
        toml::from_str("address = \"gw:4001\"\nmarket_data_type = \"delayed_frozen\"").unwrap();
    assert_eq!(config.market_data_type, MarketDataType::DelayedFrozen);
    assert_eq!(config.client_id, 1);
    assert!(toml::from_str::<Config>("adress = \"gw:4001\"").is_err());
}
