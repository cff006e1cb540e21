//! Sizes, names, signs, and files that nothing leads to.

use crate::Finding;
use crate::files::SourceFile;

const LONGEST_FILE: usize = 600;
const LONGEST_CODE_LINE: usize = 110;
/// Lines that rustfmt cannot break for us: comments, and text in literals.
const LONGEST_TEXT_LINE: usize = 130;

/// Names that say where something was put, not what it is.
const SAYS_NOTHING: [&str; 7] = ["util", "utils", "common", "helper", "helpers", "misc", "prelude"];

pub fn sizes(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let source = |file: &&SourceFile| {
        let kinds = [".rs", ".wit", ".sh", ".py"];
        kinds.iter().any(|kind| file.path.ends_with(kind))
    };
    for file in files.iter().filter(source) {
        let lines = file.text.lines().count();
        if lines > LONGEST_FILE {
            let what =
                format!("{lines} lines, more than {LONGEST_FILE}: it holds more than one thing; divide it");
            findings.push(Finding::new(file, 0, what));
        }
        for ((line, text), (_, code)) in file.text_lines().zip(file.code_lines()) {
            let bound = if text == code {
                LONGEST_CODE_LINE
            } else {
                LONGEST_TEXT_LINE
            };
            let length = text.chars().count();
            if length > bound {
                findings.push(Finding::new(
                    file,
                    line,
                    format!("{length} columns, more than {bound}"),
                ));
            }
        }
    }
    findings
}

pub fn names(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        for part in file.path.split('/') {
            let stem = part.split('.').next().unwrap_or(part);
            let words = stem.strip_suffix("_tests").unwrap_or(stem);
            if SAYS_NOTHING.contains(&words) {
                let what = format!("`{part}` does not say what is inside: name the thing it holds");
                findings.push(Finding::new(file, 0, what));
            }
        }
    }
    findings
}

pub fn signs(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let signs = files
        .iter()
        .filter(|file| file.path.starts_with("daemon/src/") && file.path.ends_with("/mod.rs"));
    for file in signs {
        let doc: Vec<&str> = file
            .text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .collect();
        if doc.is_empty() {
            findings.push(Finding::new(
                file,
                1,
                "a folder's mod.rs begins with its sign: what it owns, what it never does",
            ));
        } else if !doc.iter().any(|line| line.contains("Never:")) {
            let what =
                "the sign lacks its `Never:` line: what this folder does not do is what others rely on";
            findings.push(Finding::new(file, doc.len(), what));
        }
    }
    findings
}

/// A Rust file that no `mod` leads to is not compiled, and rots.
pub fn dead_files(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let Some((folder, name)) = file.path.rsplit_once('/') else {
            continue;
        };
        let root = ["main.rs", "lib.rs", "build.rs"].contains(&name) || folder.ends_with("/bin");
        let separate =
            ["benches", "examples"].iter().any(|kind| folder.ends_with(kind)) || is_test_program(files, file);
        if root || separate {
            continue;
        }
        let (stem, parent) = match name {
            "mod.rs" => folder
                .rsplit_once('/')
                .map_or((folder, ""), |(above, own)| (own, above)),
            _ => (name.trim_end_matches(".rs"), folder),
        };
        let declares = |other: &SourceFile| {
            let sits_above = other
                .path
                .rsplit_once('/')
                .is_some_and(|(place, _)| place == parent)
                || other.path == format!("{parent}.rs");
            sits_above && other.is_rust() && declared(&other.code, stem)
        };
        let by_path = |other: &SourceFile| {
            other.is_rust() && other.text.contains("#[path") && other.text.contains(name)
        };
        if !files.iter().any(|other| declares(other) || by_path(other)) {
            findings.push(Finding::new(
                file,
                0,
                format!("no `mod {stem};` leads to this file: it is never compiled"),
            ));
        }
    }
    findings
}

/// A file right under a package's `tests` is a program of its own.
fn is_test_program(files: &[SourceFile], file: &SourceFile) -> bool {
    file.path.rsplit_once("/tests/").is_some_and(|(package, name)| {
        let manifest = format!("{package}/Cargo.toml");
        !name.contains('/') && files.iter().any(|other| other.path == manifest)
    })
}

fn declared(code: &str, stem: &str) -> bool {
    let words = code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ';'));
    let mut words = words.filter(|word| !word.is_empty()).peekable();
    let raw = format!("{stem};");
    while let Some(word) = words.next() {
        if word == "mod" && words.peek().is_some_and(|next| *next == raw) {
            return true;
        }
    }
    false
}
