//! Never comes back from a check.

use moored_plugin::{Decision, Exposure, InitError, Proposal, Risk, RiskContext, export_risk};

#[derive(serde::Deserialize)]
struct Config {}

struct Spinner;

impl Risk for Spinner {
    type Config = Config;

    fn new(_config: Config, _ctx: &mut RiskContext<'_>) -> Result<Self, InitError> {
        Ok(Self)
    }

    fn check(&mut self, _ctx: &mut RiskContext<'_>, _proposal: &Proposal, _exposure: &Exposure) -> Decision {
        let mut turns = 0_u64;
        loop {
            turns = core::hint::black_box(turns.wrapping_add(1));
        }
    }
}

export_risk!(Spinner);
