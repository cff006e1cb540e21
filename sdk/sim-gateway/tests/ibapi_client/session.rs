//! The connection itself, the user, the advisor's lists, settings and display groups.

use std::time::Duration;

use ibapi::Error;
use ibapi::accounts::{FaDataType, ServerLogLevel};
use ibapi::config::{ApiConfig, ApiSettings, LockAndExit};
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::checks::{Checks, Failure, ended, ensure, next, refused};
use crate::desk::{ACCOUNT, APPLE_ID, Desk, EPOCH};

/// How far the simulated clock may have come.
const WHILE: i64 = 120;

pub async fn checks(desk: &mut Desk, checks: &mut Checks) {
    checks.check("connect_with_notice_stream", handshake(desk)).await;
    checks.check("notice_stream", notices(desk)).await;
    checks.check("server_time, server_time_millis", times(desk)).await;
    checks
        .check("managed_accounts, family_codes, user_info", user(desk))
        .await;
    checks.check("set_server_log_level", log_level(desk)).await;
    checks.check("next_valid_order_id", order_ids(desk)).await;
    checks.check("request_fa, replace_fa", no_advisor(desk)).await;
    checks
        .check("verify_request, verify_message", verification(desk))
        .await;
    checks.check("config, update_config", settings(desk)).await;
    checks.check("display_groups", groups(desk)).await;
    checks.check("connect, with a busy client id", busy(desk)).await;
}

pub async fn advisor_checks(desk: &mut Desk, checks: &mut Checks) {
    checks.check("request_fa, replace_fa", advisor(desk)).await;
}

async fn handshake(desk: &Desk) -> Result<(), Failure> {
    let client = &desk.client;
    ensure(client.server_version() == 226, client.server_version())?;
    ensure(client.client_id() == 7, client.client_id())?;
    ensure(client.is_connected(), "not connected")?;
    client.wait_connected().await?;
    let accounts = client.handshake_managed_accounts();
    ensure(accounts == [ACCOUNT], accounts)?;
    let time = client.connection_time();
    ensure(time.is_some_and(current), time)?;
    ensure(client.time_zone().is_some(), "no time zone")
}

fn current(time: OffsetDateTime) -> bool {
    let epoch = i64::try_from(EPOCH).unwrap_or_default();
    (epoch..epoch + WHILE).contains(&time.unix_timestamp())
}

/// The farms' notices come right after the handshake; a lost connection to the broker is told later.
async fn notices(desk: &mut Desk) -> Result<(), Failure> {
    for code in [2104, 2106, 2158] {
        let mut others = Vec::new();
        loop {
            let notice = desk.notices.next().await.ok_or("the notices ended")?;
            if notice.code == code {
                break;
            }
            others.push(notice.code);
            ensure(others.len() < 10, &others)?;
        }
    }
    desk.say("notice 1100").await?;
    let lost = desk.notices.next().await.ok_or("the notices ended")?;
    ensure(lost.code == 1100 && lost.is_system_message(), &lost)?;
    desk.say("notice 1102").await?;
    let restored = desk.notices.next().await.ok_or("the notices ended")?;
    ensure(restored.code == 1102, restored)
}

async fn times(desk: &Desk) -> Result<(), Failure> {
    let time = desk.client.server_time().await?;
    ensure(current(time), time)?;
    let precise = desk.client.server_time_millis().await?;
    ensure(current(precise) && precise >= time, precise)
}

async fn user(desk: &Desk) -> Result<(), Failure> {
    let accounts = desk.client.managed_accounts().await?;
    ensure(accounts == [ACCOUNT], accounts)?;
    let families = desk.client.family_codes().await?;
    ensure(
        families.len() == 1 && families[0].account_id == ACCOUNT,
        &families,
    )?;
    let user = desk.client.user_info().await?;
    ensure(user.white_branding_id.is_empty(), user)?;
    let tiers = desk.client.soft_dollar_tiers().await?;
    ensure(tiers.is_empty(), tiers)
}

/// Has no answer of its own; what follows must be answered all the same.
async fn log_level(desk: &Desk) -> Result<(), Failure> {
    desk.client.set_server_log_level(ServerLogLevel::Detail).await?;
    ensure(current(desk.client.server_time().await?), "another time")
}

async fn order_ids(desk: &Desk) -> Result<(), Failure> {
    let told = desk.client.next_valid_order_id().await?;
    ensure(told == 1, told)?;
    let (first, second) = (desk.client.next_order_id(), desk.client.next_order_id());
    ensure((first, second) == (1, 2), (first, second))
}

async fn no_advisor(desk: &Desk) -> Result<(), Failure> {
    refused(desk.client.request_fa(FaDataType::Groups).await, 321)?;
    let lists = "<ListOfGroups></ListOfGroups>";
    refused(desk.client.replace_fa(FaDataType::Groups, lists).await, 321)
}

async fn advisor(desk: &Desk) -> Result<(), Failure> {
    let groups = desk.client.request_fa(FaDataType::Groups).await?;
    let right = groups.fa_data_type == FaDataType::Groups && groups.xml.contains(ACCOUNT);
    ensure(right, &groups)?;
    let aliases = desk.client.request_fa(FaDataType::AccountAliases).await?;
    ensure(aliases.xml.contains("<ListOfAccountAliases>"), &aliases)?;
    let written = groups.xml.replace("<name>All</name>", "<name>Everybody</name>");
    let told = desk.client.replace_fa(FaDataType::Groups, &written).await?;
    ensure(told.text == "successfully replaced", told)?;
    let groups = desk.client.request_fa(FaDataType::Groups).await?;
    ensure(groups.xml == written, groups)
}

/// Nobody is verified, and nobody is sent a challenge.
async fn verification(desk: &Desk) -> Result<(), Failure> {
    let asked = desk.client.verify_request("anything", "1.0");
    let challenge = timeout(Duration::from_millis(300), asked).await;
    ensure(challenge.is_err(), challenge)?;
    let result = desk.client.verify_message("anything").await?;
    ensure(!result.is_successful && !result.error_text.is_empty(), result)
}

async fn settings(desk: &Desk) -> Result<(), Failure> {
    let config = desk.client.config().await?;
    let api = config.api.as_ref().and_then(|api| api.settings.as_ref());
    let right = api.is_some_and(|api| api.socket_port == Some(4002) && api.trusted_ips == ["127.0.0.1"]);
    ensure(right && config.orders.is_some(), &config)?;
    let changed = desk
        .client
        .update_config()
        .lock_and_exit(LockAndExit {
            auto_logoff_time: Some("10:30".to_owned()),
            ..LockAndExit::default()
        })
        .api(ApiConfig {
            settings: Some(ApiSettings {
                logging_level: Some("Detail".to_owned()),
                ..ApiSettings::default()
            }),
            ..ApiConfig::default()
        })
        .submit()
        .await?;
    ensure(
        changed.errors.is_empty() && changed.changed_fields.len() == 2,
        &changed,
    )?;
    let config = desk.client.config().await?;
    let exit = config.lock_and_exit.as_ref();
    let time = exit.and_then(|exit| exit.auto_logoff_time.as_deref());
    ensure(time == Some("10:30"), &config)
}

async fn groups(desk: &Desk) -> Result<(), Failure> {
    let groups = desk.client.display_groups().await?;
    ensure(groups == [1, 2, 3, 4, 5, 6, 7], groups)?;
    let mut shown = desk.client.subscribe_to_group_events(1).await?;
    let first = next(&mut *shown, |_| true).await?;
    ensure(first.contract_info == "none", first)?;
    let apple = format!("{APPLE_ID}@SMART");
    shown.update(&apple).await?;
    let then = next(&mut *shown, |_| true).await?;
    ensure(then.contract_info == apple, then)?;
    shown.cancel().await;
    let mut none = desk.client.subscribe_to_group_events(8).await?;
    ended(&mut *none, 321).await
}

async fn busy(desk: &Desk) -> Result<(), Failure> {
    match desk.another(7).await? {
        Err(Error::ClientIdInUse { client_id: 7 }) => {}
        Err(other) => return Err(format!("refused with {other:?}").into()),
        Ok(_) => return Err("two clients with one id".into()),
    }
    let (other, _) = desk.another(8).await??;
    let time = other.server_time().await?;
    other.disconnect().await;
    ensure(current(time), time)
}
