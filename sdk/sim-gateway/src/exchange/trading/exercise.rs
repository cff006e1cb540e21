//! Exercising options: an order of its own kind, which trades with nobody.

use rust_decimal::prelude::ToPrimitive;

use crate::exchange::Exchange;
use crate::exchange::event::Change;
use crate::exchange::instrument::{InstrumentId, Kind, Lots, Right, Ticks};
use crate::exchange::order::{Attributes, OrderKey, OrderKind, OrderRequest, Side, Status, TimeInForce};

/// Why an option was not exercised. Nothing has changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExerciseRefusal {
    /// It is something else.
    #[error("the contract is not an option that could be exercised")]
    NoOption,
    /// The account holds fewer of it.
    #[error("no unlapsed position of that size exists in this option in the account")]
    NotHeld,
    /// It would be a loss, and the client did not insist.
    #[error("exercise ignored because the option is not in-the-money")]
    OutOfTheMoney,
}

impl Exchange {
    /// Exercises options that an account holds, or lets them lapse, at once: IB's order to buy at zero that
    /// is told as accepted and then as done. The options go; exercised ones bring the underlying in, or
    /// take it away, at the strike.
    ///
    /// # Errors
    /// See [`ExerciseRefusal`].
    pub fn exercise(
        &mut self,
        key: OrderKey,
        account: &str,
        option: InstrumentId,
        lots: Lots,
        exercise: bool,
        insist: bool,
    ) -> Result<(), ExerciseRefusal> {
        let instrument = &self.market(option).instrument;
        let derivation = instrument
            .derivation
            .filter(|_| matches!(instrument.kind, Kind::Option | Kind::FutureOption))
            .ok_or(ExerciseRefusal::NoOption)?;
        let below = self.market(derivation.underlying);
        let strike = derivation.strike.unwrap_or_default();
        let price = below.instrument.price(below.mark());
        let put = derivation.right == Some(Right::Put);
        let worthless = if put { price >= strike } else { price <= strike };
        if exercise && worthless && !insist {
            return Err(ExerciseRefusal::OutOfTheMoney);
        }
        let held = self.account(account).map_or(0, |account| account.held(option));
        if lots <= 0 || held < lots {
            return Err(ExerciseRefusal::NotHeld);
        }
        let units = instrument.quantity(lots) * instrument.multiplier;
        let delivered = below.instrument.lots(units).unwrap_or(0);
        let at: Ticks = strike
            .checked_div(below.instrument.min_tick)
            .and_then(|ticks| ticks.round().to_i64())
            .unwrap_or_default();
        self.tell_of_exercise(key, account, option, lots);
        self.assign(account, option, -lots, 0);
        if exercise {
            let signed = if put { -delivered } else { delivered };
            self.assign(account, derivation.underlying, signed, at);
        }
        Ok(())
    }

    fn tell_of_exercise(&mut self, key: OrderKey, account: &str, option: InstrumentId, lots: Lots) {
        let request = OrderRequest {
            account: account.to_owned(),
            instrument: option,
            side: Side::Buy,
            quantity: lots,
            kind: OrderKind::Limit { limit: 0 },
            tif: TimeInForce::Day,
            transmit: true,
            attributes: Attributes::default(),
        };
        self.insert(key, request);
        self.change(key, Status::PreSubmitted, Change::Accepted);
        if let Some(order) = self.orders.get_mut(&key) {
            order.filled = lots;
        }
        self.end(key, Status::Filled, Change::Working);
    }
}
