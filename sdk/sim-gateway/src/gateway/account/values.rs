//! An account's values as the protocol names them: totals in the base currency, then currency by currency.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::exchange::{Account, BASE_CURRENCY, Kind, Ledger, Terms, Valuation};
use crate::gateway::Gateway;
use crate::gateway::values::written;

/// One account value: key, value, currency.
pub(super) type Row = (String, String, String);

/// IB's name for all currencies together.
const BASE: &str = "BASE";

/// IB's keys of what a ledger holds, with the asset class behind each.
const HOLDINGS: [(&str, Option<Kind>); 14] = [
    ("StockMarketValue", Some(Kind::Stock)),
    ("OptionMarketValue", Some(Kind::Option)),
    ("FutureOptionValue", Some(Kind::FutureOption)),
    ("FuturesPNL", Some(Kind::Future)),
    ("MutualFundValue", Some(Kind::Fund)),
    ("CorporateBondValue", Some(Kind::Bond)),
    ("WarrantValue", Some(Kind::Warrant)),
    ("Cryptocurrency", Some(Kind::Crypto)),
    ("FundValue", None),
    ("MoneyMarketFundValue", None),
    ("TBondValue", None),
    ("TBillValue", None),
    ("IssuerOptionValue", None),
    ("NetDividend", None),
];

fn plain(key: &str, text: impl Into<String>) -> Row {
    (key.to_owned(), text.into(), String::new())
}

fn money(key: &str, amount: Decimal) -> Row {
    in_currency(key, amount, BASE_CURRENCY)
}

fn in_currency(key: &str, amount: Decimal, currency: &str) -> Row {
    (
        key.to_owned(),
        format!("{:.2}", amount.round_dp(2)),
        currency.to_owned(),
    )
}

/// The values a summary can be asked for.
pub(super) fn summary_rows(account: &Account, value: &Valuation) -> Vec<Row> {
    let share = |part: Decimal| {
        let share = part.checked_div(value.equity).unwrap_or_default();
        written(share.round_dp(6))
    };
    let kind = match account.terms {
        Terms::Margin => "INDIVIDUAL",
        Terms::Cash => "INDIVIDUAL CASH",
    };
    let mut rows = vec![
        plain("AccountType", kind),
        plain("Cushion", share(value.excess())),
        plain("DayTradesRemaining", "-1"),
        plain("LookAheadNextChange", "0"),
        plain("HighestSeverity", ""),
    ];
    rows.push(plain("Leverage", share(value.gross)));
    rows.extend(
        amounts(account, value)
            .into_iter()
            .map(|(key, amount)| money(key, amount)),
    );
    rows
}

fn amounts(account: &Account, value: &Valuation) -> Vec<(&'static str, Decimal)> {
    let (initial, maintenance) = (value.required.initial, value.required.maintenance);
    let (available, excess) = (value.available(), value.excess());
    let buying_power = match account.terms {
        // Four times what is free during the day: a quarter of a stock's value is what it requires.
        Terms::Margin => available * Decimal::from(4),
        Terms::Cash => value.cash,
    };
    let regulation_t = value.with_loan() - value.regulation_t;
    vec![
        ("NetLiquidation", value.equity),
        ("TotalCashValue", value.cash),
        ("SettledCash", value.cash),
        ("AccruedCash", Decimal::ZERO),
        ("AccruedDividend", Decimal::ZERO),
        ("BuyingPower", buying_power.max(Decimal::ZERO)),
        ("EquityWithLoanValue", value.with_loan()),
        ("PreviousEquityWithLoanValue", account.opening_equity),
        ("PreviousDayEquityWithLoanValue", account.opening_equity),
        ("GrossPositionValue", value.gross),
        ("RegTEquity", value.with_loan()),
        ("ReqTEquity", value.with_loan()),
        ("RegTMargin", value.regulation_t),
        ("ReqTMargin", value.regulation_t),
        ("SMA", regulation_t.max(Decimal::ZERO)),
        ("InitMarginReq", initial),
        ("MaintMarginReq", maintenance),
        ("AvailableFunds", available),
        ("ExcessLiquidity", excess),
        ("FullInitMarginReq", initial),
        ("FullMaintMarginReq", maintenance),
        ("FullAvailableFunds", available),
        ("FullExcessLiquidity", excess),
        ("LookAheadInitMarginReq", initial),
        ("LookAheadMaintMarginReq", maintenance),
        ("LookAheadAvailableFunds", available),
        ("LookAheadExcessLiquidity", excess),
        ("UnrealizedPnL", value.unrealized),
        ("RealizedPnL", value.realized_today),
    ]
}

/// What account updates carry besides: who, and the same totals for the securities and the commodities
/// segment. Everything is in the first here.
fn update_rows(account: &Account, value: &Valuation) -> Vec<Row> {
    let mut rows = vec![
        plain("AccountCode", account.name.clone()),
        plain("AccountOrGroup", account.name.clone()),
        plain("AccountReady", "true"),
        plain("NLVAndMarginInReview", "false"),
        plain("SegmentTitle-C", "US Commodities"),
        plain("SegmentTitle-S", "US Securities"),
        plain(
            "TradingType-S",
            if account.terms == Terms::Cash {
                "CASHAC"
            } else {
                "STKNOPT"
            },
        ),
        plain("WhatIfPMEnabled", "true"),
    ];
    let segmented = [
        "AccruedCash",
        "AvailableFunds",
        "EquityWithLoanValue",
        "ExcessLiquidity",
        "FullAvailableFunds",
        "FullExcessLiquidity",
        "FullInitMarginReq",
        "FullMaintMarginReq",
        "InitMarginReq",
        "MaintMarginReq",
        "NetLiquidation",
        "TotalCashValue",
    ];
    for (key, amount) in amounts(account, value) {
        if segmented.contains(&key) {
            rows.push(money(&format!("{key}-S"), amount));
            rows.push(money(&format!("{key}-C"), Decimal::ZERO));
        }
    }
    for key in [
        "Billable",
        "Guarantee",
        "NetLiquidationUncertainty",
        "PASharesValue",
        "PostExpirationExcess",
    ] {
        rows.push(money(key, Decimal::ZERO));
    }
    rows
}

fn ledger_rows(account: &str, name: &str, ledger: &Ledger, rate: Decimal) -> Vec<Row> {
    let row = |key: &str, amount: Decimal| in_currency(key, amount, name);
    let text = |key: &str, text: &str| (key.to_owned(), text.to_owned(), name.to_owned());
    let mut rows = vec![
        text("Currency", name),
        text("RealCurrency", name),
        text("AccountOrGroup", account),
        text("ExchangeRate", &format!("{rate:.7}")),
        row("CashBalance", ledger.cash),
        row("TotalCashBalance", ledger.cash),
        row("AccruedCash", Decimal::ZERO),
        row("NetLiquidationByCurrency", ledger.total()),
        row("UnrealizedPnL", ledger.unrealized),
        row("RealizedPnL", ledger.realized),
        row(
            "FxCashBalance",
            if name == BASE_CURRENCY {
                Decimal::ZERO
            } else {
                ledger.cash
            },
        ),
    ];
    rows.extend(HOLDINGS.iter().map(|(key, kind)| {
        let held = kind.and_then(|kind| ledger.values.get(&kind).copied());
        row(key, held.unwrap_or_default())
    }));
    rows
}

impl Gateway {
    /// The rows a summary with these tags shows of an account.
    pub(super) fn asked_rows(&self, account: &Account, tags: &[String]) -> Vec<Row> {
        let value = self.exchange.valuation(account);
        let mut rows: Vec<Row> = summary_rows(account, &value)
            .into_iter()
            .filter(|(key, _, _)| tags.contains(key))
            .collect();
        for tag in tags {
            match tag.strip_prefix("$LEDGER") {
                Some("" | ":") => rows.extend(self.ledgers(account, Some(BASE))),
                Some(":ALL") => rows.extend(self.ledgers(account, None)),
                Some(currency) => {
                    rows.extend(self.ledgers(account, Some(currency.trim_start_matches(':'))));
                }
                None => {}
            }
        }
        rows
    }

    /// Every value of an account, as account updates carry them.
    pub(super) fn all_rows(&self, account: &Account) -> Vec<Row> {
        let value = self.exchange.valuation(account);
        let mut rows = update_rows(account, &value);
        let totals = summary_rows(account, &value);
        // A summary's two misnomers are no update keys.
        let misnamed = ["ReqTEquity", "ReqTMargin", "PreviousEquityWithLoanValue"];
        rows.extend(
            totals
                .into_iter()
                .filter(|(key, _, _)| !misnamed.contains(&key.as_str())),
        );
        rows.extend(self.ledgers(account, None));
        rows
    }

    /// The ledger of one currency, of all together (`BASE`), or each of them.
    pub(super) fn ledgers(&self, account: &Account, only: Option<&str>) -> Vec<Row> {
        let ledgers = self.exchange.ledgers(account);
        let together = (BASE.to_owned(), self.in_base(&ledgers), Decimal::ONE);
        let each = ledgers.into_iter().map(|(name, ledger)| {
            let rate = self.exchange.rate(&name);
            (name, ledger, rate)
        });
        each.chain([together])
            .filter(|(name, _, _)| only.is_none_or(|only| only == name))
            .flat_map(|(name, ledger, rate)| ledger_rows(&account.name, &name, &ledger, rate))
            .collect()
    }

    fn in_base(&self, ledgers: &BTreeMap<String, Ledger>) -> Ledger {
        let mut sum = Ledger::default();
        for (name, ledger) in ledgers {
            let rate = self.exchange.rate(name);
            sum.cash += ledger.cash * rate;
            sum.unrealized += ledger.unrealized * rate;
            sum.realized += ledger.realized * rate;
            for (kind, value) in &ledger.values {
                *sum.values.entry(*kind).or_default() += *value * rate;
            }
        }
        sum
    }
}
