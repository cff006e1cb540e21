//! Halves every order. Half of the least unit is nothing, which the host refuses.

use moored_plugin::{Decision, Exposure, InitError, Proposal, Quantity, Risk, RiskContext, export_risk};

#[derive(serde::Deserialize)]
struct Config {}

struct Shrinker;

impl Risk for Shrinker {
    type Config = Config;

    fn new(_config: Config, _ctx: &mut RiskContext<'_>) -> Result<Self, InitError> {
        Ok(Self)
    }

    fn check(&mut self, _ctx: &mut RiskContext<'_>, proposal: &Proposal, _exposure: &Exposure) -> Decision {
        Decision::Shrink(Quantity::from_units(proposal.quantity.units() / 2))
    }
}

export_risk!(Shrinker);
