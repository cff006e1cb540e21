//! Samples and what is said of them.

use std::time::Duration;

/// Durations in nanoseconds, sorted.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<u64>);

impl Samples {
    /// Of these, in whatever order they come.
    pub fn new(mut nanos: Vec<u64>) -> Self {
        nanos.sort_unstable();
        Samples(nanos)
    }

    /// Of durations.
    pub fn of(durations: &[Duration]) -> Self {
        Samples::new(durations.iter().map(|each| each.as_nanos() as u64).collect())
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The nearest rank, in nanoseconds; zero of none.
    pub fn quantile(&self, q: f64) -> u64 {
        let rank = (q * self.0.len() as f64).ceil() as usize;
        self.0
            .get(rank.clamp(1, self.0.len().max(1)) - 1)
            .copied()
            .unwrap_or_default()
    }

    /// All of several.
    pub fn pooled(parts: &[Samples]) -> Self {
        Samples::new(parts.iter().flat_map(|part| part.0.iter().copied()).collect())
    }
}

/// Nanoseconds as microseconds.
pub fn micros(nanos: u64) -> String {
    format!("{:.1} µs", nanos as f64 / 1e3)
}

/// Nanoseconds as milliseconds.
pub fn millis(nanos: u64) -> String {
    format!("{:.1} ms", nanos as f64 / 1e6)
}

/// Thousands apart.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
