//! Refuses to start: with a problem of its key `symbol`, or with the code that `code` names.

use moored_plugin::{Context, InitError, Strategy, export_strategy};

#[derive(serde::Deserialize)]
struct Config {
    code: Option<u32>,
}

struct InitRefuser;

impl Strategy for InitRefuser {
    type Config = Config;

    fn new(config: Config, _ctx: &mut Context<'_>) -> Result<Self, InitError> {
        Err(config.code.map_or_else(
            || InitError::config("symbol", "no symbol is good enough"),
            InitError::Other,
        ))
    }
}

export_strategy!(InitRefuser);
