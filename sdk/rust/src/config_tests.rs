use serde::Deserialize;

use super::{InitError, parse};
use crate::number::Quantity;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[expect(dead_code, reason = "only reading it is tested")]
    size: Quantity,
    #[serde(default)]
    levels: Vec<Level>,
}

#[derive(Debug, Deserialize)]
struct Level {
    #[expect(dead_code, reason = "only reading it is tested")]
    offset: Quantity,
}

#[test]
fn problems_name_their_key() {
    for (json, key, problem) in [
        ("", "size", "missing field `size`"),
        (
            r#"{"size": 1, "sise": 2}"#,
            "sise",
            "unknown field `sise`, expected `size` or `levels`",
        ),
        (
            r#"{"size": "ten"}"#,
            "size",
            "invalid value: string \"ten\", expected a decimal number",
        ),
        (
            r#"{"size": 1, "levels": [{"offset": true}]}"#,
            "levels[0].offset",
            "invalid type: boolean `true`",
        ),
        ("[", "", "EOF while parsing"),
    ] {
        match parse::<Table>(json) {
            Err(InitError::Config {
                key: found,
                problem: text,
            }) => {
                assert_eq!(found, key, "{json}: {text}");
                assert!(text.starts_with(problem), "{json}: {text}");
            }
            other => panic!("{json} gave {other:?}"),
        }
    }
    assert!(parse::<Table>(r#"{"size": "1.5"}"#).unwrap().levels.is_empty());
}
