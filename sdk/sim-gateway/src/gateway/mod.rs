//! The gateway's own behaviour: sessions and client ids, which request gets which answers, in which order.
//!
//! Pure like the exchange behind it: messages and logical instants go in, frames for connections come out.
//! It opens no socket and reads no clock, so one transcript of requests always gives one transcript of
//! answers.

mod account;
pub mod conduct;
mod data;
mod history;
mod orders;
mod reference;
mod session;
mod values;

#[cfg(test)]
mod gateway_tests;

use std::collections::BTreeMap;

use crate::exchange::{Config, Exchange};
use crate::wire::frame::{self, Inbound};
use crate::wire::messages::bars::HistoricalBars;
use crate::wire::messages::session::ErrorMessage;
use crate::wire::{Encoding, Response, negotiate};

pub(crate) use conduct::frame_subject;
pub use data::{Entitlement, Entitlements, Rules as DataRules};
pub use session::ConnectionId;
pub(crate) use session::client_id;
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
        /// The message number, see [`crate::wire::ids::response`]; zero for the version frame.
        id: u32,
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

/// Something put off, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Job {
    Orders(orders::Job),
    Data(data::Job),
}

/// The gateway in front of one exchange.
#[derive(Debug)]
pub struct Gateway {
    exchange: Exchange,
    newest_version: i32,
    forced_version: Option<i32>,
    sessions: BTreeMap<ConnectionId, Session>,
    conduct: conduct::State,
    orders: orders::State,
    data: data::State,
    history: history::State,
    reference: reference::State,
    /// What was put off, by its instant and the order in which it was.
    later: BTreeMap<(u64, u64), Job>,
    put_off: u64,
    seconds: u64,
    /// Errors and notices sent so far, by code.
    errors: BTreeMap<i32, u64>,
    output: Vec<Output>,
}

impl Gateway {
    /// A gateway that announces at most `newest_version`, in front of a new exchange.
    #[must_use]
    pub fn new(config: Config, newest_version: i32) -> Self {
        Self {
            exchange: Exchange::new(config),
            newest_version,
            forced_version: None,
            sessions: BTreeMap::new(),
            conduct: conduct::State::default(),
            orders: orders::State::default(),
            data: data::State::default(),
            history: history::State::default(),
            reference: reference::State::default(),
            later: BTreeMap::new(),
            put_off: 0,
            seconds: 0,
            errors: BTreeMap::new(),
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

    /// Frames and closes since the last call, in order.
    pub fn take_output(&mut self) -> Vec<Output> {
        let output = std::mem::take(&mut self.output);
        self.censored(output)
    }

    /// A client has connected.
    pub fn connect(&mut self, id: ConnectionId) {
        self.sessions.insert(id, Session::new());
    }

    /// A connection is gone, its subscriptions with it; its orders stay.
    pub fn disconnect(&mut self, id: ConnectionId) {
        if let Some(session) = self.sessions.remove(&id) {
            self.end_watches(id, session.data);
            self.end_history(id, session.history);
            self.end_reference(id);
        }
    }

    /// How a connection speaks, once its handshake has agreed on it.
    #[must_use]
    pub fn encoding(&self, id: ConnectionId) -> Option<Encoding> {
        self.sessions.get(&id)?.encoding
    }

    /// Errors and notices sent so far, by code.
    pub fn errors_sent(&self) -> impl Iterator<Item = (&i32, &u64)> {
        self.errors.iter()
    }

    /// The simulated time, as the protocol writes it.
    #[must_use]
    pub fn clock_text(&self) -> String {
        values::timestamp(self.exchange.unix_seconds(self.exchange.now()))
    }

    /// The client ids in use, with their connections.
    pub fn clients(&self) -> impl Iterator<Item = (ConnectionId, i32)> {
        self.sessions
            .iter()
            .filter_map(|(id, session)| Some((*id, session.client()?)))
    }

    /// Lets time pass: markets move, periodic reports and what was put off become due.
    pub fn advance(&mut self, to: u64) {
        loop {
            let second = (self.seconds + 1) * SECOND;
            let job = self.later.first_key_value().map(|((at, _), _)| *at);
            let next = job.map_or(second, |at| at.min(second));
            // One market move at a time, so that none goes untold behind a later one.
            if let Some(due) = self.exchange.next_due().filter(|due| *due < next && *due <= to) {
                self.exchange.advance(due);
                self.publish();
                continue;
            }
            if next > to {
                break;
            }
            self.exchange.advance(next);
            self.publish();
            if job == Some(next) {
                self.do_one_job();
            } else {
                self.seconds += 1;
                self.account_second(self.seconds);
                self.data_second();
                self.history_second();
            }
        }
        self.exchange.advance(to);
        self.publish();
    }

    /// When [`advance`](Self::advance) next has something to do.
    #[must_use]
    pub fn next_due(&self) -> u64 {
        let second = (self.seconds + 1) * SECOND;
        let job = self.later.first_key_value().map(|((at, _), _)| *at);
        let own = job.map_or(second, |at| at.min(second));
        self.exchange.next_due().map_or(own, |due| due.min(own))
    }

    /// Puts something off until a logical instant.
    fn put_off(&mut self, until: u64, job: Job) {
        self.put_off += 1;
        self.later.insert((until, self.put_off), job);
    }

    fn do_one_job(&mut self) {
        match self.later.pop_first() {
            Some((_, Job::Orders(job))) => self.order_job(job),
            Some((_, Job::Data(job))) => self.data_job(job),
            None => {}
        }
        self.publish();
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
            (Stage::Negotiated | Stage::Ready(_), Inbound::Foreign { id }) => {
                let text =
                    format!("Error reading request. Message {id} is not in this connection's encoding");
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
        let agreed = self
            .forced_version
            .take()
            .or_else(|| negotiate(oldest, newest, self.newest_version));
        let Some(version) = agreed else {
            self.output.push(Output::Close(from));
            return;
        };
        if let Some(session) = self.sessions.get_mut(&from) {
            session.stage = Stage::Negotiated;
            session.encoding = Some(Encoding::of(version));
        }
        let connected_at = self.connection_time();
        let bytes = frame::version_frame(version, &connected_at);
        self.output.push(Output::Frame {
            to: from,
            class: Class::Other,
            id: 0,
            bytes,
        });
    }

    fn send<M: Response + 'static>(&mut self, to: ConnectionId, class: Class, message: &M) {
        let Some(encoding) = self.encoding(to).filter(|known| known.version() >= M::SINCE) else {
            return;
        };
        if !self.is_honest() {
            self.send_changed(to, class, message);
            return;
        }
        let mut bytes = Vec::new();
        frame::encode(&mut bytes, encoding, message);
        let id = message.id();
        self.output.push(Output::Frame { to, class, id, bytes });
    }

    /// Sends the bars of one request and says that these are all.
    fn send_bars(&mut self, to: ConnectionId, bars: &HistoricalBars) {
        self.send(to, Class::Other, bars);
        self.send(to, Class::Other, &bars.end);
    }

    /// Sends an error or notice; `about` is a request or order id, or -1.
    fn error(&mut self, to: ConnectionId, about: i32, problem: &Problem) {
        let message = ErrorMessage {
            id: Some(about),
            error_time: i64::try_from(self.unix_millis()).ok(),
            error_code: Some(problem.code),
            error_msg: Some(self.text_of(problem)),
            advanced_order_reject_json: None,
        };
        let class = if about >= 0 { Class::Order } else { Class::Other };
        for _ in 0..self.times_told(problem.code) {
            *self.errors.entry(problem.code).or_default() += 1;
            self.send(to, class, &message);
        }
    }

    fn unix_millis(&self) -> u64 {
        let now = self.exchange.now();
        let lead = self.exchange.epoch_millis();
        self.shifted(self.exchange.unix_seconds(now) * 1000 + now % SECOND / 1_000_000 + lead)
    }

    /// The connection in use by a client id.
    fn connection_of(&self, client: i32) -> Option<ConnectionId> {
        self.clients().find(|(_, each)| *each == client).map(|(id, _)| id)
    }

    /// Turns what the exchange did into frames.
    fn publish(&mut self) {
        loop {
            let events = self.exchange.take_events();
            if events.is_empty() {
                break;
            }
            for event in &events {
                self.data_event(event);
                self.history_event(event);
                self.order_event(event);
            }
            self.account_events(&events);
        }
        self.data_settled();
    }
}
