//! Just enough of Rust's grammar to tell code from comments and literals, and to find the names in it.

/// The source with every character of comments and of string and character literals blanked; lines stay where
/// they are.
pub fn strip(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = match chars[at] {
            '/' if chars.get(at + 1) == Some(&'/') => line_end(&chars, at),
            '/' if chars.get(at + 1) == Some(&'*') => block_comment_end(&chars, at),
            '"' => string_end(&chars, at),
            'r' if !continues_name(&chars, at) => raw_string_end(&chars, at).unwrap_or(at),
            '\'' => char_end(&chars, at).unwrap_or(at),
            _ => at,
        };
        if end == at {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        let blanked = chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' });
        out.extend(blanked);
        at = end;
    }
    out
}

fn line_end(chars: &[char], from: usize) -> usize {
    let rest = chars[from..].iter().position(|c| *c == '\n');
    rest.map_or(chars.len(), |length| from + length)
}

fn block_comment_end(chars: &[char], from: usize) -> usize {
    let (mut depth, mut at) = (0_usize, from);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string_end(chars: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// Whether the `r` at `at` is inside a name; `br"…"` is the one that is not.
fn continues_name(chars: &[char], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|index| chars[index]);
    match before(1) {
        Some('b' | 'c') => before(2).is_some_and(is_name),
        Some(c) => is_name(c),
        None => false,
    }
}

fn raw_string_end(chars: &[char], from: usize) -> Option<usize> {
    let hashes = chars[from + 1..].iter().take_while(|c| **c == '#').count();
    let open = from + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let mut at = open + 1;
    while at < chars.len() {
        let closed =
            chars[at] == '"' && chars[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
        at += 1;
        if closed {
            return Some(at + hashes);
        }
    }
    Some(chars.len())
}

/// The end of a character literal; nothing if the quote begins a lifetime.
fn char_end(chars: &[char], from: usize) -> Option<usize> {
    match (chars.get(from + 1)?, chars.get(from + 2)?) {
        ('\\', _) => {
            let rest = chars[from + 3..].iter().position(|c| *c == '\'')?;
            Some(from + 3 + rest + 1)
        }
        (_, '\'') => Some(from + 3),
        _ => None,
    }
}

pub fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Every place in stripped code where `name` stands as a whole name: the byte after it and its line.
fn places<'a>(code: &'a str, name: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    code.match_indices(name).filter_map(move |(start, _)| {
        let end = start + name.len();
        let whole = !code[..start].ends_with(is_name) && !code[end..].starts_with(is_name);
        let line = code[..start].matches('\n').count() + 1;
        whole.then_some((end, line))
    })
}

/// The code up to the first module written out within the file.
pub fn before_inner_modules(code: &str) -> &str {
    let inner = places(code, "mod").find(|(end, _)| {
        let rest = code[*end..].trim_start();
        rest[head(rest).len()..].trim_start().starts_with('{')
    });
    inner.map_or(code, |(end, _)| &code[..end])
}

/// The modules named right after `root::`, with their lines: `crate::desk::event`, `crate::{desk,
/// ledger::Ledger}`. With each comes the path that follows it, as far as it is on one line.
pub fn named_after<'a>(code: &'a str, root: &'a str) -> Vec<(usize, &'a str, &'a str)> {
    let mut found = Vec::new();
    for (end, line) in places(code, root) {
        let Some(rest) = code[end..].trim_start().strip_prefix("::") else {
            continue;
        };
        let rest = rest.trim_start();
        match rest.strip_prefix('{') {
            Some(group) => found.extend(
                group_heads(group)
                    .into_iter()
                    .map(|(name, path)| (line, name, path)),
            ),
            None => found.push((line, head(rest), rest.lines().next().unwrap_or(""))),
        }
    }
    found
}

fn head(path: &str) -> &str {
    let end = path.find(|c| !is_name(c)).unwrap_or(path.len());
    &path[..end]
}

/// The first name of each item of a `{…}` group whose opening brace was taken off.
fn group_heads(group: &str) -> Vec<(&str, &str)> {
    let (mut depth, mut start) = (1_usize, 0);
    let mut heads = Vec::new();
    for (at, c) in group.char_indices() {
        depth = match c {
            '{' => depth + 1,
            '}' => depth - 1,
            _ => depth,
        };
        if depth == 0 || (depth == 1 && c == ',') {
            let item = group[start..at].trim();
            if !item.is_empty() {
                heads.push((head(item), item));
            }
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    heads
}

/// The lines on which a crate is named as a path's beginning or in a `use`.
pub fn crate_lines(code: &str, name: &str) -> Vec<usize> {
    let uses = |end: usize| {
        let before = code[..end - name.len()].trim_end();
        let after = code[end..].trim_start();
        let inner = before.ends_with("::") || before.ends_with('.');
        let used = before.ends_with("use") && (after.starts_with(';') || after.starts_with("as "));
        // A leading `::` alone is the crate's own root.
        let rooted =
            before.ends_with("::") && !before[..before.len() - 2].ends_with(|c| is_name(c) || c == '>');
        (after.starts_with("::") && (!inner || rooted)) || used
    };
    places(code, name)
        .filter(|(end, _)| uses(*end))
        .map(|(_, line)| line)
        .collect()
}
