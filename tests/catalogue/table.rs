//! The table of README.md: which rows run, which fail, and which cannot be reproduced.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;

use crate::row::{Row, folder};

/// Has the table written instead of compared.
const WRITE: &str = "CATALOGUE_TABLE";
/// Between these lines of the README it stands.
const BEGIN: &str = "<!-- the table begins -->";
const END: &str = "<!-- the table ends -->";
/// As many rows as the catalogue has.
const ROWS: u32 = 130;

/// A row without a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Absent {
    row: u32,
    title: String,
    because: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Absences {
    absent: Vec<Absent>,
}

/// Compares the README with the files, or writes it.
pub fn check(rows: &[Row]) -> Result<(), String> {
    let path = folder().join("README.md");
    let before = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
    let table = table(rows)?;
    let (head, rest) = before
        .split_once(BEGIN)
        .ok_or("README.md has no place for the table")?;
    let (_, tail) = rest.split_once(END).ok_or("README.md has no end of the table")?;
    let after = format!("{head}{BEGIN}\n{table}{END}{tail}");
    if after == before {
        return Ok(());
    }
    if std::env::var_os(WRITE).is_some() {
        return std::fs::write(&path, after).map_err(|error| error.to_string());
    }
    Err(format!(
        "the table of README.md is not what the files say; run this test with {WRITE}=1 to have it written"
    ))
}

fn table(rows: &[Row]) -> Result<String, String> {
    let text = std::fs::read_to_string(folder().join("absent.toml")).map_err(|error| error.to_string())?;
    let absences: Absences = toml::from_str(&text).map_err(|error| error.to_string())?;
    let mut lines = BTreeMap::<u32, String>::new();
    let (mut run, mut fail) = (0, 0);
    for row in rows {
        let (runs, why) = match &row.gap {
            Some(gap) => (format!("fails: {gap}"), &row.reproduces),
            None if row.quick => ("always".to_owned(), &row.reproduces),
            None => ("`CATALOGUE=all`".to_owned(), &row.reproduces),
        };
        let first = !lines.contains_key(&row.row);
        if first && row.gap.is_some() {
            fail += 1;
        } else if first {
            run += 1;
        }
        let line = lines.entry(row.row).or_default();
        let _ = writeln!(
            line,
            "| [{}]({}) | {} | {runs} | {why} |",
            row.row, row.file, row.title
        );
    }
    let mut cannot = 0;
    for absent in &absences.absent {
        if lines.contains_key(&absent.row) {
            return Err(format!("row {} has a file and is said to be absent", absent.row));
        }
        cannot += 1;
        let line = format!(
            "| {} | {} | no | {} |\n",
            absent.row, absent.title, absent.because
        );
        lines.insert(absent.row, line);
    }
    let missing: Vec<u32> = (1..=ROWS).filter(|row| !lines.contains_key(row)).collect();
    if !missing.is_empty() {
        return Err(format!("neither a file nor a reason for rows {missing:?}"));
    }
    let mut table = format!(
        "\nOf {ROWS} rows {run} run and pass, {fail} run and fail, {cannot} cannot be reproduced.\n\n\
         | row | what happens | runs | how, or why not |\n|---|---|---|---|\n"
    );
    table.extend(lines.into_values());
    table.push('\n');
    Ok(table)
}
