//! What is printed while it runs, and the table that is left behind.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// One figure.
struct Row {
    what: String,
    figure: String,
    aim: String,
    verdict: &'static str,
}

/// All figures of a run.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Report {
    /// A figure nobody set an aim for.
    pub fn figure(&mut self, what: &str, figure: String) {
        self.row(what, figure, String::new(), "");
    }

    /// A figure with its aim, and whether it was reached.
    pub fn aimed(&mut self, what: &str, figure: String, aim: &str, met: bool) {
        self.row(what, figure, aim.to_owned(), if met { "met" } else { "MISSED" });
    }

    /// Something to know about the figures.
    pub fn note(&mut self, text: String) {
        println!("   {text}");
        self.notes.push(text);
    }

    fn row(&mut self, what: &str, figure: String, aim: String, verdict: &'static str) {
        let told = if aim.is_empty() {
            String::new()
        } else {
            format!("   aim {aim}: {verdict}")
        };
        println!("   {what:<58} {figure}{told}");
        self.rows.push(Row {
            what: what.to_owned(),
            figure,
            aim,
            verdict,
        });
    }

    /// As a table to paste.
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "Measured on {}.\n\n| | figure | aim | |\n|---|---|---|---|\n",
            machine()
        );
        for Row {
            what,
            figure,
            aim,
            verdict,
        } in &self.rows
        {
            let verdict = if *verdict == "MISSED" {
                "**MISSED**"
            } else {
                verdict
            };
            let _infallible = writeln!(text, "| {what} | {figure} | {aim} | {verdict} |");
        }
        if !self.notes.is_empty() {
            text.push('\n');
        }
        for note in &self.notes {
            let _infallible = writeln!(text, "- {note}");
        }
        text
    }
}

/// Processor, cores, kernel, profile, date.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let field = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':'))
            .map_or("?", |(_, value)| value.trim())
            .to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let date = Command::new("date").arg("-u").arg("+%Y-%m-%d %H:%M UTC").output();
    let date = date
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default();
    let profile = std::env::current_exe().ok();
    let profile = profile
        .as_deref()
        .and_then(Path::parent)
        .and_then(Path::file_name);
    let profile = profile.map_or("?".to_owned(), |name| name.to_string_lossy().into_owned());
    let profile = if profile == "debug" {
        "dev".to_owned()
    } else {
        profile
    };
    format!(
        "{} ({} MHz), {cores} cores, Linux {}, profile {profile}, {date}",
        field("model name"),
        field("cpu MHz"),
        kernel.trim()
    )
}
