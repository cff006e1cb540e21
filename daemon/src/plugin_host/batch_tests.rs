use super::batch::{Adding, Batch};
use crate::desk::effect::Notice;
use crate::domain::instrument::InstrumentId;
use crate::domain::money::{Price, Quantity};
use crate::domain::quote::Quote;
use crate::domain::stream::Gap;
use crate::domain::time::Timestamp;

const A: InstrumentId = InstrumentId(0);
const B: InstrumentId = InstrumentId(1);

fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

fn quote(instrument: InstrumentId, received: u64) -> Notice {
    Notice::Quote(Quote {
        bid: Some(Price::from_nanos(1)),
        bid_size: Quantity::ONE,
        received: at(received),
        ..Quote::empty(instrument)
    })
}

fn gap(instrument: InstrumentId, from: u64, to: u64) -> Notice {
    Notice::Gap(Gap {
        instrument,
        from: at(from),
        to: at(to),
    })
}

#[test]
fn gaps_that_wait_become_one_and_drop_the_quotes_before_them() {
    let mut batch = Batch::default();
    for notice in [
        quote(A, 10),
        quote(B, 10),
        gap(A, 10, 20),
        quote(A, 20),
        gap(B, 10, 15),
        gap(A, 20, 40),
    ] {
        batch.add(at(50), &notice, Adding::All);
    }
    let gaps: Vec<_> = batch
        .gaps
        .iter()
        .map(|gap| (gap.instrument, gap.from, gap.to))
        .collect();
    assert_eq!(gaps, [(0, 10, 40), (1, 10, 15)]);
    assert_eq!(batch.quotes.len(), 0, "{:?}", batch.quotes);
    assert!(!batch.is_empty() && !batch.has_data());
    assert_eq!(batch.len(), 2);
    batch.add(at(50), &quote(A, 40), Adding::LatestWins);
    assert_eq!(batch.quotes.len(), 1);
    batch.clear();
    assert!(batch.is_empty());
}
