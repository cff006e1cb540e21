//! The gateway's own behaviour: sessions and client ids, which request gets which answers, in which order.
//!
//! Pure like the exchange behind it: messages and logical instants go in, frames for connections come out.
//! It opens no socket and reads no clock, so one transcript of requests always gives one transcript of
//! answers.

mod accounts;
mod contracts;
mod market_data;
mod order_messages;
mod orders;
mod profit;
mod requests;
mod session;
mod text;
mod validation;

#[cfg(test)]
mod gateway_tests;
#[cfg(test)]
mod order_tests;

use std::collections::BTreeMap;

use crate::exchange::{Config, Event, Exchange, OrderKey};
use crate::wire::frame::{self, Inbound};
use crate::wire::ids::response;
use crate::wire::session_messages::ErrorMessage;
use crate::wire::{NEWEST_VERSION, OLDEST_VERSION};

use orders::Ticket;
pub(crate) use requests::client_id;
pub use session::ConnectionId;
use session::{Session, Stage};

const SECOND: u64 = 1_000_000_000;

/// Something to do on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Write these bytes: one whole frame.
    Frame {
        /// Where.
        to: ConnectionId,
        /// What kind of frame, which decides what may happen to it when the client does not read.
        class: Class,
        /// The frame, length included.
        bytes: Vec<u8>,
    },
    /// Close, once everything before is written.
    Close(ConnectionId),
}

/// What a frame is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// One field of one quote: a newer one makes it worthless.
    Tick {
        /// The subscription.
        request: i32,
        /// The protocol's tick type.
        field: i32,
    },
    /// About orders; must never be lost.
    Order,
    /// Anything else; must not be lost either.
    Other,
}

/// An error to be sent to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    code: i32,
    text: String,
}

impl Problem {
    fn new(code: i32, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }

    /// The gateway's refusal to understand a request.
    fn invalid(cause: impl std::fmt::Display) -> Self {
        Self::new(321, format!("Error validating request.-'bF' : cause - {cause}"))
    }
}

/// The gateway in front of one exchange.
#[derive(Debug)]
pub struct Gateway {
    exchange: Exchange,
    newest_version: i32,
    forced_version: Option<i32>,
    sessions: BTreeMap<ConnectionId, Session>,
    /// Who watches each market: connection and request id.
    watchers: BTreeMap<crate::exchange::InstrumentId, Vec<(ConnectionId, i32)>>,
    /// Highest order id each client has used.
    last_order_ids: BTreeMap<i32, i32>,
    /// Orders as their clients wrote them.
    tickets: BTreeMap<OrderKey, Ticket>,
    reject_next: Option<i32>,
    seconds: u64,
    output: Vec<Output>,
}

impl Gateway {
    /// A gateway that announces at most `newest_version`, in front of a new exchange.
    #[must_use]
    pub fn new(config: Config, newest_version: i32) -> Self {
        Self {
            exchange: Exchange::new(config),
            newest_version: newest_version.min(NEWEST_VERSION),
            forced_version: None,
            sessions: BTreeMap::new(),
            watchers: BTreeMap::new(),
            last_order_ids: BTreeMap::new(),
            tickets: BTreeMap::new(),
            reject_next: None,
            seconds: 0,
            output: Vec::new(),
        }
    }

    /// The exchange behind it.
    #[must_use]
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Acts on the exchange directly, as its operator, and spreads the news.
    pub fn operate<T>(&mut self, action: impl FnOnce(&mut Exchange) -> T) -> T {
        let result = action(&mut self.exchange);
        self.publish();
        result
    }

    /// Announces this version to the next client, whether it can speak it or not: a fault.
    pub fn announce_next(&mut self, version: i32) {
        self.forced_version = Some(version);
    }

    /// Rejects the next new order with this code, whatever it is.
    pub fn reject_next(&mut self, code: i32) {
        self.reject_next = Some(code);
    }

    /// Frames and closes since the last call, in order.
    pub fn take_output(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.output)
    }

    /// A client has connected.
    pub fn connect(&mut self, id: ConnectionId) {
        self.sessions.insert(id, Session::new());
    }

    /// A connection is gone, its subscriptions with it; its orders stay.
    pub fn disconnect(&mut self, id: ConnectionId) {
        if let Some(session) = self.sessions.remove(&id) {
            for (request, subscription) in session.market_data {
                self.unwatch(id, request, subscription.instrument);
            }
        }
    }

    /// The client ids in use, with their connections.
    pub fn clients(&self) -> impl Iterator<Item = (ConnectionId, i32)> {
        self.sessions
            .iter()
            .filter_map(|(id, session)| Some((*id, session.client()?)))
    }

    /// Lets time pass: markets move, periodic reports become due.
    pub fn advance(&mut self, to: u64) {
        while (self.seconds + 1) * SECOND <= to {
            self.seconds += 1;
            self.exchange.advance(self.seconds * SECOND);
            self.publish();
            self.report_profit();
            if self.seconds.is_multiple_of(180) {
                self.report_accounts();
            }
        }
        self.exchange.advance(to);
        self.publish();
    }

    /// When [`advance`](Self::advance) next has something to do.
    #[must_use]
    pub fn next_due(&self) -> u64 {
        let second = (self.seconds + 1) * SECOND;
        self.exchange.next_due().map_or(second, |due| due.min(second))
    }

    /// A client's message arrived at this logical instant.
    pub fn receive(&mut self, now: u64, from: ConnectionId, message: Inbound) {
        self.advance(now);
        let Some(stage) = self.sessions.get(&from).map(|session| session.stage) else {
            return;
        };
        match (stage, message) {
            (Stage::Greeting, Inbound::Hello { oldest, newest }) => self.negotiate(from, oldest, newest),
            (Stage::Negotiated | Stage::Ready(_), Inbound::Message { id, body }) => {
                self.request(from, id, &body)
            }
            (Stage::Negotiated | Stage::Ready(_), Inbound::Text { id }) => {
                let text = format!("Error reading request. Message {id} is not in the protobuf encoding");
                self.error(from, -1, &Problem::new(320, text));
            }
            (_, _) => self.output.push(Output::Close(from)),
        }
        self.publish();
    }

    /// Sends a notice to every client that has started the API.
    pub fn notice(&mut self, code: i32, text: &str) {
        let clients: Vec<ConnectionId> = self.clients().map(|(id, _)| id).collect();
        for id in clients {
            self.error(id, -1, &Problem::new(code, text));
        }
    }

    /// As the real one does: the lower of both newest versions, or the end where there is none in common.
    fn negotiate(&mut self, from: ConnectionId, oldest: i32, newest: i32) {
        let version = newest.min(self.newest_version);
        let forced = self.forced_version.take();
        if forced.is_none() && (version < OLDEST_VERSION || version < oldest) {
            self.output.push(Output::Close(from));
            return;
        }
        let version = forced.unwrap_or(version);
        if let Some(session) = self.sessions.get_mut(&from) {
            session.stage = Stage::Negotiated;
        }
        let connected_at = text::timestamp(self.exchange.unix_seconds(self.exchange.now()));
        let bytes = frame::version_frame(version, &connected_at);
        self.output.push(Output::Frame {
            to: from,
            class: Class::Other,
            bytes,
        });
    }

    fn send(&mut self, to: ConnectionId, class: Class, id: u32, message: &impl prost::Message) {
        let mut bytes = Vec::new();
        frame::encode(&mut bytes, id, message);
        self.output.push(Output::Frame { to, class, bytes });
    }

    /// Sends an error or notice; `about` is a request or order id, or -1.
    fn error(&mut self, to: ConnectionId, about: i32, problem: &Problem) {
        let message = ErrorMessage {
            id: Some(about),
            error_time: i64::try_from(self.unix_millis()).ok(),
            error_code: Some(problem.code),
            error_msg: Some(problem.text.clone()),
            advanced_order_reject_json: None,
        };
        let class = if about >= 0 { Class::Order } else { Class::Other };
        self.send(to, class, response::ERROR, &message);
    }

    fn unix_millis(&self) -> u64 {
        let now = self.exchange.now();
        self.exchange.unix_seconds(now) * 1000 + now % SECOND / 1_000_000
    }

    /// The connection in use by a client id.
    fn connection_of(&self, client: i32) -> Option<ConnectionId> {
        self.clients().find(|(_, each)| *each == client).map(|(id, _)| id)
    }

    /// Turns what the exchange did into frames.
    fn publish(&mut self) {
        let mut traded = Vec::new();
        for event in self.exchange.take_events() {
            match event {
                Event::Quote { instrument } => self.publish_quote(instrument),
                Event::Trade {
                    instrument,
                    price,
                    lots,
                    day,
                } => self.publish_trade(instrument, price, lots, day),
                Event::Order { change, order } => self.publish_change(&change, &order),
                Event::Execution { execution, order } => {
                    self.publish_execution(&execution, &order);
                    traded.push((execution.account.clone(), execution.instrument));
                }
            }
        }
        for (account, instrument) in traded {
            self.publish_position(&account, instrument);
        }
    }
}
