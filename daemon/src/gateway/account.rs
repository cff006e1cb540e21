//! The account summary: asked for once a session, pushed by IB every few minutes.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ibapi::Client;
use ibapi::accounts::AccountSummaryResult;
use ibapi::accounts::types::AccountGroup;
use tracing::warn;

use super::feed::session_is_over;
use super::{Shared, convert};
use crate::desk::event::SessionEvent;

/// What we ask for: what a person wants to see of an account, and what risk may want to know.
const TAGS: &[&str] = &[
    "NetLiquidation",
    "TotalCashValue",
    "SettledCash",
    "BuyingPower",
    "AvailableFunds",
    "ExcessLiquidity",
    "GrossPositionValue",
    "InitMarginReq",
    "MaintMarginReq",
    "Cushion",
];

/// Moves rows to the desk until the session ends.
pub async fn run(shared: Rc<Shared>, client: Arc<Client>, account: Rc<str>) {
    const PAUSE: Duration = Duration::from_secs(30);
    loop {
        match consume(&shared, &client, &account).await {
            Ok(()) => {}
            Err(error) if session_is_over(&error) => return,
            Err(error) => warn!(%error, "no account summary; trying again later"),
        }
        if !client.is_connected() {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn consume(shared: &Shared, client: &Client, account: &str) -> Result<(), ibapi::Error> {
    // IB pushes the rows of one update together.
    const QUIET: Duration = Duration::from_millis(250);
    shared.pacer.turn().await;
    let group = AccountGroup("All".to_owned());
    let mut stream = client.account_summary(&group, TAGS).await?;
    while let Some(batch) = stream.next_batch(QUIET).await {
        let rows = batch?.into_iter().filter_map(|item| match item {
            AccountSummaryResult::Summary(row) if row.account == account => Some(convert::account_value(row)),
            _ => None,
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            shared.reports.session(SessionEvent::Account(rows));
        }
    }
    Ok(())
}
