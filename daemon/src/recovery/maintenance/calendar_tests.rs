use super::config::WindowConfig;
use super::presets::{Preset, Region};
use super::{Calendar, Config};
use crate::domain::recovery::WindowKind;
use crate::domain::time::Timestamp;

/// A moment written as RFC 3339 or with a zone.
fn at(text: &str) -> Timestamp {
    let instant: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_nanos(u64::try_from(instant.as_nanosecond()).unwrap())
}

fn preset(preset: Preset, region: Region) -> Config {
    Config {
        preset,
        region,
        ..Config::default()
    }
}

#[track_caller]
fn check(config: &Config, moment: &str, expected: &[WindowKind]) {
    let now = Calendar::new(config).unwrap().at(at(moment), None);
    let kinds: Vec<WindowKind> = now.report.active.iter().map(|window| window.kind).collect();
    assert_eq!(kinds, expected, "{moment}: {:?}", now.report.active);
}

#[test]
fn the_published_windows_hold_in_their_zones_and_days() {
    use WindowKind::{Reset, Weekend};
    let recent = preset(Preset::Recent, Region::NorthAmerica);
    // A Tuesday in winter, and one in summer: New York is five hours behind, then four.
    check(&recent, "2026-11-24T00:14:59-05:00", &[]);
    check(&recent, "2026-11-24T00:15:00-05:00", &[Reset]);
    check(&recent, "2026-11-24T01:44:59-05:00", &[Reset]);
    check(&recent, "2026-11-24T01:45:00-05:00", &[]);
    check(&recent, "2026-07-14T00:15:00-04:00", &[Reset]);
    // Not on Saturday, where the weekend's is.
    check(&recent, "2026-11-28T00:30:00-05:00", &[Weekend]);
    check(&recent, "2026-11-27T22:59:00-05:00", &[]);
    check(&recent, "2026-11-27T23:00:00-05:00", &[Weekend]);
    check(&recent, "2026-11-28T03:00:00-05:00", &[]);
    // Over midnight, and not on Friday.
    let december = preset(Preset::December2024, Region::NorthAmerica);
    check(&december, "2026-11-24T23:45:00-05:00", &[Reset]);
    check(&december, "2026-11-25T00:44:00-05:00", &[Reset]);
    check(&december, "2026-11-25T00:45:00-05:00", &[]);
    check(&december, "2026-11-27T23:50:00-05:00", &[Weekend]);
    // The widest goes on until Sunday.
    let padded = preset(Preset::Padded, Region::NorthAmerica);
    check(&padded, "2026-11-28T15:00:00-05:00", &[Weekend]);
    check(&padded, "2026-11-29T01:59:00-05:00", &[Weekend]);
    check(&padded, "2026-11-29T02:00:00-05:00", &[]);
    let europe = preset(Preset::Recent, Region::Europe);
    check(&europe, "2026-11-24T06:25:00+01:00", &[Reset]);
    check(&europe, "2026-07-14T06:24:00+02:00", &[]);
    check(&europe, "2026-07-14T07:44:00+02:00", &[Reset]);
    let asia = preset(Preset::Recent, Region::Asia);
    check(&asia, "2026-11-24T20:15:00+08:00", &[Reset]);
    check(&asia, "2026-11-24T05:00:00+08:00", &[Reset]);
    check(&asia, "2026-11-24T12:00:00+08:00", &[]);
    let asia = preset(Preset::December2024, Region::Asia);
    check(&asia, "2026-11-24T17:00:00-05:00", &[Reset]);
    check(
        &preset(Preset::None, Region::Asia),
        "2026-11-24T20:15:00+08:00",
        &[],
    );
}

#[test]
fn the_operators_windows_are_added() {
    let window = WindowConfig {
        name: "network work".to_owned(),
        tz: "Europe/Berlin".to_owned(),
        days: vec!["Wed".to_owned()],
        from: "22:00".to_owned(),
        to: "02:00".to_owned(),
        kind: WindowKind::User,
    };
    let config = Config {
        windows: vec![window],
        ..preset(Preset::None, Region::default())
    };
    check(&config, "2026-11-25T22:00:00+01:00", &[WindowKind::User]);
    check(&config, "2026-11-26T01:59:00+01:00", &[WindowKind::User]);
    check(&config, "2026-11-26T22:30:00+01:00", &[]);
    let now = Calendar::new(&config)
        .unwrap()
        .at(at("2026-11-26T22:30:00+01:00"), None);
    assert_eq!(now.report.next[0].from, at("2026-12-02T22:00:00+01:00"));
}

#[test]
fn the_change_of_clocks_moves_windows_with_the_wall() {
    let recent = preset(Preset::Recent, Region::NorthAmerica);
    // 8 March 2026: 02:00 becomes 03:00. 1 November: 02:00 becomes 01:00, so that 01:45 comes twice; the first counts.
    check(&recent, "2026-03-08T01:44:00-05:00", &[WindowKind::Reset]);
    check(&recent, "2026-03-09T00:20:00-04:00", &[WindowKind::Reset]);
    check(&recent, "2026-11-01T01:44:00-04:00", &[WindowKind::Reset]);
    check(&recent, "2026-11-01T01:50:00-04:00", &[]);
}

#[test]
fn orders_are_held_back_around_the_gateways_own_restart() {
    let config = Config {
        auto_restart: Some("23:45".to_owned()),
        ..preset(Preset::None, Region::default())
    };
    let calendar = Calendar::new(&config).unwrap();
    let restart = at("2026-11-24T23:45:00-05:00");
    let until = |moment: &str, session: Option<&str>| {
        calendar
            .at(at(moment), session.map(at))
            .report
            .blackout_until
            .is_some()
    };
    let old = Some("2026-11-24T00:00:00-05:00");
    assert!(!until("2026-11-24T23:44:29-05:00", old));
    assert!(until("2026-11-24T23:44:30-05:00", old));
    assert!(until("2026-11-24T23:45:30-05:00", old));
    assert!(until("2026-11-24T23:45:30-05:00", None));
    // A session that began after it ends it, and so does time.
    assert!(!until(
        "2026-11-24T23:45:30-05:00",
        Some("2026-11-24T23:45:20-05:00")
    ));
    assert!(!until("2026-11-24T23:46:00-05:00", old));
    let now = calendar.at(at("2026-11-24T12:00:00-05:00"), None);
    assert_eq!(now.report.auto_restart, Some(restart));
    assert_eq!(now.report.next[0].kind, WindowKind::AutoRestart);
    let off = Config {
        order_blackout_before_ms: 0,
        ..config
    };
    let now = Calendar::new(&off)
        .unwrap()
        .at(at("2026-11-24T23:44:50-05:00"), None);
    assert_eq!(now.report.blackout_until, None);
}

#[test]
fn the_weekly_login_is_counted_down_to() {
    let config = Config {
        cold_restart: Some("Sun 10:00".to_owned()),
        ..Config::default()
    };
    let calendar = Calendar::new(&config).unwrap();
    let now = calendar.at(at("2026-11-27T12:00:00-05:00"), None);
    assert_eq!(now.report.token_expiry, Some(at("2026-11-29T01:00:00-05:00")));
    assert_eq!(now.report.cold_restart, Some(at("2026-11-29T10:00:00-05:00")));
    assert_eq!(now.report.weekly_login(), now.report.cold_restart);
    assert_eq!(now.last_token_expiry, Some(at("2026-11-22T01:00:00-05:00")));
    assert_eq!(now.last_cold_restart, Some(at("2026-11-22T10:00:00-05:00")));
}

#[track_caller]
fn check_refused(change: impl FnOnce(&mut Config), key: &str) {
    let mut config = Config::default();
    change(&mut config);
    let problem = Calendar::new(&config).unwrap_err();
    assert_eq!(problem.key, key, "{problem}");
}

#[test]
fn settings_that_cannot_work_are_named() {
    check_refused(|config| config.time_zone = "Mars/Olympus".into(), "time_zone");
    check_refused(
        |config| config.auto_restart = Some("25:00".into()),
        "auto_restart",
    );
    check_refused(
        |config| config.auto_restart = Some("11:45 PM".into()),
        "auto_restart",
    );
    check_refused(
        |config| config.cold_restart = Some("10:00".into()),
        "cold_restart",
    );
    check_refused(
        |config| config.cold_restart = Some("Sol 10:00".into()),
        "cold_restart",
    );
    let window = WindowConfig {
        name: "w".into(),
        tz: "UTC".into(),
        days: vec!["some".into()],
        from: "1:00".into(),
        to: "2:00".into(),
        kind: WindowKind::User,
    };
    check_refused(|config| config.windows = vec![window], "windows[0].days");
}
