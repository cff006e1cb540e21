//! What documents and configuration files point to.

use std::path::{Component, Path, PathBuf};

use crate::Finding;
use crate::files::{SourceFile, root};

/// Every TOML file is one; those in `config/` are installed, so a broken one is found by a user.
pub fn configurations(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".toml")) {
        if let Err(error) = file.text.parse::<toml::Table>() {
            let start = error.span().map_or(0, |span| span.start).min(file.text.len());
            let line = file.text.as_bytes()[..start]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1;
            findings.push(Finding::new(
                file,
                line,
                format!("is not TOML: {}", error.message()),
            ));
        }
    }
    findings
}

pub fn documents(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        for (line, target) in targets(&file.text) {
            let Some(path) = resolve(&file.path, target) else {
                continue;
            };
            if !root().join(&path).exists() {
                let what = format!("links to {target}, and there is no {}", path.display());
                findings.push(Finding::new(file, line, what));
            }
        }
    }
    findings
}

/// The targets of `[text](target)` outside fenced blocks.
pub fn targets(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for (at, open) in line.match_indices("](") {
            let rest = &line[at + open.len()..];
            let end = rest.find([')', ' ']).unwrap_or(rest.len());
            found.push((index + 1, rest[..end].trim_matches(['<', '>'])));
        }
    }
    found
}

/// The file a link means, from the root; nothing for links out of the repository or within the document.
pub fn resolve(document: &str, target: &str) -> Option<PathBuf> {
    let path = target.split(['#', '?']).next()?;
    let outside = ["http:", "https:", "mailto:"]
        .iter()
        .any(|scheme| target.starts_with(scheme));
    if outside || path.is_empty() {
        return None;
    }
    let from = match path.strip_prefix('/') {
        Some(absolute) => PathBuf::from(absolute),
        None => Path::new(document).parent()?.join(path),
    };
    let mut plain = PathBuf::new();
    for part in from.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::Normal(name) => plain.push(name),
            _ => {}
        }
    }
    Some(plain)
}
