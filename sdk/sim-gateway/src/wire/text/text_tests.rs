//! Requests as real clients send them, answers as their decoders demand them, and what nobody sends.

use proptest::prelude::*;

use super::{FieldError, Fields, Writer, request_id};
use crate::wire::messages::account as accounts;
use crate::wire::messages::contract as contracts;
use crate::wire::messages::execution as executions;
use crate::wire::messages::order as orders;
use crate::wire::messages::session;
use crate::wire::{Request, Response};

/// The bytes of fields written with a bar between them.
pub(super) fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = text.replace('|', "\0").into_bytes();
    bytes.push(0);
    bytes
}

/// Reads fields written with a bar between them, all of them.
pub(super) fn read<M: Request>(text: &str, version: i32) -> Result<M, FieldError> {
    let bytes = bytes(text);
    let mut fields = Fields::new(&bytes, version);
    let message = M::read(&mut fields)?;
    // Some requests are nothing but the number of their layout, which is of no interest.
    assert!(
        fields.is_empty() || text == "1",
        "fields are left over of {text:?}"
    );
    Ok(message)
}

/// A message as fields with a bar between them.
pub(super) fn written(message: &impl Response, version: i32) -> String {
    let mut out = Vec::new();
    message.write(&mut Writer::new(&mut out, version));
    let text = String::from_utf8(out).expect("text");
    text.strip_suffix('\0').unwrap_or(&text).replace('\0', "|")
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// `text` is what IB's own Python client, `ib_async` and `ib_insync` all sent for message `id`.
fn sent<M: Request + PartialEq + std::fmt::Debug>(id: u32, text: &str, wanted: M) {
    assert_eq!(id, M::ID, "{text}");
    for version in [176, 178] {
        assert_eq!(read::<M>(text, version).as_ref(), Ok(&wanted), "{text}");
    }
}

#[test]
fn requests_about_orders() {
    let cancel = |time: Option<&str>| orders::CancelOrderRequest {
        order_id: Some(7),
        order_cancel: Some(orders::OrderCancel {
            manual_order_cancel_time: time.map(str::to_owned),
            ..orders::OrderCancel::default()
        }),
    };
    sent(4, "1|7|20261123 09:00:00", cancel(Some("20261123 09:00:00")));
    sent(4, "1|7|", cancel(None));
    sent(58, "1", orders::GlobalCancelRequest::default());
    sent(5, "1", orders::OpenOrdersRequest {});
    sent(16, "1", orders::AllOpenOrdersRequest {});
    let auto_bind = Some(true);
    sent(15, "1|1", orders::AutoOpenOrdersRequest { auto_bind });
    let api_only = Some(false);
    sent(99, "0", orders::CompletedOrdersRequest { api_only });
    let executions = |req_id, filter| executions::ExecutionRequest {
        req_id: Some(req_id),
        execution_filter: Some(filter),
    };
    let filter = executions::ExecutionFilter {
        client_id: Some(3),
        acct_code: some("DU1"),
        time: some("20261123 00:00:00"),
        symbol: some("AAPL"),
        sec_type: some("STK"),
        exchange: some("SMART"),
        side: some("BUY"),
        ..executions::ExecutionFilter::default()
    };
    sent(
        7,
        "3|21|3|DU1|20261123 00:00:00|AAPL|STK|SMART|BUY",
        executions(21, filter),
    );
    let all = executions::ExecutionFilter {
        client_id: Some(0),
        ..executions::ExecutionFilter::default()
    };
    sent(7, "3|22|0||||||", executions(22, all));
}

fn option() -> contracts::Contract {
    contracts::Contract {
        con_id: Some(5),
        symbol: some("AAPL"),
        sec_type: some("OPT"),
        last_trade_date_or_contract_month: some("20261218"),
        strike: Some(190.0),
        right: some("C"),
        multiplier: Some(100.0),
        exchange: some("SMART"),
        currency: some("USD"),
        local_symbol: some("AAPL  261218C00190000"),
        trading_class: some("AAPL"),
        ..contracts::Contract::default()
    }
}

#[test]
fn requests_about_contracts() {
    let exercise = orders::ExerciseOptionsRequest {
        order_id: Some(30),
        contract: Some(option()),
        exercise_action: Some(1),
        exercise_quantity: Some(2),
        account: some("DU1"),
        override_system: Some(true),
        ..orders::ExerciseOptionsRequest::default()
    };
    let text = "2|30|5|AAPL|OPT|20261218|190.0|C|100|SMART|USD|AAPL  261218C00190000|AAPL|1|2|DU1|1";
    sent(21, text, exercise);
    let details = contracts::ContractDataRequest {
        req_id: Some(31),
        contract: Some(contracts::Contract {
            include_expired: Some(true),
            sec_id_type: some("CUSIP"),
            sec_id: some("x"),
            issuer_id: some("e123"),
            ..option()
        }),
    };
    let text = "8|31|5|AAPL|OPT|20261218|190.0|C|100|SMART||USD|AAPL  261218C00190000|AAPL|1|CUSIP|x|e123";
    sent(9, text, details);
    let samples = contracts::MatchingSymbolsRequest {
        req_id: Some(32),
        pattern: some("AAPL"),
    };
    sent(81, "32|AAPL", samples);
    let market_rule_id = Some(26);
    sent(91, "26", contracts::MarketRuleRequest { market_rule_id });
}

#[test]
fn requests_about_accounts() {
    let (account, model_code) = (some("DU1"), None);
    let updates = accounts::AccountDataRequest {
        subscribe: Some(true),
        acct_code: some("DU1"),
    };
    sent(6, "2|1|DU1", updates);
    sent(17, "1", accounts::ManagedAccountsRequest {});
    sent(61, "1", accounts::PositionsRequest {});
    sent(64, "1", accounts::CancelPositions {});
    let summary = accounts::AccountSummaryRequest {
        req_id: Some(40),
        group: some("All"),
        tags: some("NetLiquidation,BuyingPower"),
    };
    sent(62, "1|40|All|NetLiquidation,BuyingPower", summary);
    sent(63, "1|40", accounts::CancelAccountSummary { req_id: Some(40) });
    let positions = accounts::PositionsMultiRequest {
        req_id: Some(41),
        account: account.clone(),
        model_code: some("m"),
    };
    sent(74, "1|41|DU1|m", positions);
    sent(75, "1|41", accounts::CancelPositionsMulti { req_id: Some(41) });
    let multi = accounts::AccountUpdatesMultiRequest {
        req_id: Some(42),
        account: account.clone(),
        model_code: None,
        ledger_and_nlv: Some(true),
    };
    sent(76, "1|42|DU1||1", multi);
    sent(
        77,
        "1|42",
        accounts::CancelAccountUpdatesMulti { req_id: Some(42) },
    );
    let profit = accounts::PnlRequest {
        req_id: Some(43),
        account: account.clone(),
        model_code,
    };
    sent(92, "43|DU1|", profit);
    sent(93, "43", accounts::CancelPnl { req_id: Some(43) });
    let single = accounts::PnlSingleRequest {
        req_id: Some(44),
        account,
        model_code: None,
        con_id: Some(265_598),
    };
    sent(94, "44|DU1||265598", single);
    sent(95, "44", accounts::CancelPnlSingle { req_id: Some(44) });
}

#[test]
fn requests_about_the_session() {
    let start = session::StartApiRequest {
        client_id: Some(3),
        optional_capabilities: None,
    };
    sent(71, "2|3|", start);
    sent(104, "50", session::UserInfoRequest { req_id: Some(50) });
    sent(8, "1|1", session::IdsRequest { num_ids: Some(1) });
    sent(49, "1", session::CurrentTimeRequest {});
    sent(
        14,
        "1|5",
        session::SetServerLogLevelRequest { log_level: Some(5) },
    );
    let verify = session::VerifyRequest {
        api_name: some("n"),
        api_version: some("1"),
    };
    sent(65, "1|n|1", verify);
    sent(66, "1|d", session::VerifyMessageRequest { api_data: some("d") });
}

#[test]
fn the_id_of_a_request_is_found_behind_the_number_of_its_layout() {
    for (id, text, wanted) in [
        (3, "7|265598|AAPL", Some(7)),
        (4, "1|7|", Some(7)),
        (9, "8|31|5", Some(31)),
        (20, "33|5", Some(33)),
        (92, "43|DU1|", Some(43)),
        (61, "1", None),
        (62, "1", None),
        (3, "x", None),
    ] {
        let bytes = bytes(text);
        assert_eq!(
            request_id(id, &mut Fields::new(&bytes, 178)),
            wanted,
            "{id}: {text}"
        );
    }
}

#[test]
fn unset_values_infinity_and_words_are_understood() {
    let bytes = bytes(
        "|2147483647|9223372036854775807|1.7976931348623157E308|1.7976931348623157e+308|Infinite|Infinity\
         |true|0|100.5|170141183460469231731687303715884105727|a=1;b;|2|x|1|y|2|9",
    );
    let mut fields = Fields::new(&bytes, 178);
    assert_eq!(fields.integer(), Ok(None));
    assert_eq!(fields.integer(), Ok(None));
    assert_eq!(fields.integer(), Ok(None));
    assert_eq!(fields.double(), Ok(None));
    assert_eq!(fields.decimal(), Ok(None));
    assert_eq!(fields.double(), Ok(Some(f64::INFINITY)));
    assert_eq!(fields.double(), Ok(Some(f64::INFINITY)));
    assert_eq!(fields.flag(), Ok(Some(true)));
    assert_eq!(fields.flag(), Ok(Some(false)));
    assert_eq!(fields.decimal(), Ok(some("100.5")));
    assert_eq!(fields.decimal(), Ok(None));
    let tags = fields.tags().expect("tags");
    assert_eq!(tags.get("a").map(String::as_str), Some("1"));
    assert_eq!(tags.get("b").map(String::as_str), Some(""));
    assert_eq!(fields.tag_pairs().map(|pairs| pairs.len()), Ok(2));
    // Nine things cannot follow where nothing does.
    assert!(matches!(fields.count(), Err(FieldError::Wrong { at: 18, .. })));
    assert_eq!(fields.text(), Err(FieldError::Missing(19)));
    fields.may_end();
    assert_eq!(fields.text(), Ok(None));
}

fn stock() -> contracts::Contract {
    contracts::Contract {
        con_id: Some(3_691_937),
        symbol: some("AMZN"),
        sec_type: some("STK"),
        exchange: some("NASDAQ"),
        primary_exch: some("NASDAQ"),
        currency: some("USD"),
        local_symbol: some("AMZN"),
        trading_class: some("NMS"),
        ..contracts::Contract::default()
    }
}

/// Checks a whole answer, field by field.
fn answers(message: &impl Response, version: i32, wanted: &str) {
    assert_eq!(written(message, version), wanted);
}

#[test]
fn answers_about_holdings_have_the_fields_recorded_from_a_gateway() {
    let position = accounts::Position {
        account: some("DU9000001"),
        contract: Some(stock()),
        position: some("15"),
        avg_cost: Some(200.25),
    };
    let recorded = "3|DU9000001|3691937|AMZN|STK||0|||NASDAQ|USD|AMZN|NMS|15|200.25";
    answers(&position, 178, recorded);
    let value = accounts::PortfolioValue {
        contract: Some(stock()),
        position: some("15"),
        market_price: Some(201.5),
        account_name: some("DU9000001"),
        ..accounts::PortfolioValue::default()
    };
    let layout = "8|3691937|AMZN|STK||0|||NASDAQ|USD|AMZN|NMS|15|201.5|0|0|0|0|DU9000001";
    answers(&value, 178, layout);
    let summary = accounts::AccountSummary {
        req_id: Some(1001),
        account: some("DU9000001"),
        tag: some("BuyingPower"),
        value: some("300000.00"),
        currency: some("EUR"),
    };
    answers(&summary, 178, "1|1001|DU9000001|BuyingPower|300000.00|EUR");
    let profit = accounts::Pnl {
        req_id: Some(9),
        daily_pnl: Some(-1.5),
        ..accounts::Pnl::default()
    };
    let unset = "1.7976931348623157E308";
    answers(&profit, 178, &format!("9|-1.5|{unset}|{unset}"));
    answers(&accounts::PositionEnd {}, 178, "1");
}

#[test]
fn an_execution_says_from_178_on_whether_its_price_may_be_revised() {
    let details = executions::ExecutionDetails {
        req_id: Some(-1),
        contract: Some(contracts::Contract {
            exchange: some("IEX"),
            ..stock()
        }),
        execution: Some(executions::Execution {
            order_id: Some(1),
            exec_id: some("0000e0d5.69dd7411.01.01"),
            time: some("20260413 15:27:04 US/Eastern"),
            acct_number: some("DUP770846"),
            exchange: some("IEX"),
            side: some("BOT"),
            shares: some("1"),
            price: Some(257.95),
            perm_id: Some(389_211_034),
            client_id: Some(94),
            cum_qty: some("1"),
            avg_price: Some(257.95),
            last_liquidity: Some(2),
            ..executions::Execution::default()
        }),
    };
    let recorded = "-1|1|3691937|AMZN|STK||0|||IEX|USD|AMZN|NMS|0000e0d5.69dd7411.01.01\
                    |20260413 15:27:04 US/Eastern|DUP770846|IEX|BOT|1|257.95|389211034|94|0|1|257.95|||||2";
    answers(&details, 176, recorded);
    answers(&details, 178, &format!("{recorded}|0"));
    let report = executions::CommissionAndFeesReport {
        exec_id: some("x"),
        commission_and_fees: Some(1.0),
        currency: some("USD"),
        ..executions::CommissionAndFeesReport::default()
    };
    let unset = "1.7976931348623157E308";
    answers(&report, 178, &format!("1|x|1|USD|{unset}|{unset}|"));
}

#[test]
fn session_answers() {
    let error = session::ErrorMessage {
        id: None,
        error_code: Some(2104),
        error_msg: some("prêt:\\n"),
        ..session::ErrorMessage::default()
    };
    answers(&error, 178, "2|-1|2104|pr\\u00eat:\\\\n|");
    answers(&session::NextValidId { order_id: Some(1) }, 178, "1|1");
    let accounts_list = some("DU1,DU2");
    answers(&session::ManagedAccounts { accounts_list }, 178, "1|DU1,DU2");
    let current_time = Some(1_775_425_766);
    answers(&session::CurrentTime { current_time }, 178, "1|1775425766");
}

#[test]
fn a_bonds_details_are_another_message() {
    let mut data = contracts::ContractData {
        req_id: Some(5),
        contract: Some(stock()),
        contract_details: Some(contracts::ContractDetails {
            min_tick: some("0.01"),
            long_name: some("AMAZON"),
            sec_id_list: [("ISIN".to_owned(), "US0231351067".to_owned())].into(),
            min_size: some("1"),
            ..contracts::ContractDetails::default()
        }),
    };
    assert_eq!(data.id(), 10);
    let stock = "5|AMZN|STK||0||NASDAQ|USD|AMZN||NMS|3691937|0.01||||1|0|AMAZON|NASDAQ|||||||||\
                 |1|ISIN|US0231351067|0||||||1||";
    answers(&data, 178, stock);
    if let Some(contract) = data.contract.as_mut() {
        contract.sec_type = some("BOND");
    }
    assert_eq!(data.id(), 18);
    let bond = "5|AMZN|BOND||0||||||0|0|0||NASDAQ|USD||NMS|3691937|0.01|||||0||AMAZON|||1|ISIN\
                |US0231351067|0||1||";
    answers(&data, 178, bond);
}

/// Every request there is, for the question whether anything makes one panic.
fn read_all(bytes: &[u8], version: i32) {
    fn try_one<M: Request>(bytes: &[u8], version: i32) {
        let mut fields = Fields::new(bytes, version);
        if let Ok(message) = M::read(&mut fields) {
            // What is read can be said in the other encoding, and back.
            let again = M::decode(message.encode_to_vec().as_slice());
            assert_eq!(again.map(|again| again.encoded_len()), Ok(message.encoded_len()));
        }
    }
    try_one::<orders::PlaceOrderRequest>(bytes, version);
    try_one::<orders::CancelOrderRequest>(bytes, version);
    try_one::<orders::AutoOpenOrdersRequest>(bytes, version);
    try_one::<orders::CompletedOrdersRequest>(bytes, version);
    try_one::<orders::ExerciseOptionsRequest>(bytes, version);
    try_one::<executions::ExecutionRequest>(bytes, version);
    try_one::<contracts::ContractDataRequest>(bytes, version);
    try_one::<contracts::MatchingSymbolsRequest>(bytes, version);
    try_one::<contracts::MarketRuleRequest>(bytes, version);
    try_one::<accounts::AccountDataRequest>(bytes, version);
    try_one::<accounts::AccountSummaryRequest>(bytes, version);
    try_one::<accounts::AccountUpdatesMultiRequest>(bytes, version);
    try_one::<accounts::PositionsMultiRequest>(bytes, version);
    try_one::<accounts::PnlRequest>(bytes, version);
    try_one::<accounts::PnlSingleRequest>(bytes, version);
    try_one::<session::StartApiRequest>(bytes, version);
    try_one::<session::VerifyRequest>(bytes, version);
    for id in 0..=110 {
        let _ = request_id(id, &mut Fields::new(bytes, version));
    }
}

/// A field such as clients write, or nonsense.
fn any_field() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(String::new()),
        4 => (0_i32..8).prop_map(|value| value.to_string()),
        2 => any::<i32>().prop_map(|value| value.to_string()),
        2 => any::<f64>().prop_map(|value| value.to_string()),
        2 => prop::sample::select(vec!["BAG", "PEG BENCH", "PEG BEST", "IBKRATS", "Infinite", "a=b;", "None"])
            .prop_map(str::to_owned),
        1 => ".*",
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        read_all(&bytes, 178);
        read_all(&bytes, 176);
    }

    #[test]
    fn any_fields_are_read_or_refused(fields in prop::collection::vec(any_field(), 0..160)) {
        let bytes = bytes(&fields.join("|"));
        read_all(&bytes, 178);
        read_all(&bytes, 176);
    }
}
