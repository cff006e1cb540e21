//! What an operator or a test can look at afterwards: orders, fills, positions, and who said what when.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::exchange::{Exchange, Order, Side};
use crate::gateway::{Class, ConnectionId, Gateway};
use crate::wire::frame::Inbound;
use crate::wire::ids::request;

/// Frames remembered per connection; older ones are only counted.
const REMEMBERED: usize = 20_000;
/// Connections remembered after they ended.
const CONNECTIONS: usize = 1_000;

/// A frame that passed.
#[derive(Debug, Clone, Copy)]
struct Passed {
    at: u64,
    from_client: bool,
    id: u32,
}

/// What happened on one connection.
#[derive(Debug, Default)]
struct Log {
    connected_at: u64,
    disconnected_at: Option<u64>,
    client: Option<i32>,
    received: u64,
    sent: u64,
    ticks: u64,
    malformed: Option<String>,
    frames: VecDeque<Passed>,
}

impl Log {
    fn remember(&mut self, passed: Passed) {
        if self.frames.len() == REMEMBERED {
            self.frames.pop_front();
        }
        self.frames.push_back(passed);
    }
}

/// Who said what when, ticks counted but not listed.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    logs: BTreeMap<ConnectionId, Log>,
}

impl Journal {
    pub(crate) fn connected(&mut self, id: ConnectionId, at: u64) {
        if self.logs.len() >= CONNECTIONS {
            self.logs.pop_first();
        }
        self.logs.insert(
            id,
            Log {
                connected_at: at,
                ..Log::default()
            },
        );
    }

    pub(crate) fn disconnected(&mut self, id: ConnectionId, at: u64) {
        if let Some(log) = self.logs.get_mut(&id) {
            log.disconnected_at.get_or_insert(at);
        }
    }

    pub(crate) fn malformed(&mut self, id: ConnectionId, at: u64, why: &str) {
        if let Some(log) = self.logs.get_mut(&id) {
            log.malformed = Some(format!("{why} (at {at} ns)"));
        }
    }

    pub(crate) fn received(&mut self, from: ConnectionId, at: u64, message: &Inbound) {
        let Some(log) = self.logs.get_mut(&from) else {
            return;
        };
        log.received += 1;
        let id = match message {
            Inbound::Hello { .. } => return,
            Inbound::Message { id, body } => {
                if *id == request::START_API {
                    log.client = Some(crate::gateway::client_id(body));
                }
                *id
            }
            Inbound::Foreign { id } => *id,
        };
        log.remember(Passed {
            at,
            from_client: true,
            id,
        });
    }

    pub(crate) fn sent(&mut self, to: ConnectionId, at: u64, class: Class, id: u32) {
        let Some(log) = self.logs.get_mut(&to) else {
            return;
        };
        log.sent += 1;
        if matches!(class, Class::Tick { .. }) {
            log.ticks += 1;
            return;
        }
        log.remember(Passed {
            at,
            from_client: false,
            id,
        });
    }

    fn json(&self) -> Value {
        let log = |(id, log): (&ConnectionId, &Log)| {
            let frames = log.frames.iter().map(|passed| {
                json!({
                    "at_ns": passed.at,
                    "from": if passed.from_client { "client" } else { "gateway" },
                    "message": passed.id,
                })
            });
            json!({
                "connection": id.0,
                "client_id": log.client,
                "connected_at_ns": log.connected_at,
                "disconnected_at_ns": log.disconnected_at,
                "received": log.received,
                "sent": log.sent,
                "ticks": log.ticks,
                "closed_because": log.malformed,
                "frames": frames.collect::<Vec<_>>(),
            })
        };
        Value::Array(self.logs.iter().map(log).collect())
    }
}

/// Everything there is to know, as one JSON object. Without the journal it stays small however often clients came.
pub(crate) fn books(gateway: &Gateway, journal: Option<&Journal>) -> Value {
    let exchange = gateway.exchange();
    let orders = exchange
        .orders()
        .map(|order| order_json(gateway, exchange, order));
    json!({
        "now_ns": exchange.now(),
        "orders": orders.collect::<Vec<_>>(),
        "executions": executions_json(exchange),
        "accounts": accounts_json(exchange),
        "markets": markets_json(exchange),
        "connections": journal.map(Journal::json),
    })
}

fn order_json(gateway: &Gateway, exchange: &Exchange, order: &Order) -> Value {
    let instrument = &exchange.market(order.request.instrument).instrument;
    let price = |ticks: Option<i64>| ticks.map(|ticks| instrument.price(ticks).to_string());
    json!({
        "client_id": order.shown.client,
        "order_id": order.shown.order,
        "perm_id": order.perm_id,
        "order_ref": gateway.order_ref(order.key).or_else(|| gateway.order_ref(order.shown)),
        "account": order.request.account,
        "symbol": instrument.local_symbol,
        "action": action(order.request.side),
        "quantity": instrument.quantity(order.request.quantity).to_string(),
        "filled": instrument.quantity(order.filled).to_string(),
        "status": order.status.as_str(),
        "limit": price(order.request.kind.limit()),
        "trigger": price(order.request.kind.trigger()),
        "tif": format!("{:?}", order.request.tif).to_uppercase(),
        "average_price": exchange.average_fill_price(order).to_string(),
        "fees": order.fees.to_string(),
        "reason": order.reason,
    })
}

fn executions_json(exchange: &Exchange) -> Value {
    let execution = |each: &crate::exchange::Execution| {
        let instrument = &exchange.market(each.instrument).instrument;
        json!({
            "exec_id": each.id,
            "client_id": each.shown.client,
            "order_id": each.shown.order,
            "perm_id": each.perm_id,
            "account": each.account,
            "symbol": instrument.local_symbol,
            "side": action(each.side),
            "quantity": instrument.quantity(each.lots).to_string(),
            "price": instrument.price(each.price).to_string(),
            "fee": each.fee.to_string(),
            "at_ns": each.at,
        })
    };
    Value::Array(exchange.executions().iter().map(execution).collect())
}

fn accounts_json(exchange: &Exchange) -> Value {
    let account = |account: &crate::exchange::Account| {
        let positions = account.positions().map(|(id, position)| {
            let instrument = &exchange.market(id).instrument;
            json!({
                "symbol": instrument.local_symbol,
                "con_id": instrument.con_id,
                "position": instrument.quantity(position.lots).to_string(),
                "average_cost": position.average_cost(instrument).to_string(),
                "realized": position.realized.to_string(),
            })
        });
        json!({
            "account": account.name,
            "cash": account.cash.to_string(),
            "fees": account.fees.to_string(),
            "equity": exchange.valuation(account).equity.to_string(),
            "positions": positions.collect::<Vec<_>>(),
        })
    };
    Value::Array(exchange.accounts().iter().map(account).collect())
}

fn markets_json(exchange: &Exchange) -> Value {
    let markets = exchange.markets().map(|(_, market)| {
        let side = |best: Option<(i64, i64)>| {
            best.map(|(price, lots)| {
                json!([
                    market.instrument.price(price).to_string(),
                    market.instrument.quantity(lots).to_string(),
                ])
            })
        };
        let top = market.top();
        json!({
            "symbol": market.instrument.local_symbol,
            "bid": side(top.bid),
            "ask": side(top.ask),
            "last": market.instrument.price(market.session().last).to_string(),
        })
    });
    Value::Array(markets.collect())
}

fn action(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}
