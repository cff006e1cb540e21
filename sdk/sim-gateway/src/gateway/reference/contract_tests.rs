//! Contracts as clients describe them, and what they are told about them.

use prost::Message;

use crate::exchange::{Config, Hours};
use crate::gateway::gateway_tests::{Desk, ME};
use crate::gateway::{Gateway, Output};
use crate::wire::ids::{request, response};
use crate::wire::messages::contract::{
    ComboLeg, Contract, ContractData, ContractDataRequest, MatchingSymbolsRequest, SymbolSamples,
};
use crate::wire::messages::option::{SecDefOptParameter, SecDefOptParamsRequest};

/// Monday, 23 November 2026, 12:00 UTC.
const NOVEMBER: u64 = 1_795_435_200;

pub(super) fn desk(hours: Hours, advisor: bool) -> Desk {
    let mut desk = Desk::new();
    let config = Config {
        epoch: NOVEMBER,
        hours,
        advisor,
        ..Config::default()
    };
    desk.gateway = Gateway::new(config, 226);
    desk.join(ME, 7);
    desk
}

/// The bodies of answers with a number.
pub(super) fn answers<M: Message + Default>(output: &[Output], number: u32) -> Vec<M> {
    let frames = output.iter().filter_map(|each| match each {
        Output::Frame { id, bytes, .. } if *id == number => M::decode(&bytes[8..]).ok(),
        _ => None,
    });
    frames.collect()
}

fn details(desk: &mut Desk, contract: Contract) -> Vec<ContractData> {
    let asked = ContractDataRequest {
        req_id: Some(5),
        contract: Some(contract),
    };
    let output = desk.ask_raw(request::CONTRACT_DATA, &asked);
    let mut found: Vec<ContractData> = answers(&output, response::CONTRACT_DATA);
    found.extend(answers::<ContractData>(&output, response::BOND_CONTRACT_DATA));
    found
}

fn contract(sec_type: &str, symbol: &str) -> Contract {
    Contract {
        sec_type: Some(sec_type.to_owned()),
        symbol: Some(symbol.to_owned()),
        ..Contract::default()
    }
}

fn told(desk: &mut Desk, contract: Contract) -> String {
    let asked = ContractDataRequest {
        req_id: Some(5),
        contract: Some(contract),
    };
    let output = desk.ask(request::CONTRACT_DATA, &asked);
    match output.as_slice() {
        [only] => only.clone(),
        [rows @ .., end] if end == "message 52" => format!("{} rows", rows.len()),
        other => format!("{other:?}"),
    }
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

/// `TYPE|SYMBOL|field=value…` as a contract.
fn read(written: &str) -> Contract {
    let mut parts = written.split('|');
    let mut read = contract(parts.next().unwrap(), parts.next().unwrap());
    for (field, value) in parts.map(|part| part.split_once('=').unwrap()) {
        match field {
            "id" => read.con_id = value.parse().ok(),
            "exchange" => read.exchange = text(value),
            "primary" => read.primary_exch = text(value),
            "currency" => read.currency = text(value),
            "isin" => (read.sec_id_type, read.sec_id) = (text("ISIN"), text(value)),
            "local" => read.local_symbol = text(value),
            "class" => read.trading_class = text(value),
            "date" => read.last_trade_date_or_contract_month = text(value),
            "right" => read.right = text(value),
            "strike" => read.strike = value.parse().ok(),
            "expired" => read.include_expired = Some(true),
            _ => panic!("{field}"),
        }
    }
    read
}

#[test]
fn descriptions_find_what_they_mean() {
    let table = [
        ("STK|AAPL", "1 rows"),
        ("STK|AAPL|exchange=ISLAND", "1 rows"),
        ("STK|AAPL|exchange=LSE", "error 5 200"),
        ("STK|AAPL|currency=EUR", "error 5 200"),
        ("STK|SAP", "2 rows"),
        ("STK|SAP|currency=EUR", "1 rows"),
        ("STK|SAP|primary=IBIS", "1 rows"),
        ("STK|NONE", "error 5 200"),
        ("|AAPL", "error 5 321"),
        ("STOCK|AAPL", "error 5 321"),
        ("STK|", "error 5 321"),
        ("||id=265598", "1 rows"),
        ("STK||id=265598", "1 rows"),
        ("CFD||id=265598", "error 5 200"),
        ("||id=1", "error 5 200"),
        ("STK||isin=US0378331005", "1 rows"),
        ("STK||isin=GB0005405286", "2 rows"),
        ("BOND||isin=US912810TV08", "1 rows"),
        ("BOND|912810TV0", "1 rows"),
        ("BOND|US-T", "2 rows"),
        ("WAR|SAP", "2 rows"),
        ("WAR|SAP|right=PUT", "1 rows"),
        ("FUND|VFINX", "1 rows"),
        ("CMDTY|XAUUSD", "1 rows"),
        ("CRYPTO|BTC|exchange=PAXOS", "1 rows"),
        ("IND|SPX|exchange=CBOE", "1 rows"),
        ("CFD|IBUS500", "1 rows"),
        ("CASH||local=EUR.USD", "1 rows"),
        ("CASH|EUR|currency=USD", "1 rows"),
        ("FUT||local=ESZ6", "1 rows"),
        ("OPT||local=AAPL  261218C00230000", "1 rows"),
        ("FUT|ES", "5 rows"),
        ("CONTFUT|ES", "1 rows"),
        ("FUT+CONTFUT|ES", "6 rows"),
        ("FUT|ES|date=2026|expired=1", "4 rows"),
        ("FUT|ES|date=202703|exchange=GLOBEX", "1 rows"),
        ("OPT|AAPL|date=20261218", "98 rows"),
        ("OPT|AAPL|date=20261218|right=C|strike=230", "1 rows"),
        ("OPT|AAPL|date=20261218|strike=230.1", "error 5 200"),
        ("OPT|AAPL|right=X", "error 5 321"),
        ("OPT|SPX|class=SPXW|date=20261218", "122 rows"),
        ("FOP|ES|class=EW|date=202612", "98 rows"),
        ("BAG|AAPL", "error 5 321"),
    ];
    let mut desk = desk(Hours::Always, false);
    for (asked, wanted) in table {
        assert_eq!(told(&mut desk, read(asked)), wanted, "{asked}");
    }
}

#[test]
fn an_option_and_its_future_are_described_whole() {
    let mut desk = desk(Hours::Venue, false);
    let asked = Contract {
        last_trade_date_or_contract_month: text("20261217"),
        strike: Some(5_950.0),
        right: text("C"),
        ..contract("OPT", "SPX")
    };
    let found = details(&mut desk, asked).remove(0);
    let (contract, details) = (found.contract.unwrap(), found.contract_details.unwrap());
    assert_eq!(contract.local_symbol.as_deref(), Some("SPX   261218C05950000"));
    assert_eq!(
        (contract.multiplier, contract.strike),
        (Some(100.0), Some(5_950.0))
    );
    assert_eq!(
        contract.last_trade_date_or_contract_month.as_deref(),
        Some("20261217")
    );
    assert_eq!(details.real_expiration_date.as_deref(), Some("20261218"));
    assert_eq!(details.contract_month.as_deref(), Some("202612"));
    assert_eq!(
        (details.under_con_id, details.under_sec_type.as_deref()),
        (Some(416_904), Some("IND"))
    );
    assert_eq!(details.valid_exchanges.as_deref(), Some("SMART,CBOE,IBUSOPT"));
    assert_eq!(details.market_rule_ids.as_deref(), Some("110,110,110"));
    assert_eq!(details.min_tick.as_deref(), Some("0.05"));
    assert_eq!(details.time_zone_id.as_deref(), Some("US/Central"));
    let future = super::contract_tests::details(&mut desk, self::contract("CONTFUT", "ES")).remove(0);
    let (contract, details) = (future.contract.unwrap(), future.contract_details.unwrap());
    assert_eq!(contract.sec_type.as_deref(), Some("CONTFUT"));
    assert_eq!(
        contract.last_trade_date_or_contract_month.as_deref(),
        Some("20261218-08:30:00")
    );
    assert_eq!(
        (contract.exchange.as_deref(), details.min_tick.as_deref()),
        (Some("CME"), Some("0.25"))
    );
    assert_eq!(details.long_name.as_deref(), Some("E-mini S&P 500"));
}

#[test]
fn hours_are_told_by_the_venues_clock() {
    let hours = |kind: &str, symbol: &str, hours| {
        let mut desk = desk(hours, false);
        let found = details(&mut desk, contract(kind, symbol))
            .remove(0)
            .contract_details
            .unwrap();
        (found.trading_hours.unwrap(), found.liquid_hours.unwrap())
    };
    let (trading, liquid) = hours("STK", "AAPL", Hours::Venue);
    assert_eq!(
        trading,
        "20261123:0400-20261123:2000;20261124:0400-20261124:2000;20261125:0400-20261125:2000;20261126:CLOSED;\
         20261127:0400-20261127:1700;20261128:CLOSED;20261129:CLOSED"
    );
    assert!(
        liquid.starts_with("20261123:0930-20261123:1600;") && liquid.contains("20261127:0930-20261127:1300")
    );
    let (trading, _) = hours("CONTFUT", "ES", Hours::Venue);
    assert!(
        trading.starts_with("20261122:1700-20261123:1600;20261123:1700-20261124:1600;"),
        "{trading}"
    );
    assert!(
        trading.ends_with(";20261126:1700-20261127:1200;20261128:CLOSED"),
        "{trading}"
    );
    let (trading, _) = hours("STK", "700", Hours::Venue);
    assert!(
        trading.starts_with("20261123:0930-20261123:1200;20261123:1300-20261123:1600;"),
        "{trading}"
    );
    let (trading, liquid) = hours("STK", "700", Hours::Always);
    assert!(
        trading.starts_with("20261123:0000-20261124:0000;20261124:0000-"),
        "{trading}"
    );
    assert_eq!(trading, liquid);
}

#[test]
fn bonds_and_funds_have_fields_of_their_own() {
    let mut desk = desk(Hours::Always, false);
    let bond = details(&mut desk, contract("BOND", "912810TV0")).remove(0);
    let (contract, fields) = (bond.contract.unwrap(), bond.contract_details.unwrap());
    assert_eq!(
        contract.last_trade_date_or_contract_month.as_deref(),
        Some("20531115")
    );
    assert_eq!(
        (fields.coupon, fields.cusip.as_deref()),
        (Some(4.75), Some("912810TV0"))
    );
    assert_eq!(fields.real_expiration_date, None);
    let fund = details(&mut desk, self::contract("FUND", "VFINX"))
        .remove(0)
        .contract_details
        .unwrap();
    assert_eq!(fund.fund_family.as_deref(), Some("The Vanguard Group"));
    assert_eq!(
        fund.sec_id_list.get("ISIN").map(String::as_str),
        Some("US9229081081")
    );
}

#[test]
fn orders_and_data_need_one_instrument() {
    let mut desk = desk(Hours::Always, false);
    let code = |desk: &mut Desk, contract: Contract| match desk.gateway.resolve(Some(&contract)) {
        Ok(id) => desk.gateway.contract(id, None).local_symbol.unwrap(),
        Err(problem) => problem.code.to_string(),
    };
    assert_eq!(code(&mut desk, contract("STK", "SAP")), "200");
    assert_eq!(code(&mut desk, contract("FUT", "ES")), "200");
    assert_eq!(code(&mut desk, contract("STK", "AAPL")), "AAPL");
    assert_eq!(code(&mut desk, contract("BAG", "AAPL")), "314");
    let leg = |id, action: &str| ComboLeg {
        con_id: Some(id),
        ratio: Some(1),
        action: text(action),
        exchange: text("SMART"),
        ..ComboLeg::default()
    };
    let bag = |legs| Contract {
        combo_legs: legs,
        exchange: text("SMART"),
        ..contract("BAG", "AAPL")
    };
    assert_eq!(
        code(&mut desk, bag(vec![leg(265_598, "BUY"), leg(272_093, "SELL")])),
        "AAPL,MSFT"
    );
    assert_eq!(
        code(&mut desk, bag(vec![leg(265_598, "BUY"), leg(1, "SELL")])),
        "200"
    );
    assert_eq!(
        code(&mut desk, bag(vec![leg(265_598, "BUY"), leg(272_093, "HOLD")])),
        "313"
    );
    assert_eq!(code(&mut desk, bag(vec![leg(265_598, "BUY")])), "312");
    let id = desk
        .gateway
        .resolve(Some(&bag(vec![leg(272_093, "SELL"), leg(265_598, "BUY")])))
        .unwrap();
    let written = desk.gateway.contract(id, Some("SMART"));
    assert_eq!(written.combo_legs_descrip.as_deref(), Some("265598|1,272093|-1"));
    let mut again = Contract {
        con_id: written.con_id,
        ..Contract::default()
    };
    assert_eq!(desk.gateway.resolve(Some(&again)), Ok(id));
    again.sec_type = text("BAG");
    assert_eq!(desk.gateway.resolve(Some(&again)), Ok(id));
}

#[test]
fn searches_rank_symbols_before_names() {
    let mut desk = desk(Hours::Always, false);
    let mut search = |pattern: &str| {
        let asked = MatchingSymbolsRequest {
            req_id: Some(3),
            pattern: text(pattern),
        };
        let output = desk.ask_raw(request::MATCHING_SYMBOLS, &asked);
        let rows = answers::<SymbolSamples>(&output, response::SYMBOL_SAMPLES)
            .remove(0)
            .contract_descriptions;
        let row = |row: &crate::wire::messages::contract::ContractDescription| {
            let contract = row.contract.clone().unwrap();
            format!(
                "{} {} {}",
                contract.symbol.unwrap(),
                contract.primary_exch.unwrap(),
                row.derivative_sec_types.join("/")
            )
        };
        rows.iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(search("aapl"), ["AAPL NASDAQ OPT/CFD/BAG"]);
    assert_eq!(search("SAP"), ["SAP NYSE ", "SAP IBIS WAR"]);
    assert_eq!(search("apple"), ["AAPL NASDAQ OPT/CFD/BAG"]);
    assert_eq!(search("c").len(), 16);
    assert_eq!(search("nothing like it"), [""; 0]);
}

#[test]
fn option_chains_name_every_exchange_and_class() {
    let mut desk = desk(Hours::Always, false);
    let mut ask = |con_id, sec_type: &str, exchange: &str| {
        let asked = SecDefOptParamsRequest {
            req_id: Some(9),
            underlying_symbol: text("X"),
            fut_fop_exchange: text(exchange),
            underlying_sec_type: text(sec_type),
            underlying_con_id: Some(con_id),
        };
        let output = desk.ask_raw(request::SEC_DEF_OPT_PARAMS, &asked);
        let rows: Vec<SecDefOptParameter> = answers(&output, response::SEC_DEF_OPT_PARAMETER);
        (rows, output.len())
    };
    let (rows, frames) = ask(416_904, "IND", "");
    assert_eq!((rows.len(), frames), (6, 7));
    let told: Vec<_> = rows
        .iter()
        .map(|row| format!("{} {}", row.exchange(), row.trading_class()))
        .collect();
    assert_eq!(told[2..4], ["IBUSOPT SPX", "SMART SPXW"]);
    assert_eq!(
        (
            rows[0].multiplier(),
            rows[0].expirations[0].as_str(),
            rows[0].strikes.len()
        ),
        ("100", "20261217", 61)
    );
    assert_eq!(ask(416_904, "IND", "CBOE").0.len(), 2);
    assert_eq!(ask(9_599_491, "STK", ""), (vec![], 1), "no options, only the end");
    assert_eq!(ask(416_904, "STK", ""), (vec![], 1), "an error");
}
