//! Requests about data in the very fields in which the official Python client (10.50.2, told 178) and
//! `ib_async` (2.1.0) write them.

use std::collections::BTreeMap;

use super::{FieldError, Fields, Request};
use crate::wire::messages::contract::{ComboLeg, Contract, DeltaNeutralContract};
use crate::wire::messages::{advisor, bars, depth, market, news, option, scanner, settings, ticks};

/// Reads a whole message, written with its number and `|` for NUL. Nothing may be left over.
fn read<M: Request>(message: &str) -> M {
    let bytes = message.replace('|', "\0").into_bytes();
    let mut fields = Fields::new(&bytes, 178);
    let id = fields.integer().unwrap().unwrap();
    assert_eq!(u32::try_from(id), Ok(M::ID), "{message}");
    let read = M::read(&mut fields).unwrap_or_else(|error| panic!("{message}: {error}"));
    assert!(fields.is_empty(), "{message} has fields that were not read");
    read
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn tags(tags: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(tag, value): &(&str, &str)| ((*tag).to_owned(), (*value).to_owned());
    tags.iter().map(owned).collect()
}

/// A stock. The official client leaves its strike out, `ib_async` writes 0.0.
fn apple(strike: Option<f64>) -> Contract {
    Contract {
        con_id: Some(265_598),
        symbol: text("AAPL"),
        sec_type: text("STK"),
        strike,
        exchange: text("SMART"),
        primary_exch: text("NASDAQ"),
        currency: text("USD"),
        local_symbol: text("AAPL"),
        trading_class: text("NMS"),
        ..Contract::default()
    }
}

fn call() -> Contract {
    Contract {
        con_id: Some(0),
        symbol: text("SPY"),
        sec_type: text("OPT"),
        last_trade_date_or_contract_month: text("20271217"),
        strike: Some(500.5),
        right: text("C"),
        multiplier: Some(100.0),
        exchange: text("SMART"),
        currency: text("USD"),
        ..Contract::default()
    }
}

fn combination(strike: Option<f64>) -> Contract {
    let leg = |con_id, ratio, action, exchange| ComboLeg {
        con_id: Some(con_id),
        ratio: Some(ratio),
        action: text(action),
        exchange: text(exchange),
        ..ComboLeg::default()
    };
    Contract {
        con_id: Some(0),
        symbol: text("SPY"),
        sec_type: text("BAG"),
        strike,
        exchange: text("SMART"),
        currency: text("USD"),
        combo_legs: vec![leg(1, 1, "BUY", "SMART"), leg(2, 3, "SELL", "CBOE")],
        ..Contract::default()
    }
}

const STOCK: [(&str, Option<f64>); 2] = [
    ("265598|AAPL|STK|||||SMART|NASDAQ|USD|AAPL|NMS", None),
    ("265598|AAPL|STK||0.0|||SMART|NASDAQ|USD|AAPL|NMS", Some(0.0)),
];

#[test]
fn market_data() {
    for (stock, strike) in STOCK {
        for (options, read_options) in [("", tags(&[])), ("XYZ=1;", tags(&[("XYZ", "1")]))] {
            let asked: market::MarketDataRequest = read(&format!("1|11|7|{stock}|0|233,236|0|0|{options}|"));
            let expected = market::MarketDataRequest {
                req_id: Some(7),
                contract: Some(apple(strike)),
                generic_tick_list: text("233,236"),
                snapshot: Some(false),
                regulatory_snapshot: Some(false),
                market_data_options: read_options,
            };
            assert_eq!(asked, expected);
        }
    }
    for (strike, read_strike) in [("", None), ("0.0", Some(0.0))] {
        let asked: market::MarketDataRequest = read(&format!(
            "1|11|8|0|SPY|BAG||{strike}|||SMART||USD|||2|1|1|BUY|SMART|2|3|SELL|CBOE|1|7|0.5|101.25||1|0||"
        ));
        let neutral = DeltaNeutralContract {
            con_id: Some(7),
            delta: Some(0.5),
            price: Some(101.25),
        };
        let contract = Contract {
            delta_neutral_contract: Some(neutral),
            ..combination(read_strike)
        };
        assert_eq!(asked.contract, Some(contract));
        assert_eq!(asked.generic_tick_list, None);
        assert_eq!(asked.snapshot, Some(true));
    }
    let kind: market::MarketDataTypeRequest = read("59|1|3|");
    assert_eq!(kind.market_data_type, Some(3));
    assert_eq!(read::<market::CancelMarketData>("2|2|7|").req_id, Some(7));
}

#[test]
fn depth_and_venues() {
    for (stock, strike) in STOCK {
        let asked: depth::MarketDepthRequest = read(&format!("10|5|9|{stock}|5|1||"));
        let expected = depth::MarketDepthRequest {
            req_id: Some(9),
            contract: Some(apple(strike)),
            num_rows: Some(5),
            is_smart_depth: Some(true),
            market_depth_options: tags(&[]),
        };
        assert_eq!(asked, expected);
    }
    let ended: depth::CancelMarketDepth = read("11|1|9|1|");
    assert_eq!((ended.req_id, ended.is_smart_depth), (Some(9), Some(true)));
    let _: depth::MarketDepthExchangesRequest = read("82|");
    let asked: depth::SmartComponentsRequest = read("83|10|9c0001|");
    assert_eq!((asked.req_id, asked.bbo_exchange), (Some(10), text("9c0001")));
}

#[test]
fn bars_of_an_option() {
    let asked: bars::HistoricalDataRequest = read(
        "20|11|0|SPY|OPT|20271217|500.5|C|100|SMART||USD|||1|20261120 16:00:00 US/Eastern|5 mins|1 D|1|TRADES|2|0|a=b;c=d;|",
    );
    let expected = bars::HistoricalDataRequest {
        req_id: Some(11),
        contract: Some(Contract {
            include_expired: Some(true),
            ..call()
        }),
        end_date_time: text("20261120 16:00:00 US/Eastern"),
        bar_size_setting: text("5 mins"),
        duration: text("1 D"),
        use_rth: Some(true),
        what_to_show: text("TRADES"),
        format_date: Some(2),
        keep_up_to_date: Some(false),
        chart_options: tags(&[("a", "b"), ("c", "d")]),
    };
    assert_eq!(asked, expected);
}

#[test]
fn bars_of_a_combination() {
    for (strike, read_strike) in [("", None), ("0.0", Some(0.0))] {
        let asked: bars::HistoricalDataRequest = read(&format!(
            "20|12|0|SPY|BAG||{strike}|||SMART||USD|||0||1 day|2 W|0|MIDPOINT|1|2|1|1|BUY|SMART|2|3|SELL|CBOE|1||"
        ));
        let contract = Contract {
            include_expired: Some(false),
            ..combination(read_strike)
        };
        assert_eq!(asked.contract, Some(contract));
        assert_eq!(asked.end_date_time, None);
        assert_eq!(asked.keep_up_to_date, Some(true));
    }
}

#[test]
fn other_bars() {
    for (stock, strike) in STOCK {
        let with_expired = Contract {
            include_expired: Some(false),
            ..apple(strike)
        };
        let asked: bars::RealTimeBarsRequest = read(&format!("50|3|13|{stock}|5|TRADES|1||"));
        let expected = bars::RealTimeBarsRequest {
            req_id: Some(13),
            contract: Some(apple(strike)),
            bar_size: Some(5),
            what_to_show: text("TRADES"),
            use_rth: Some(true),
            real_time_bars_options: tags(&[]),
        };
        assert_eq!(asked, expected);
        let asked: bars::HeadTimestampRequest = read(&format!("87|14|{stock}|0|1|TRADES|2|"));
        let expected = bars::HeadTimestampRequest {
            req_id: Some(14),
            contract: Some(with_expired.clone()),
            use_rth: Some(true),
            what_to_show: text("TRADES"),
            format_date: Some(2),
        };
        assert_eq!(asked, expected);
        let asked: bars::HistogramDataRequest = read(&format!("88|15|{stock}|0|1|3 days|"));
        let expected = bars::HistogramDataRequest {
            req_id: Some(15),
            contract: Some(with_expired),
            use_rth: Some(true),
            time_period: text("3 days"),
        };
        assert_eq!(asked, expected);
    }
    assert_eq!(read::<bars::CancelHistoricalData>("25|1|11|").req_id, Some(11));
    assert_eq!(read::<bars::CancelRealTimeBars>("51|1|13|").req_id, Some(13));
    assert_eq!(read::<bars::CancelHeadTimestamp>("90|14|").req_id, Some(14));
    assert_eq!(read::<bars::CancelHistogramData>("89|15|").req_id, Some(15));
}

#[test]
fn single_ticks() {
    for (stock, strike) in STOCK {
        let asked: ticks::HistoricalTicksRequest = read(&format!(
            "96|16|{stock}|0|20261120 09:30:00 US/Eastern||1000|BID_ASK|1|1||"
        ));
        let expected = ticks::HistoricalTicksRequest {
            req_id: Some(16),
            contract: Some(Contract {
                include_expired: Some(false),
                ..apple(strike)
            }),
            start_date_time: text("20261120 09:30:00 US/Eastern"),
            end_date_time: None,
            number_of_ticks: Some(1000),
            what_to_show: text("BID_ASK"),
            use_rth: Some(true),
            ignore_size: Some(true),
            misc_options: tags(&[]),
        };
        assert_eq!(asked, expected);
        let asked: ticks::TickByTickRequest = read(&format!("97|17|{stock}|BidAsk|0|1|"));
        let expected = ticks::TickByTickRequest {
            req_id: Some(17),
            contract: Some(apple(strike)),
            tick_type: text("BidAsk"),
            number_of_ticks: Some(0),
            ignore_size: Some(true),
        };
        assert_eq!(asked, expected);
    }
    assert_eq!(read::<ticks::CancelTickByTick>("98|17|").req_id, Some(17));
}

#[test]
fn news() {
    assert_eq!(
        read::<news::NewsBulletinsRequest>("12|1|1|").all_messages,
        Some(true)
    );
    let asked: news::NewsArticleRequest = read("84|18|BRFG|BRFG$1||");
    assert_eq!(
        (asked.provider_code, asked.article_id),
        (text("BRFG"), text("BRFG$1"))
    );
    let asked: news::HistoricalNewsRequest = read("86|19|265598|BRFG+DJNL|20261101 00:00:00||10||");
    let expected = news::HistoricalNewsRequest {
        req_id: Some(19),
        con_id: Some(265_598),
        provider_codes: text("BRFG+DJNL"),
        start_date_time: text("20261101 00:00:00"),
        end_date_time: None,
        total_results: Some(10),
        historical_news_options: tags(&[]),
    };
    assert_eq!(asked, expected);
    let asked: news::WshEventDataRequest = read("102|21|265598||0|0|0|20261101||2147483647|");
    let expected = news::WshEventDataRequest {
        req_id: Some(21),
        con_id: Some(265_598),
        filter: None,
        fill_watchlist: Some(false),
        fill_portfolio: Some(false),
        fill_competitors: Some(false),
        start_date: text("20261101"),
        end_date: None,
        total_limit: None,
    };
    assert_eq!(asked, expected);
    let _: news::NewsProvidersRequest = read("85|");
    assert_eq!(read::<news::WshMetaDataRequest>("100|20|").req_id, Some(20));
    assert_eq!(read::<news::CancelWshMetaData>("101|20|").req_id, Some(20));
    assert_eq!(read::<news::CancelWshEventData>("103|21|").req_id, Some(21));
}

#[test]
fn scanners() {
    let asked: scanner::ScannerSubscriptionRequest =
        read("22|22|-1|STK|STK.US.MAJOR|TOP_PERC_GAIN|5.0||100000|||||||||||0||||usdMarketCapAbove=10000;||");
    let expected = scanner::ScannerSubscription {
        number_of_rows: Some(-1),
        instrument: text("STK"),
        location_code: text("STK.US.MAJOR"),
        scan_code: text("TOP_PERC_GAIN"),
        above_price: Some(5.0),
        above_volume: Some(100_000),
        exclude_convertible: Some(false),
        scanner_subscription_filter_options: tags(&[("usdMarketCapAbove", "10000")]),
        ..scanner::ScannerSubscription::default()
    };
    assert_eq!(asked.req_id, Some(22));
    assert_eq!(asked.scanner_subscription, Some(expected));
    assert_eq!(
        read::<scanner::CancelScannerSubscription>("23|1|22|").req_id,
        Some(22)
    );
}

#[test]
fn options() {
    let spy = "0|SPY|OPT|20271217|500.5|C|100|SMART||USD||";
    // The official client writes the options alone, ib_async their count too.
    for options in ["|", "0||"] {
        let asked: option::CalculateImpliedVolatilityRequest =
            read(&format!("54|3|23|{spy}|12.5|501.0|{options}"));
        let expected = option::CalculateImpliedVolatilityRequest {
            req_id: Some(23),
            contract: Some(call()),
            option_price: Some(12.5),
            under_price: Some(501.0),
            implied_volatility_options: tags(&[]),
        };
        assert_eq!(asked, expected);
        let asked: option::CalculateOptionPriceRequest = read(&format!("55|3|24|{spy}|0.25|501.0|{options}"));
        assert_eq!((asked.volatility, asked.under_price), (Some(0.25), Some(501.0)));
    }
    let asked: option::SecDefOptParamsRequest = read("78|25|SPY||STK|756733|");
    let expected = option::SecDefOptParamsRequest {
        req_id: Some(25),
        underlying_symbol: text("SPY"),
        fut_fop_exchange: None,
        underlying_sec_type: text("STK"),
        underlying_con_id: Some(756_733),
    };
    assert_eq!(asked, expected);
    let ended: option::CancelCalculateImpliedVolatility = read("56|1|23|");
    assert_eq!(ended.req_id, Some(23));
    let ended: option::CancelCalculateOptionPrice = read("57|1|24|");
    assert_eq!(ended.req_id, Some(24));
}

#[test]
fn advisors_and_groups() {
    assert_eq!(read::<advisor::FaRequest>("18|1|1|").fa_data_type, Some(1));
    let asked: advisor::FaReplace = read("19|1|1|<groups/>|26|");
    let expected = advisor::FaReplace {
        req_id: Some(26),
        fa_data_type: Some(1),
        xml: text("<groups/>"),
    };
    assert_eq!(asked, expected);
    assert_eq!(read::<advisor::SoftDollarTiersRequest>("79|27|").req_id, Some(27));
    let asked: settings::QueryDisplayGroupsRequest = read("67|1|28|");
    assert_eq!(asked.req_id, Some(28));
    let asked: settings::SubscribeToGroupEventsRequest = read("68|1|29|1|");
    assert_eq!((asked.req_id, asked.group_id), (Some(29), Some(1)));
    let asked: settings::UpdateDisplayGroupRequest = read("69|1|29|265598@SMART|");
    assert_eq!(asked.contract_info, text("265598@SMART"));
    let ended: settings::UnsubscribeFromGroupEventsRequest = read("70|1|29|");
    assert_eq!(ended.req_id, Some(29));
}

#[test]
fn what_is_wrong_names_the_field() {
    let error = |message: &str| {
        let bytes = message.replace('|', "\0").into_bytes();
        market::MarketDataRequest::read(&mut Fields::new(&bytes, 178)).unwrap_err()
    };
    assert_eq!(error("11|7|265598|AAPL|"), FieldError::Missing(5));
    let wrong = |at, found: &str, wanted| FieldError::Wrong {
        at,
        found: found.to_owned(),
        wanted,
    };
    assert_eq!(error("11|seven|"), wrong(2, "seven", "a whole number"));
    assert_eq!(error("11|7|265598|AAPL|STK||dear|"), wrong(7, "dear", "a number"));
    assert_eq!(
        error("11|7|0|SPY|BAG||||||||||-1|"),
        wrong(15, "-1", "a count of what follows")
    );
    assert_eq!(
        ticks::CancelHistoricalTicks::read(&mut Fields::new(b"1\0", 178)),
        Err(FieldError::Unsupported)
    );
}

#[test]
fn older_clients_may_leave_the_last_fields_out() {
    let asked: market::MarketDataRequest = read("1|11|7|265598|AAPL|STK|||||SMART||USD|||0||");
    assert_eq!(asked.snapshot, None);
    let asked: depth::CancelMarketDepth = read("11|1|9|");
    assert_eq!(asked.is_smart_depth, None);
}
