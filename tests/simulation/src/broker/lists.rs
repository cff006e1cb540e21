//! What the broker answers when its truth is read: each list as of the moment it is asked.

use moored::domain::money::Price;
use moored::domain::order::OrderId;
use moored::domain::report::{BrokerOrder, BrokerPosition, BrokerStatus, Commission, Execution};
use sim_gateway::exchange::{Execution as Fill, Order};

use super::{ACCOUNT, Broker, CLIENT, words};

impl Broker {
    pub(super) fn order_report(&self, order: &Order) -> BrokerOrder {
        let ticket = self.tickets.get(&order.key);
        BrokerOrder {
            order_id: OrderId(order.shown.order),
            client_id: order.shown.client,
            perm_id: order.perm_id,
            order_ref: ticket.map(|ticket| ticket.order_ref.clone()).unwrap_or_default(),
            con_id: self.exchange.market(order.request.instrument).instrument.con_id,
            instrument: words::instrument(order.request.instrument),
            side: words::side(order.request.side),
            kind: words::kind(order.request.kind),
            time_in_force: words::time_in_force(order.request.tif),
            quantity: words::quantity(order.request.quantity),
            filled: None,
            status: words::status(order.status),
            reason: order.reason.clone(),
        }
    }

    pub(super) fn execution_report(&self, fill: &Fill) -> Execution {
        let ticket = self.tickets.get(&fill.order);
        Execution {
            exec_id: fill.id.clone(),
            order_id: OrderId(fill.shown.order),
            client_id: fill.shown.client,
            perm_id: fill.perm_id,
            order_ref: ticket.map(|ticket| ticket.order_ref.clone()).unwrap_or_default(),
            con_id: self.exchange.market(fill.instrument).instrument.con_id,
            instrument: words::instrument(fill.instrument),
            side: words::side(fill.side),
            size: words::quantity(fill.lots),
            price: words::price(fill.price),
            cumulative: words::quantity(fill.cumulative),
            time: String::new(),
        }
    }

    /// `reqAllOpenOrders`, with what the gateway holds back.
    pub fn open_orders(&self) -> Vec<BrokerOrder> {
        let live = self.exchange.live_orders().filter(|order| !order.is_parked());
        let mut orders: Vec<BrokerOrder> = live
            .map(|order| BrokerOrder {
                filled: Some(words::quantity(order.filled)),
                ..self.order_report(order)
            })
            .collect();
        let held = self.held.iter().filter(|placement| {
            let shown = super::key(placement.order_id.0);
            self.exchange.order(shown).is_none()
        });
        orders.extend(held.map(|placement| BrokerOrder {
            order_id: placement.order_id,
            client_id: CLIENT,
            perm_id: 0,
            order_ref: placement.order_ref.clone(),
            con_id: 0,
            instrument: Some(placement.instrument),
            side: placement.side,
            kind: Some(placement.kind),
            time_in_force: Some(placement.time_in_force),
            quantity: placement.quantity,
            filled: None,
            status: BrokerStatus::PendingSubmit,
            reason: None,
        }));
        orders
    }

    /// `reqCompletedOrders`: by reference and permanent id, without the ids of the API.
    pub fn completed_orders(&self) -> Vec<BrokerOrder> {
        let ended = self.exchange.orders().filter(|order| !order.is_live());
        ended
            .map(|order| BrokerOrder {
                order_id: OrderId(0),
                filled: Some(words::quantity(order.filled)),
                ..self.order_report(order)
            })
            .collect()
    }

    /// `reqExecutions`: only the newest version of each.
    pub fn executions(&self) -> Vec<Execution> {
        let valid = self.exchange.executions().iter().filter(|fill| !fill.superseded);
        valid.map(|fill| self.execution_report(fill)).collect()
    }

    /// The costs that come with them, as far as they are known by now.
    pub fn commissions(&self) -> Vec<Commission> {
        let now = self.exchange.now();
        let known = self.exchange.executions().iter().filter(|fill| {
            let due = self.known_fees.get(&fill.id);
            !fill.superseded && due.is_some_and(|due| *due <= now)
        });
        known.map(words::commission).collect()
    }

    /// `reqPositions`.
    pub fn positions(&self) -> Vec<BrokerPosition> {
        let Some(account) = self.exchange.account(ACCOUNT) else {
            return Vec::new();
        };
        let rows = account.positions().map(|(id, position)| {
            let instrument = &self.exchange.market(id).instrument;
            BrokerPosition {
                account: ACCOUNT.to_owned(),
                con_id: instrument.con_id,
                symbol: instrument.symbol.clone(),
                instrument: words::instrument(id),
                size: words::quantity(position.lots),
                average_cost: Price::ZERO,
            }
        });
        rows.collect()
    }

    /// IB's contract id of a configured instrument.
    pub fn con_id(&self, instrument: u32) -> i32 {
        let id = sim_gateway::exchange::InstrumentId(instrument as usize);
        self.exchange.market(id).instrument.con_id
    }
}
