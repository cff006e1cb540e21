//! News of now and of the past, bulletins, and what a user without the calendar is told.

use prost::Message;

use crate::exchange::Config;
use crate::gateway::data::data_tests::{ask, told, with_generics};
use crate::gateway::gateway_tests::Desk;
use crate::gateway::{ConnectionId, Gateway, Output};
use crate::wire::ids::{request, response};
use crate::wire::messages::news;

const ME: ConnectionId = ConnectionId(1);
const SECOND: u64 = 1_000_000_000;

#[test]
fn news_of_the_past_ends_and_says_whether_there_is_more() {
    let mut desk = Desk::started();
    let past = |total, codes: &str, con_id| news::HistoricalNewsRequest {
        req_id: Some(1),
        con_id: Some(con_id),
        provider_codes: Some(codes.to_owned()),
        total_results: Some(total),
        ..Default::default()
    };
    let mut asked =
        |message: &news::HistoricalNewsRequest| told(&desk.frames_to(ME, request::HISTORICAL_NEWS, message));
    assert_eq!(
        asked(&past(2, "BRFG+DJNL", 265_598)),
        ["old headline", "old headline", "end of news, more: true"]
    );
    assert_eq!(asked(&past(2, "BRFG", 1)), ["error 321"]);
    assert_eq!(asked(&past(2, "", 265_598)), ["error 321"]);
    assert_eq!(asked(&past(2, "SECRET", 265_598)), ["error 10276"]);
    let mut none = past(2, "BRFG", 265_598);
    none.start_date_time = Some("2026-11-18 00:00:00.0".to_owned());
    none.end_date_time = Some("20261117 00:00:00".to_owned());
    assert_eq!(asked(&none), ["end of news, more: false"]);
    none.start_date_time = Some("20261118 00:00:00 UTC".to_owned());
    none.end_date_time = Some("20261117 00:00:00 US/Eastern".to_owned());
    assert_eq!(asked(&none), ["end of news, more: false"]);
    none.end_date_time = Some("20261117 00:00:00 Nowhere".to_owned());
    assert_eq!(asked(&none), ["error 321"]);
    none.start_date_time = Some("soon".to_owned());
    assert_eq!(asked(&none), ["error 321"]);
}

#[test]
fn a_headline_that_is_streamed_can_be_read_and_found_again() {
    let mut desk = Desk::new();
    let calm = Config {
        tick_rate: 1,
        ..Config::default()
    };
    desk.gateway = Gateway::new(calm, 226);
    desk.join(ME, 7);
    let frames = desk.frames_to(ME, request::MARKET_DATA, &with_generics(1, "mdoff,292"));
    let headlines: Vec<news::TickNews> = frames
        .iter()
        .filter_map(|frame| match frame {
            Output::Frame { id, bytes, .. } if *id == response::TICK_NEWS => {
                Some(news::TickNews::decode(&bytes[8..]).unwrap())
            }
            _ => None,
        })
        .collect();
    assert_eq!(headlines.len(), 3);
    for headline in headlines {
        let message = news::NewsArticleRequest {
            req_id: Some(2),
            provider_code: headline.provider_code,
            article_id: headline.article_id,
            ..Default::default()
        };
        let told = told(&desk.frames_to(ME, request::NEWS_ARTICLE, &message));
        assert_eq!(told, ["message 83"]);
    }
    let unknown = news::NewsArticleRequest {
        req_id: Some(2),
        provider_code: Some("BRFG".to_owned()),
        article_id: Some("BRFG$nothing".to_owned()),
        ..Default::default()
    };
    assert_eq!(
        told(&desk.frames_to(ME, request::NEWS_ARTICLE, &unknown)),
        ["error 10172"]
    );
    let later = told(&desk.frames_after(9 * 3600 * SECOND));
    assert!(later.iter().any(|each| each == "headline"));
    assert!(later.iter().all(|each| each == "headline"));
    desk.gateway.data_rules_mut().news = false;
    assert_eq!(ask(&mut desk, &with_generics(2, "mdoff,292")), ["error 10277"]);
}

#[test]
fn bulletins_reach_those_who_listen() {
    let mut desk = Desk::started();
    let listen = news::NewsBulletinsRequest {
        all_messages: Some(true),
    };
    desk.gateway.bulletin(1, "Trading begins", "NYSE");
    assert_eq!(told(&desk.frames_after(0)), [""; 0]);
    assert_eq!(
        told(&desk.frames_to(ME, request::NEWS_BULLETINS, &listen)),
        ["message 14"]
    );
    desk.gateway.bulletin(2, "Trading ends", "NYSE");
    assert_eq!(told(&desk.frames_after(0)), ["message 14"]);
    let stop = news::CancelNewsBulletins {};
    assert_eq!(
        told(&desk.frames_to(ME, request::CANCEL_NEWS_BULLETINS, &stop)),
        [""; 0]
    );
    desk.gateway.bulletin(3, "Trading begins again", "NYSE");
    assert_eq!(told(&desk.frames_after(0)), [""; 0]);
}

#[test]
fn the_calendar_and_fundamentals_are_refused() {
    let mut desk = Desk::started();
    for (id, wanted) in [
        (request::WSH_META_DATA, "error 10276"),
        (request::WSH_EVENT_DATA, "error 10276"),
        (request::CANCEL_WSH_META_DATA, "error 10280"),
        (request::CANCEL_WSH_EVENT_DATA, "error 10284"),
        (request::FUNDAMENTAL_DATA, "error 10358"),
        (request::CANCEL_FUNDAMENTAL_DATA, "error 300"),
    ] {
        let message = news::WshMetaDataRequest { req_id: Some(9) };
        assert_eq!(told(&desk.frames_to(ME, id, &message)), [wanted]);
    }
}
