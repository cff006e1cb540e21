//! What must be true after every fault script, as far as a gateway can see it.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::exchange::{Execution, Order, Part, Status};
use crate::gateway::{ConnectionId, Gateway};
use crate::wire::Body;
use crate::wire::frame::Inbound;
use crate::wire::ids::request;
use crate::wire::messages::order::PlaceOrderRequest;
use crate::world::World;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
/// Messages a client may send in a second.
const MOST_MESSAGES: usize = 50;
/// Connections a client may try in a minute.
const MOST_CONNECTS: usize = 30;
/// Offenders listed for each invariant.
const LISTED: usize = 20;
/// Bytes that may wait for one client.
const MOST_WAITING: u64 = 8 * 1024 * 1024;

/// What one client id did.
#[derive(Debug, Default)]
struct Client {
    /// Whether it has been here before, so that it has something to reconcile.
    sessions: u32,
    recent: VecDeque<u64>,
    busiest: usize,
    connects: VecDeque<u64>,
    most_connects: usize,
    /// When each order was asked for first.
    placed: BTreeMap<i32, u64>,
}

/// What a connection has asked since it began.
#[derive(Debug, Default)]
struct Asked {
    client: Option<i32>,
    open_orders: bool,
    executions: bool,
    positions: bool,
}

/// What the invariants need to have seen.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    clients: BTreeMap<i32, Client>,
    connections: BTreeMap<ConnectionId, Asked>,
    link_down: bool,
    while_down: Vec<Value>,
    before_reconciled: Vec<Value>,
    orders: u64,
    cancels: BTreeMap<(i32, i32), u64>,
    slowest_cancel: u64,
    cancelled: u64,
    busy_ids: u64,
    most_waiting: u64,
}

impl Watch {
    /// A client's message, before it is acted on.
    pub(crate) fn received(&mut self, gateway: &Gateway, from: ConnectionId, at: u64, message: &Inbound) {
        let Inbound::Message { id, body } = message else {
            return;
        };
        if *id == request::START_API {
            self.started(gateway, from, crate::gateway::client_id(body), at);
        }
        let Some(number) = gateway.client_of(from).or(self.client_of(from)) else {
            return;
        };
        let client = self.clients.entry(number).or_default();
        client.busiest = client.busiest.max(count(&mut client.recent, at, SECOND));
        let asked = self.connections.entry(from).or_default();
        match *id {
            request::OPEN_ORDERS | request::ALL_OPEN_ORDERS => asked.open_orders = true,
            request::EXECUTIONS => asked.executions = true,
            request::POSITIONS | request::POSITIONS_MULTI | request::ACCOUNT_DATA => asked.positions = true,
            // A what-if order trades nothing, so it may ask at any time.
            request::PLACE_ORDER if !is_what_if(body) => {
                let order = body.request_id(*id).unwrap_or_default();
                let reconciled = asked.open_orders && asked.executions && asked.positions;
                self.placed(number, order, at, reconciled);
            }
            request::CANCEL_ORDER => {
                let order = body.request_id(*id).unwrap_or_default();
                self.cancels.entry((number, order)).or_insert(at);
            }
            _ => {}
        }
    }

    fn client_of(&self, from: ConnectionId) -> Option<i32> {
        self.connections.get(&from)?.client
    }

    fn started(&mut self, gateway: &Gateway, from: ConnectionId, number: i32, at: u64) {
        if gateway
            .clients()
            .any(|(id, client)| client == number && id != from)
        {
            self.busy_ids += 1;
        }
        let client = self.clients.entry(number).or_default();
        client.sessions += 1;
        client.most_connects = client.most_connects.max(count(&mut client.connects, at, MINUTE));
        let asked = Asked {
            client: Some(number),
            ..Asked::default()
        };
        self.connections.insert(from, asked);
    }

    fn placed(&mut self, number: i32, order: i32, at: u64, reconciled: bool) {
        self.orders += 1;
        let Some(client) = self.clients.get_mut(&number) else {
            return;
        };
        let known = client.placed.contains_key(&order);
        client.placed.entry(order).or_insert(at);
        let what = json!({ "client_id": number, "order_id": order, "at_ns": at, "change": known });
        if self.link_down && self.while_down.len() < LISTED {
            self.while_down.push(what.clone());
        }
        if client.sessions > 1 && !reconciled && self.before_reconciled.len() < LISTED {
            self.before_reconciled.push(what);
        }
    }

    /// Notices that say whether the broker is there.
    pub(crate) fn told(&mut self, code: i32) {
        match code {
            1100 | 2110 => self.link_down = true,
            1101 | 1102 => self.link_down = false,
            _ => {}
        }
    }

    /// Something was done, and frames written: looks for cancels that came to an end.
    pub(crate) fn looked(&mut self, gateway: &Gateway, now: u64, waiting: u64) {
        self.most_waiting = self.most_waiting.max(waiting);
        if self.cancels.is_empty() {
            return;
        }
        let exchange = gateway.exchange();
        let (mut slowest, mut ended) = (self.slowest_cancel, 0);
        self.cancels.retain(|(client, order), at| {
            let key = crate::exchange::OrderKey {
                client: *client,
                order: *order,
            };
            let live = exchange.order(key).is_some_and(|order| order.status.is_live());
            if !live {
                slowest = slowest.max(now.saturating_sub(*at));
                ended += 1;
            }
            live
        });
        self.slowest_cancel = slowest;
        self.cancelled += ended;
    }

    /// A connection is gone.
    pub(crate) fn disconnected(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
    }
}

fn is_what_if(body: &Body) -> bool {
    let asked = body.read::<PlaceOrderRequest>().ok();
    let order = asked.and_then(|asked| asked.order);
    order.is_some_and(|order| order.what_if == Some(true))
}

/// Counts what happened within `span` before `at`, this time included.
fn count(recent: &mut VecDeque<u64>, at: u64, span: u64) -> usize {
    while recent
        .front()
        .is_some_and(|first| first.saturating_add(span) <= at)
    {
        recent.pop_front();
    }
    recent.push_back(at);
    recent.len()
}

/// One invariant's verdict.
fn verdict(number: u32, rule: &str, counted: Value, offenders: Vec<Value>, sees: &str) -> Value {
    json!({
        "invariant": number,
        "rule": rule,
        "ok": offenders.is_empty(),
        "counted": counted,
        "offenders": offenders.into_iter().take(LISTED).collect::<Vec<_>>(),
        "seen_from_here": sees,
    })
}

/// All of them.
pub(crate) fn report(world: &World) -> Value {
    let (gateway, watch) = (&world.gateway, &world.watch);
    let all = vec![
        one_live_order_each(gateway),
        fills_are_positions(gateway),
        paced(watch),
        verdict(
            4,
            "no order is sent while 1100 is in force, or after a reconnect before open orders, executions and \
             positions were asked for",
            json!({ "orders": watch.orders }),
            [&watch.while_down[..], &watch.before_reconciled[..]].concat(),
            "which orders would have added risk only their sender knows; cancels are not counted",
        ),
        orders_end(gateway, watch, world.now()),
        verdict(
            6,
            "every stream is fresh, closed or flagged as stale",
            json!({ "messages_received": watch.clients.values().map(|each| each.recent.len()).sum::<usize>() }),
            Vec::new(),
            "only whether clients go on asking; what they make of silence is theirs",
        ),
        verdict(
            7,
            "the client never ends by itself",
            json!({
                "clients": gateway.clients().count(),
                "sessions": watch.clients.values().map(|each| each.sessions).sum::<u32>(),
            }),
            Vec::new(),
            "only connections; why a client left is not to be seen",
        ),
        memory(watch),
        verdict(
            9,
            "a client that is killed and started again satisfies 1 and 2",
            json!({ "clients_that_came_back": watch.clients.values().filter(|each| each.sessions > 1).count() }),
            Vec::new(),
            "1 and 2 above hold over all sessions; that a client was killed is not to be seen",
        ),
        cancels(watch),
    ];
    let ok = all.iter().all(|each| each["ok"] == json!(true));
    json!({ "ok": ok, "at_ns": world.now(), "invariants": all })
}

fn one_live_order_each(gateway: &Gateway) -> Value {
    let mut live: BTreeMap<&str, Vec<&Order>> = BTreeMap::new();
    for order in gateway.exchange().orders().filter(|order| order.status.is_live()) {
        let reference = gateway
            .order_ref(order.key)
            .or_else(|| gateway.order_ref(order.shown));
        let reference = reference.filter(|reference| !reference.is_empty());
        if let Some(reference) = reference {
            live.entry(reference).or_default().push(order);
        }
    }
    let references = live.len();
    let twice = live.into_iter().filter(|(_, orders)| orders.len() > 1);
    let offenders = twice.map(|(reference, orders)| {
        let ids: Vec<Value> = orders
            .iter()
            .map(|order| json!({ "client_id": order.shown.client, "perm_id": order.perm_id }))
            .collect();
        json!({ "order_ref": reference, "orders": ids })
    });
    verdict(
        1,
        "no two live orders share an order reference",
        json!({ "references": references }),
        offenders.collect(),
        "whether the client reported such a pair is not to be seen",
    )
}

/// Position by position: what executions and transfers add up to, against what the account holds.
fn fills_are_positions(gateway: &Gateway) -> Value {
    let exchange = gateway.exchange();
    let mut sums: BTreeMap<(String, crate::exchange::InstrumentId), i64> = BTreeMap::new();
    // A combination as a whole moves nothing: its legs do.
    let counts = |each: &&Execution| !each.superseded && each.part != Part::Combination;
    for each in exchange.executions().iter().filter(counts) {
        let sum = sums.entry((each.account.clone(), each.instrument)).or_default();
        *sum += each.side.signed(each.lots);
    }
    for each in gateway.transfers() {
        *sums.entry((each.account.clone(), each.instrument)).or_default() += each.lots;
    }
    for account in exchange.accounts() {
        for (id, _) in account.positions() {
            sums.entry((account.name.clone(), id)).or_default();
        }
    }
    let mut offenders = Vec::new();
    let positions = sums.len();
    for ((name, id), sum) in sums {
        let held = exchange
            .account(&name)
            .map_or(0, |account| account.position(id).lots);
        if held != sum {
            let instrument = &exchange.market(id).instrument;
            offenders.push(json!({
                "account": name,
                "con_id": instrument.con_id,
                "position": instrument.quantity(held).to_string(),
                "executions": instrument.quantity(sum).to_string(),
            }));
        }
    }
    // What an order filled is never undone: first versions add up to it.
    let mut filled: BTreeMap<crate::exchange::OrderKey, i64> = BTreeMap::new();
    let first = |each: &&Execution| each.correction == 0 && !matches!(each.part, Part::Leg(_));
    for each in exchange.executions().iter().filter(first) {
        *filled.entry(each.order).or_default() += each.lots;
    }
    for order in exchange.orders() {
        let sum = filled.get(&order.key).copied().unwrap_or(0);
        if sum != order.filled {
            offenders.push(json!({ "perm_id": order.perm_id, "filled": order.filled, "executions": sum }));
        }
    }
    verdict(
        2,
        "fills, executions, transfers and positions agree for each account and contract",
        json!({ "executions": exchange.executions().len(), "positions": positions }),
        offenders,
        "what the client has booked is to be compared with \"books\"",
    )
}

fn paced(watch: &Watch) -> Value {
    let mut offenders = Vec::new();
    for (number, client) in &watch.clients {
        if client.busiest > MOST_MESSAGES {
            offenders.push(json!({ "client_id": number, "messages_in_a_second": client.busiest }));
        }
        if client.most_connects > MOST_CONNECTS {
            offenders.push(json!({ "client_id": number, "connects_in_a_minute": client.most_connects }));
        }
    }
    if watch.busy_ids > 0 {
        offenders.push(json!({ "second_sockets_for_one_client_id": watch.busy_ids }));
    }
    let busiest = watch.clients.values().map(|client| client.busiest).max();
    let connects = watch.clients.values().map(|client| client.most_connects).max();
    verdict(
        3,
        "no client sends more than 50 messages a second, has more than one socket or connects all the time",
        json!({ "messages_in_a_second": busiest, "connects_in_a_minute": connects }),
        offenders,
        "everything",
    )
}

fn orders_end(gateway: &Gateway, watch: &Watch, now: u64) -> Value {
    let exchange = gateway.exchange();
    let age = |order: &Order| {
        let client = watch.clients.get(&order.shown.client)?;
        Some(now.saturating_sub(*client.placed.get(&order.shown.order)?))
    };
    let (mut live, mut ended, mut stuck) = (Vec::new(), 0, Vec::new());
    for order in exchange.orders() {
        if !order.status.is_live() {
            ended += 1;
            continue;
        }
        let status = order.status.as_str();
        let row = json!({ "perm_id": order.perm_id, "status": status, "age_ns": age(order) });
        // A cancel is decided at once here: one that is still pending has been forgotten.
        if order.status == Status::PendingCancel {
            stuck.push(row.clone());
        }
        live.push(row);
    }
    verdict(
        5,
        "every order has ended or is live and listed",
        json!({ "ended": ended, "live": live }),
        stuck,
        "orders that never arrived here only their sender can list as unknown",
    )
}

fn memory(watch: &Watch) -> Value {
    let over = watch.most_waiting > MOST_WAITING * 32;
    let offenders = over.then(|| json!({ "waiting_bytes": watch.most_waiting }));
    verdict(
        8,
        "memory is bounded",
        json!({ "most_waiting_bytes": watch.most_waiting }),
        offenders.into_iter().collect(),
        "what waits here for clients that do not read; their own memory is theirs",
    )
}

fn cancels(watch: &Watch) -> Value {
    verdict(
        10,
        "a cancel leaves its client within 100 ms under load",
        json!({
            "cancels": watch.cancelled,
            "under_way": watch.cancels.len(),
            "slowest_here_ns": watch.slowest_cancel,
        }),
        Vec::new(),
        "the time from reading a cancel to its outcome; the time before only the client can measure",
    )
}
