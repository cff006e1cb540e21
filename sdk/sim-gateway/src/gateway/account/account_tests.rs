//! Account requests: what is sent at once, what when something changes, and what is refused.

use prost::Message;
use rust_decimal::Decimal;

use crate::exchange::Config;
use crate::gateway::gateway_tests::{Desk, limit, order};
use crate::gateway::{ConnectionId, Gateway, Output};
use crate::wire::ids::{request, response};
use crate::wire::messages::account as wire;

const ME: ConnectionId = ConnectionId(1);
const MINUTE: u64 = 60_000_000_000;

fn two_accounts() -> Desk {
    let mut desk = Desk::new();
    let accounts = vec!["DU1".to_owned(), "DU2".to_owned()];
    desk.gateway = Gateway::new(
        Config {
            accounts,
            ..Config::default()
        },
        226,
    );
    desk.join(ME, 7);
    desk
}

/// The bodies of the frames of one message, in order.
fn bodies<M: Message + Default>(output: &[Output], wanted: u32) -> Vec<M> {
    let read = |each: &Output| match each {
        Output::Frame { id, bytes, .. } if *id == wanted => M::decode(&bytes[8..]).ok(),
        _ => None,
    };
    output.iter().filter_map(read).collect()
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn summary(id: i32, group: &str, tags: &str) -> wire::AccountSummaryRequest {
    wire::AccountSummaryRequest {
        req_id: Some(id),
        group: text(group),
        tags: text(tags),
    }
}

fn summary_rows(desk: &mut Desk, asked: &wire::AccountSummaryRequest) -> Vec<(String, String, String)> {
    let told = desk.frames(request::ACCOUNT_SUMMARY, asked);
    bodies::<wire::AccountSummary>(&told, response::ACCOUNT_SUMMARY)
        .into_iter()
        .map(|row| (row.account.unwrap(), row.tag.unwrap(), row.currency.unwrap()))
        .collect()
}

#[test]
fn a_summary_tells_every_account_what_it_was_asked() {
    let mut desk = two_accounts();
    let rows = summary_rows(&mut desk, &summary(1, "All", "NetLiquidation,Cushion,Nonsense"));
    let row =
        |account: &str, tag: &str, currency: &str| (account.to_owned(), tag.to_owned(), currency.to_owned());
    assert_eq!(
        rows,
        [
            row("DU1", "Cushion", ""),
            row("DU1", "NetLiquidation", "USD"),
            row("DU2", "Cushion", ""),
            row("DU2", "NetLiquidation", "USD"),
        ]
    );
    let one = summary_rows(&mut desk, &summary(1, "DU2", "NetLiquidation"));
    assert_eq!(one, [row("DU2", "NetLiquidation", "USD")]);
    let all: Vec<&str> = vec![
        "BuyingPower",
        "InitMarginReq",
        "MaintMarginReq",
        "SMA",
        "Leverage",
        "RegTMargin",
    ];
    assert_eq!(
        summary_rows(&mut desk, &summary(1, "DU1", &all.join(","))).len(),
        all.len()
    );
}

#[test]
fn a_ledger_is_told_in_the_base_currency_in_one_or_in_all() {
    let mut desk = two_accounts();
    let mut currencies = |tag: &str| {
        let rows = summary_rows(&mut desk, &summary(1, "DU1", tag));
        let mut names: Vec<String> = rows.into_iter().map(|(_, _, currency)| currency).collect();
        names.dedup();
        names
    };
    assert_eq!(currencies("$LEDGER"), ["BASE"]);
    assert_eq!(currencies("$LEDGER:USD"), ["USD"]);
    assert_eq!(currencies("$LEDGER:ALL"), ["USD", "BASE"]);
    assert_eq!(currencies("$LEDGER:XXX"), [""; 0]);
}

#[test]
fn summaries_are_few_told_once_and_then_only_what_changed() {
    let mut desk = two_accounts();
    let tags = "NetLiquidation,AccountType";
    for (id, count) in [(1, 5), (2, 5)] {
        assert_eq!(
            desk.ask(request::ACCOUNT_SUMMARY, &summary(id, "All", tags))
                .len(),
            count
        );
    }
    let third = summary(3, "All", tags);
    assert_eq!(desk.ask(request::ACCOUNT_SUMMARY, &third), ["error 3 322"]);
    assert_eq!(
        desk.ask(request::ACCOUNT_SUMMARY, &summary(1, "Nobody", tags)),
        ["error 1 321"]
    );
    let cancel = wire::CancelAccountSummary { req_id: Some(2) };
    assert_eq!(desk.ask(request::CANCEL_ACCOUNT_SUMMARY, &cancel), [""; 0]);
    assert_eq!(
        desk.ask(request::CANCEL_ACCOUNT_SUMMARY, &cancel),
        ["error 2 320"]
    );
    // Nothing changes, nothing is told; then one account trades and its worth changes.
    assert_eq!(desk.pass(3 * MINUTE), [""; 0]);
    desk.place(1, order("BUY", "MKT", 1000));
    let later = desk.pass(3 * MINUTE);
    assert_eq!(
        later.iter().filter(|told| *told == "message 63").count(),
        1,
        "{later:?}"
    );
    assert!(!later.contains(&"message 64".to_owned()));
}

#[test]
fn account_updates_come_whole_and_then_as_changes() {
    let mut desk = two_accounts();
    desk.place(1, order("BUY", "MKT", 100));
    let asked = wire::AccountDataRequest {
        subscribe: Some(true),
        acct_code: text("DU1"),
    };
    let told = desk.frames(request::ACCOUNT_DATA, &asked);
    let values = bodies::<wire::AccountValue>(&told, response::ACCOUNT_VALUE);
    let key = |name: &str, currency: &str| {
        let found = values
            .iter()
            .find(|row| row.key.as_deref() == Some(name) && row.currency.as_deref() == Some(currency));
        found
            .and_then(|row| row.value.clone())
            .unwrap_or_else(|| panic!("no {name}"))
    };
    assert_eq!(key("AccountReady", ""), "true");
    assert_eq!(key("AccountCode", ""), "DU1");
    assert_eq!(key("ExchangeRate", "BASE"), "1.0000000");
    let gross: Decimal = key("GrossPositionValue", "USD").parse().unwrap();
    let initial: Decimal = key("InitMarginReq", "USD").parse().unwrap();
    assert_eq!(gross, initial * Decimal::from(4));
    assert_eq!(key("StockMarketValue", "USD"), key("GrossPositionValue", "USD"));
    assert!(values.len() > 100, "{}", values.len());
    let portfolio = bodies::<wire::PortfolioValue>(&told, response::PORTFOLIO_VALUE);
    assert_eq!(portfolio.len(), 1);
    assert_eq!(portfolio[0].position, text("100"));
    let after: Vec<u32> = told[values.len()..].iter().map(number).collect();
    assert_eq!(
        after,
        [
            response::PORTFOLIO_VALUE,
            response::ACCOUNT_UPDATE_TIME,
            response::ACCOUNT_DATA_END
        ]
    );
    // A trade tells the values it changed and the holding, nothing else.
    let trade = desk.place(2, order("SELL", "MKT", 100));
    let changed = trade.iter().filter(|told| *told == "message 6").count();
    assert!((5..values.len()).contains(&changed), "{changed} values");
    assert_eq!(trade.iter().filter(|told| *told == "message 7").count(), 1);
    let stop = wire::AccountDataRequest {
        subscribe: Some(false),
        acct_code: None,
    };
    desk.ask(request::ACCOUNT_DATA, &stop);
    let quiet = desk.place(3, order("BUY", "MKT", 100));
    assert!(!quiet.contains(&"message 6".to_owned()));
}

fn number(output: &Output) -> u32 {
    match output {
        Output::Frame { id, .. } => *id,
        Output::Close(_) => 0,
    }
}

#[test]
fn a_gateway_follows_one_account_and_says_who_lost_it() {
    let mut desk = two_accounts();
    let follow = |account: &str| wire::AccountDataRequest {
        subscribe: Some(true),
        acct_code: text(account),
    };
    desk.ask(request::ACCOUNT_DATA, &follow("DU1"));
    let other = ConnectionId(2);
    desk.join(other, 8);
    desk.gateway.take_output();
    let told = desk.ask_as(other, request::ACCOUNT_DATA, &follow("DU2"));
    assert_eq!(told[0], "error -1 2100");
    assert_eq!(desk.ask(request::ACCOUNT_DATA, &follow("DU9")), ["error -1 321"]);
}

#[test]
fn positions_are_told_of_all_accounts_and_when_they_close() {
    let mut desk = two_accounts();
    let mut second = order("BUY", "MKT", 7);
    second.account = text("DU2");
    desk.place(1, order("BUY", "MKT", 5));
    desk.place(2, second);
    desk.pass(MINUTE);
    let told = desk.ask(request::POSITIONS, &wire::PositionsRequest {});
    assert_eq!(told, ["message 61", "message 61", "message 62"]);
    let all = wire::PositionsMultiRequest {
        req_id: Some(9),
        account: text("All"),
        model_code: None,
    };
    assert_eq!(desk.ask(request::POSITIONS_MULTI, &all).len(), 3);
    let model = wire::PositionsMultiRequest {
        model_code: text("Growth"),
        req_id: Some(10),
        ..all.clone()
    };
    assert_eq!(desk.ask(request::POSITIONS_MULTI, &model), ["message 72"]);
    let nobody = wire::PositionsMultiRequest {
        account: text("U0"),
        ..all
    };
    assert_eq!(desk.ask(request::POSITIONS_MULTI, &nobody), ["error 9 321"]);
    let closed = desk.frames_of_order(3, order("SELL", "MKT", 5));
    let rows = bodies::<wire::Position>(&closed, response::POSITION);
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].position.clone(), rows[0].avg_cost),
        (text("0"), Some(0.0))
    );
}

#[test]
fn values_of_all_accounts_can_be_followed_by_request() {
    let mut desk = two_accounts();
    let asked = |id: i32, ledger: bool, model: Option<String>| wire::AccountUpdatesMultiRequest {
        req_id: Some(id),
        account: text("All"),
        model_code: model,
        ledger_and_nlv: Some(ledger),
    };
    let whole = desk
        .ask(request::ACCOUNT_UPDATES_MULTI, &asked(1, false, None))
        .len();
    let ledger = desk
        .ask(request::ACCOUNT_UPDATES_MULTI, &asked(2, true, None))
        .len();
    assert!(whole > 200 && ledger < whole, "{whole} {ledger}");
    let model = desk.ask(request::ACCOUNT_UPDATES_MULTI, &asked(3, false, text("Growth")));
    assert_eq!(model, ["message 74"]);
}

#[test]
fn profit_follows_the_market_and_ends_when_cancelled() {
    let mut desk = two_accounts();
    desk.place(1, order("BUY", "MKT", 100));
    desk.place(2, limit(200.0, 10));
    desk.pass(MINUTE);
    let account = wire::PnlRequest {
        req_id: Some(1),
        account: text("DU1"),
        model_code: None,
    };
    assert_eq!(desk.ask(request::PNL, &account), ["message 94"]);
    let single = wire::PnlSingleRequest {
        req_id: Some(2),
        account: text("DU1"),
        model_code: None,
        con_id: Some(265_598),
    };
    let told = desk.frames(request::PNL_SINGLE, &single);
    let first = &bodies::<wire::PnlSingle>(&told, response::PNL_SINGLE)[0];
    assert_eq!(first.position, text("100"));
    assert_eq!(first.daily_pnl, first.unrealized_pnl);
    let nobody = wire::PnlRequest {
        account: text("U0"),
        ..account
    };
    assert_eq!(desk.ask(request::PNL, &nobody), ["error 1 321"]);
    let cancel = wire::CancelPnl { req_id: Some(1) };
    assert_eq!(desk.ask(request::CANCEL_PNL, &cancel), [""; 0]);
    assert_eq!(desk.ask(request::CANCEL_PNL, &cancel), ["error 1 10185"]);
}
