//! What happens in an account without any of this gateway's clients: manual orders, liquidations,
//! assignments, and executions that turn out to have been others.

use rust_decimal::Decimal;

use super::{Elsewhere, ElsewhereKind, Transfer};
use crate::exchange::{InstrumentId, OrderKey};
use crate::gateway::values::{double, written};
use crate::gateway::{ConnectionId, Gateway};
use crate::operator;
use crate::wire::messages::order::{Order, PlaceOrderRequest};

impl Gateway {
    pub(super) fn act_elsewhere(&mut self, what: &Elsewhere) -> Result<String, String> {
        let id = operator::instrument(self, &what.symbol)?;
        if what.kind == ElsewhereKind::Position {
            return self.transfer(what, id);
        }
        let order = self.foreign_order(0);
        let key = OrderKey {
            client: what.client,
            order,
        };
        if what.kind == ElsewhereKind::Liquidation {
            self.conduct.liquidations.insert(order);
        }
        let limit = what.price.map(double);
        let side = if what.quantity > Decimal::ZERO {
            "BUY"
        } else {
            "SELL"
        };
        let asked = PlaceOrderRequest {
            order_id: Some(order),
            contract: Some(self.contract(id, Some("SMART"))),
            order: Some(Order {
                action: Some(side.to_owned()),
                total_quantity: Some(written(what.quantity.abs())),
                order_type: Some(if limit.is_some() { "LMT" } else { "MKT" }.to_owned()),
                lmt_price: limit,
                tif: Some("GTC".to_owned()),
                account: what.account.clone(),
                order_ref: what.order_ref.clone(),
                transmit: Some(true),
                ..Order::default()
            }),
            attached_orders: None,
        };
        let before = self.exchange.executions().len();
        self.place_unasked(key, asked).map_err(|problem| problem.text)?;
        let live = self
            .exchange
            .order(key)
            .is_some_and(|order| order.status.is_live());
        if live && what.kind != ElsewhereKind::Order {
            // Whatever of it the market has not taken at once is filled by decree.
            self.exchange
                .force_fill(key, None)
                .map_err(|error| error.to_string())?;
        }
        self.publish();
        if what.kind == ElsewhereKind::Liquidation {
            self.tell_everybody_of_executions(before, key);
        }
        let known = self.exchange.order(key);
        let (perm_id, status) = known.map_or((0, "refused"), |order| (order.perm_id, order.status.as_str()));
        Ok(format!("permanent id {perm_id}, {status}"))
    }

    /// A liquidation is told to every client, not only to its owner.
    fn tell_everybody_of_executions(&mut self, from: usize, key: OrderKey) {
        let executions = self.exchange.executions().get(from..).unwrap_or_default();
        let news: Vec<_> = executions
            .iter()
            .filter(|each| each.order == key)
            .cloned()
            .collect();
        let clients: Vec<(ConnectionId, i32)> = self.clients().collect();
        for execution in &news {
            for (to, _) in clients.iter().filter(|(_, client)| *client != key.client) {
                self.send_execution(*to, -1, execution);
                self.send_commission(*to, execution);
            }
        }
    }

    fn transfer(&mut self, what: &Elsewhere, id: InstrumentId) -> Result<String, String> {
        let account = self
            .account_code(what.account.as_deref())
            .map_err(|problem| problem.text)?;
        let market = self.exchange.market(id);
        let lots = market.instrument.lots(what.quantity.abs());
        let lots = lots.map(|lots| {
            if what.quantity < Decimal::ZERO {
                -lots
            } else {
                lots
            }
        });
        let lots = lots.ok_or_else(|| format!("{} is no quantity of {}", what.quantity, what.symbol))?;
        let price = match what.price {
            None => market.mark(),
            Some(price) => {
                let ticks = market.instrument.ticks(price);
                ticks.ok_or_else(|| format!("{price} is not on the tick grid of {}", what.symbol))?
            }
        };
        self.exchange.transfer(&account, id, lots, price);
        let detail = format!("{} {} to {account}", what.quantity, what.symbol);
        self.publish_position(&account, id);
        self.conduct.transfers.push(Transfer {
            account,
            instrument: id,
            lots,
        });
        Ok(detail)
    }

    /// An execution turns out to have been another: it comes again, the last part of its id one higher.
    pub(super) fn correct(
        &mut self,
        execution: Option<&str>,
        quantity: Option<Decimal>,
        price: Option<Decimal>,
    ) -> Result<String, String> {
        let executions = self.exchange.executions();
        let found = match execution {
            None => executions.last(),
            Some(id) => executions.iter().find(|each| each.id == id),
        };
        let found = found.ok_or("there is no such execution")?;
        let instrument = &self.exchange.market(found.instrument).instrument;
        let lots = match quantity {
            None => found.lots,
            Some(quantity) => {
                let lots = instrument.lots(quantity).filter(|lots| *lots > 0);
                lots.ok_or_else(|| format!("{quantity} is no quantity of a fill"))?
            }
        };
        let ticks = match price {
            None => found.price,
            Some(price) => {
                let ticks = instrument.ticks(price);
                ticks.ok_or_else(|| format!("{price} is not on the tick grid"))?
            }
        };
        let deltas = self.conduct.settings.corrections_are_deltas;
        let id = found.id.clone();
        let corrected = self.exchange.correct(&id, lots, ticks, deltas);
        let corrected = corrected.ok_or("the correction changes nothing")?;
        if let Some(to) = self.connection_of(corrected.order.client) {
            self.send_execution(to, -1, &corrected);
        }
        self.publish_position(&corrected.account, corrected.instrument);
        Ok(format!("{id} became {}", corrected.id))
    }
}
