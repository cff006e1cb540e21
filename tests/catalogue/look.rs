//! What an entry of a play sees, and whether that is what it wants.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::rig::rows_of;
use crate::row::Entry;

/// What was remembered, by name.
pub type Names = BTreeMap<String, Value>;

/// Puts what was remembered in the place of `{name}`.
pub fn filled(text: &str, names: &Names) -> String {
    names.iter().fold(text.to_owned(), |text, (name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.replace(&format!("{{{name}}}"), &value)
    })
}

fn filled_value(value: &Value, names: &Names) -> Value {
    match value.as_str() {
        None => value.clone(),
        // A name alone is what it stands for, with its type.
        Some(text) => match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(name) if names.contains_key(name) => names[name].clone(),
            _ => Value::String(filled(text, names)),
        },
    }
}

/// A value as a number, where it is one: decimals are text in the API.
pub fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn alike(one: &Value, other: &Value) -> bool {
    // TOML has no word for nothing.
    (one.is_null() && other == "null")
        || one == other
        || matches!((number(one), number(other)), (Some(one), Some(other)) if one == other)
}

/// A part of an answer: `a.b.0.c`.
fn part<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.')
        .filter(|name| !name.is_empty())
        .fold(value, |value, name| match name.parse::<usize>() {
            Ok(index) if value.is_array() => &value[index],
            _ => &value[name],
        })
}

/// What an entry picks out of what it looked at.
pub fn pick(entry: &Entry, whole: &Value, names: &Names) -> Value {
    let value = part(whole, entry.path.as_deref().unwrap_or_default());
    let of_rows = entry.only.is_some() || entry.count.is_some();
    if !of_rows {
        return match &entry.field {
            Some(field) => part(value, field).clone(),
            None => value.clone(),
        };
    }
    // A path that the API does not have is no list.
    if value.is_null() || value.get("error").is_some() {
        return Value::Null;
    }
    let none = serde_json::Map::new();
    let only = entry.only.as_ref().unwrap_or(&none);
    let wanted = |row: &Value| {
        only.iter()
            .all(|(field, want)| alike(part(row, field), &filled_value(want, names)))
    };
    let mut rows: Vec<Value> = rows_of(value).into_iter().filter(wanted).collect();
    match &entry.field {
        Some(field) if entry.count.is_none() => {
            rows.first().map_or(Value::Null, |row| part(row, field).clone())
        }
        _ => Value::Array(std::mem::take(&mut rows)),
    }
}

/// Why what was picked is not what the entry wants.
pub fn unmet(entry: &Entry, seen: &Value, names: &Names) -> Option<String> {
    let mut wants = Vec::new();
    let mut want = |is_so: bool, what: String| {
        if !is_so {
            wants.push(what);
        }
    };
    // Rows without a field are counted.
    let counted = seen.as_array().map(|rows| rows.len() as f64);
    let amount = counted.or_else(|| number(seen));
    let text = seen.as_str().map_or_else(|| seen.to_string(), str::to_owned);
    if let Some(value) = &entry.is {
        let value = filled_value(value, names);
        want(alike(seen, &value), format!("to be {value}"));
    }
    if let Some(value) = &entry.is_not {
        let value = filled_value(value, names);
        want(!alike(seen, &value), format!("to be other than {value}"));
    }
    if let Some(words) = &entry.contains {
        let words = filled(words, names);
        want(text.contains(&words), format!("to contain {words:?}"));
    }
    if let Some(words) = &entry.lacks {
        let words = filled(words, names);
        want(
            !seen.is_null() && !text.contains(&words),
            format!("to lack {words:?}"),
        );
    }
    if let Some(least) = entry.at_least {
        want(
            amount.is_some_and(|amount| amount >= least),
            format!("at least {least}"),
        );
    }
    if let Some(most) = entry.at_most {
        want(
            amount.is_some_and(|amount| amount <= most),
            format!("at most {most}"),
        );
    }
    if let Some(count) = entry.count {
        want(counted == Some(count as f64), format!("{count} rows"));
    }
    if let Some(name) = &entry.more_than {
        let before = names.get(name).and_then(number);
        let more = matches!((amount, before), (Some(now), Some(before)) if now > before);
        want(more, format!("more than {name} ({before:?})"));
    }
    let asks = entry.is.is_some()
        || entry.is_not.is_some()
        || entry.contains.is_some()
        || entry.lacks.is_some()
        || entry.at_least.is_some()
        || entry.at_most.is_some()
        || entry.count.is_some()
        || entry.more_than.is_some();
    if !asks {
        let empty = seen.is_null() || counted == Some(0.0);
        want(!empty, "to be there".to_owned());
    }
    (!wants.is_empty()).then(|| wants.join(" and "))
}

/// The value of a metric, `name` or `name{labels}` with a part of its labels; the sum where several fit.
pub fn metric(address: SocketAddr, wanted: &str) -> Result<Value, String> {
    let text = scrape(address).map_err(|error| format!("the metrics: {error}"))?;
    let (name, labels) = wanted.split_once('{').unwrap_or((wanted, ""));
    let labels: Vec<&str> = labels
        .trim_end_matches('}')
        .split(',')
        .filter(|label| !label.is_empty())
        .collect();
    let mut found = None;
    for line in text.lines() {
        let Some((series, value)) = line.rsplit_once(' ') else {
            continue;
        };
        let (series, told) = series.split_once('{').unwrap_or((series, ""));
        if series == name
            && labels.iter().all(|label| told.contains(label))
            && let Ok(value) = value.parse::<f64>()
        {
            *found.get_or_insert(0.0) += value;
        }
    }
    Ok(found.map_or(Value::Null, Value::from))
}

fn scrape(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(crate::rig::PATIENCE))?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: moored\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}
