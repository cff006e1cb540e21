//! The gateway as clients see it: which frames answer which requests, in which order.

use proptest::prelude::*;
use prost::Message;

use super::{Class, ConnectionId, Gateway, Output};
use crate::exchange::Config;
use crate::wire::frame::Inbound;
use crate::wire::ids::{PROTOBUF_OFFSET, request, response};
use crate::wire::messages::contract::Contract;
use crate::wire::messages::order::{CancelOrderRequest, OpenOrder, Order, OrderStatus, PlaceOrderRequest};
use crate::wire::messages::session::{ErrorMessage, NextValidId, StartApiRequest};
use crate::wire::messages::{execution as fills, market};
use crate::wire::{Body, Encoding};

pub(super) const ME: ConnectionId = ConnectionId(1);
const SECOND: u64 = 1_000_000_000;

/// A frame in a few words.
fn tell(output: &Output) -> String {
    let (class, bytes) = match output {
        Output::Close(_) => return "close".to_owned(),
        Output::Frame { class, bytes, .. } => (class, bytes),
    };
    let (_, rest) = bytes.split_at(4);
    let Some((id, body)) = rest.split_at_checked(4) else {
        return "short".to_owned();
    };
    let id = u32::from_be_bytes(id.try_into().unwrap()).wrapping_sub(PROTOBUF_OFFSET);
    match id {
        _ if matches!(class, Class::Tick { .. }) => "tick".to_owned(),
        response::ERROR => {
            let error = ErrorMessage::decode(body).unwrap();
            format!("error {} {}", error.id.unwrap(), error.error_code.unwrap())
        }
        response::OPEN_ORDER => {
            let state = OpenOrder::decode(body).unwrap().order_state.unwrap();
            let fees = if state.commission_and_fees.is_some() {
                " fees"
            } else {
                ""
            };
            format!("openOrder {}{fees}", state.status.unwrap())
        }
        response::ORDER_STATUS => {
            let status = OrderStatus::decode(body).unwrap();
            let held = status
                .why_held
                .filter(|held| !held.is_empty())
                .map(|held| format!(" ({held})"));
            let (filled, remaining) = (status.filled.unwrap(), status.remaining.unwrap());
            format!(
                "status {} {filled}/{remaining}{}",
                status.status.unwrap(),
                held.unwrap_or_default()
            )
        }
        response::EXECUTION_DETAILS => {
            format!(
                "execution {}",
                fills::ExecutionDetails::decode(body).unwrap().req_id.unwrap()
            )
        }
        response::NEXT_VALID_ID => format!("next {}", NextValidId::decode(body).unwrap().order_id.unwrap()),
        response::COMMISSION_AND_FEES_REPORT => "commission".to_owned(),
        _ => format!("message {id}"),
    }
}

pub(super) struct Desk {
    pub(super) gateway: Gateway,
    now: u64,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            gateway: Gateway::new(Config::default(), 226),
            now: 0,
        }
    }

    pub(super) fn started() -> Self {
        let mut desk = Self::new();
        desk.join(ME, 7);
        desk
    }

    pub(super) fn hello(&mut self, id: ConnectionId, oldest: i32, newest: i32) -> Vec<Output> {
        self.gateway.connect(id);
        self.gateway
            .receive(self.now, id, Inbound::Hello { oldest, newest });
        self.gateway.take_output()
    }

    pub(super) fn join(&mut self, id: ConnectionId, client: i32) -> Vec<String> {
        self.hello(id, 100, 226);
        self.ask_as(
            id,
            request::START_API,
            &StartApiRequest {
                client_id: Some(client),
                ..Default::default()
            },
        )
    }

    /// What comes back, frame by frame.
    pub(super) fn ask_raw(&mut self, id: u32, message: &impl Message) -> Vec<Output> {
        self.gateway.receive(self.now, ME, self::message(id, message));
        self.gateway.take_output()
    }

    pub(super) fn ask_as(&mut self, from: ConnectionId, id: u32, message: &impl Message) -> Vec<String> {
        self.frames_to(from, id, message).iter().map(tell).collect()
    }

    /// What a request is answered with, as it is.
    pub(super) fn frames_to(&mut self, from: ConnectionId, id: u32, message: &impl Message) -> Vec<Output> {
        self.gateway.receive(
            self.now,
            from,
            Inbound::Message {
                id,
                body: protobuf(message.encode_to_vec()),
            },
        );
        self.gateway.take_output()
    }

    /// Lets time pass; the frames that came meanwhile, as they are.
    pub(super) fn frames_after(&mut self, nanoseconds: u64) -> Vec<Output> {
        self.now += nanoseconds;
        self.gateway.advance(self.now);
        self.gateway.take_output()
    }

    pub(super) fn ask(&mut self, id: u32, message: &impl Message) -> Vec<String> {
        self.ask_as(ME, id, message)
    }

    pub(super) fn place(&mut self, id: i32, order: Order) -> Vec<String> {
        let place = PlaceOrderRequest {
            order_id: Some(id),
            contract: Some(apple()),
            order: Some(order),
            attached_orders: None,
        };
        self.ask(request::PLACE_ORDER, &place)
    }

    /// As [`ask`](Self::ask), with the frames as they are.
    pub(super) fn frames(&mut self, id: u32, asked: &impl Message) -> Vec<Output> {
        self.frames_to(ME, id, asked)
    }

    /// As [`place`](Self::place), with the frames as they are.
    pub(super) fn frames_of_order(&mut self, id: i32, order: Order) -> Vec<Output> {
        let place = PlaceOrderRequest {
            order_id: Some(id),
            contract: Some(apple()),
            order: Some(order),
            attached_orders: None,
        };
        self.frames(request::PLACE_ORDER, &place)
    }

    /// Lets time pass; what was told meanwhile.
    pub(super) fn pass(&mut self, nanoseconds: u64) -> Vec<String> {
        self.frames_after(nanoseconds).iter().map(tell).collect()
    }

    pub(super) fn cancel(&mut self, id: i32) -> Vec<String> {
        self.ask(
            request::CANCEL_ORDER,
            &CancelOrderRequest {
                order_id: Some(id),
                order_cancel: None,
            },
        )
    }
}

pub(super) fn apple() -> Contract {
    Contract {
        symbol: Some("AAPL".to_owned()),
        sec_type: Some("STK".to_owned()),
        exchange: Some("SMART".to_owned()),
        currency: Some("USD".to_owned()),
        ..Contract::default()
    }
}

pub(super) fn order(action: &str, kind: &str, quantity: i32) -> Order {
    Order {
        action: Some(action.to_owned()),
        order_type: Some(kind.to_owned()),
        total_quantity: Some(quantity.to_string()),
        tif: Some("DAY".to_owned()),
        transmit: Some(true),
        ..Order::default()
    }
}

pub(super) fn limit(price: f64, quantity: i32) -> Order {
    Order {
        lmt_price: Some(price),
        ..order("BUY", "LMT", quantity)
    }
}

#[test]
fn versions_are_agreed_or_the_socket_closes() {
    let version = |newest_server, oldest, newest| {
        let mut desk = Desk::new();
        desk.gateway = Gateway::new(Config::default(), newest_server);
        match desk.hello(ME, oldest, newest).as_slice() {
            [Output::Frame { bytes, .. }] => String::from_utf8_lossy(&bytes[4..7]).into_owned(),
            [Output::Close(_)] => "close".to_owned(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(version(226, 100, 226), "226");
    assert_eq!(version(226, 213, 300), "226");
    assert_eq!(version(226, 100, 220), "220");
    assert_eq!(version(226, 100, 212), "178");
    assert_eq!(version(226, 157, 178), "178");
    assert_eq!(version(226, 157, 176), "176");
    assert_eq!(version(226, 100, 177), "176");
    assert_eq!(version(226, 38, 170), "close");
    assert_eq!(version(178, 213, 226), "close");
}

#[test]
fn a_start_is_answered_in_the_recorded_order() {
    let wanted = [
        "message 15",
        "next 1",
        "error -1 2104",
        "error -1 2104",
        "error -1 2104",
        "error -1 2106",
        "error -1 2158",
    ];
    assert_eq!(Desk::new().join(ME, 7), wanted);
}

#[test]
fn a_client_id_is_used_once_at_a_time() {
    let mut desk = Desk::started();
    let other = ConnectionId(2);
    assert_eq!(desk.join(other, 7), ["error -1 326", "close"]);
    desk.gateway.disconnect(other);
    assert_eq!(desk.join(ConnectionId(3), 8).len(), 7);
    desk.gateway.disconnect(ME);
    assert_eq!(desk.join(ConnectionId(4), 7).len(), 7);
}

#[test]
fn contracts_and_feeds_that_do_not_exist_are_refused() {
    let mut desk = Desk::started();
    let data = |symbol: &str, exchange: &str| market::MarketDataRequest {
        req_id: Some(40),
        contract: Some(Contract {
            symbol: Some(symbol.to_owned()),
            exchange: Some(exchange.to_owned()),
            ..apple()
        }),
        ..Default::default()
    };
    assert_eq!(
        desk.ask(request::MARKET_DATA, &data("NONE", "SMART")),
        ["error 40 200"]
    );
    assert_eq!(
        desk.ask(request::MARKET_DATA, &data("AAPL", "MOON")),
        ["error 40 200"]
    );
    assert_eq!(
        desk.ask(request::MARKET_DATA, &data("AAPL", "")),
        ["error 40 321"]
    );
    let told = desk.ask(request::MARKET_DATA, &data("AAPL", "SMART"));
    assert_eq!(told[..3], ["message 81", "message 58", "tick"]);
    assert_eq!(
        desk.ask(request::MARKET_DATA, &data("AAPL", "SMART")),
        ["error 40 322"]
    );
    let stop = market::CancelMarketData { req_id: Some(40) };
    assert_eq!(desk.ask(request::CANCEL_MARKET_DATA, &stop), [""; 0]);
    assert_eq!(desk.ask(request::CANCEL_MARKET_DATA, &stop), ["error 40 300"]);
}

#[test]
fn what_is_not_built_says_so() {
    let mut desk = Desk::started();
    let silent = [request::SET_SERVER_LOG_LEVEL, request::CANCEL_CONTRACT_DATA];
    let quiet = [
        request::GLOBAL_CANCEL,
        request::CANCEL_POSITIONS,
        request::NEWS_BULLETINS,
        request::CANCEL_NEWS_BULLETINS,
    ];
    for id in (1..=130).filter(|id| !silent.contains(id) && !quiet.contains(id)) {
        let told = desk.ask(
            id,
            &StartApiRequest {
                client_id: Some(55),
                ..Default::default()
            },
        );
        let cancels = [63, 75, 77, 90, 93].contains(&id);
        assert!(!told.is_empty() || cancels, "message {id} got no answer");
    }
}

#[test]
fn orders_and_ids_outlive_connections() {
    let mut desk = Desk::started();
    desk.place(4, limit(200.0, 10));
    desk.gateway.disconnect(ME);
    assert!(desk.join(ME, 7).contains(&"next 5".to_owned()));
    let again = desk.ask(request::OPEN_ORDERS, &CancelOrderRequest::default());
    assert_eq!(
        again,
        ["openOrder Submitted", "status Submitted 0/10", "message 53"]
    );
    let other = ConnectionId(2);
    assert!(desk.join(other, 8).contains(&"next 1".to_owned()));
    let own = desk.ask_as(other, request::OPEN_ORDERS, &CancelOrderRequest::default());
    assert_eq!(own, ["message 53"]);
    let all = desk.ask_as(other, request::ALL_OPEN_ORDERS, &CancelOrderRequest::default());
    assert_eq!(all.len(), 3);
    let foreign = CancelOrderRequest {
        order_id: Some(4),
        order_cancel: None,
    };
    assert_eq!(
        desk.ask_as(other, request::CANCEL_ORDER, &foreign),
        ["error 4 10147"]
    );
    assert_eq!(desk.cancel(4).len(), 3);
}

/// One afternoon of requests at fixed logical instants; every byte that came back.
fn transcript(seed: u64) -> Vec<Output> {
    let mut desk = Desk::new();
    desk.gateway = Gateway::new(
        Config {
            seed,
            ..Config::default()
        },
        226,
    );
    desk.join(ME, 7);
    let data = market::MarketDataRequest {
        req_id: Some(1),
        contract: Some(apple()),
        ..Default::default()
    };
    let mut all = Vec::new();
    for round in 1..40 {
        desk.now += SECOND / 3;
        let id: i32 = round;
        let price = 229.5 + f64::from(id % 7) / 10.0;
        let place = PlaceOrderRequest {
            order_id: Some(id),
            contract: Some(apple()),
            order: Some(if id % 3 == 0 {
                order("SELL", "MKT", 700)
            } else {
                limit(price, 400)
            }),
            attached_orders: None,
        };
        if round == 1 {
            desk.gateway
                .receive(desk.now, ME, message(request::MARKET_DATA, &data));
        }
        desk.gateway
            .receive(desk.now, ME, message(request::PLACE_ORDER, &place));
        all.extend(desk.gateway.take_output());
    }
    all
}

fn message(id: u32, message: &impl Message) -> Inbound {
    Inbound::Message {
        id,
        body: protobuf(message.encode_to_vec()),
    }
}

fn protobuf(bytes: Vec<u8>) -> Body {
    Body {
        encoding: Encoding::Protobuf(226),
        bytes,
    }
}

#[test]
fn one_seed_and_one_script_give_one_transcript() {
    let first = transcript(42);
    assert!(first.len() > 500, "only {} frames", first.len());
    assert_eq!(first, transcript(42));
    assert_ne!(first, transcript(43));
}

proptest! {

#[test]
    fn any_body_of_any_message_does_no_harm(
        messages in prop::collection::vec((0_u32..130, prop::collection::vec(any::<u8>(), 0..60)), 1..20),
    ) {
        let mut desk = Desk::started();
        for (id, body) in messages {
            desk.now += SECOND / 10;
            desk.gateway.receive(desk.now, ME, Inbound::Message { id, body: protobuf(body) });
        }
    }
}
