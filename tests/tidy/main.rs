//! The rules of the house that can be run: who may name whom, sizes, names, words, files that lead nowhere.
//!
//! Each test reads the repository's files and lists every place that breaks its rule, with the reason for the
//! rule. A rule that is in the way is changed here, with its reason, never worked around.

mod code;
mod files;
mod floors;
mod links;
mod rules_tests;
mod shape;
mod words;

use std::fmt::Write;

use files::{SourceFile, repository};

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    /// From 1; 0 where the whole file is meant.
    line: usize,
    what: String,
}

impl Finding {
    fn new(file: &SourceFile, line: usize, what: impl Into<String>) -> Self {
        Finding {
            path: file.path.clone(),
            line,
            what: what.into(),
        }
    }
}

/// Runs a rule over the repository and fails with every place that breaks it.
fn hold(rule: impl Fn(&[SourceFile]) -> Vec<Finding>) {
    let files = repository();
    assert!(
        files.len() > 20,
        "only {} files were found: is this the repository?",
        files.len()
    );
    let mut findings = rule(&files);
    findings.sort();
    findings.dedup();
    let mut report = String::new();
    for Finding { path, line, what } in &findings {
        let _ = writeln!(report, "{path}:{line}: {what}");
    }
    assert!(findings.is_empty(), "{} to tidy up:\n{report}", findings.len());
}

#[test]
fn modules_name_only_lower_floors() {
    hold(floors::modules);
}

#[test]
fn foreign_crates_stay_in_their_home() {
    hold(floors::foreign_crates);
}

#[test]
fn the_clock_is_read_where_time_enters() {
    hold(floors::clocks);
}

#[test]
fn packages_keep_their_borders() {
    hold(floors::packages);
}

#[test]
fn nothing_is_unfinished_unbounded_or_skipped() {
    hold(words::code);
}

#[test]
fn the_tree_speaks_of_the_project_only() {
    hold(words::prose);
}

#[test]
fn files_and_lines_are_short() {
    hold(shape::sizes);
}

#[test]
fn names_say_what_is_inside() {
    hold(shape::names);
}

#[test]
fn every_folder_has_its_sign() {
    hold(shape::signs);
}

#[test]
fn no_source_file_is_dead() {
    hold(shape::dead_files);
}

#[test]
fn configuration_files_parse() {
    hold(links::configurations);
}

#[test]
fn links_in_documents_lead_somewhere() {
    hold(links::documents);
}
