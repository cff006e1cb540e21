//! The program's answers as text, taken apart by the decoders of three clients.
//!
//! Every field has a value of its own, so that one in another's place is noticed.
//! `python/told_answers.py` says what the decoders must make of them.

mod python;

use sim_gateway::wire::messages::account::{
    AccountDataEnd, AccountSummary, AccountSummaryEnd, AccountUpdateMulti, AccountUpdateMultiEnd,
    AccountUpdateTime, AccountValue, Pnl, PnlSingle, PortfolioValue, Position, PositionEnd, PositionMulti,
    PositionMultiEnd,
};
use sim_gateway::wire::messages::contract::{
    Contract, ContractData, ContractDataEnd, ContractDescription, ContractDetails, MarketRule,
    PriceIncrement, SymbolSamples,
};
use sim_gateway::wire::messages::execution::{
    CommissionAndFeesReport, Execution, ExecutionDetails, ExecutionDetailsEnd,
};
use sim_gateway::wire::messages::order::{CompletedOrdersEnd, OpenOrdersEnd, OrderBound, OrderStatus};
use sim_gateway::wire::messages::session::{
    CurrentTime, ErrorMessage, FamilyCode, FamilyCodes, ManagedAccounts, NextValidId, UserInfo,
    VerifyMessageApi,
};
use sim_gateway::wire::{Encoding, Response, frame};

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// The frames, one a line, as hexadecimal digits without their length.
struct Frames {
    version: i32,
    lines: String,
}

impl Frames {
    fn add(&mut self, message: &impl Response) {
        let mut out = Vec::new();
        frame::encode(&mut out, Encoding::Text(self.version), message);
        let digits = out.iter().skip(4).map(|byte| format!("{byte:02x}"));
        self.lines.extend(digits);
        self.lines.push('\n');
    }
}

fn session(frames: &mut Frames) {
    frames.add(&ErrorMessage {
        id: Some(7),
        error_code: Some(201),
        error_msg: some("Order rejected"),
        advanced_order_reject_json: some("{}"),
        ..ErrorMessage::default()
    });
    frames.add(&NextValidId { order_id: Some(5) });
    let accounts_list = some("DU1,DU2");
    frames.add(&ManagedAccounts { accounts_list });
    let current_time = Some(1_775_425_766);
    frames.add(&CurrentTime { current_time });
    let api_data = some("data");
    frames.add(&VerifyMessageApi { api_data });
    let family_codes = [("DU1", Some("f1")), ("DU2", None)].map(|(account, code)| FamilyCode {
        account_id: some(account),
        family_code: code.map(str::to_owned),
    });
    frames.add(&FamilyCodes {
        family_codes: family_codes.into(),
    });
    frames.add(&UserInfo {
        req_id: Some(50),
        white_branding_id: some("white"),
    });
}

fn stock() -> Contract {
    Contract {
        con_id: Some(3_691_937),
        symbol: some("AMZN"),
        sec_type: some("STK"),
        multiplier: Some(100.0),
        exchange: some("NASDAQ"),
        primary_exch: some("LISTED"),
        currency: some("USD"),
        local_symbol: some("AMZN"),
        trading_class: some("NMS"),
        ..Contract::default()
    }
}

fn details() -> ContractDetails {
    let sec_ids = [("ISIN", "y"), ("CUSIP", "x")].map(|(kind, id)| (kind.to_owned(), id.to_owned()));
    ContractDetails {
        market_name: some("market"),
        min_tick: some("0.01"),
        order_types: some("LMT,MKT"),
        valid_exchanges: some("SMART,NASDAQ"),
        price_magnifier: Some(100),
        under_con_id: Some(11),
        long_name: some("SOCIÉTÉ \\ 1"),
        contract_month: some("202612"),
        industry: some("i"),
        category: some("c"),
        subcategory: some("s"),
        time_zone_id: some("US/Eastern"),
        trading_hours: some("th"),
        liquid_hours: some("lh"),
        ev_rule: some("er"),
        ev_multiplier: Some(3.0),
        sec_id_list: sec_ids.into(),
        agg_group: Some(2),
        under_symbol: some("us"),
        under_sec_type: some("STK"),
        market_rule_ids: some("26,27"),
        real_expiration_date: some("20261217"),
        stock_type: some("COMMON"),
        min_size: some("0.5"),
        size_increment: some("0.25"),
        suggested_size_increment: some("100"),
        ..ContractDetails::default()
    }
}

fn contracts(frames: &mut Frames) {
    let dated = Contract {
        strike: Some(1.5),
        right: some("C"),
        last_trade_date_or_contract_month: some("20261218"),
        ..stock()
    };
    frames.add(&ContractData {
        req_id: Some(31),
        contract: Some(dated.clone()),
        contract_details: Some(details()),
    });
    frames.add(&ContractData {
        req_id: Some(31),
        contract: Some(Contract {
            sec_type: some("BOND"),
            ..dated
        }),
        contract_details: Some(bond()),
    });
    frames.add(&ContractDataEnd { req_id: Some(31) });
    let sample = ContractDescription {
        contract: Some(Contract {
            description: some("d"),
            issuer_id: some("ii"),
            ..stock()
        }),
        derivative_sec_types: vec!["OPT".to_owned(), "WAR".to_owned()],
    };
    frames.add(&SymbolSamples {
        req_id: Some(32),
        contract_descriptions: vec![sample.clone(), sample],
    });
    let steps = [(0.0, 0.01), (100.0, 0.05)].map(|(low_edge, increment)| PriceIncrement {
        low_edge: Some(low_edge),
        increment: Some(increment),
    });
    frames.add(&MarketRule {
        market_rule_id: Some(26),
        price_increments: steps.into(),
    });
}

fn bond() -> ContractDetails {
    ContractDetails {
        cusip: some("cu"),
        // A fraction is beyond two of the three decoders.
        coupon: Some(4.0),
        issue_date: some("20200101"),
        ratings: some("AA"),
        bond_type: some("bt"),
        coupon_type: some("ct"),
        convertible: Some(true),
        callable: Some(false),
        puttable: Some(true),
        desc_append: some("da"),
        next_option_date: some("20250101"),
        next_option_type: some("no"),
        next_option_partial: Some(true),
        bond_notes: some("bn"),
        long_name: some("BOND"),
        ..details()
    }
}

fn accounts(frames: &mut Frames) {
    let (account, model_code) = (some("DU1"), some("m"));
    frames.add(&Position {
        account: account.clone(),
        contract: Some(stock()),
        position: some("15.5"),
        avg_cost: Some(200.25),
    });
    frames.add(&PositionEnd {});
    frames.add(&PositionMulti {
        req_id: Some(41),
        account: account.clone(),
        contract: Some(stock()),
        position: some("-15"),
        avg_cost: Some(200.25),
        model_code: model_code.clone(),
    });
    frames.add(&PositionMultiEnd { req_id: Some(41) });
    frames.add(&AccountSummary {
        req_id: Some(40),
        account: account.clone(),
        tag: some("NetLiquidation"),
        value: some("1000.50"),
        currency: some("USD"),
    });
    frames.add(&AccountSummaryEnd { req_id: Some(40) });
    frames.add(&AccountValue {
        key: some("NetLiquidation"),
        value: some("1000.50"),
        currency: some("USD"),
        account_name: account.clone(),
    });
    frames.add(&PortfolioValue {
        contract: Some(stock()),
        position: some("15.5"),
        market_price: Some(1.5),
        market_value: Some(2.5),
        average_cost: Some(3.5),
        unrealized_pnl: Some(4.5),
        realized_pnl: Some(5.5),
        account_name: account.clone(),
    });
    let time_stamp = some("15:27");
    frames.add(&AccountUpdateTime { time_stamp });
    frames.add(&AccountDataEnd {
        account_name: account.clone(),
    });
    frames.add(&AccountUpdateMulti {
        req_id: Some(42),
        account,
        model_code,
        key: some("NetLiquidation"),
        value: some("1000.50"),
        currency: some("USD"),
    });
    frames.add(&AccountUpdateMultiEnd { req_id: Some(42) });
}

fn profits(frames: &mut Frames) {
    frames.add(&Pnl {
        req_id: Some(43),
        daily_pnl: Some(-1.5),
        unrealized_pnl: None,
        realized_pnl: Some(2.5),
    });
    frames.add(&PnlSingle {
        req_id: Some(44),
        position: some("15"),
        daily_pnl: Some(-1.5),
        unrealized_pnl: None,
        realized_pnl: Some(2.5),
        value: Some(3.5),
    });
}

fn orders(frames: &mut Frames) {
    frames.add(&ExecutionDetails {
        req_id: Some(-1),
        contract: Some(stock()),
        execution: Some(Execution {
            order_id: Some(7),
            exec_id: some("e1"),
            time: some("20260413 15:27:04 US/Eastern"),
            acct_number: some("DU1"),
            exchange: some("IEX"),
            side: some("BOT"),
            shares: some("3"),
            price: Some(257.95),
            perm_id: Some(123_456_789_012),
            client_id: Some(4),
            is_liquidation: Some(true),
            cum_qty: some("5"),
            avg_price: Some(257.5),
            order_ref: some("mine"),
            ev_rule: some("r"),
            ev_multiplier: Some(2.0),
            model_code: some("m"),
            last_liquidity: Some(2),
            is_price_revision_pending: Some(true),
            ..Execution::default()
        }),
    });
    frames.add(&ExecutionDetailsEnd { req_id: Some(21) });
    frames.add(&CommissionAndFeesReport {
        exec_id: some("e1"),
        commission_and_fees: Some(1.25),
        currency: some("USD"),
        ..CommissionAndFeesReport::default()
    });
    frames.add(&OrderStatus {
        order_id: Some(7),
        status: some("Submitted"),
        filled: some("1"),
        remaining: some("2"),
        avg_fill_price: Some(3.5),
        perm_id: Some(123_456_789_012),
        parent_id: Some(6),
        last_fill_price: Some(4.5),
        client_id: Some(4),
        why_held: some("trigger"),
        mkt_cap_price: Some(5.5),
    });
    frames.add(&OrderBound {
        perm_id: Some(123_456_789_012),
        client_id: Some(4),
        order_id: Some(7),
    });
    frames.add(&OpenOrdersEnd {});
    frames.add(&CompletedOrdersEnd {});
}

fn answers_are_understood(client: &str, library: &str, version: i32) {
    let mut frames = Frames {
        version,
        lines: String::new(),
    };
    session(&mut frames);
    contracts(&mut frames);
    accounts(&mut frames);
    profits(&mut frames);
    orders(&mut frames);
    let version = version.to_string();
    let said = python::answered(client, "told_answers.py", &[library, &version], &frames.lines);
    assert!(said.contains("all of it as expected"), "{library}: {said}");
}

#[test]
fn the_official_client_understands_the_answers() {
    answers_are_understood("ibapi-stable==10.50.2", "ibapi", 178);
}

#[test]
fn ib_async_understands_the_answers() {
    answers_are_understood("ib_async==2.1.0", "ib_async", 178);
}

#[test]
fn ib_insync_understands_the_answers() {
    answers_are_understood("ib_insync==0.9.86", "ib_insync", 176);
}
