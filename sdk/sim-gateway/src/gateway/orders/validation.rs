//! What a client wrote in an order, checked and turned into what the exchange understands.

use rust_decimal::Decimal;

use crate::exchange::{Attributes, Instrument, OrderKind, OrderRequest, Side, Ticks, TimeInForce};
use crate::gateway::values::{decimal, parse};
use crate::gateway::{Gateway, Problem};
use crate::wire::messages::order::{Order, PlaceOrderRequest};

impl Gateway {
    /// Checks an order as the gateway does before it takes it; nothing has happened when this fails.
    pub(in crate::gateway) fn understand(
        &mut self,
        asked: &PlaceOrderRequest,
    ) -> Result<OrderRequest, Problem> {
        let order = asked
            .order
            .as_ref()
            .ok_or_else(|| Problem::invalid("Missing order"))?;
        let contract = asked.contract.as_ref();
        if let Some(feature) = unsupported(asked, order) {
            return Err(Problem::invalid(format_args!(
                "{feature} not supported by the simulated gateway"
            )));
        }
        let id = self.resolve(contract)?;
        if contract
            .and_then(|contract| contract.exchange.as_deref())
            .unwrap_or_default()
            .is_empty()
        {
            return Err(Problem::invalid("Missing order exchange"));
        }
        let instrument = &self.exchange.market(id).instrument;
        let side = match order.action.as_deref() {
            Some("BUY") => Side::Buy,
            Some("SELL") => Side::Sell,
            other => {
                return Err(Problem::invalid(format_args!(
                    "Invalid action {:?}",
                    other.unwrap_or_default()
                )));
            }
        };
        let quantity = parse(order.total_quantity.as_deref().unwrap_or_default()).unwrap_or_default();
        if quantity <= Decimal::ZERO {
            return Err(Problem::new(434, "The order size cannot be zero."));
        }
        let fractional = "Fractional-sized order cannot be placed via API. Please use desktop version to \
                          place this order.";
        let quantity = instrument
            .lots(quantity)
            .ok_or_else(|| Problem::new(10243, fractional))?;
        Ok(OrderRequest {
            account: self.account_code(order.account.as_deref())?,
            instrument: id,
            side,
            quantity,
            kind: order_kind(instrument, order)?,
            tif: time_in_force(order)?,
            transmit: order.transmit.unwrap_or(false),
            attributes: Attributes::default(),
        })
    }

    /// An account a client named, or the default one when it named none.
    pub(in crate::gateway) fn account_code(&self, asked: Option<&str>) -> Result<String, Problem> {
        let asked = asked.unwrap_or_default();
        let known = if asked.is_empty() {
            self.exchange.accounts().first()
        } else {
            self.exchange.account(asked)
        };
        known
            .map(|account| account.name.clone())
            .ok_or_else(|| Problem::invalid(format_args!("Invalid account code '{asked}'")))
    }
}

fn order_kind(instrument: &Instrument, order: &Order) -> Result<OrderKind, Problem> {
    match order.order_type.as_deref().unwrap_or_default() {
        "MKT" => Ok(OrderKind::Market),
        "LMT" => Ok(OrderKind::Limit {
            limit: price(instrument, order.lmt_price, "limit")?,
        }),
        "STP" => Ok(OrderKind::Stop {
            trigger: price(instrument, order.aux_price, "stop")?,
        }),
        "STP LMT" => Ok(OrderKind::StopLimit {
            trigger: price(instrument, order.aux_price, "stop")?,
            limit: price(instrument, order.lmt_price, "limit")?,
        }),
        _ => Err(Problem::new(
            387,
            "Unsupported order type for this exchange and security type.",
        )),
    }
}

fn price(instrument: &Instrument, written: Option<f64>, name: &str) -> Result<Ticks, Problem> {
    let price = written.and_then(decimal).filter(|price| *price > Decimal::ZERO);
    let price = price.ok_or_else(|| Problem::invalid(format_args!("Invalid or missing {name} price")))?;
    let off_grid = "The price does not conform to the minimum price variation for this contract.";
    instrument.ticks(price).ok_or_else(|| Problem::new(110, off_grid))
}

fn time_in_force(order: &Order) -> Result<TimeInForce, Problem> {
    match order.tif.as_deref().unwrap_or_default() {
        "" | "DAY" => Ok(TimeInForce::Day),
        "GTC" => Ok(TimeInForce::Gtc),
        "IOC" => Ok(TimeInForce::Ioc),
        "FOK" => Ok(TimeInForce::Fok),
        other => Err(Problem::invalid(format_args!("Invalid time in force '{other}'"))),
    }
}

/// The first thing an order asks for that this gateway cannot do. It would be worse to take such an order
/// and leave the wish out.
fn unsupported(asked: &PlaceOrderRequest, order: &Order) -> Option<&'static str> {
    let said = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let on = |flag: Option<bool>| flag.unwrap_or(false);
    let attached = asked
        .attached_orders
        .as_ref()
        .is_some_and(|attached| *attached != Default::default());
    let cases = [
        (attached, "Attached orders are"),
        (order.parent_id.unwrap_or(0) != 0, "Child orders are"),
        (said(&order.oca_group), "OCA groups are"),
        (said(&order.algo_strategy), "Algorithms are"),
        (!order.conditions.is_empty(), "Conditions are"),
        (said(&order.good_after_time), "goodAfterTime is"),
        (said(&order.good_till_date), "goodTillDate is"),
        (said(&order.fa_group), "Allocation groups are"),
        (said(&order.hedge_type), "Hedges are"),
        (on(order.all_or_none), "allOrNone is"),
        (
            order.min_qty.is_some_and(|least| least != 0 && least != i32::MAX),
            "minQty is",
        ),
        (
            order
                .display_size
                .is_some_and(|size| size != 0 && size != i32::MAX),
            "displaySize is",
        ),
        (
            order
                .cash_qty
                .and_then(decimal)
                .is_some_and(|cash| !cash.is_zero()),
            "cashQty is",
        ),
    ];
    cases
        .iter()
        .find(|(present, _)| *present)
        .map(|(_, feature)| *feature)
}
