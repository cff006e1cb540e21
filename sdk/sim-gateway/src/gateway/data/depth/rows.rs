//! The rows of a book as one client sees them, and the operations that turn one picture into the next.

use crate::exchange::{Instrument, Lots, Market, Side, Ticks};
use crate::gateway::data::venues;

/// One row: a price, and in an aggregated book the venue behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) price: Ticks,
    pub(super) lots: Lots,
    /// Empty where the book is not by venue.
    pub(super) venue: String,
}

impl Row {
    fn is_same(&self, other: &Self) -> bool {
        self.price == other.price && self.venue == other.venue
    }
}

/// What happens to a row; the numbers are the protocol's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Insert = 0,
    Update = 1,
    Delete = 2,
}

/// One change of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) position: usize,
    pub(super) operation: Operation,
    pub(super) row: Row,
}

/// The first rows of a side, best price first.
pub(super) fn rows(market: &Market, side: Side, count: usize, by_venue: bool) -> Vec<Row> {
    let mut rows = Vec::with_capacity(count);
    for (price, lots) in market.depth(side) {
        if rows.len() >= count {
            break;
        }
        if by_venue {
            rows.extend(shared_rows(&market.instrument, side, price, lots));
        } else {
            rows.push(Row {
                price,
                lots,
                venue: String::new(),
            });
        }
    }
    rows.truncate(count);
    rows
}

fn shared_rows(instrument: &Instrument, side: Side, price: Ticks, lots: Lots) -> impl Iterator<Item = Row> {
    let shares = venues::shares(instrument, side, price, lots);
    shares.into_iter().map(move |(venue, lots)| Row {
        price,
        lots,
        venue: venue.to_owned(),
    })
}

/// What to tell a client that knows `told` so that it knows `now`. Rows leave before others enter, so that
/// it never holds more rows than it asked for.
pub(super) fn changes(told: &[Row], now: &[Row]) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut kept: Vec<&Row> = Vec::with_capacity(now.len());
    for row in told {
        if now.iter().any(|other| other.is_same(row)) {
            kept.push(row);
        } else {
            changes.push(Change {
                position: kept.len(),
                operation: Operation::Delete,
                row: Row {
                    lots: 0,
                    ..row.clone()
                },
            });
        }
    }
    for (position, row) in now.iter().enumerate() {
        let known = kept.get(position).filter(|other| other.is_same(row));
        let operation = match known {
            Some(other) if other.lots == row.lots => continue,
            Some(_) => Operation::Update,
            None => {
                kept.insert(position, row);
                Operation::Insert
            }
        };
        changes.push(Change {
            position,
            operation,
            row: row.clone(),
        });
    }
    changes
}
