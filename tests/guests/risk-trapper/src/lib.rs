//! Panics in every check.

use moored_plugin::{Decision, Exposure, InitError, Proposal, Risk, RiskContext, export_risk};

#[derive(serde::Deserialize)]
struct Config {}

struct Trapper;

impl Risk for Trapper {
    type Config = Config;

    fn new(_config: Config, _ctx: &mut RiskContext<'_>) -> Result<Self, InitError> {
        Ok(Self)
    }

    fn check(&mut self, _ctx: &mut RiskContext<'_>, _proposal: &Proposal, _exposure: &Exposure) -> Decision {
        panic!("as always")
    }
}

export_risk!(Trapper);
