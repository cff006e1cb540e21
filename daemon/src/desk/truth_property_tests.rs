//! The order in which reports come, and how often, makes no difference to the books.

use proptest::prelude::*;

use super::event::Event;
use super::record::Memory;
use super::rig::{AAPL, PLUGIN, Rig, perm_id};
use super::truth_tests::{commission, fill, filled, position, remembered, units};
use crate::domain::money::{Money, Price, Quantity};
use crate::domain::order::ClientOrderId;
use crate::domain::report::{BrokerReport, BrokerStatus, StatusReport};
use crate::domain::time::Timestamp;
use crate::orders::lifecycle::OrderState;
use crate::orders::placement::Placement;

/// One version of one fill, or its cost.
#[derive(Debug, Clone)]
enum Told {
    Fill { family: usize, revision: u32 },
    Cost { family: usize, revision: u32 },
    Status(BrokerStatus),
}

const SIZES: [[i32; 2]; 3] = [[4, 3], [5, 5], [1, 2]];
const PRICES: [[&str; 2]; 3] = [["100", "101"], ["99", "98"], ["100", "100.5"]];

fn every_report() -> Vec<Told> {
    let mut told = vec![
        Told::Status(BrokerStatus::PreSubmitted),
        Told::Status(BrokerStatus::Submitted),
        Told::Status(BrokerStatus::Filled),
    ];
    for family in 0..3 {
        for revision in 1..=2 {
            told.push(Told::Fill { family, revision });
            told.push(Told::Cost { family, revision });
        }
    }
    told
}

fn event_of(placement: &Placement, told: &Told) -> Event {
    let id = |family: usize, revision: u32| format!("e{family}.{revision:02}");
    match told {
        Told::Fill { family, revision } => {
            let version = *revision as usize - 1;
            filled(&fill(
                placement,
                &id(*family, *revision),
                SIZES[*family][version],
                PRICES[*family][version],
            ))
        }
        Told::Cost { family, revision } => commission(&id(*family, *revision), &format!("{revision}")),
        Told::Status(status) => Event::Report(BrokerReport::Status(StatusReport {
            order_id: placement.order_id,
            status: *status,
            filled: Quantity::ZERO,
            remaining: Quantity::ZERO,
            perm_id: perm_id(placement.order_id),
            why_held: None,
        })),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// In whichever order reports come, however often, and after a restart: the same fills, position, profit.
    #[test]
    fn any_order_of_reports_gives_the_same_books(
        order in Just(every_report()).prop_shuffle(),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut rig = Rig::active();
        let placement = rig.placed(1, 10);
        let mut all = order.clone();
        all.extend(again.iter().map(|index| index.get(&order).clone()));
        let mut effects = Vec::new();
        for told in &all {
            let done = rig.handle(event_of(&placement, told));
            effects.extend(done.into_iter().map(|effect| (rig.now, effect)));
        }
        let held = position(&rig);
        prop_assert_eq!(held.size, units(10));
        prop_assert_eq!(held.fees, "6".parse::<Money>().unwrap());
        // 3 at 101, 5 at 98, 2 at 100.5: all bought, so the average is the same in any order.
        prop_assert_eq!(held.average_price(), "99.4".parse::<Price>().unwrap());
        prop_assert_eq!(held.realized, Money::ZERO);
        let kept = rig.desk.orders.get(placement.order_id).unwrap();
        prop_assert_eq!((kept.executed, kept.state), (units(10), OrderState::Filled));
        prop_assert!(kept.is_settled());
        let snapshot = rig.desk.snapshot(Timestamp::from_nanos(rig.now));
        prop_assert_eq!(snapshot.positions[0].fills_without_commission, 0);
        // What a start makes of the same records.
        let memory = Memory { executions: remembered(&effects), ..Memory::default() };
        let restarted = Rig::new(memory, false);
        prop_assert_eq!(restarted.desk.portfolio().position(PLUGIN, AAPL), held);
        let at = Timestamp::from_nanos(rig.now);
        let profit = |rig: &Rig| rig.desk.portfolio().day_profit(PLUGIN, at);
        prop_assert_eq!(profit(&restarted), profit(&rig));
        prop_assert!(rig.desk.orders.owned(PLUGIN, ClientOrderId(1)).is_some());
    }
}
