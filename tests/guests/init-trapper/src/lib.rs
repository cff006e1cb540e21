//! Panics while it starts.

use moored_plugin::{Context, InitError, Strategy, export_strategy};

#[derive(serde::Deserialize)]
struct Config {}

struct InitTrapper;

impl Strategy for InitTrapper {
    type Config = Config;

    fn new(_config: Config, _ctx: &mut Context<'_>) -> Result<Self, InitError> {
        panic!("as always")
    }
}

export_strategy!(InitTrapper);
