//! Stops a strategy that has lost too much today, and shrinks orders that are too large.
//!
//! Orders that only bring a position nearer to zero always pass: a strategy that has lost must be able to
//! get out. The verdict depends on the order and the exposure alone, so the same order meets the same
//! answer after a restart.

use std::collections::BTreeSet;

use moored_plugin::{
    Amount, Decision, Exposure, InitError, Level, Proposal, Quantity, Risk, RiskContext, export_risk,
};

#[cfg(test)]
mod tests;

/// The strategy lost as much today as it may.
pub const LOSS_LIMIT: u32 = 1;

/// What may stand in the plugin's table.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How much a strategy may lose in a day in one instrument, in the account's base currency.
    loss_limit: Amount,
    /// The most one order may ask for; what is larger is shrunk to it.
    soft_quantity: Quantity,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            loss_limit: Amount::from_int(1_000),
            soft_quantity: Quantity::from_int(100),
        }
    }
}

/// The check.
pub struct DrawdownGuard {
    config: Config,
    /// The strategies that stand beyond the limit, so that the log tells it once.
    stopped: BTreeSet<u32>,
}

impl DrawdownGuard {
    /// Says in the log when a strategy crosses the limit, either way.
    fn note(&mut self, ctx: &mut RiskContext<'_>, strategy: u32, day_pnl: Amount, beyond: bool) {
        if beyond && self.stopped.insert(strategy) {
            let limit = self.config.loss_limit;
            ctx.log(
                Level::Warn,
                format_args!(
                    "strategy {strategy} stands at {day_pnl} today, the limit is -{limit}: only reducing"
                ),
            );
        } else if !beyond && self.stopped.remove(&strategy) {
            ctx.log(
                Level::Info,
                format_args!("strategy {strategy} is within its loss limit again: {day_pnl}"),
            );
        }
    }
}

impl Risk for DrawdownGuard {
    type Config = Config;

    fn new(config: Config, _ctx: &mut RiskContext<'_>) -> Result<Self, InitError> {
        if !config.loss_limit.is_positive() {
            return Err(InitError::config(
                "loss_limit",
                "must be above 0: it is the size of the loss",
            ));
        }
        if !config.soft_quantity.is_positive() {
            return Err(InitError::config("soft_quantity", "must be above 0"));
        }
        Ok(Self {
            config,
            stopped: BTreeSet::new(),
        })
    }

    fn check(&mut self, ctx: &mut RiskContext<'_>, proposal: &Proposal, exposure: &Exposure) -> Decision {
        let beyond = exposure.day_pnl <= -self.config.loss_limit;
        self.note(ctx, proposal.strategy, exposure.day_pnl, beyond);
        if exposure.is_reduced_by(proposal) {
            Decision::Allow
        } else if beyond {
            Decision::Deny(LOSS_LIMIT)
        } else if proposal.quantity > self.config.soft_quantity {
            Decision::Shrink(self.config.soft_quantity)
        } else {
            Decision::Allow
        }
    }

    fn explain(code: u32) -> String {
        match code {
            LOSS_LIMIT => {
                "the strategy has lost as much today as loss_limit allows; only reducing orders pass".into()
            }
            other => format!("drawdown-guard does not use code {other}"),
        }
    }
}

export_risk!(DrawdownGuard);
