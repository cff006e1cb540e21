//! What positions and orders require of an account's equity, and what is left.
//!
//! The rates are IB's published ones for US residents under Regulation T as they stand during the day
//! (interactivebrokers.com, Trading, Margin): stocks 25 % long and 30 % short, short options 20 % of the
//! underlying less what they are out of the money, futures an amount a contract, major currencies 2.5 %.

use std::ops::{Add, AddAssign, Sub};

use rust_decimal::Decimal;

use super::fees::order_fee;
use super::{Account, Terms, worth};
use crate::exchange::Exchange;
use crate::exchange::instrument::{InstrumentId, Kind, Lots, Right, Ticks};
use crate::exchange::order::{OrderKey, OrderRequest, Side};

/// Equity that positions require, base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Requirement {
    /// To open them.
    pub initial: Decimal,
    /// To keep them.
    pub maintenance: Decimal,
}

impl Requirement {
    fn same(amount: Decimal) -> Self {
        Self {
            initial: amount,
            maintenance: amount,
        }
    }

    fn times(self, factor: Decimal) -> Self {
        Self {
            initial: self.initial * factor,
            maintenance: self.maintenance * factor,
        }
    }
}

impl Add for Requirement {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            initial: self.initial + other.initial,
            maintenance: self.maintenance + other.maintenance,
        }
    }
}

impl AddAssign for Requirement {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Requirement {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            initial: self.initial - other.initial,
            maintenance: self.maintenance - other.maintenance,
        }
    }
}

/// What an order would do to its account, base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Equity that counts against margin, now.
    pub equity_before: Decimal,
    /// The same after the order, fees included.
    pub equity_after: Decimal,
    /// Margin required now.
    pub before: Requirement,
    /// Margin required after.
    pub after: Requirement,
    /// Fee of the order, in the instrument's currency.
    pub fee: Decimal,
    /// The least it could be: in one piece, or where only a part trades at once.
    pub least_fee: Decimal,
    /// The most it could be: charged anew on every day the order works.
    pub most_fee: Decimal,
}

/// What trading changes in an account.
#[derive(Debug, Clone, Copy, Default)]
struct Effect {
    required: Requirement,
    with_loan: Decimal,
}

impl Exchange {
    /// What a holding requires at a price.
    #[must_use]
    pub fn requirement(&self, id: InstrumentId, lots: Lots, mark: Ticks) -> Requirement {
        let instrument = &self.market(id).instrument;
        let value = worth(instrument, lots, mark);
        let required = match instrument.kind {
            // A pair's risk is that of the currencies it leaves behind.
            Kind::Cash | Kind::Index => Requirement::default(),
            Kind::Stock if lots < 0 => Requirement::same(value.abs() * Decimal::new(30, 2)),
            Kind::Stock | Kind::Bond => Requirement::same(value.abs() * Decimal::new(25, 2)),
            Kind::Option | Kind::FutureOption | Kind::Warrant if lots > 0 => Requirement::default(),
            Kind::Option | Kind::FutureOption | Kind::Warrant => self.short_option(id, lots, mark),
            Kind::Future => {
                // An amount a contract that does not move with every tick: from the day's opening price.
                let opening = worth(instrument, lots.abs(), self.market(id).session().open);
                let maintenance = opening.abs() * Decimal::new(8, 2);
                Requirement {
                    initial: maintenance * Decimal::new(11, 1),
                    maintenance,
                }
            }
            Kind::Cfd => Requirement::same(value.abs() * Decimal::new(20, 2)),
            Kind::Commodity => Requirement::same(value.abs() * Decimal::new(10, 2)),
            Kind::Crypto | Kind::Fund => Requirement::same(value.abs()),
            Kind::Bag => instrument.legs.iter().fold(Requirement::default(), |sum, leg| {
                let leg_lots = leg.side.signed(leg.ratio).saturating_mul(lots);
                sum + self.requirement(leg.instrument, leg_lots, self.market(leg.instrument).mark())
            }),
        };
        match instrument.kind {
            Kind::Bag => required,
            _ => required.times(self.rate(&instrument.currency)),
        }
    }

    /// The premium, plus 20 % of the underlying less what the option is out of the money, but at least
    /// 10 % of the underlying (of the strike for a put). Instrument's currency.
    fn short_option(&self, id: InstrumentId, lots: Lots, mark: Ticks) -> Requirement {
        let instrument = &self.market(id).instrument;
        let premium = worth(instrument, lots, mark).abs();
        let Some(derivation) = instrument.derivation else {
            return Requirement::same(premium);
        };
        let below = self.market(derivation.underlying);
        let price = below.instrument.price(below.mark());
        let strike = derivation.strike.unwrap_or(price);
        let (out, floor) = match derivation.right {
            Some(Right::Put) => (price - strike, strike),
            _ => (strike - price, price),
        };
        let risk = (price * Decimal::new(20, 2) - out.max(Decimal::ZERO)).max(floor * Decimal::new(10, 2));
        let units = instrument.quantity(lots.abs()) * instrument.multiplier;
        Requirement::same(premium + units * risk)
    }

    /// What the currencies in an account require: 2.5 % of whatever is not the base currency.
    pub(super) fn currency_requirement(&self, account: &Account) -> Requirement {
        let all = account.foreign.iter();
        let exposed: Decimal = all
            .map(|(currency, amount)| (*amount * self.rate(currency)).abs())
            .sum();
        Requirement::same(exposed * Decimal::new(25, 3))
    }

    /// What trading `lots` at a price would change, base currency.
    fn effect(&self, account: &Account, id: InstrumentId, side: Side, lots: Lots, price: Ticks) -> Effect {
        let market = self.market(id);
        let instrument = &market.instrument;
        if instrument.kind == Kind::Bag {
            return instrument.legs.iter().fold(Effect::default(), |sum, leg| {
                let leg_side = if side == Side::Buy {
                    leg.side
                } else {
                    leg.side.opposite()
                };
                let leg_lots = leg.ratio.saturating_mul(lots);
                let mark = self.market(leg.instrument).mark();
                let leg = self.effect(account, leg.instrument, leg_side, leg_lots, mark);
                Effect {
                    required: sum.required + leg.required,
                    with_loan: sum.with_loan + leg.with_loan,
                }
            });
        }
        let signed = side.signed(lots);
        if instrument.kind == Kind::Cash {
            let rate = self.rate(&instrument.currency);
            let bought = instrument.quantity(signed);
            let paid = bought * instrument.price(price);
            let exposure = |currency: &str, change: Decimal| {
                let (before, rate) = (account.balance(currency), self.rate(currency));
                ((before + change).abs() - before.abs()) * rate
            };
            let mut exposed = exposure(&instrument.symbol, bought);
            if instrument.currency != super::BASE_CURRENCY {
                exposed += exposure(&instrument.currency, -paid);
            }
            if instrument.symbol == super::BASE_CURRENCY {
                exposed = (bought * instrument.price(price) * rate).abs();
            }
            return Effect {
                required: Requirement::same(exposed * Decimal::new(25, 3)),
                with_loan: Decimal::ZERO,
            };
        }
        let held = account.held(id);
        let required = self.requirement(id, held + signed, price) - self.requirement(id, held, price);
        let with_loan = if instrument.kind.is_option() {
            -worth(instrument, signed, price) * self.rate(&instrument.currency)
        } else {
            Decimal::ZERO
        };
        Effect { required, with_loan }
    }

    fn working_price(&self, request: &OrderRequest) -> Ticks {
        request
            .kind
            .limit()
            .unwrap_or_else(|| self.market(request.instrument).mark())
    }

    /// How much of the available funds an order would take; nothing when it sets funds free.
    fn needed(&self, account: &Account, request: &OrderRequest, lots: Lots) -> Decimal {
        if request.attributes.parent.is_some() {
            // It trades only what its parent has opened.
            return Decimal::ZERO;
        }
        let price = self.working_price(request);
        let (id, side) = (request.instrument, request.side);
        let effect = self.effect(account, id, side, lots, price);
        let needed = match account.terms {
            Terms::Margin => effect.required.initial - effect.with_loan,
            Terms::Cash => {
                let instrument = &self.market(id).instrument;
                let opening = ((account.held(id) + side.signed(lots)).abs() - account.held(id).abs()).max(0);
                worth(instrument, opening, price) * self.rate(&instrument.currency)
            }
        };
        needed.max(Decimal::ZERO)
    }

    /// What the account's other working orders will take when they trade. Children wait for their parents
    /// and take nothing.
    fn reserved_by_others(&self, but: OrderKey, account: &Account) -> Decimal {
        self.live_orders()
            .filter(|order| order.key != but && !order.is_parked())
            .filter(|order| {
                order.request.account == account.name && order.request.attributes.parent.is_none()
            })
            .map(|order| self.needed(account, &order.request, order.remaining()))
            .sum()
    }

    /// Whether the account can carry `lots` more of a request, with what its other orders will need set
    /// aside.
    pub(in crate::exchange) fn check_margin(
        &self,
        key: OrderKey,
        request: &OrderRequest,
        lots: Lots,
    ) -> Result<(), String> {
        let Some(account) = self.account(&request.account) else {
            return Ok(());
        };
        let child = request.attributes.parent.is_some();
        let shorts = !child && account.held(request.instrument) + request.side.signed(lots) < 0;
        if account.terms == Terms::Cash && request.side == Side::Sell && shorts {
            return Err(
                "YOUR ORDER IS NOT ACCEPTED. A MARGIN ACCOUNT IS REQUIRED IN ORDER TO SELL SHORT.".to_owned(),
            );
        }
        let needed = self.needed(account, request, lots);
        if needed > Decimal::ZERO {
            let value = self.valuation(account);
            let free = match account.terms {
                Terms::Margin => value.available(),
                Terms::Cash => value.cash,
            };
            let free = free - self.reserved_by_others(key, account);
            if needed > free {
                return Err(format!(
                    "We are unable to accept your order. Your Available Funds are insufficient to cover the \
                     margin required. Available Funds: {free:.2} USD, margin required: {needed:.2} USD"
                ));
            }
        }
        Ok(())
    }

    /// What an order would do if it traded in full at its limit or the market's price.
    #[must_use]
    pub fn estimate(&self, request: &OrderRequest) -> Estimate {
        let price = self.working_price(request);
        let (id, lots) = (request.instrument, request.quantity);
        let instrument = &self.market(id).instrument;
        let value = instrument.quantity(lots) * instrument.price(price);
        let fee = order_fee(instrument, lots, value);
        let least_fee = order_fee(instrument, lots.min(1), instrument.price(price)).min(fee);
        let account = self.account(&request.account);
        let before = account.map(|account| self.valuation(account)).unwrap_or_default();
        let effect = account
            .map(|account| self.effect(account, id, request.side, lots, price))
            .unwrap_or_default();
        let charged = fee * self.rate(&instrument.currency);
        Estimate {
            equity_before: before.with_loan(),
            equity_after: before.with_loan() + effect.with_loan - charged,
            before: before.required,
            after: before.required + effect.required,
            fee,
            least_fee,
            most_fee: fee,
        }
    }
}
