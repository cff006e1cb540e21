//! Answers about data in the fields that the decoders of the official Python client (10.50.2, told 178) and
//! `ib_async` (2.1.0) take apart.

use super::Writer;
use crate::wire::Response;
use crate::wire::messages::contract::Contract;
use crate::wire::messages::{advisor, bars, depth, market, news, option, order, scanner, settings, ticks};

/// The whole message with its number, `|` for NUL.
fn written<M: Response>(message: &M) -> String {
    let mut bytes = Vec::new();
    let mut out = Writer::new(&mut bytes, 178);
    out.integer(message.id());
    message.write(&mut out);
    String::from_utf8(bytes).unwrap().replace('\0', "|")
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn ticks_of_market_data() {
    let price = market::TickPrice {
        req_id: Some(7),
        tick_type: Some(1),
        price: Some(150.25),
        size: text("300"),
        attr_mask: Some(1),
    };
    assert_eq!(written(&price), "1|6|7|1|150.25|300|1|");
    // ib_async takes exactly seven fields.
    assert_eq!(written(&market::TickPrice::default()), "1|6|0|0|0|0|0|");
    let size = market::TickSize {
        req_id: Some(7),
        tick_type: Some(8),
        size: text("12345"),
    };
    assert_eq!(written(&size), "2|6|7|8|12345|");
    let generic = market::TickGeneric {
        req_id: Some(7),
        tick_type: Some(49),
        value: Some(0.0),
    };
    assert_eq!(written(&generic), "45|6|7|49|0|");
    let string = market::TickString {
        req_id: Some(7),
        tick_type: Some(45),
        value: text("1795368600"),
    };
    assert_eq!(written(&string), "46|6|7|45|1795368600|");
}

#[test]
fn conditions_of_market_data() {
    let end = market::TickSnapshotEnd { req_id: Some(7) };
    assert_eq!(written(&end), "57|1|7|");
    let kind = market::MarketDataType {
        req_id: Some(7),
        market_data_type: Some(3),
    };
    assert_eq!(written(&kind), "58|1|7|3|");
    let parameters = market::TickReqParams {
        req_id: Some(7),
        min_tick: text("0.01"),
        bbo_exchange: text("9c0001"),
        snapshot_permissions: Some(3),
        ..market::TickReqParams::default()
    };
    assert_eq!(written(&parameters), "81|7|0.01|9c0001|3|");
    let data = market::RerouteMarketDataRequest {
        req_id: Some(7),
        con_id: Some(265_598),
        exchange: text("ISLAND"),
    };
    assert_eq!(written(&data), "91|7|265598|ISLAND|");
    let depth = market::RerouteMarketDepthRequest {
        req_id: Some(7),
        con_id: Some(265_598),
        exchange: text("ISLAND"),
    };
    assert_eq!(written(&depth), "92|7|265598|ISLAND|");
}

#[test]
fn books() {
    let row = depth::MarketDepthData {
        position: Some(2),
        operation: Some(1),
        side: Some(1),
        price: Some(99.5),
        size: text("400"),
        market_maker: text("ARCA"),
        is_smart_depth: Some(true),
    };
    let plain = depth::MarketDepth {
        req_id: Some(9),
        market_depth_data: Some(row.clone()),
    };
    assert_eq!(written(&plain), "12|1|9|2|1|1|99.5|400|");
    let by_venue = depth::MarketDepthL2 {
        req_id: Some(9),
        market_depth_data: Some(row),
    };
    assert_eq!(written(&by_venue), "13|1|9|2|ARCA|1|1|99.5|400|1|");
}

#[test]
fn venues() {
    let venue = depth::DepthMarketDataDescription {
        exchange: text("ISLAND"),
        sec_type: text("STK"),
        listing_exch: None,
        service_data_type: text("Deep2"),
        agg_group: Some(1),
    };
    let none = depth::DepthMarketDataDescription {
        agg_group: None,
        ..venue.clone()
    };
    let venues = depth::MarketDepthExchanges {
        depth_market_data_descriptions: vec![venue, none],
    };
    assert_eq!(
        written(&venues),
        "80|2|ISLAND|STK||Deep2|1|ISLAND|STK||Deep2|2147483647|"
    );
    let components = depth::SmartComponents {
        req_id: Some(10),
        smart_components: vec![depth::SmartComponent {
            bit_number: Some(1),
            exchange: text("ARCA"),
            exchange_letter: text("P"),
        }],
    };
    assert_eq!(written(&components), "82|10|1|1|ARCA|P|");
}

fn bar() -> bars::HistoricalDataBar {
    bars::HistoricalDataBar {
        date: text("20261120"),
        open: Some(1.0),
        high: Some(4.0),
        low: Some(0.5),
        close: Some(2.0),
        volume: text("100"),
        wap: text("1.75"),
        bar_count: Some(9),
    }
}

#[test]
fn bars_with_where_they_begin_and_end() {
    let all = bars::HistoricalBars {
        data: bars::HistoricalData {
            req_id: Some(11),
            historical_data_bars: vec![bar()],
        },
        end: bars::HistoricalDataEnd {
            req_id: Some(11),
            start_date_str: text("20261119 16:00:00 US/Eastern"),
            end_date_str: text("20261120 16:00:00 US/Eastern"),
        },
    };
    assert_eq!(
        written(&all),
        "17|11|20261119 16:00:00 US/Eastern|20261120 16:00:00 US/Eastern|1|20261120|1|4|0.5|2|100|1.75|9|"
    );
    assert_eq!(
        prost::Message::encode_to_vec(&all),
        prost::Message::encode_to_vec(&all.data)
    );
    let update = bars::HistoricalDataUpdate {
        req_id: Some(11),
        historical_data_bar: Some(bar()),
    };
    assert_eq!(written(&update), "90|11|9|20261120|1|2|4|0.5|1.75|100|");
}

#[test]
fn other_bars() {
    let tick = bars::RealTimeBarTick {
        req_id: Some(13),
        time: Some(1_795_368_600),
        open: Some(1.0),
        high: Some(4.0),
        low: Some(0.5),
        close: Some(2.0),
        volume: text("100"),
        wap: text("1.75"),
        count: Some(9),
    };
    assert_eq!(written(&tick), "50|3|13|1795368600|1|4|0.5|2|100|1.75|9|");
    let head = bars::HeadTimestamp {
        req_id: Some(14),
        head_timestamp: text("345479400"),
    };
    assert_eq!(written(&head), "88|14|345479400|");
    let histogram = bars::HistogramData {
        req_id: Some(15),
        histogram_data_entries: vec![bars::HistogramDataEntry {
            price: Some(150.25),
            size: text("300"),
        }],
    };
    assert_eq!(written(&histogram), "89|15|1|150.25|300|");
    let schedule = bars::HistoricalSchedule {
        req_id: Some(11),
        start_date_time: text("20261120-09:30:00"),
        end_date_time: text("20261120-16:00:00"),
        time_zone: text("US/Eastern"),
        historical_sessions: vec![bars::HistoricalSession {
            start_date_time: text("20261120-09:30:00"),
            end_date_time: text("20261120-16:00:00"),
            ref_date: text("20261120"),
        }],
    };
    assert_eq!(
        written(&schedule),
        "106|11|20261120-09:30:00|20261120-16:00:00|US/Eastern|1|20261120-09:30:00|20261120-16:00:00|20261120|"
    );
}

fn quote(bid_past_low: bool, ask_past_high: bool) -> ticks::HistoricalTickBidAsk {
    ticks::HistoricalTickBidAsk {
        time: Some(1_795_368_600),
        tick_attrib_bid_ask: Some(ticks::TickAttribBidAsk {
            bid_past_low: Some(bid_past_low),
            ask_past_high: Some(ask_past_high),
        }),
        price_bid: Some(1.25),
        price_ask: Some(1.5),
        size_bid: text("3"),
        size_ask: text("4"),
    }
}

fn trade() -> ticks::HistoricalTickLast {
    ticks::HistoricalTickLast {
        time: Some(1_795_368_600),
        tick_attrib_last: Some(ticks::TickAttribLast {
            past_limit: Some(false),
            unreported: Some(true),
        }),
        price: Some(1.25),
        size: text("3"),
        exchange: text("ARCA"),
        special_conditions: text("F"),
    }
}

fn middle() -> ticks::HistoricalTick {
    ticks::HistoricalTick {
        time: Some(1_795_368_600),
        price: Some(1.375),
        size: text("0"),
    }
}

#[test]
fn past_ticks() {
    let quotes = ticks::HistoricalTicksBidAsk {
        req_id: Some(16),
        historical_ticks_bid_ask: vec![quote(true, false), quote(false, true)],
        is_done: Some(true),
    };
    assert_eq!(
        written(&quotes),
        "97|16|2|1795368600|2|1.25|1.5|3|4|1795368600|1|1.25|1.5|3|4|1|"
    );
    let trades = ticks::HistoricalTicksLast {
        req_id: Some(16),
        historical_ticks_last: vec![trade()],
        is_done: Some(false),
    };
    assert_eq!(written(&trades), "98|16|1|1795368600|2|1.25|3|ARCA|F|0|");
    let middles = ticks::HistoricalTicks {
        req_id: Some(16),
        historical_ticks: vec![middle()],
        is_done: Some(true),
    };
    assert_eq!(written(&middles), "96|16|1|1795368600|0|1.375|0|1|");
}

#[test]
fn ticks_one_by_one() {
    let tick = |tick_type, tick| ticks::TickByTickData {
        req_id: Some(17),
        tick_type: Some(tick_type),
        tick: Some(tick),
    };
    let last = tick(1, ticks::Tick::Last(trade()));
    assert_eq!(written(&last), "99|17|1|1795368600|1.25|3|2|ARCA|F|");
    let low = tick(3, ticks::Tick::BidAsk(quote(true, false)));
    assert_eq!(written(&low), "99|17|3|1795368600|1.25|1.5|3|4|1|");
    let middle = tick(4, ticks::Tick::MidPoint(middle()));
    assert_eq!(written(&middle), "99|17|4|1795368600|1.375|");
    assert_eq!(written(&ticks::TickByTickData::default()), "99|0|0|0|");
}

#[test]
fn headlines() {
    let bulletin = news::NewsBulletin {
        news_msg_id: Some(3),
        news_msg_type: Some(1),
        news_message: text("Halted"),
        originating_exch: text("NYSE"),
    };
    assert_eq!(written(&bulletin), "14|1|3|1|Halted|NYSE|");
    let tick = news::TickNews {
        req_id: Some(7),
        timestamp: Some(1_795_368_600_000),
        provider_code: text("BRFG"),
        article_id: text("BRFG$1"),
        headline: text("Up"),
        extra_data: text("A:1"),
    };
    assert_eq!(written(&tick), "84|7|1795368600000|BRFG|BRFG$1|Up|A:1|");
    let past = news::HistoricalNews {
        req_id: Some(19),
        time: text("2026-11-20 09:30:00.0"),
        provider_code: text("BRFG"),
        article_id: text("BRFG$1"),
        headline: text("Up"),
    };
    assert_eq!(written(&past), "86|19|2026-11-20 09:30:00.0|BRFG|BRFG$1|Up|");
    let end = news::HistoricalNewsEnd {
        req_id: Some(19),
        has_more: Some(true),
    };
    assert_eq!(written(&end), "87|19|1|");
}

#[test]
fn articles_and_the_calendar() {
    let article = news::NewsArticle {
        req_id: Some(18),
        article_type: Some(0),
        article_text: text("Up it went"),
    };
    assert_eq!(written(&article), "83|18|0|Up it went|");
    let providers = news::NewsProviders {
        news_providers: vec![news::NewsProvider {
            provider_code: text("BRFG"),
            provider_name: text("Briefing"),
        }],
    };
    assert_eq!(written(&providers), "85|1|BRFG|Briefing|");
    let meta = news::WshMetaData {
        req_id: Some(20),
        data_json: text("{}"),
    };
    assert_eq!(written(&meta), "104|20|{}|");
    let event = news::WshEventData {
        req_id: Some(21),
        data_json: text("[]"),
    };
    assert_eq!(written(&event), "105|21|[]|");
}

#[test]
fn scans() {
    let parameters = scanner::ScannerParameters { xml: text("<scan/>") };
    assert_eq!(written(&parameters), "19|1|<scan/>|");
    let contract = Contract {
        con_id: Some(265_598),
        symbol: text("AAPL"),
        sec_type: text("STK"),
        exchange: text("SMART"),
        currency: text("USD"),
        local_symbol: text("AAPL"),
        trading_class: text("NMS"),
        ..Contract::default()
    };
    let data = scanner::ScannerData {
        req_id: Some(22),
        scanner_data_element: vec![scanner::ScannerDataElement {
            rank: Some(0),
            contract: Some(contract),
            market_name: text("NMS"),
            distance: text("1.5"),
            benchmark: None,
            projection: None,
            combo_key: None,
        }],
    };
    assert_eq!(
        written(&data),
        "20|3|22|1|0|265598|AAPL|STK||0||SMART|USD|AAPL|NMS|NMS|1.5||||"
    );
}

#[test]
fn options() {
    let computed = option::TickOptionComputation {
        req_id: Some(23),
        tick_type: Some(13),
        tick_attrib: Some(0),
        implied_vol: Some(0.25),
        delta: Some(-0.5),
        opt_price: Some(12.5),
        pv_dividend: Some(0.0),
        gamma: Some(0.01),
        vega: Some(0.5),
        theta: Some(-0.1),
        und_price: Some(501.0),
    };
    assert_eq!(
        written(&computed),
        "21|23|13|0|0.25|-0.5|12.5|0|0.01|0.5|-0.1|501|"
    );
    // What is not computed has values of its own; ib_async takes exactly twelve fields.
    assert_eq!(
        written(&option::TickOptionComputation::default()),
        "21|0|0|0|-1|-2|-1|-1|-2|-2|-2|-1|"
    );
    let chain = option::SecDefOptParameter {
        req_id: Some(25),
        exchange: text("SMART"),
        underlying_con_id: Some(756_733),
        trading_class: text("SPY"),
        multiplier: text("100"),
        expirations: vec!["20271217".to_owned(), "20280121".to_owned()],
        strikes: vec![500.0, 500.5],
    };
    assert_eq!(
        written(&chain),
        "75|25|SMART|756733|SPY|100|2|20271217|20280121|2|500|500.5|"
    );
    let end = option::SecDefOptParameterEnd { req_id: Some(25) };
    assert_eq!(written(&end), "76|25|");
}

#[test]
fn advisors_and_groups() {
    let received = advisor::ReceiveFa {
        fa_data_type: Some(1),
        xml: text("<groups/>"),
    };
    assert_eq!(written(&received), "16|1|1|<groups/>|");
    let replaced = advisor::ReplaceFaEnd {
        req_id: Some(26),
        text: text("Success"),
    };
    assert_eq!(written(&replaced), "103|26|Success|");
    let tiers = advisor::SoftDollarTiers {
        req_id: Some(27),
        soft_dollar_tiers: vec![order::SoftDollarTier {
            name: text("A"),
            value: text("1"),
            display_name: text("Tier A"),
        }],
    };
    assert_eq!(written(&tiers), "77|27|1|A|1|Tier A|");
    let groups = settings::DisplayGroupList {
        req_id: Some(28),
        groups: text("1|2"),
    };
    assert_eq!(written(&groups), "67|1|28|1|2|");
    let updated = settings::DisplayGroupUpdated {
        req_id: Some(29),
        contract_info: text("265598@SMART"),
    };
    assert_eq!(written(&updated), "68|1|29|265598@SMART|");
}
