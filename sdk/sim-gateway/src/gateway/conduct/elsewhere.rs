//! What happens in an account without any of this gateway's clients: manual orders, liquidations,
//! assignments, and executions that turn out to have been others.

use rust_decimal::Decimal;

use super::{Elsewhere, ElsewhereKind, Transfer};
use crate::exchange::{
    Attributes, Instrument, InstrumentId, Lots, OrderKind, OrderRequest, Side, Ticks, TimeInForce,
};
use crate::gateway::Gateway;
use crate::operator;

impl Gateway {
    pub(super) fn act_elsewhere(&mut self, what: &Elsewhere) -> Result<String, String> {
        let id = operator::instrument(self, &what.symbol)?;
        let named = what.account.as_deref();
        let account = self.account_code(named).map_err(|problem| problem.text)?;
        let market = self.exchange.market(id);
        let lots = size(&market.instrument, what.quantity.abs())?;
        let limit = match what.price {
            None => None,
            Some(price) => Some(ticks(&market.instrument, price)?),
        };
        let mark = market.mark();
        let side = if what.quantity > Decimal::ZERO {
            Side::Buy
        } else {
            Side::Sell
        };
        let exchange = &mut self.exchange;
        let key = match what.kind {
            ElsewhereKind::Order => {
                let kind = limit.map_or(OrderKind::Market, |limit| OrderKind::Limit { limit });
                Some(exchange.place_external(manual(account, id, (side, lots), kind)))
            }
            ElsewhereKind::Fill => {
                Some(exchange.fill_external(&account, id, side, lots, limit.unwrap_or(mark)))
            }
            ElsewhereKind::Liquidation => exchange.liquidate(&account, id, Some(lots)),
            ElsewhereKind::Position => {
                return Ok(self.transfer(account, id, side.signed(lots), limit.unwrap_or(mark)));
            }
        };
        let key = key.ok_or_else(|| format!("there is no position in {} to liquidate", what.symbol))?;
        self.publish();
        let known = self.exchange.order(key);
        let (perm_id, status) = known.map_or((0, "gone"), |order| (order.perm_id, order.status.as_str()));
        Ok(format!("permanent id {perm_id}, {status}"))
    }

    fn transfer(&mut self, account: String, id: InstrumentId, lots: Lots, price: Ticks) -> String {
        self.exchange.assign(&account, id, lots, price);
        self.publish();
        let detail = format!("{lots} lots to {account}");
        self.conduct.transfers.push(Transfer {
            account,
            instrument: id,
            lots,
        });
        detail
    }

    /// An execution turns out to have been another: it comes again, the last part of its id one higher.
    pub(super) fn correct(
        &mut self,
        execution: Option<&str>,
        quantity: Option<Decimal>,
        price: Option<Decimal>,
    ) -> Result<String, String> {
        let mut executions = self.exchange.executions().iter().rev();
        let found = executions.find(|each| match execution {
            None => !each.superseded,
            Some(id) => each.id == id,
        });
        let found = found.ok_or("there is no such execution")?;
        let instrument = &self.exchange.market(found.instrument).instrument;
        let lots = quantity.map(|quantity| size(instrument, quantity)).transpose()?;
        let price = price.map(|price| ticks(instrument, price)).transpose()?;
        let id = found.id.clone();
        let corrected = self.exchange.correct_execution(&id, price, lots);
        let corrected = corrected.map_err(|error| error.to_string())?;
        self.publish();
        Ok(format!("{id} became {corrected}"))
    }

    /// By how much an execution differs in size from the one it corrects, with the side that this is on.
    pub(super) fn difference(&self, id: &str) -> Option<(Side, Decimal)> {
        let executions = self.exchange.executions();
        let new = executions
            .iter()
            .rev()
            .find(|each| each.id == id && each.correction > 0)?;
        let stem = |id: &str| id.rsplit_once('.').map(|(stem, _)| stem.to_owned());
        let old = executions
            .iter()
            .find(|each| each.correction + 1 == new.correction && stem(&each.id) == stem(id))?;
        let change = new.lots - old.lots;
        let side = if change < 0 { new.side.opposite() } else { new.side };
        let instrument = &self.exchange.market(new.instrument).instrument;
        Some((side, instrument.quantity(change.abs())))
    }
}

fn manual(account: String, id: InstrumentId, (side, lots): (Side, Lots), kind: OrderKind) -> OrderRequest {
    OrderRequest {
        account,
        instrument: id,
        side,
        quantity: lots,
        kind,
        tif: TimeInForce::Gtc,
        transmit: true,
        attributes: Attributes::default(),
    }
}

fn size(instrument: &Instrument, quantity: Decimal) -> Result<Lots, String> {
    let lots = instrument.lots(quantity);
    lots.ok_or_else(|| format!("{quantity} is no quantity of {}", instrument.local_symbol))
}

fn ticks(instrument: &Instrument, price: Decimal) -> Result<Ticks, String> {
    let ticks = instrument.ticks(price);
    ticks.ok_or_else(|| format!("{price} is not on the tick grid of {}", instrument.local_symbol))
}
