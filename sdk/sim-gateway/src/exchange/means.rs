//! Whether an account can carry an order, and what the order would do to it.

use rust_decimal::Decimal;

use super::Exchange;
use super::account::order_fee;
use super::instrument::Lots;
use super::order::OrderRequest;

/// What an order would do to its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Equity now.
    pub equity_before: Decimal,
    /// Margin required now.
    pub margin_before: Decimal,
    /// Margin required after.
    pub margin_after: Decimal,
    /// Fee of the order.
    pub fee: Decimal,
}

impl Exchange {
    /// What an order would cost if it traded in full at its limit or the market's price.
    #[must_use]
    pub fn estimate(&self, request: &OrderRequest) -> Estimate {
        let market = self.market(request.instrument);
        let price = market
            .instrument
            .price(request.kind.limit().unwrap_or(market.mark()));
        let quantity = market.instrument.quantity(request.quantity);
        let account = self.account(&request.account);
        let value = account.map(|account| self.valuation(account)).unwrap_or_default();
        let held = account
            .map(|account| account.position(request.instrument).lots)
            .unwrap_or_default();
        let margin = |lots: Lots| {
            market.instrument.quantity(lots.abs()) * price * market.instrument.kind.margin_rate()
        };
        Estimate {
            equity_before: value.equity,
            margin_before: value.margin,
            margin_after: value.margin - margin(held) + margin(held + request.side.signed(request.quantity)),
            fee: order_fee(&market.instrument, request.quantity, quantity * price),
        }
    }

    /// Whether the account can carry `lots` more of a request. Working orders do not count, positions do.
    pub(super) fn check_margin(&self, request: &OrderRequest, lots: Lots) -> Result<(), String> {
        let Some(account) = self.account(&request.account) else {
            return Ok(());
        };
        let market = self.market(request.instrument);
        let held = account.position(request.instrument).lots;
        let added = ((held + request.side.signed(lots)).abs() - held.abs()).max(0);
        if added == 0 {
            return Ok(());
        }
        let price = market
            .instrument
            .price(request.kind.limit().unwrap_or(market.mark()));
        let needed = market.instrument.quantity(added) * price * market.instrument.kind.margin_rate();
        let value = self.valuation(account);
        let free = value.equity - value.margin;
        if needed <= free {
            return Ok(());
        }
        Err(format!(
            "We are unable to accept your order. Your Available Funds are insufficient to cover the margin \
             required. Available Funds: {:.2} USD, margin required: {:.2} USD",
            free, needed
        ))
    }
}
