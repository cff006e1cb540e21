//! The account summary: asked for once a session, pushed by IB every few minutes; and what it says of margin.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ibapi::Client;
use ibapi::accounts::AccountSummaryResult;
use ibapi::accounts::types::AccountGroup;
use tracing::warn;

use super::codes::{About, RequestOutcome};
use super::feed::session_is_over;
use super::governor::Lane;
use super::{Shared, convert};
use crate::clock;
use crate::desk::event::SessionEvent;
use crate::domain::proof::ProofKind;
use crate::domain::report::AccountValue;
use crate::domain::time::Timestamp;

/// Whether IB has announced that it may liquidate (2148, URGENT). There is no notice that takes it back, so it holds,
/// across sessions, until the account itself shows that margin is left.
#[derive(Debug, Default)]
pub struct Margin(Cell<Option<Timestamp>>);

/// A summary this soon after an announcement may be older than it.
const SUMMARY_SETTLES: Duration = Duration::from_secs(60);

impl Margin {
    /// IB announced it.
    pub fn announced(&self, at: Timestamp) {
        self.0.set(Some(at));
    }

    /// Takes in the account's rows; true if they show that the announcement no longer holds.
    fn relieved(&self, at: Timestamp, rows: &[AccountValue]) -> bool {
        let settled = self
            .0
            .get()
            .is_some_and(|announced| at.since(announced) >= SUMMARY_SETTLES);
        let spare = |row: &AccountValue| row.tag == "ExcessLiquidity" && is_positive(&row.value);
        if settled && rows.iter().any(spare) {
            self.0.set(None);
            return true;
        }
        false
    }
}

/// Whether a decimal is above zero, without reading its value.
fn is_positive(text: &str) -> bool {
    let text = text.trim();
    !text.starts_with('-') && text.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
}

impl Shared {
    /// Says whether IB has announced a liquidation; where it has, risk may only shrink.
    pub(super) fn review_margin(&self) {
        if self.margin.0.get().is_none() {
            self.proved(ProofKind::Margin, "IB has announced no liquidation");
            return;
        }
        let fix =
            "reduce positions or add funds; it is held again once the account summary shows excess liquidity";
        self.disproved(
            ProofKind::Margin,
            "IB announced that it may liquidate positions (2148)",
            fix,
        );
    }
}

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
    const REFUSED: Duration = Duration::from_secs(300);
    loop {
        let mut pause = PAUSE;
        match consume(&shared, &client, &account).await {
            Ok(()) => {}
            Err(error) if session_is_over(&error) => return,
            Err(error) => {
                if let ibapi::Error::Notice(notice) = &error {
                    let ruling = shared.heard(About::Request, notice);
                    if !matches!(
                        ruling.action.request_outcome(),
                        RequestOutcome::Ended | RequestOutcome::GoesOn
                    ) {
                        pause = REFUSED;
                    }
                }
                warn!(%error, "no account summary; trying again later");
            }
        }
        if !client.is_connected() {
            return;
        }
        tokio::time::sleep(pause).await;
    }
}

async fn consume(shared: &Shared, client: &Client, account: &str) -> Result<(), ibapi::Error> {
    // IB pushes the rows of one update together.
    const QUIET: Duration = Duration::from_millis(250);
    shared.governor.turn(Lane::Data).await;
    let group = AccountGroup("All".to_owned());
    let mut stream = client.account_summary(&group, TAGS).await?;
    while let Some(batch) = stream.next_batch(QUIET).await {
        let rows = batch?.into_iter().filter_map(|item| match item {
            AccountSummaryResult::Summary(row) if row.account == account => Some(convert::account_value(row)),
            _ => None,
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            if shared.margin.relieved(clock::now(), &rows) {
                shared.review_margin();
            }
            shared.reports.session(SessionEvent::Account(rows));
        }
    }
    Ok(())
}
