//! Accounts: cash by currency, positions with their cost, fees, and the equity and margin that follow from
//! them.
//!
//! Never: trading. Fills come in booked one by one; whether an order may trade at all is asked here, and
//! answered without changing anything.

mod currencies;
mod fees;
mod margin;

#[cfg(test)]
mod account_tests;

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::Exchange;
use super::instrument::{Instrument, InstrumentId, Kind, Lots, Ticks};
use super::order::Side;

pub use currencies::BASE_CURRENCY;
pub(super) use currencies::Pairs;
pub use fees::order_fee;
pub use margin::{Estimate, Requirement};

/// A holding in one instrument. Amounts are in the instrument's currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Position {
    /// Size held; negative when short.
    pub lots: Lots,
    /// What the holding cost, multiplier and fees included; negative when short.
    pub cost: Decimal,
    /// The part of the cost that is fees.
    pub fees: Decimal,
    /// Profit realised so far, fees included.
    pub realized: Decimal,
    /// What was realised before today.
    pub realized_before: Decimal,
    /// What the holding was worth when the day began.
    pub opening_worth: Decimal,
    /// What was paid for it today, less what it brought, fees included.
    pub spent: Decimal,
}

impl Position {
    /// Cost of one unit, multiplier and fees included, as IB shows it; zero when flat.
    #[must_use]
    pub fn average_cost(&self, instrument: &Instrument) -> Decimal {
        let quantity = instrument.quantity(self.lots);
        if quantity.is_zero() {
            Decimal::ZERO
        } else {
            (self.cost / quantity).round_dp(8).normalize()
        }
    }

    /// Profit of the open part at a price.
    #[must_use]
    pub fn unrealized(&self, instrument: &Instrument, mark: Ticks) -> Decimal {
        worth(instrument, self.lots, mark) - self.cost
    }

    /// Profit realised since the day began.
    #[must_use]
    pub fn realized_today(&self) -> Decimal {
        self.realized - self.realized_before
    }

    /// Profit since the day began, at a price.
    #[must_use]
    pub fn daily(&self, instrument: &Instrument, mark: Ticks) -> Decimal {
        worth(instrument, self.lots, mark) - self.opening_worth - self.spent
    }
}

/// What so many lots are worth at a price, multiplier included, in the instrument's currency.
#[must_use]
pub fn worth(instrument: &Instrument, lots: Lots, price: Ticks) -> Decimal {
    instrument.quantity(lots) * instrument.price(price) * instrument.multiplier
}

/// Whether its profit is settled in cash, so that nothing is paid for a position itself.
fn is_margined(kind: Kind) -> bool {
    matches!(kind, Kind::Future | Kind::Cfd)
}

/// How an account may borrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// It may, within its margin.
    Margin,
    /// It may not: neither money nor shares to sell.
    Cash,
}

/// One account, kept in US dollars.
#[derive(Debug, Clone)]
pub struct Account {
    /// Account code.
    pub name: String,
    /// How it may borrow.
    pub terms: Terms,
    /// Cash it opened with, base currency.
    pub opening_cash: Decimal,
    /// Cash in the base currency now.
    pub cash: Decimal,
    /// Cash in other currencies; negative where it was borrowed.
    pub foreign: BTreeMap<String, Decimal>,
    /// All fees paid, each in its own currency.
    pub fees: Decimal,
    /// Equity at the start of the day.
    pub opening_equity: Decimal,
    positions: BTreeMap<InstrumentId, Position>,
}

impl Account {
    /// An account by its code, or by its code and terms as in `DU1234567:cash`.
    pub(super) fn new(code: &str, cash: Decimal) -> Self {
        let (name, terms) = match code.split_once(':') {
            Some((name, "cash")) => (name, Terms::Cash),
            Some((name, _)) => (name, Terms::Margin),
            None => (code, Terms::Margin),
        };
        Self {
            name: name.to_owned(),
            terms,
            opening_cash: cash,
            cash,
            foreign: BTreeMap::new(),
            fees: Decimal::ZERO,
            opening_equity: cash,
            positions: BTreeMap::new(),
        }
    }

    /// Every instrument ever held, flat ones included.
    pub fn positions(&self) -> impl Iterator<Item = (InstrumentId, &Position)> {
        self.positions.iter().map(|(id, position)| (*id, position))
    }

    /// The holding in one instrument.
    #[must_use]
    pub fn position(&self, id: InstrumentId) -> Position {
        self.positions.get(&id).cloned().unwrap_or_default()
    }

    /// Size held of one instrument; negative when short.
    #[must_use]
    pub fn held(&self, id: InstrumentId) -> Lots {
        self.positions.get(&id).map_or(0, |position| position.lots)
    }

    /// Cash in a currency.
    #[must_use]
    pub fn balance(&self, currency: &str) -> Decimal {
        if currency == BASE_CURRENCY {
            self.cash
        } else {
            self.foreign.get(currency).copied().unwrap_or_default()
        }
    }

    fn pay_in(&mut self, currency: &str, amount: Decimal) {
        if currency == BASE_CURRENCY {
            self.cash += amount;
        } else {
            *self.foreign.entry(currency.to_owned()).or_default() += amount;
        }
    }

    /// Books a fill. Returns the profit it realised when it closed something.
    pub(super) fn book(&mut self, id: InstrumentId, instrument: &Instrument, fill: &Fill) -> Option<Decimal> {
        let signed = fill.side.signed(fill.lots);
        let paid = worth(instrument, signed, fill.price);
        self.fees += fill.fee;
        let position = self.positions.entry(id).or_default();
        position.spent += paid + fill.fee;
        let released = position.close(instrument, fill);
        let opening = signed - released.lots;
        if opening != 0 {
            position.lots += opening;
            let fee = fill.fee - released.fee;
            position.cost += worth(instrument, opening, fill.price) + fee;
            position.fees += fee;
        }
        if is_margined(instrument.kind) {
            self.pay_in(&instrument.currency, released.settled - fill.fee);
        } else {
            self.pay_in(&instrument.currency, -(paid + fill.fee));
        }
        if instrument.kind == Kind::Cash {
            // A currency bought is cash; the position beside it only remembers what it cost.
            self.pay_in(&instrument.symbol, instrument.quantity(signed));
        }
        released.profit
    }
}

/// What closing a part of a position set free.
#[derive(Debug, Default)]
struct Released {
    /// Size closed, with the sign of the fill.
    lots: Lots,
    /// The closing part's share of the fill's fee.
    fee: Decimal,
    /// Profit before fees.
    settled: Decimal,
    /// Profit after the fees of both ends.
    profit: Option<Decimal>,
}

impl Position {
    fn close(&mut self, instrument: &Instrument, fill: &Fill) -> Released {
        let signed = fill.side.signed(fill.lots);
        if self.lots.signum() * signed.signum() >= 0 {
            return Released::default();
        }
        let closing = self.lots.abs().min(fill.lots);
        let fee = (fill.fee * Decimal::from(closing) / Decimal::from(fill.lots)).round_dp(8);
        let left = self.lots + fill.side.signed(closing);
        // Multiply before dividing, so that closing everything releases exactly the whole cost.
        let kept = |whole: Decimal, lots: Lots| match left {
            0 => Decimal::ZERO,
            _ => (whole * Decimal::from(left) / Decimal::from(lots)).round_dp(8),
        };
        let (kept_cost, kept_fees) = (kept(self.cost, self.lots), kept(self.fees, self.lots));
        let proceeds = worth(instrument, -fill.side.signed(closing), fill.price);
        let profit = proceeds - (self.cost - kept_cost) - fee;
        let settled = profit + fee + (self.fees - kept_fees);
        (self.cost, self.fees, self.lots) = (kept_cost, kept_fees, left);
        self.realized += profit;
        Released {
            lots: fill.side.signed(closing),
            fee,
            settled,
            profit: Some(profit),
        }
    }
}

/// What [`Account::book`] needs to know of a fill.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fill {
    pub(super) side: Side,
    pub(super) lots: Lots,
    pub(super) price: Ticks,
    pub(super) fee: Decimal,
}

/// What an account is worth at the markets' prices, in the base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Valuation {
    /// Cash plus positions: the net liquidation value.
    pub equity: Decimal,
    /// Cash in all currencies.
    pub cash: Decimal,
    /// Value of positions, long minus short; currencies are cash and do not count.
    pub positions: Decimal,
    /// Value of positions, long plus short.
    pub gross: Decimal,
    /// Value of options, long minus short; nobody lends on it.
    pub options: Decimal,
    /// Equity that the account requires for its positions and its currency risk.
    pub required: Requirement,
    /// Half of what the stocks are worth, as Regulation T asks for at the end of the day.
    pub regulation_t: Decimal,
    /// Profit of the open positions.
    pub unrealized: Decimal,
    /// Profit of closed ones.
    pub realized: Decimal,
    /// Profit of those closed today.
    pub realized_today: Decimal,
    /// Change of equity since the day began.
    pub daily: Decimal,
}

impl Valuation {
    /// Equity that counts against margin: IB's `EquityWithLoanValue`, which leaves options out.
    #[must_use]
    pub fn with_loan(&self) -> Decimal {
        self.equity - self.options
    }

    /// What is left for new positions.
    #[must_use]
    pub fn available(&self) -> Decimal {
        self.with_loan() - self.required.initial
    }

    /// What is left before positions are liquidated.
    #[must_use]
    pub fn excess(&self) -> Decimal {
        self.with_loan() - self.required.maintenance
    }
}

/// One currency's part of an account, in that currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Cash.
    pub cash: Decimal,
    /// Value of positions by asset class; for futures and CFDs their profit.
    pub values: BTreeMap<Kind, Decimal>,
    /// Profit of open positions.
    pub unrealized: Decimal,
    /// Profit realised today.
    pub realized: Decimal,
}

impl Ledger {
    /// Cash and positions together.
    #[must_use]
    pub fn total(&self) -> Decimal {
        self.cash + self.values.values().sum::<Decimal>()
    }
}

impl Exchange {
    /// What an account is worth at the markets' current prices.
    #[must_use]
    pub fn valuation(&self, account: &Account) -> Valuation {
        let mut value = Valuation {
            cash: account.cash,
            ..Valuation::default()
        };
        for (currency, amount) in &account.foreign {
            value.cash += *amount * self.rate(currency);
        }
        value.equity = value.cash;
        value.required = self.currency_requirement(account);
        for (id, position) in account.positions() {
            self.add_position(&mut value, id, position);
        }
        value.daily = value.equity - account.opening_equity;
        value
    }

    fn add_position(&self, value: &mut Valuation, id: InstrumentId, position: &Position) {
        let market = self.market(id);
        let instrument = &market.instrument;
        let mark = market.mark();
        let rate = self.rate(&instrument.currency);
        value.realized += position.realized * rate;
        value.realized_today += position.realized_today() * rate;
        if position.lots == 0 {
            return;
        }
        value.unrealized += position.unrealized(instrument, mark) * rate;
        if instrument.kind == Kind::Cash {
            return;
        }
        let worth = worth(instrument, position.lots, mark) * rate;
        value.equity += self.counted(id, position) * rate;
        value.positions += worth;
        value.gross += worth.abs();
        if instrument.kind.is_option() {
            value.options += worth;
        }
        if instrument.kind == Kind::Stock {
            value.regulation_t += worth.abs() / Decimal::TWO;
        }
        value.required += self.requirement(id, position.lots, mark);
    }

    /// What a holding adds to the equity: its worth, or its profit where it was not paid for.
    fn counted(&self, id: InstrumentId, position: &Position) -> Decimal {
        let market = self.market(id);
        let worth = worth(&market.instrument, position.lots, market.mark());
        match is_margined(market.instrument.kind) {
            true => worth - (position.cost - position.fees),
            false => worth,
        }
    }

    /// An account by currency; every currency it has or had to do with.
    #[must_use]
    pub fn ledgers(&self, account: &Account) -> BTreeMap<String, Ledger> {
        let mut all: BTreeMap<String, Ledger> = BTreeMap::new();
        all.entry(BASE_CURRENCY.to_owned()).or_default().cash = account.cash;
        for (currency, amount) in &account.foreign {
            all.entry(currency.clone()).or_default().cash = *amount;
        }
        for (id, position) in account.positions() {
            let market = self.market(id);
            let instrument = &market.instrument;
            let ledger = all.entry(instrument.currency.clone()).or_default();
            ledger.realized += position.realized_today();
            ledger.unrealized += position.unrealized(instrument, market.mark());
            if position.lots != 0 && instrument.kind != Kind::Cash {
                *ledger.values.entry(instrument.kind).or_default() += self.counted(id, position);
            }
        }
        all
    }

    /// A new day: today's profit starts from nothing.
    pub(super) fn start_accounting_day(&mut self) {
        for index in 0..self.accounts.len() {
            let Some(account) = self.accounts.get(index) else {
                continue;
            };
            let equity = self.valuation(account).equity;
            let worths: Vec<(InstrumentId, Decimal)> = account
                .positions()
                .map(|(id, position)| {
                    let market = self.market(id);
                    (id, worth(&market.instrument, position.lots, market.mark()))
                })
                .collect();
            let Some(account) = self.accounts.get_mut(index) else {
                continue;
            };
            account.opening_equity = equity;
            for (id, worth) in worths {
                let position = account.positions.entry(id).or_default();
                position.opening_worth = worth;
                position.spent = Decimal::ZERO;
                position.realized_before = position.realized;
            }
        }
    }
}
