//! Lists of open and of completed orders, and who hears of which order.

use crate::exchange::{Order, Origin};
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::order as wire;

const DAY: u64 = 86_400;

impl Gateway {
    /// Everybody who is told of an order: the client it belongs to, the master client, and of the broker's
    /// own doings every client.
    pub(super) fn audience(&self, order: &Order) -> Vec<ConnectionId> {
        let hears = |client: i32| {
            self.orders.master == Some(client)
                || match order.origin {
                    Origin::Client => client == order.shown.client,
                    Origin::Manual => client == 0 && order.shown.order != 0,
                    Origin::Broker => true,
                }
        };
        self.clients()
            .filter(|(_, client)| hears(*client))
            .map(|(id, _)| id)
            .collect()
    }

    /// The connection of the client that an order belongs to: the one that errors go to.
    pub(super) fn owner(&self, order: &Order) -> Option<ConnectionId> {
        match order.origin {
            Origin::Client => self.connection_of(order.shown.client),
            _ if order.shown.order < 0 => self.connection_of(0),
            _ => None,
        }
    }

    /// The open orders of one client, or of all. What was not transmitted is shown to nobody.
    pub(in crate::gateway) fn open_orders(
        &mut self,
        to: ConnectionId,
        client: Option<i32>,
    ) -> Result<(), Problem> {
        if client == Some(0) && !self.orders.read_only {
            self.exchange.bind_manual();
            self.publish();
        }
        let theirs = |order: &&Order| {
            !order.is_parked() && client.is_none_or(|id| order.shown.client == id && order.shown.order != 0)
        };
        for order in self
            .exchange
            .live_orders()
            .filter(theirs)
            .cloned()
            .collect::<Vec<_>>()
        {
            self.send_open_order(to, &order, false);
            self.send_status(to, &order);
        }
        self.send(to, Class::Order, &wire::OpenOrdersEnd {});
        Ok(())
    }

    pub(in crate::gateway) fn auto_open_orders(
        &mut self,
        to: ConnectionId,
        client: i32,
        asked: &wire::AutoOpenOrdersRequest,
    ) -> Result<(), Problem> {
        let bind = asked.auto_bind.unwrap_or(false);
        if client != 0 && bind {
            let text =
                "Only API connections with clientId set to 0 can set the auto bind TWS orders property.";
            return Err(Problem::new(327, text));
        }
        if client == 0 {
            self.orders.auto_bind = bind;
        }
        self.open_orders(to, Some(client))
    }

    /// Today's ended orders; with `apiOnly` only those that came through the API.
    pub(in crate::gateway) fn completed_orders(
        &mut self,
        to: ConnectionId,
        asked: &wire::CompletedOrdersRequest,
    ) -> Result<(), Problem> {
        let today = self.exchange.unix_seconds(self.exchange.now()) / DAY;
        let api_only = asked.api_only.unwrap_or(false);
        let ended = self.exchange.orders().filter(|order| {
            let at = order.ended_at.map(|at| self.exchange.unix_seconds(at) / DAY);
            at == Some(today) && (!api_only || order.origin == Origin::Client)
        });
        for order in ended.cloned().collect::<Vec<_>>() {
            self.send_completed_order(to, &order);
        }
        self.send(to, Class::Order, &wire::CompletedOrdersEnd {});
        Ok(())
    }
}
