//! Positions, values and profit, before and after a fill.

use std::time::Duration;

use ibapi::accounts::types::{AccountGroup, AccountId, ContractId};
use ibapi::accounts::{
    AccountSummaryResult, AccountSummaryTags, AccountUpdate, AccountUpdateMulti, PositionUpdate,
    PositionUpdateMulti,
};
use ibapi::orders::OrderOutcome;

use crate::checks::{Checks, Failure, PATIENCE, ensure, next};
use crate::desk::{ACCOUNT, APPLE_ID, Desk, apple};

pub async fn checks(desk: &mut Desk, checks: &mut Checks) {
    checks.check("positions", positions(desk)).await;
    checks.check("positions_multi", positions_of_one(desk)).await;
    checks.check("account_summary", summary(desk)).await;
    checks.check("account_summary_snapshots", snapshots(desk)).await;
    checks.check("account_updates", updates(desk)).await;
    checks.check("account_updates_multi", updates_of_one(desk)).await;
    checks.check("pnl", profit(desk)).await;
    checks.check("pnl_single", profit_of_one(desk)).await;
}

fn account() -> AccountId {
    AccountId(ACCOUNT.to_owned())
}

/// A hundred shares, with a stream open that tells of them when they are bought.
async fn positions(desk: &Desk) -> Result<(), Failure> {
    let mut positions = desk.client.positions().await?;
    let first = next(&mut positions, |_| true).await?;
    ensure(matches!(first, PositionUpdate::PositionEnd), first)?;
    let order = desk.client.order(&apple()).buy(100).market().submit().await?;
    let outcome = desk.client.wait_for_fill(order, PATIENCE).await?;
    ensure(matches!(outcome, OrderOutcome::Filled(_)), &outcome)?;
    let bought = |update: &PositionUpdate| matches!(update, PositionUpdate::Position(_));
    loop {
        let PositionUpdate::Position(told) = next(&mut positions, bought).await? else {
            continue;
        };
        let right = told.account == ACCOUNT
            && told.contract.contract_id == APPLE_ID
            && (100.0..1000.0).contains(&told.average_cost);
        ensure(right, &told)?;
        if (told.position - 100.0).abs() < 1e-9 {
            break;
        }
    }
    positions.cancel().await;
    Ok(())
}

async fn positions_of_one(desk: &Desk) -> Result<(), Failure> {
    let mut positions = desk.client.positions_multi(Some(&account()), None).await?;
    let first = next(&mut positions, |_| true).await?;
    let right = matches!(&first, PositionUpdateMulti::Position(told)
        if told.contract.contract_id == APPLE_ID && (told.position - 100.0).abs() < 1e-9);
    ensure(right, first)?;
    let then = next(&mut positions, |_| true).await?;
    ensure(matches!(then, PositionUpdateMulti::PositionEnd), then)?;
    positions.cancel().await;
    Ok(())
}

async fn summary(desk: &Desk) -> Result<(), Failure> {
    let group = AccountGroup("All".to_owned());
    let mut summary = desk
        .client
        .account_summary(&group, AccountSummaryTags::ALL)
        .await?;
    let mut rows = Vec::new();
    while let AccountSummaryResult::Summary(row) = next(&mut summary, |_| true).await? {
        rows.push(row);
    }
    let worth = rows
        .iter()
        .find(|row| row.tag == AccountSummaryTags::NET_LIQUIDATION);
    let right = worth.is_some_and(|row| {
        let value: f64 = row.value.parse().unwrap_or_default();
        row.account == ACCOUNT && row.currency == "USD" && (990_000.0..1_010_000.0).contains(&value)
    });
    ensure(right && rows.len() > 20, rows)?;
    summary.cancel().await;
    Ok(())
}

async fn snapshots(desk: &Desk) -> Result<(), Failure> {
    let group = AccountGroup("All".to_owned());
    let tags = [
        AccountSummaryTags::BUYING_POWER,
        AccountSummaryTags::TOTAL_CASH_VALUE,
    ];
    let quiet = Duration::from_millis(100);
    let mut snapshots = desk
        .client
        .account_summary_snapshots(&group, &tags, quiet)
        .await?;
    let snapshot = snapshots.next().await.ok_or("no snapshot")??;
    let of = |tag: &str| -> f64 {
        let row = snapshot.get(ACCOUNT, tag, "USD");
        row.and_then(|row| row.value.parse().ok()).unwrap_or_default()
    };
    let (power, cash) = (of(tags[0]), of(tags[1]));
    snapshots.cancel().await;
    // What a hundred shares cost is gone.
    ensure(power > cash && (900_000.0..995_000.0).contains(&cash), snapshot)
}

async fn updates(desk: &Desk) -> Result<(), Failure> {
    let mut updates = desk.client.account_updates(&account()).await?;
    let (mut values, mut portfolio, mut times) = (Vec::new(), Vec::new(), 0);
    loop {
        match next(&mut updates, |_| true).await? {
            AccountUpdate::AccountValue(value) => values.push(value),
            AccountUpdate::PortfolioValue(value) => portfolio.push(value),
            AccountUpdate::UpdateTime(time) => times += i32::from(time.timestamp.contains(':')),
            AccountUpdate::End => break,
        }
    }
    let ready = values.iter().find(|value| value.key == "AccountReady");
    ensure(ready.is_some_and(|value| value.value == "true"), &values)?;
    let one = portfolio.first().ok_or("no portfolio")?;
    let right = one.contract.contract_id == APPLE_ID
        && (one.position - 100.0).abs() < 1e-9
        && (one.market_value - one.market_price * 100.0).abs() < 1.0
        && one.account.as_deref() == Some(ACCOUNT);
    ensure(right, one)?;
    ensure(times > 0, "no time of update")?;
    let other = AccountId("DU7654321".to_owned());
    let busy = desk.client.account_updates(&other).await;
    let right = matches!(busy, Err(ibapi::Error::AccountUpdatesInUse { .. }));
    ensure(right, "two accounts followed at once")?;
    updates.cancel().await;
    Ok(())
}

async fn updates_of_one(desk: &Desk) -> Result<(), Failure> {
    let mut updates = desk.client.account_updates_multi(Some(&account()), None).await?;
    let mut values = Vec::new();
    while let AccountUpdateMulti::AccountMultiValue(value) = next(&mut updates, |_| true).await? {
        values.push(value);
    }
    let worth = values.iter().find(|value| value.key == "NetLiquidation");
    let right = worth.is_some_and(|value| value.account == ACCOUNT && value.currency == "USD");
    ensure(right, values)?;
    updates.cancel().await;
    Ok(())
}

async fn profit(desk: &Desk) -> Result<(), Failure> {
    let mut profit = desk.client.pnl(&account(), None).await?;
    // The day's profit of one position is what that position has made since it was bought.
    let told = next(&mut profit, |told| told.unrealized_pnl.is_some()).await?;
    let right = told.daily_pnl.abs() < 10_000.0 && told.realized_pnl.is_some_and(|made| made.abs() < 10.0);
    ensure(right, told)?;
    profit.cancel().await;
    Ok(())
}

async fn profit_of_one(desk: &Desk) -> Result<(), Failure> {
    let mut profit = desk
        .client
        .pnl_single(&account(), ContractId(APPLE_ID), None)
        .await?;
    let told = next(&mut profit, |_| true).await?;
    let right = (told.position - 100.0).abs() < 1e-9 && (10_000.0..100_000.0).contains(&told.value);
    ensure(right, told)?;
    profit.cancel().await;
    Ok(())
}
