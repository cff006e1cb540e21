//! Words that may not stand in the tree.

use crate::Finding;
use crate::files::SourceFile;

/// In code, outside comments and literals.
const IN_CODE: [(&str, &str); 8] = [
    (
        "#[ignore",
        "a test that does not run proves nothing: make it run or remove it",
    ),
    ("todo!", "finish it or leave it out"),
    ("unimplemented!", "finish it or leave it out"),
    ("dbg!", "left over from looking for something"),
    ("unbounded_channel", UNBOUNDED),
    ("unbounded(", UNBOUNDED),
    ("UnboundedSender", UNBOUNDED),
    ("UnboundedReceiver", UNBOUNDED),
];

const UNBOUNDED: &str = "every queue has a bound and a policy for when it is full";

/// Anywhere, in any case, as whole words. In two halves each, so that this file does not break its own rule.
const ANYWHERE: [(&str, &str, &str); 28] = [
    ("/wo", "rk/", MACHINE),
    ("/ro", "ot/", MACHINE),
    ("/bash_", "jobs", MACHINE),
    ("static.crates", ".io", HOST),
    ("index.crates", ".io", HOST),
    ("deb.debian", ".org", HOST),
    ("security.debian", ".org", HOST),
    ("snapshot.debian", ".org", HOST),
    ("files.python", "hosted.org", HOST),
    ("registry.npm", "js.org", HOST),
    ("proxy.go", "lang.org", HOST),
    ("clau", "de", MAKING),
    ("anthro", "pic", MAKING),
    ("open", "ai", MAKING),
    ("chat", "gpt", MAKING),
    ("co", "pilot", MAKING),
    ("ll", "m", MAKING),
    ("language", " model", MAKING),
    ("coding", " agent", MAKING),
    ("sub", "agent", MAKING),
    ("ai", " assistant", MAKING),
    ("ai", "-generated", MAKING),
    ("work", "tree", MAKING),
    ("co-authored", "-by", MAKING),
    ("the", " brief says", MAKING),
    ("as", " instructed", MAKING),
    ("as", " requested by", MAKING),
    ("house", " rules", MAKING),
];

const MACHINE: &str = "a path of one machine";
const HOST: &str = "a package host: builds use whatever registry and mirrors the machine is set up with";
const MAKING: &str = "the tree speaks of the project, not of how it was made";

pub fn code(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        for (line, text) in file.code_lines() {
            let met = IN_CODE.iter().filter(|(word, _)| text.contains(word));
            findings.extend(met.map(|(word, why)| Finding::new(file, line, format!("`{word}`: {why}"))));
        }
    }
    findings
}

pub fn prose(files: &[SourceFile]) -> Vec<Finding> {
    let words = ANYWHERE.map(|(front, back, why)| (format!("{front}{back}"), why));
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| !file.path.ends_with("Cargo.lock")) {
        for (line, text) in file.text_lines() {
            let text = text.to_lowercase();
            let met = words.iter().filter(|(word, _)| stands_in(&text, word));
            findings.extend(met.map(|(word, why)| Finding::new(file, line, format!("{word:?}: {why}"))));
        }
    }
    findings
}

/// Whether `word` stands in `text` with no letter or digit against its own letters at either end.
pub fn stands_in(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(start, found)| {
        let free = |own: Option<char>, neighbour: Option<char>| {
            let joined = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            !(joined(own) && joined(neighbour))
        };
        let before = text[..start].chars().next_back();
        let after = text[start + found.len()..].chars().next();
        let path_goes_on = word.starts_with('/') && before.is_some_and(|c| c.is_alphanumeric() || c == '.');
        free(word.chars().next(), before) && free(word.chars().next_back(), after) && !path_goes_on
    })
}
