//! What surrounds instruments: exchanges, advisors' lists, display groups, settings.

use super::contract_tests::{answers, desk};
use crate::exchange::Hours;
use crate::gateway::ConnectionId;
use crate::gateway::gateway_tests::ME;
use crate::wire::ids::{request, response};
use crate::wire::messages::advisor::{FaReplace, FaRequest, ReceiveFa};
use crate::wire::messages::contract::{MarketRule, MarketRuleRequest};
use crate::wire::messages::depth::{
    MarketDepthExchanges, MarketDepthExchangesRequest, SmartComponents, SmartComponentsRequest,
};
use crate::wire::messages::settings::{
    ApiConfig, ApiSettingsConfig, ConfigRequest, ConfigResponse, DisplayGroupUpdated,
    SubscribeToGroupEventsRequest, UnsubscribeFromGroupEventsRequest, UpdateConfigRequest,
    UpdateConfigResponse, UpdateDisplayGroupRequest,
};

#[test]
fn market_rules_are_ladders() {
    let mut desk = desk(Hours::Always, false);
    let rule = |number| MarketRuleRequest {
        market_rule_id: Some(number),
    };
    let output = desk.ask_raw(request::MARKET_RULE, &rule(32));
    let steps = answers::<MarketRule>(&output, response::MARKET_RULE)
        .remove(0)
        .price_increments;
    let steps: Vec<_> = steps
        .iter()
        .map(|step| (step.low_edge(), step.increment()))
        .collect();
    assert_eq!(steps, [(0.0, 0.01), (3.0, 0.05)]);
    // The rule's number is no request id.
    assert_eq!(desk.ask(request::MARKET_RULE, &rule(4_711)), ["error -1 321"]);
}

#[test]
fn exchanges_have_letters_and_depth() {
    let mut desk = desk(Hours::Always, false);
    let ask = |code: &str| SmartComponentsRequest {
        req_id: Some(2),
        bbo_exchange: Some(code.to_owned()),
    };
    let output = desk.ask_raw(request::SMART_COMPONENTS, &ask("9c0001"));
    let all = answers::<SmartComponents>(&output, response::SMART_COMPONENTS)
        .remove(0)
        .smart_components;
    let nyse = all.iter().find(|each| each.exchange() == "NYSE").unwrap();
    assert_eq!((nyse.bit_number(), nyse.exchange_letter()), (8, "N"));
    assert_eq!(desk.ask(request::SMART_COMPONENTS, &ask("moon")), ["error 2 321"]);
    let output = desk.ask_raw(
        request::MARKET_DEPTH_EXCHANGES,
        &MarketDepthExchangesRequest::default(),
    );
    let all = answers::<MarketDepthExchanges>(&output, response::MARKET_DEPTH_EXCHANGES).remove(0);
    let all = all.depth_market_data_descriptions;
    let has = |exchange: &str, kind: &str| {
        let mut all = all.iter();
        all.any(|each| each.exchange() == exchange && each.sec_type() == kind)
    };
    assert!(has("NASDAQ", "STK") && has("CME", "FUT") && has("CBOE", "OPT") && !has("SMART", "STK"));
}

#[test]
fn lists_are_for_advisors() {
    let list = |kind| FaRequest {
        fa_data_type: Some(kind),
    };
    let replace = |xml: &str| FaReplace {
        req_id: Some(8),
        fa_data_type: Some(1),
        xml: Some(xml.to_owned()),
    };
    let mut plain = desk(Hours::Always, false);
    assert_eq!(plain.ask(request::FA, &list(1)), ["error -1 321"]);
    assert_eq!(
        plain.ask(request::FA_REPLACE, &replace("<ListOfGroups/>")),
        ["error 8 321"]
    );
    let mut advisor = desk(Hours::Always, true);
    let xml = |output: &[crate::gateway::Output]| {
        answers::<ReceiveFa>(output, response::RECEIVE_FA)
            .remove(0)
            .xml
            .unwrap()
    };
    assert!(xml(&advisor.ask_raw(request::FA, &list(1))).contains("<String>DU1234567</String>"));
    assert!(xml(&advisor.ask_raw(request::FA, &list(3))).contains("<alias>DU1234567</alias>"));
    assert_eq!(advisor.ask(request::FA, &list(2)), ["error -1 585"]);
    assert_eq!(
        advisor.ask(request::FA_REPLACE, &replace("no XML")),
        ["error 8 321"]
    );
    assert_eq!(
        advisor.ask(request::FA_REPLACE, &replace("<ListOfGroups/>")),
        ["message 103"]
    );
    assert_eq!(xml(&advisor.ask_raw(request::FA, &list(1))), "<ListOfGroups/>");
}

#[test]
fn followers_see_what_a_group_shows() {
    let mut desk = desk(Hours::Always, false);
    let other = ConnectionId(2);
    desk.join(other, 8);
    let follow = |request, group| SubscribeToGroupEventsRequest {
        req_id: Some(request),
        group_id: Some(group),
    };
    let change = |request, info: &str| UpdateDisplayGroupRequest {
        req_id: Some(request),
        contract_info: Some(info.to_owned()),
    };
    let output = desk.ask_raw(request::SUBSCRIBE_TO_GROUP_EVENTS, &follow(1, 4));
    assert_eq!(
        answers::<DisplayGroupUpdated>(&output, response::DISPLAY_GROUP_UPDATED)[0].contract_info(),
        "none"
    );
    assert_eq!(
        desk.ask(request::SUBSCRIBE_TO_GROUP_EVENTS, &follow(2, 40)),
        ["error 2 321"]
    );
    assert_eq!(
        desk.ask(request::SUBSCRIBE_TO_GROUP_EVENTS, &follow(1, 5)),
        ["error 1 322"]
    );
    desk.ask_as(other, request::SUBSCRIBE_TO_GROUP_EVENTS, &follow(9, 4));
    assert_eq!(
        desk.ask(request::UPDATE_DISPLAY_GROUP, &change(1, "265598@SMART")),
        ["message 68"; 2]
    );
    assert_eq!(
        desk.ask(request::UPDATE_DISPLAY_GROUP, &change(1, "moon")),
        ["error 1 321"]
    );
    assert_eq!(
        desk.ask(request::UPDATE_DISPLAY_GROUP, &change(3, "none")),
        ["error 3 300"]
    );
    desk.gateway.disconnect(other);
    assert_eq!(
        desk.ask(request::UPDATE_DISPLAY_GROUP, &change(1, "none")),
        ["message 68"]
    );
    let stop = UnsubscribeFromGroupEventsRequest { req_id: Some(1) };
    assert_eq!(desk.ask(request::UNSUBSCRIBE_FROM_GROUP_EVENTS, &stop), [""; 0]);
    assert_eq!(
        desk.ask(request::UNSUBSCRIBE_FROM_GROUP_EVENTS, &stop),
        ["error 1 300"]
    );
}

#[test]
fn settings_change_field_by_field() {
    let mut desk = desk(Hours::Always, false);
    let update = |settings: ApiSettingsConfig| UpdateConfigRequest {
        req_id: Some(6),
        api: Some(ApiConfig {
            precautions: None,
            settings: Some(settings),
        }),
        ..UpdateConfigRequest::default()
    };
    let asked = update(ApiSettingsConfig {
        read_only_api: Some(true),
        prepare_daily_pnl: Some(true),
        master_client_id: Some(7),
        ..ApiSettingsConfig::default()
    });
    let mut change = |asked: &UpdateConfigRequest| {
        let output = desk.ask_raw(request::UPDATE_CONFIG, asked);
        answers::<UpdateConfigResponse>(&output, response::UPDATE_CONFIG_RESPONSE).remove(0)
    };
    let done = change(&asked);
    assert_eq!(
        done.changed_fields,
        ["api.settings.read_only_api", "api.settings.master_client_id"]
    );
    assert_eq!((done.status(), done.errors.len()), ("ok", 0));
    assert_eq!(change(&asked).changed_fields, [""; 0]);
    let port = update(ApiSettingsConfig {
        socket_port: Some(7497),
        ..ApiSettingsConfig::default()
    });
    assert_eq!(change(&port).errors.len(), 1);
    assert!(desk.gateway.is_read_only());
    assert_eq!(desk.gateway.master_client(), Some(7));
    let output = desk.ask_raw(request::CONFIG, &ConfigRequest { req_id: Some(6) });
    let config = answers::<ConfigResponse>(&output, response::CONFIG_RESPONSE).remove(0);
    let settings = config.api.unwrap().settings.unwrap();
    assert_eq!((settings.read_only_api(), settings.socket_port()), (true, 4002));
}

#[test]
fn nobody_is_verified() {
    let mut desk = desk(Hours::Always, false);
    for id in [request::VERIFY, request::VERIFY_MESSAGE] {
        let told = desk.ask_as(ME, id, &FaReplace::default());
        assert_eq!(told, ["message 66"]);
    }
}
