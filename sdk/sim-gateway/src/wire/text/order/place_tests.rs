//! Orders as real clients send them.

use prost::Message;

use crate::wire::Request;
use crate::wire::messages::contract::{ComboLeg, Contract};
use crate::wire::messages::order::{Order, PlaceOrderRequest};
use crate::wire::text::text_tests::{bytes, read};
use crate::wire::text::{FieldError, Fields};

/// A limit order of IB's own Python client at version 178.
const OFFICIAL_LIMIT: &str = "7|265598|AAPL|STK|||||SMART|NASDAQ|USD|||||BUY|100|LMT|190.25||GTC||DU1||0|mine|1|0|0|0|0|0|0|0|\
     |0|||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0||\
     1.7976931348623157e+308|1.7976931348623157e+308|1.7976931348623157e+308|1.7976931348623157e+308|\
     1.7976931348623157e+308|0||||1.7976931348623157e+308|||||0|0|0||2147483647|2147483647|0||";

/// The same of `ib_async` 2.1.0 at version 178.
const ASYNC_LIMIT: &str = "7|265598|AAPL|STK||0.0|||SMART|NASDAQ|USD|||||BUY|100.0|LMT|190.25||GTC||DU1|O|0|mine|1|0|0|0|0|\
     0|0|0||0.0|||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0|||||||0|||||||\
     ||0|0|0|0|||0||";

/// The same of `ib_insync` 0.9.86 at version 176.
const INSYNC_LIMIT: &str = "7|265598|AAPL|STK||0.0|||SMART|NASDAQ|USD|||||BUY|100.0|LMT|190.25||GTC||DU1|O|0|mine|1|0|0|0|0|\
     0|0|0||0.0||||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0|||||||0||||||\
     |||0|0|0|0|||0||";

/// An order with everything set, of IB's own Python client at version 178.
const OFFICIAL_FULL: &str = "8|265598|AAPL|STK|||||SMART|NASDAQ|USD|||ISIN|US0378331005|SELL|5|PEG BENCH|1.5|0.25|GTD|g|DU1|\
     C|1||0|6|1|1|3|2|1|1||0.5|20261123 09:30:00 US/Eastern|20261130 16:00:00 US/Eastern|fg|NetLiq|\
     10|m|2|loc|1|2|I|sf|1|2|0.125|0|0||0|1.25|2.5|0.75|3.5|4.5|1|0.2|1|MKT|0.375|12|ds|dc|di|O|1|1|\
     dl|1|2|5.5|6.5|7|8|0.01|0.02|9|0.03|1|10|11|1|t|s|e|B|hp|1|ca|IB|1|1|11|0.5|99.5|Twap|2|\
     strategyType|Marketable|allowPastEndTime|1|aid|1|k=v;|1|1|1|13|1|0.5|0.25|ISLAND|6|1|a|1|190.5|\
     265598|SMART|2|3|o|0|20261123 10:00:00 US/Eastern|4|a|0|30|5|a|STK|SMART|AAPL|6|a|1|1000|265598|\
     SMART|7|a|1|5.5|265598|SMART|1|1|TRAIL|8.5|0.05|9.5|10.5|11.5|1|op|tn|tv|1000.5|dm|da|et|ea|1|1|\
     1|1|60|1|1|8229|20261123 09:00:00";

/// The same of `ib_async`, which drops the volatility of other orders.
const ASYNC_FULL: &str = "8|265598|AAPL|STK||0.0|||SMART|NASDAQ|USD|||ISIN|US0378331005|SELL|5.0|PEG BENCH|1.5|0.25|GTD|g|\
     DU1|C|1||0|6|1|1|3|2|1|1||0.5|20261123 09:30:00 US/Eastern|20261130 16:00:00 US/Eastern|fg|\
     NetLiq|10|m|2|loc|1|2|I|sf|1|2|0.125|0|0||0|1.25|2.5|0.75|3.5|4.5|1||1|MKT|0.375|12|ds|dc|di|O|\
     1|1|dl|1|2|5.5|6.5|7|8|0.01|0.02|9|0.03|1|10|11|1|t|s|e|B|hp|1|ca|IB|1|1|11|0.5|99.5|Twap|2|\
     strategyType|Marketable|allowPastEndTime|1|aid|1|k=v;|1|1|1|13|1|0.5|0.25|ISLAND|6|1|a|1|190.5|\
     265598|SMART|2|3|o|0|20261123 10:00:00 US/Eastern|4|a|0|30|5|a|STK|SMART|AAPL|6|a|1|1000|265598|\
     SMART|7|a|1|5.5|265598|SMART|1|1|TRAIL|8.5|0.05|9.5|10.5|11.5|1|op|tn|tv|1000.5|dm|da|et|ea|1|1|\
     1|1|60|1|1|8229|20261123 09:00:00";

/// The same of `ib_insync` at version 176.
const INSYNC_FULL: &str = "8|265598|AAPL|STK||0.0|||SMART|NASDAQ|USD|||ISIN|US0378331005|SELL|5.0|PEG BENCH|1.5|0.25|GTD|g|\
     DU1|C|1||0|6|1|1|3|2|1|1||0.5|20261123 09:30:00 US/Eastern|20261130 16:00:00 US/Eastern|fg|\
     NetLiq|10||m|2|loc|1|2|I|sf|1|2|0.125|0|0||0|1.25|2.5|0.75|3.5|4.5|1||1|MKT|0.375|12|ds|dc|di|O|\
     1|1|dl|1|2|5.5|6.5|7|8|0.01|0.02|9|0.03|1|10|11|1|t|s|e|B|hp|1|ca|IB|1|1|11|0.5|99.5|Twap|2|\
     strategyType|Marketable|allowPastEndTime|1|aid|1|k=v;|1|1|1|13|1|0.5|0.25|ISLAND|6|1|a|1|190.5|\
     265598|SMART|2|3|o|0|20261123 10:00:00 US/Eastern|4|a|0|30|5|a|STK|SMART|AAPL|6|a|1|1000|265598|\
     SMART|7|a|1|5.5|265598|SMART|1|1|TRAIL|8.5|0.05|9.5|10.5|11.5|1|op|tn|tv|1000.5|dm|da|et|ea|1|1|\
     1|1|60|1|1|8229|20261123 09:00:00";

/// A combination of two legs, of which one has a price.
const OFFICIAL_COMBINATION: &str = "9|0|AAPL,MSFT|BAG|||||SMART||USD|||||BUY|1|LMT|||||||0||1|0|0|0|\
     0|0|0|0|2|265598|1|BUY|SMART|0|\
     0||-1|272093|2|SELL|SMART|1|2|x|0|2|1.5||1|NonGuaranteed|1||0|||||||0||-1|0|||0|||0|0||0||||||0|\
     ||||0|||||||||||0|||0|0|||0||0|0|0|0||1.7976931348623157e+308|1.7976931348623157e+308|\
     1.7976931348623157e+308|1.7976931348623157e+308|1.7976931348623157e+308|0||||\
     1.7976931348623157e+308|||||0|0|0||2147483647|2147483647|0||";

/// The same of `ib_async`.
const ASYNC_COMBINATION: &str = "9|0|AAPL,MSFT|BAG||0.0|||SMART||USD|||||BUY|1.0|LMT||||||O|0||1|0|0|0|0|0|0|0|2|265598|1|BUY|\
     SMART|0|0||-1|272093|2|SELL|SMART|1|2|x|0|2|1.5||1|NonGuaranteed|1||0.0|||||||0||-1|0|||0|||0|0|\
     |0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0|||||||0|||||||||0|0|0|0|||0||";

/// Pegged to the best price, up to the middle, at IB's own venue.
const OFFICIAL_PEG_BEST: &str = "10|265598|AAPL|STK|||||IBKRATS|NASDAQ|USD|||||BUY|100|PEG BEST|190.0||||||0||1|0|0|0|0|0|0|0||0|\
     ||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||1|0|||0||0|0|0|0||1.7976931348623157e+308|\
     1.7976931348623157e+308|1.7976931348623157e+308|1.7976931348623157e+308|1.7976931348623157e+308|\
     0||||1.7976931348623157e+308|||||0|0|0||2147483647|2147483647|0|||10|20|Infinity|0.25|0.125";

/// The same of `ib_async`.
const ASYNC_PEG_BEST: &str = "10|265598|AAPL|STK||0.0|||IBKRATS|NASDAQ|USD|||||BUY|100.0|PEG BEST|190.0|||||O|0||1|0|0|0|0|0|\
     0|0||0.0|||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||1|0|||0||0|0|0|0|||||||0|||||||||\
     0|0|0|0|||0|||10|20|Infinite|0.25|0.125";

/// Pegged to the middle.
const ASYNC_PEG_MIDDLE: &str = "11|265598|AAPL|STK||0.0|||IBKRATS|NASDAQ|USD|||||BUY|100.0|PEG MID||||||O|0||1|0|0|0|0|0|0|0||\
     0.0|||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0|||||||0|||||||||0|0|\
     0|0|||0||||0.25|0.125";

/// The order with everything set as IB's own client sends it at version 226, as protobuf.
const PROTOBUF_FULL: &str = "0808124e08fe9a1012044141504c1a0353544b4205534d4152544a064e415344415152035553446a044953494e720c55\
     53303337383333313030358a0114080b11000000000000e03f190000000000e058401af4060800180020062a0453454c\
     4c320135380342095045472042454e434849000000000000f83f51000000000000d03f5a0347544462034455316a0273\
     66720263617a024942800101880101900101980101a00101a901000000000000c03fb1010000000000001a40b9010000\
     000000001640c00102ca011c32303236313132332030393a33303a30302055532f4561737465726ed2011c3230323631\
     3133302031363a30303a30302055532f4561737465726eda010167ea010149f00102f80102820201738a020165920202\
     66679a02064e65744c6971a202023130a9029a9999999999c93fb00201b80201c00202ca02034d4b54d1020000000000\
     00d83fd8020ce202014fe80201f00201fa0202646c80030788030891037b14ae47e17a843f99037b14ae47e17a943fa0\
     0309a903b81e85eb51b89e3fb00301b8030ac0030bc80301d2030174da030142e203026870ea030454776170f203150a\
     10616c6c6f7750617374456e6454696d65120131f2031a0a0c737472617465677954797065120a4d61726b657461626c\
     65fa0303616964880401980401a2040143a80401b00402ba04036c6f63c00401ca04026473d204026463da04026469e1\
     04000000000000e03fe80401f104000000000000f43ff90400000000000004408105000000000000e83f890500000000\
     00000c4091050000000000001240980501a205060a016b120176a80501b00501b80501c0050dc905000000000000e03f\
     d00501d905000000000000d03fe2050649534c414e44ea0505545241494cf1050000000000002140f905000000000000\
     2340810600000000000025408906000000000000274090060199069a9999999999a93fa2061c08011001180120fe9a10\
     2a05534d415254510000000000d067405802a20624080310001800621c32303236313132332031303a30303a30302055\
     532f4561737465726ea20608080410011800401ea20616080510012a05534d41525432044141504c3a0353544ba20614\
     08061001180120fe9a102a05534d41525468e807a2061a08071001180120fe9a102a05534d4152544900000000000016\
     40a80601b00601ba06016dc206026f70ca06080a02746e12027476d1060000000000448f40da0602646de206026461ea\
     06026574f206026561f80601800701880701a80701d00701d8073ce00701ea070438323239f207113230323631313233\
     2030393a30303a30302200";

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn place(text: &str, version: i32) -> PlaceOrderRequest {
    read(text, version).unwrap()
}

fn order(request: PlaceOrderRequest) -> Order {
    request.order.unwrap()
}

#[test]
fn a_limit_order_is_read_the_same_from_three_clients() {
    for (text, version, quantity) in [
        (OFFICIAL_LIMIT, 178, "100"),
        (ASYNC_LIMIT, 178, "100.0"),
        (INSYNC_LIMIT, 176, "100.0"),
    ] {
        let request = place(text, version);
        assert_eq!(request.order_id, Some(7), "{text}");
        let contract = request.contract.clone().unwrap();
        let wanted = Contract {
            con_id: Some(265_598),
            symbol: Some("AAPL".to_owned()),
            sec_type: Some("STK".to_owned()),
            strike: contract.strike,
            exchange: Some("SMART".to_owned()),
            primary_exch: Some("NASDAQ".to_owned()),
            currency: Some("USD".to_owned()),
            ..Contract::default()
        };
        assert_eq!(contract, wanted, "{text}");
        assert_eq!(contract.strike.unwrap_or_default(), 0.0, "{text}");
        let order = order(request);
        let said = [
            &order.action,
            &order.total_quantity,
            &order.order_type,
            &order.tif,
        ];
        let wanted = ["BUY", quantity, "LMT", "GTC"];
        assert_eq!(said.map(|text| text.as_deref().unwrap_or_default()), wanted);
        assert_eq!((order.lmt_price, order.aux_price), (Some(190.25), None));
        assert_eq!((order.transmit, order.what_if), (Some(true), Some(false)));
        let unset = [
            order.trigger_price,
            order.lmt_price_offset,
            order.adjusted_stop_price,
            order.cash_qty,
            order.percent_offset,
            order.volatility,
            order.compete_against_best_offset,
            order.mid_offset_at_whole,
        ];
        assert_eq!(unset, [None; 8], "{text}");
        assert_eq!(
            (order.min_qty, order.duration, order.post_to_ats),
            (None, None, None)
        );
        assert_eq!(order.soft_dollar_tier, None);
        assert_eq!(order.order_ref.as_deref(), Some("mine"));
    }
}

#[test]
fn an_order_with_everything_set_says_as_text_what_it_says_as_protobuf() {
    let mut wanted = PlaceOrderRequest::decode(unhex(PROTOBUF_FULL).as_slice()).unwrap();
    // Newer than text, and there is none.
    wanted.attached_orders = None;
    tidy(wanted.order.as_mut().unwrap());
    for (text, version) in [(OFFICIAL_FULL, 178), (ASYNC_FULL, 178), (INSYNC_FULL, 176)] {
        let mut request = place(text, version);
        let contract = request.contract.as_mut().unwrap();
        contract.strike = None;
        let order = request.order.as_mut().unwrap();
        if order.total_quantity.as_deref() == Some("5.0") {
            order.total_quantity = Some("5".to_owned());
            assert_eq!(order.volatility, None, "dropped by this client");
            order.volatility = Some(0.2);
        }
        tidy(order);
        assert_eq!(request, wanted, "{version}: {text}");
    }
}

/// Leaves out what only one of the encodings says, a "no" above all.
fn tidy(order: &mut Order) {
    order.transmit = order.transmit.filter(|transmit| *transmit);
    // Which client and which order it is are said elsewhere.
    order.client_id = Some(0);
    order.perm_id = Some(0);
    for condition in &mut order.conditions {
        condition.is_more = condition.is_more.filter(|more| *more);
        condition.is_conjunction_connection = condition.is_conjunction_connection.filter(|and| *and);
    }
}

#[test]
fn a_combination_has_its_legs_their_prices_and_its_routing() {
    for text in [OFFICIAL_COMBINATION, ASYNC_COMBINATION] {
        let request = place(text, 178);
        let legs = request.contract.clone().unwrap().combo_legs;
        let wanted = [
            ComboLeg {
                con_id: Some(265_598),
                ratio: Some(1),
                action: Some("BUY".to_owned()),
                exchange: Some("SMART".to_owned()),
                open_close: Some(0),
                short_sales_slot: Some(0),
                designated_location: None,
                exempt_code: Some(-1),
                per_leg_price: Some(1.5),
            },
            ComboLeg {
                con_id: Some(272_093),
                ratio: Some(2),
                action: Some("SELL".to_owned()),
                exchange: Some("SMART".to_owned()),
                open_close: Some(1),
                short_sales_slot: Some(2),
                designated_location: Some("x".to_owned()),
                exempt_code: Some(0),
                per_leg_price: None,
            },
        ];
        assert_eq!(legs, wanted, "{text}");
        let routing = order(request).smart_combo_routing_params;
        assert_eq!(routing.get("NonGuaranteed").map(String::as_str), Some("1"));
    }
}

#[test]
fn pegs_to_the_best_price_and_to_the_middle_have_fields_of_their_own() {
    for text in [OFFICIAL_PEG_BEST, ASYNC_PEG_BEST] {
        let order = order(place(text, 178));
        assert_eq!(
            (order.min_trade_qty, order.min_compete_size),
            (Some(10), Some(20))
        );
        assert_eq!(order.compete_against_best_offset, Some(f64::INFINITY));
        assert_eq!(order.mid_offset_at_whole, Some(0.25));
        assert_eq!(order.mid_offset_at_half, Some(0.125));
    }
    let order = order(place(ASYNC_PEG_MIDDLE, 178));
    assert_eq!((order.min_trade_qty, order.min_compete_size), (None, None));
    assert_eq!(order.mid_offset_at_half, Some(0.125));
}

#[test]
fn what_open_orders_say_for_nothing_is_nothing_when_it_comes_back() {
    let mut fields: Vec<&str> = ASYNC_LIMIT.split('|').collect();
    // The right; the type of an adjusted order; the hedge of a volatility order with the eight fields
    // it brings.
    fields[6] = "?";
    let adjusted = fields.len() - 24;
    fields[adjusted] = "None";
    fields[63] = "None";
    fields.splice(65..65, ["0", "", "", "", "?", "0", "0", ""]);
    let mut request = place(&fields.join("|"), 178);
    let order = request.order.as_mut().unwrap();
    let hedge = (
        order.delta_neutral_con_id.take(),
        order.delta_neutral_short_sale.take(),
        order.delta_neutral_short_sale_slot.take(),
    );
    assert_eq!(hedge, (Some(0), Some(false), Some(0)));
    assert_eq!(request, place(ASYNC_LIMIT, 178));
}

#[test]
fn an_older_client_may_stop_early_and_a_broken_one_is_told_where() {
    let fields: Vec<&str> = OFFICIAL_LIMIT.split('|').collect();
    // As clients knew orders before the operator's name, the last seventeen fields.
    let short = fields[..fields.len() - 17].join("|");
    let order = order(place(&short, 178));
    assert_eq!((order.duration, order.manual_order_time), (None, None));
    let broken = |at: usize, text: &str| {
        let mut fields = fields.clone();
        fields[at - 1] = text;
        read::<PlaceOrderRequest>(&fields.join("|"), 178).unwrap_err()
    };
    for (at, text) in [(1, "x"), (17, "many"), (19, "1,5"), (27, "yes"), (6, "nan")] {
        match broken(at, text) {
            FieldError::Wrong { at: said, found, .. } => {
                assert_eq!((said, found.as_str()), (at, text));
            }
            other => panic!("{other}"),
        }
    }
    let cut = bytes(&fields[..40].join("|"));
    let error = PlaceOrderRequest::read(&mut Fields::new(&cut, 178)).unwrap_err();
    assert_eq!(error, FieldError::Missing(41));
}
