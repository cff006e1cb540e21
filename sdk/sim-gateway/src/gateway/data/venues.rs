//! Which venues stand behind a price: the letters of a quote, and the rows of an aggregated book.
//!
//! The simulated exchange has one book an instrument. Where clients expect venues, the size at a price is
//! shared out among the instrument's own, always in the same way, so that the shares add up to the book.

use crate::exchange::{Instrument, Kind, Lots, Side, Ticks};
use crate::gateway::reference::letter;

/// The code that stands for an instrument's set of venues, to be asked about with message 83.
pub(super) fn bbo_exchange(instrument: &Instrument) -> &'static str {
    match instrument.kind {
        Kind::Stock => "9c0001",
        Kind::Option => "b80001",
        _ => "a60001",
    }
}

/// How the size at one price is shared out: venue and size, none empty, at most three.
pub(super) fn shares(instrument: &Instrument, side: Side, price: Ticks, lots: Lots) -> Vec<(&str, Lots)> {
    let venues: Vec<&str> = instrument
        .valid_exchanges
        .iter()
        .map(String::as_str)
        .filter(|venue| *venue != "SMART")
        .collect();
    let count = u64::try_from(venues.len()).unwrap_or(0);
    if count == 0 {
        return vec![(instrument.primary_exchange.as_str(), lots)];
    }
    let noise = mixed(
        i64::from(instrument.con_id)
            .wrapping_mul(31)
            .wrapping_add(price)
            .wrapping_mul(2)
            .wrapping_add(i64::from(side == Side::Buy)),
    );
    let wanted = (1 + noise % 3)
        .min(count)
        .min(u64::try_from(lots).unwrap_or(1).max(1));
    let each = lots / Lots::try_from(wanted).unwrap_or(1);
    let mut left = lots;
    let mut shares: Vec<(&str, Lots)> = (1..wanted)
        .filter_map(|ahead| {
            left -= each;
            let at = usize::try_from((noise / 3 + ahead) % count).ok()?;
            Some((*venues.get(at)?, each))
        })
        .collect();
    let first = usize::try_from(noise / 3 % count).unwrap_or(0);
    shares.insert(0, (venues.get(first).copied().unwrap_or("SMART"), left));
    shares
}

/// The letters of the venues at a best price.
pub(super) fn letters(instrument: &Instrument, side: Side, best: Option<(Ticks, Lots)>) -> String {
    let Some((price, lots)) = best else {
        return String::new();
    };
    let mut letters: Vec<String> = shares(instrument, side, price, lots)
        .into_iter()
        .map(|(venue, _)| match letter(bbo_exchange(instrument), venue) {
            Some(letter) => letter.to_owned(),
            None => venue.chars().take(1).collect(),
        })
        .collect();
    letters.sort();
    letters.dedup();
    letters.concat()
}

/// Whether a stock is a share in a fund.
pub(super) fn is_fund(instrument: &Instrument) -> bool {
    instrument.kind == Kind::Stock && instrument.about.stock_type.as_deref() == Some("ETF")
}

/// A number that looks like chance and is always the same for the same input.
pub(super) fn mixed(input: i64) -> u64 {
    let mut value = input.cast_unsigned().wrapping_add(0x9E37_79B9_7F4A_7C15);
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
