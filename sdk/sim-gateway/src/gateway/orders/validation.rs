//! What a client wrote in an order, checked and turned into what the exchange understands.

use rust_decimal::Decimal;

use super::{attributes, kinds, rules, terms};
use crate::exchange::{Instrument, InstrumentId, Kind, Lots, OrderRequest, Side, Terms};
use crate::gateway::values::{decimal, parse};
use crate::gateway::{Gateway, Problem};
use crate::wire::messages::contract::Contract;
use crate::wire::messages::order::{Order, PlaceOrderRequest};

/// An order as its checks see it.
#[derive(Clone, Copy)]
pub(super) struct Draft<'a> {
    pub(super) order: &'a Order,
    pub(super) id: InstrumentId,
    pub(super) instrument: &'a Instrument,
    /// Where it is to be sent.
    pub(super) route: &'a str,
    pub(super) side: Side,
    /// The order type as written.
    pub(super) kind: &'a str,
    /// The time in force as written; `DAY` when nothing was.
    pub(super) tif: &'a str,
}

/// An order that may be placed.
#[derive(Debug)]
pub(in crate::gateway) struct Understood {
    pub(in crate::gateway) request: OrderRequest,
    /// What its client is told besides: the order goes on.
    pub(in crate::gateway) notes: Vec<Problem>,
}

/// What a field says, unless it says nothing.
pub(super) fn said(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

pub(super) fn on(flag: Option<bool>) -> bool {
    flag.unwrap_or(false)
}

/// A whole number that is set: clients write zero, a negative or the largest one for "not set".
pub(super) fn count(number: Option<i32>) -> Option<i32> {
    number.filter(|number| *number > 0 && *number != i32::MAX)
}

/// A decimal that is set and not zero.
pub(super) fn amount(number: Option<f64>) -> Option<Decimal> {
    number.and_then(decimal).filter(|number| !number.is_zero())
}

impl Gateway {
    /// Checks an order as the gateway does before it takes it; nothing has happened when this fails.
    pub(in crate::gateway) fn understand(
        &mut self,
        client: i32,
        asked: &PlaceOrderRequest,
    ) -> Result<Understood, Problem> {
        let order = asked
            .order
            .as_ref()
            .ok_or_else(|| Problem::invalid("Missing order"))?;
        if asked
            .attached_orders
            .as_ref()
            .is_some_and(|each| *each != Default::default())
        {
            return Err(rules::unsupported("attachedOrders"));
        }
        let id = self.resolve(asked.contract.as_ref())?;
        for condition in &order.conditions {
            // Lists contracts of chains that a condition names; unknown ones are refused below.
            let _ = self.exchange.find(condition.con_id.unwrap_or(0));
        }
        let instrument = &self.exchange.market(id).instrument;
        let contract = asked.contract.as_ref();
        let draft = Draft {
            order,
            id,
            instrument,
            route: route(contract, instrument)?,
            side: side(order)?,
            kind: said(&order.order_type).unwrap_or_default(),
            tif: self.time_in_force(order),
        };
        rules::check(&draft)?;
        let account = self.account_code(order.account.as_deref())?;
        self.check_contract(&draft, &account)?;
        let kind = kinds::order_kind(&draft)?;
        let quantity = self.quantity(&draft)?;
        let now = self.exchange.unix_seconds(self.exchange.now());
        let tif = terms::time_in_force(&draft, now)?;
        let mut notes = rules::notes(&draft);
        let attributes = attributes::attributes(self, &draft, client, quantity)?;
        if said(&order.tif).is_none() && self.orders.preset_tif.is_some() {
            let text = format!("Order TIF was set to {} based on order preset.", draft.tif);
            notes.push(Problem::new(10349, text));
        }
        let request = OrderRequest {
            account,
            instrument: id,
            side: draft.side,
            quantity,
            kind,
            tif,
            transmit: on(order.transmit),
            attributes,
        };
        Ok(Understood { request, notes })
    }

    fn time_in_force<'a>(&'a self, order: &'a Order) -> &'a str {
        said(&order.tif)
            .or(self.orders.preset_tif.as_deref())
            .unwrap_or("DAY")
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

    /// Whether this can be traded at all, and by this account.
    fn check_contract(&self, draft: &Draft<'_>, account: &str) -> Result<(), Problem> {
        let kind = draft.instrument.kind;
        if kind == Kind::Index {
            return Err(Problem::new(412, "The contract is not available for trading."));
        }
        let now = self.exchange.unix_seconds(self.exchange.now());
        let expires = draft
            .instrument
            .derivation
            .map_or(0, |derivation| derivation.expires);
        if expires != 0 && expires <= now {
            let text = "Invalid order: contract expired.";
            return Err(Problem::new(if kind == Kind::Bond { 10254 } else { 392 }, text));
        }
        let terms = self.exchange.account(account).map(|account| account.terms);
        if terms == Some(Terms::Cash) && matches!(kind, Kind::Future | Kind::FutureOption | Kind::Cfd) {
            let text = "The security is not available or allowed for this account.";
            return Err(Problem::new(203, text));
        }
        Ok(())
    }

    /// The size in lots, from a quantity or from an amount of money.
    fn quantity(&self, draft: &Draft<'_>) -> Result<Lots, Problem> {
        let (order, instrument) = (draft.order, draft.instrument);
        let written = parse(order.total_quantity.as_deref().unwrap_or_default()).unwrap_or_default();
        let quantity = match amount(order.cash_qty) {
            None => written,
            Some(_) if !matches!(instrument.kind, Kind::Crypto | Kind::Cash | Kind::Fund) => {
                return Err(Problem::new(10244, "Cash Quantity cannot be used for this order"));
            }
            Some(_) if written > Decimal::ZERO => {
                let text = "Cryptocurrency Cash Quantity order cannot specify size";
                return Err(Problem::new(10293, text));
            }
            Some(cash) => self.bought_for(draft, cash),
        };
        if quantity <= Decimal::ZERO {
            return Err(Problem::new(434, "The order size cannot be zero."));
        }
        instrument.lots(quantity).ok_or_else(|| match instrument.kind {
            Kind::Stock => Problem::new(
                10243,
                "Fractional-sized order cannot be placed via API. Please use desktop version to place this \
                 order.",
            ),
            Kind::Option | Kind::Future | Kind::FutureOption | Kind::Warrant | Kind::Bag => Problem::new(
                10245,
                "This financial instrument does not support fractional shares trading",
            ),
            _ => {
                let least = instrument.size_increment.normalize();
                let text = format!(
                    "The size does not conform to the minimum variation of {least} for this contract"
                );
                Problem::new(10250, text)
            }
        })
    }

    /// How much an amount of money buys at the limit or the market's price, in whole increments.
    fn bought_for(&self, draft: &Draft<'_>, cash: Decimal) -> Decimal {
        let market = self.exchange.market(draft.id);
        let mark = draft.instrument.price(market.mark());
        let price = amount(draft.order.lmt_price).unwrap_or(mark) * draft.instrument.multiplier;
        let increments = price
            .checked_mul(draft.instrument.size_increment)
            .and_then(|each| cash.checked_div(each));
        increments.map_or(Decimal::ZERO, |count| {
            count.floor() * draft.instrument.size_increment
        })
    }
}

fn route<'a>(contract: Option<&'a Contract>, instrument: &Instrument) -> Result<&'a str, Problem> {
    let route = contract.and_then(|contract| said(&contract.exchange));
    let route = route.ok_or_else(|| Problem::invalid("Missing order exchange"))?;
    let open =
        instrument.valid_exchanges.is_empty() || instrument.valid_exchanges.iter().any(|each| each == route);
    if !open && instrument.kind != Kind::Bag {
        return Err(Problem::new(421, "Invalid route."));
    }
    Ok(route)
}

fn side(order: &Order) -> Result<Side, Problem> {
    match said(&order.action) {
        Some("BUY") => Ok(Side::Buy),
        Some("SELL") => Ok(Side::Sell),
        other => Err(Problem::invalid(format_args!(
            "Invalid action {:?}",
            other.unwrap_or_default()
        ))),
    }
}
