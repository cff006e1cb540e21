//! The broker: the simulated gateway's own exchange, and IB's habits around it, with no socket and no message.
//!
//! It says what a gateway would say, as the reports the daemon's edge would make of them. It shares no code with the
//! desk; what both speak of are the facts in `moored::domain`.
//!
//! Never: a look at the desk, or at what it believes.

mod lists;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};

use moored::domain::order as domain;
use moored::domain::report::{BrokerReport, OrderError, OrderErrorMeaning};
use moored::orders::placement::Placement;
use sim_gateway::exchange::{
    Attributes, CancelRefusal, Change, Config, Event, Exchange, Execution, InstrumentId, OrderKey, OrderKind,
    OrderRequest, Refusal, Status, Switches, TimeInForce,
};

use crate::operation::{FeeFate, Way};

/// The daemon's client id.
pub const CLIENT: i32 = 7;
/// The account.
pub const ACCOUNT: &str = "DU1234567";
/// How many instruments are configured; the exchange's first ones.
pub const INSTRUMENTS: usize = 2;
/// How long a fill's cost takes to be told, nanoseconds.
const FEE_DELAY: u64 = 5_000_000;

/// Something the broker says, so many nanoseconds from now.
#[derive(Debug, Clone)]
pub struct Told {
    /// How long it waits before it is sent.
    pub after: u64,
    /// What it says.
    pub report: BrokerReport,
}

/// What the daemon wrote into an order.
#[derive(Debug, Clone)]
struct Ticket {
    order_ref: String,
    number: u64,
    plugin: String,
}

/// A fill of one of the daemon's orders, as it stands now.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Whose order it was, by the reference.
    pub plugin: String,
    /// In what.
    pub instrument: u32,
    /// How much, signed.
    pub signed: i64,
}

/// One live order of the daemon's, as the broker has it.
#[derive(Debug, Clone, Copy)]
pub struct Live<'a> {
    /// The daemon's number for it.
    pub number: u64,
    /// Whose, by the reference.
    pub plugin: &'a str,
    /// In what.
    pub instrument: u32,
    /// Which way.
    pub side: domain::Side,
    /// What is left.
    pub remaining: i64,
    /// IB's permanent id.
    pub perm_id: i64,
    /// The API id.
    pub order_id: i32,
}

/// The broker and its exchange.
#[derive(Debug)]
pub struct Broker {
    exchange: Exchange,
    tickets: BTreeMap<OrderKey, Ticket>,
    highest_id: i32,
    /// Counts order ids from one again until the next session.
    pub forgetful: bool,
    /// Refuses the next new order with this code.
    pub refuse_place: Option<i32>,
    /// Refuses the next change with this code.
    pub refuse_change: Option<i32>,
    /// What becomes of the next reports of costs.
    pub fees: Vec<FeeFate>,
    /// Fills are told by their executions only.
    pub terse: bool,
    /// Orders the gateway holds back while it has no IB: seen in the lists, not at the exchange.
    pub held: Vec<Placement>,
    /// Fills of the daemon's orders by the family of their execution ids.
    pub facts: BTreeMap<String, Fact>,
    /// How much each version of them traded, signed, by execution id.
    pub sizes: BTreeMap<String, i64>,
    /// Costs that are never told, or not yet: by execution id, when they are.
    known_fees: BTreeMap<String, u64>,
    /// Daemon's orders that were split in two.
    pub split: BTreeSet<u64>,
    /// Where fills were corrected, whose and in what: what is held there is not what was traded.
    pub corrected_in: BTreeSet<(String, u32)>,
    /// Where they were split, whose and in what.
    pub split_in: BTreeSet<(String, u32)>,
    /// Told, and not yet collected.
    outbox: Vec<Told>,
}

impl Broker {
    /// A broker at instant zero.
    pub fn new(seed: u64, epoch: u64) -> Self {
        let exchange = Exchange::new(Config {
            seed,
            tick_rate: 2,
            cash: 1_000_000_000.into(),
            epoch,
            ..Config::default()
        });
        Broker {
            exchange,
            tickets: BTreeMap::new(),
            highest_id: 0,
            forgetful: false,
            refuse_place: None,
            refuse_change: None,
            fees: Vec::new(),
            terse: false,
            held: Vec::new(),
            facts: BTreeMap::new(),
            sizes: BTreeMap::new(),
            known_fees: BTreeMap::new(),
            split: BTreeSet::new(),
            corrected_in: BTreeSet::new(),
            split_in: BTreeSet::new(),
            outbox: Vec::new(),
        }
    }

    /// Lets time pass at the exchange.
    pub fn advance(&mut self, now: u64) {
        self.exchange.advance(now);
        self.publish();
    }

    /// What was said since the last call.
    pub fn take_told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.outbox)
    }

    /// A new order, or a change of a live one: the broker cannot tell them apart but by the id.
    pub fn place(&mut self, placement: &Placement) {
        let order_id = placement.order_id;
        let shown = key(order_id.0);
        let known = self.exchange.order(shown).is_some();
        if !known {
            if let Some(code) = self.refuse_place.take() {
                return self.error(order_id, code, "refused", OrderErrorMeaning::Refused);
            }
            if order_id.0 <= self.highest_id {
                return self.error(order_id, 103, "Duplicate order id", OrderErrorMeaning::Ask);
            }
        } else if let Some(code) = self.refuse_change.take() {
            return self.error(
                order_id,
                code,
                "the change is refused",
                OrderErrorMeaning::Refused,
            );
        }
        let splits = known && self.exchange.switches().split_next;
        let ticket = Ticket {
            order_ref: placement.order_ref.clone(),
            number: placement.client_order_id.0,
            plugin: placement.plugin_name.clone(),
        };
        let before = self.exchange.resolve(shown);
        self.tickets.entry(before).or_insert_with(|| ticket.clone());
        match self.exchange.place(shown, words::request(placement)) {
            Ok(()) => {
                self.tickets.insert(self.exchange.resolve(shown), ticket);
                if splits && self.exchange.resolve(shown) != before {
                    self.split.insert(placement.client_order_id.0);
                    let holding = (placement.plugin_name.clone(), placement.instrument.0);
                    self.split_in.insert(holding);
                }
                self.highest_id = self.highest_id.max(order_id.0);
                self.publish();
            }
            Err(refusal) => {
                let (code, meaning) = self.refusal(shown, &refusal);
                self.error(order_id, code, &refusal.to_string(), meaning);
            }
        }
    }

    fn refusal(&self, shown: OrderKey, refusal: &Refusal) -> (i32, OrderErrorMeaning) {
        let status = self.exchange.order(shown).map(|order| order.status);
        match refusal {
            Refusal::Ended(_) if status == Some(Status::Filled) => (104, OrderErrorMeaning::Ask),
            Refusal::Ended(_) => (103, OrderErrorMeaning::Ask),
            Refusal::Mismatch(_) => (105, OrderErrorMeaning::Ask),
            Refusal::AlreadyTraded { .. } | Refusal::Margin(_) => (201, OrderErrorMeaning::Refused),
            Refusal::BeingCancelled(_) => (2102, OrderErrorMeaning::Ask),
            Refusal::UnknownAccount(_) | Refusal::UnknownParent(_) => (321, OrderErrorMeaning::Refused),
        }
    }

    /// A cancel.
    pub fn cancel(&mut self, order_id: domain::OrderId) {
        match self.exchange.cancel(key(order_id.0)) {
            Ok(()) => self.publish(),
            Err(CancelRefusal::Unknown) => {
                self.error(order_id, 10147, "not found", OrderErrorMeaning::CancelRefused);
            }
            Err(CancelRefusal::Ended(status)) => {
                let text = format!("cannot be cancelled, state: {}", status.as_str());
                self.error(order_id, 10148, &text, OrderErrorMeaning::CancelRefused);
            }
        }
    }

    /// Says something about an order.
    pub fn error(&mut self, order_id: domain::OrderId, code: i32, text: &str, meaning: OrderErrorMeaning) {
        self.tell(BrokerReport::Error(OrderError {
            order_id,
            code,
            text: text.to_owned(),
            meaning,
        }));
    }

    /// Fills a live order by decree; zero is all of it.
    pub fn fill(&mut self, number: u64, quantity: i64) {
        if let Some(shown) = self.live_key(number) {
            let lots = (quantity > 0).then_some(quantity);
            // One that ended meanwhile is not filled.
            let _ = self.exchange.force_fill(shown, lots);
            self.publish();
        }
    }

    /// Cancels an order nobody asked it to.
    pub fn withdraw(&mut self, number: u64) {
        if let Some(shown) = self.live_key(number) {
            // One that ended meanwhile is not canceled.
            let _ = self.exchange.cancel(shown);
            self.publish();
        }
    }

    /// Takes a live order out of the market, or puts it back.
    pub fn deactivate(&mut self, number: u64, out: bool) {
        if let Some(shown) = self.live_key(number) {
            match out {
                true => self.exchange.deactivate(shown),
                false => self.exchange.activate(shown),
            };
            self.publish();
        }
    }

    /// Corrects one of the latest fills.
    pub fn correct(&mut self, back: usize, less: i64) {
        let valid = |each: &&Execution| !each.superseded && each.lots > 0;
        let found = self.exchange.executions().iter().rev().filter(valid).nth(back);
        if let Some((id, lots)) = found.map(|each| (each.id.clone(), each.lots)) {
            let lots = (lots - less).clamp(0, lots);
            // The newest version of a whole fill can always be corrected.
            let _ = self.exchange.correct_execution(&id, None, Some(lots));
            self.publish();
        }
    }

    /// The next change leaves the old version working too.
    pub fn split_next(&mut self, on: bool) {
        let switches = Switches {
            split_next: on,
            ..self.exchange.switches()
        };
        self.exchange.set_switches(switches);
    }

    /// Somebody else trades.
    pub fn external_fill(&mut self, instrument: u32, way: Way, quantity: i64) {
        let id = InstrumentId(instrument as usize);
        let price = self.exchange.market(id).mark();
        self.exchange
            .fill_external(ACCOUNT, id, words::side_of(way), quantity, price);
        self.publish();
    }

    /// Somebody else has an order.
    pub fn external_order(&mut self, instrument: u32, way: Way, quantity: i64, price: i64) {
        let limit = self.middle(instrument) + price;
        self.exchange.place_external(OrderRequest {
            account: ACCOUNT.to_owned(),
            instrument: InstrumentId(instrument as usize),
            side: words::side_of(way),
            quantity,
            kind: OrderKind::Limit { limit },
            tif: TimeInForce::Day,
            transmit: true,
            attributes: Attributes::default(),
        });
        self.publish();
    }

    /// A position comes or goes without an order.
    pub fn assign(&mut self, instrument: u32, quantity: i64) {
        let id = InstrumentId(instrument as usize);
        let price = self.exchange.market(id).mark();
        self.exchange.assign(ACCOUNT, id, quantity, price);
        self.publish();
    }

    /// The market moves.
    pub fn move_market(&mut self, instrument: u32, cents: i64) {
        let price = (self.middle(instrument) + cents).max(1_000);
        self.exchange.move_price(InstrumentId(instrument as usize), price);
        self.publish();
    }

    /// The middle of a market in cents.
    pub fn middle(&self, instrument: u32) -> i64 {
        let (bid, ask) = self.best(instrument);
        i64::midpoint(bid, ask)
    }

    /// Best bid and offer in cents.
    pub fn best(&self, instrument: u32) -> (i64, i64) {
        let market = self.exchange.market(InstrumentId(instrument as usize));
        let (top, mark) = (market.top(), market.mark());
        let bid = top.bid.map_or(mark - 1, |(price, _)| price);
        let ask = top.ask.map_or(mark + 1, |(price, _)| price);
        (bid, ask)
    }

    /// The next order id it would announce.
    pub fn next_order_id(&self) -> i32 {
        if self.forgetful { 1 } else { self.highest_id + 1 }
    }

    /// The daemon's live orders.
    pub fn live(&self) -> impl Iterator<Item = Live<'_>> {
        self.exchange.live_orders().filter_map(|order| {
            let ticket = self.tickets.get(&order.key)?;
            Some(Live {
                number: ticket.number,
                plugin: &ticket.plugin,
                instrument: u32::try_from(order.request.instrument.0).ok()?,
                side: words::side(order.request.side),
                remaining: order.remaining(),
                perm_id: order.perm_id,
                order_id: order.shown.order,
            })
        })
    }

    /// The API id of the newest order by the daemon's number, live or not.
    pub fn order_id(&self, number: u64) -> Option<domain::OrderId> {
        let newest = self
            .tickets
            .iter()
            .rev()
            .find(|(_, ticket)| ticket.number == number);
        newest
            .and_then(|(key, _)| self.exchange.order(*key))
            .map(|order| domain::OrderId(order.shown.order))
    }

    /// How many fills there were.
    pub fn fills(&self) -> usize {
        self.exchange.executions().len()
    }

    fn live_key(&self, number: u64) -> Option<OrderKey> {
        let mut live = self.exchange.live_orders();
        let found = live.find(|order| {
            let ticket = self.tickets.get(&order.key);
            ticket.is_some_and(|ticket| ticket.number == number)
        });
        found.map(|order| order.key)
    }

    fn tell(&mut self, report: BrokerReport) {
        self.outbox.push(Told { after: 0, report });
    }

    /// Turns what happened at the exchange into what a gateway says of it.
    fn publish(&mut self) {
        for event in self.exchange.take_events() {
            match event {
                Event::Order { change, order } if order.shown.client == CLIENT => {
                    let order_id = domain::OrderId(order.shown.order);
                    if let Change::Rejected { reason } = &change {
                        self.error(order_id, 201, reason, OrderErrorMeaning::Refused);
                    }
                    self.tell(BrokerReport::Order(self.order_report(&order)));
                    self.tell(BrokerReport::Status(words::status_report(&order)));
                    if matches!(change, Change::Cancelled | Change::Expired) {
                        self.error(
                            order_id,
                            202,
                            "Order Canceled - reason:",
                            OrderErrorMeaning::Canceled,
                        );
                    }
                }
                Event::Execution { execution, order } => {
                    self.keep(&execution);
                    if order.shown.client == CLIENT {
                        self.executed(&execution, &order);
                    }
                }
                _ => {}
            }
        }
    }

    fn executed(&mut self, execution: &Execution, order: &sim_gateway::exchange::Order) {
        let fate = if self.fees.is_empty() {
            None
        } else {
            Some(self.fees.remove(0))
        };
        let report = self.execution_report(execution);
        let fee = Told {
            after: 0,
            report: BrokerReport::Commission(words::commission(execution)),
        };
        let (delays, known): (&[u64], u64) = match fate {
            None => (&[FEE_DELAY], FEE_DELAY),
            Some(FeeFate::Never) => (&[], u64::MAX),
            Some(FeeFate::Twice) => (&[FEE_DELAY, 3 * FEE_DELAY], FEE_DELAY),
            Some(FeeFate::Early) => (&[0], 0),
            Some(FeeFate::Late(ms)) => (&[u64::from(ms) * 1_000_000], u64::from(ms) * 1_000_000),
        };
        if fate == Some(FeeFate::Early) {
            self.outbox.push(fee.clone());
        }
        self.tell(BrokerReport::Execution(report));
        if execution.correction == 0 && !self.terse {
            self.tell(BrokerReport::Order(self.order_report(order)));
            self.tell(BrokerReport::Status(words::status_report(order)));
        }
        if fate != Some(FeeFate::Early) {
            let later = delays.iter().map(|after| Told {
                after: *after,
                ..fee.clone()
            });
            self.outbox.extend(later);
        }
        let due = execution.at.saturating_add(known);
        self.known_fees.insert(execution.id.clone(), due);
    }

    /// Keeps a fill of the daemon's for the checks, as it stands now.
    fn keep(&mut self, execution: &Execution) {
        let Some(ticket) = self.tickets.get(&execution.order) else {
            return;
        };
        let (family, _) = family(&execution.id);
        let fact = Fact {
            plugin: ticket.plugin.clone(),
            instrument: execution.instrument.0 as u32,
            signed: execution.side.signed(execution.lots),
        };
        if execution.correction > 0 {
            self.corrected_in.insert((fact.plugin.clone(), fact.instrument));
        }
        self.sizes.insert(execution.id.clone(), fact.signed);
        self.facts.insert(family.to_owned(), fact);
    }
}

/// The key of one of the daemon's orders.
const fn key(order: i32) -> OrderKey {
    OrderKey {
        client: CLIENT,
        order,
    }
}

/// An execution id without its last part, and that part as a number.
pub fn family(exec_id: &str) -> (&str, u32) {
    let split = exec_id.rsplit_once('.');
    split
        .and_then(|(family, last)| Some((family, last.parse().ok()?)))
        .unwrap_or((exec_id, 0))
}
