//! The rules find what they are for: a rule that finds nothing looks like a tidy house.

use crate::files::SourceFile;
use crate::{Finding, code, floors, links, shape, words};

/// The rule must find something in `text` as `path` that mentions `expected`; nothing if that is empty.
fn check(rule: fn(&[SourceFile]) -> Vec<Finding>, path: &str, text: &str, expected: &str) {
    let found = rule(&[SourceFile::new(path, text)]);
    let said: Vec<_> = found.iter().map(|finding| finding.what.as_str()).collect();
    match expected {
        "" => assert!(found.is_empty(), "{path}: {text:?}: {said:?}"),
        _ => assert!(
            said.iter().any(|what| what.contains(expected)),
            "{path}: {text:?}: {said:?}"
        ),
    }
}

#[test]
fn code_is_told_from_comments_and_literals() {
    let source =
        "a // b\n/* c /* d */ e */ f \"g \\\" h\" i 'j' '\\'' &'k str r#\"l \" m\"# br\"n\" for\"o\" p";
    let stripped: String = code::strip(source)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert_eq!(stripped, "a f i &'k str b for p");
    assert_eq!(code::strip(source).len(), source.len());
}

/// A file, what it says, and what the rule says to that.
const IMPORTS: [[&str; 3]; 20] = [
    [
        "daemon/src/desk/mod.rs",
        "use crate::ledger::Ledger;",
        "imports point down",
    ],
    [
        "daemon/src/desk/mod.rs",
        "use super::ledger::Ledger;",
        "imports point down",
    ],
    ["daemon/src/desk/mod.rs", "use super::record::Record;", ""],
    [
        "daemon/src/desk/event.rs",
        "use super::super::ledger;",
        "imports point down",
    ],
    ["daemon/src/admin/routes/read.rs", "use super::super::ledger;", ""],
    [
        "daemon/src/admin/routes/read.rs",
        "use super::super::super::ledger;",
        "strangers",
    ],
    [
        "daemon/src/admin/read.rs",
        "mod tests { use super::super::ledger; }",
        "",
    ],
    [
        "daemon/src/admin/access.rs",
        "use crate::{\n domain::a,\n ledger::{Row}\n};",
        "strangers",
    ],
    [
        "daemon/src/admin/access.rs",
        "fn f() { crate::gateway::run() }",
        "sibling `gateway`",
    ],
    [
        "daemon/src/admin/access.rs",
        "// crate::gateway\nuse crate::admin::x;",
        "",
    ],
    [
        "daemon/src/market/mod.rs",
        "use crate::portfolio::x;",
        "strangers",
    ],
    ["daemon/src/orders/ids.rs", "use crate::{risk, domain};", ""],
    [
        "daemon/src/app/mod.rs",
        "use crate::{config, gateway, ledger};",
        "",
    ],
    ["daemon/src/config.rs", "use crate::{admin, app};", "names `app`"],
    ["daemon/src/ctl/run.rs", "use crate::admin::schema::Status;", ""],
    [
        "daemon/src/ctl/run.rs",
        "use crate::admin::access::Role;",
        "over the socket",
    ],
    [
        "daemon/src/admin/mod.rs",
        "use crate::ctl::run;",
        "another program",
    ],
    ["daemon/src/main.rs", "use moored::desk::Desk;", "main.rs names"],
    [
        "daemon/src/bin/moorctl.rs",
        "moored::app::run()",
        "a small program names",
    ],
    ["daemon/src/attic/mod.rs", "", "add it to HOUSE"],
];

#[test]
fn imports_upwards_and_sideways_are_found() {
    for [path, text, expected] in IMPORTS {
        check(floors::modules, path, text, expected);
    }
}

const CRATES: [[&str; 3]; 8] = [
    [
        "daemon/src/desk/mod.rs",
        "use rusqlite::Connection;",
        "its home is ledger",
    ],
    ["daemon/src/ledger/mod.rs", "use rusqlite::Connection;", ""],
    [
        "daemon/src/app/mod.rs",
        "fn f(e: ::ibapi::Error) {}",
        "its home is gateway",
    ],
    [
        "daemon/src/app/mod.rs",
        "use wasmtime as engine;",
        "its home is plugin_host",
    ],
    ["daemon/src/app/mod.rs", "fn f() { self.hyper::<u8>() }", ""],
    ["daemon/src/app/mod.rs", "use hyper_util::rt;", ""],
    [
        "daemon/src/orders/mod.rs",
        "async fn f() { tokio::time::x().await }",
        "no runtime",
    ],
    ["daemon/src/mailbox.rs", "use tokio::sync::mpsc;", ""],
];

#[test]
fn foreign_crates_away_from_home_are_found() {
    for [path, text, expected] in CRATES {
        check(floors::foreign_crates, path, text, expected);
    }
}

#[test]
fn clocks_and_borders_are_found() {
    check(
        floors::clocks,
        "daemon/src/app/mod.rs",
        "SystemTime::now()",
        "clock.rs only",
    );
    check(floors::clocks, "daemon/src/clock.rs", "SystemTime::now()", "");
    check(
        floors::clocks,
        "daemon/src/risk/mod.rs",
        "Instant::now()",
        "replayed",
    );
    check(
        floors::clocks,
        "sdk/sim-gateway/src/exchange/book.rs",
        "Instant::now()",
        "replayed",
    );
    check(
        floors::packages,
        "sdk/sim-gateway/src/main.rs",
        "use moored::domain::money;",
        "agree with itself",
    );
    check(
        floors::packages,
        "sdk/sim-gateway/Cargo.toml",
        "moored = { path = \"\" }",
        "must not depend",
    );
    check(
        floors::packages,
        "sdk/sim-gateway/Cargo.toml",
        "moored-sdk = \"1\"",
        "",
    );
    check(
        floors::packages,
        "daemon/src/app/mod.rs",
        "use sim_gateway::run;",
        "tested",
    );
}

#[test]
fn words_are_found() {
    check(words::code, "a.rs", "#[ignore = \"slow\"]", "proves nothing");
    check(
        words::code,
        "a.rs",
        "let (s, r) = mpsc::unbounded_channel();",
        "bound",
    );
    check(words::code, "a.rs", "// todo! and \"dbg!\"", "");
    let path = ["see /wo", "rk/x"].concat();
    check(words::prose, "a.md", &path, "one machine");
    let innocent = ["a net/wo", "rk/item, work/other and homework/"].concat();
    check(words::prose, "a.md", &innocent, "");
    let thanks = ["written with CLAU", "DE."].concat();
    check(words::prose, "a.md", &thanks, "how it was made");
    check(words::prose, "a.md", "claudette", "");
}

#[test]
fn shapes_are_found() {
    let (long, text) = (
        format!("f({})", "a + ".repeat(30)),
        format!("// {}", "ab ".repeat(38)),
    );
    check(shape::sizes, "a.rs", &long, "more than 110");
    check(shape::sizes, "a.rs", &text, "");
    check(shape::sizes, "a.rs", &text.repeat(2), "more than 130");
    check(shape::sizes, "a.rs", &"x\n".repeat(601), "divide it");
    check(shape::names, "daemon/src/desk/helpers.rs", "", "does not say");
    check(shape::names, "tests/common/mod.rs", "", "does not say");
    check(
        shape::signs,
        "daemon/src/desk/mod.rs",
        "mod a;",
        "begins with its sign",
    );
    check(
        shape::signs,
        "daemon/src/desk/mod.rs",
        "//! Owns a.\nmod a;",
        "`Never:`",
    );
    check(shape::dead_files, "daemon/src/desk/old.rs", "", "never compiled");
    let alive = [
        SourceFile::new("daemon/src/desk/mod.rs", "#[cfg(test)]\nmod new;"),
        SourceFile::new("daemon/src/desk/new.rs", ""),
        SourceFile::new("daemon/src/lib.rs", "pub mod desk;"),
    ];
    assert_eq!(shape::dead_files(&alive), []);
}

#[test]
fn links_are_found() {
    check(links::configurations, "config/a.toml", "[a\nb = 1", "is not TOML");
    check(
        links::documents,
        "docs/a.md",
        "see [b](b.md#part)",
        "there is no docs/b.md",
    );
    check(
        links::documents,
        "a.md",
        "[c](daemon/Cargo.toml) [d](https://x.y/z) [e](#f)\n```\n[x](y)\n```",
        "",
    );
    let resolved = links::resolve("docs/deep/a.md", "../../wit/moored.wit");
    assert_eq!(resolved.as_deref(), Some(std::path::Path::new("wit/moored.wit")));
}
