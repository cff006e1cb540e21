//! What trading remembers beside the orders themselves: indexes, alarms, switches.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::waiting::slicing::Slicing;
use crate::exchange::instrument::{InstrumentId, Lots, Ticks};
use crate::exchange::order::OrderKey;

/// Something to do at a moment. At one moment the earlier kinds go first: the old day ends before the new
/// one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::exchange) enum Alarm {
    /// The closing auction for an order.
    Close(OrderKey),
    /// The end of an order.
    Expire(OrderKey),
    /// A market opens or closes.
    Phase(InstrumentId),
    /// The opening auction for an order.
    Open(OrderKey),
    /// Time for an algorithm to trade again.
    Slice(OrderKey),
    /// A moment an order waits for, or whose conditions may have changed.
    Review(OrderKey),
}

/// How the broker treats short sales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LocateHold {
    /// Shares are always at hand.
    #[default]
    Off,
    /// Short sales wait, shown as `PreSubmitted`.
    PreSubmitted,
    /// Short sales wait, shown as `Inactive`.
    Inactive,
}

/// Behaviour that operators switch on to see how a client takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Switches {
    /// A cancel in a closed market is pending until the market opens.
    pub late_cancels: bool,
    /// New orders wait for a person at the gateway to confirm them.
    pub dialogs: bool,
    /// What short sales wait for.
    pub locate: LocateHold,
    /// The next change of a live order leaves the old version working too, under its old permanent id.
    pub split_next: bool,
    /// Cancelling one order of a group cancels the group. Fills do in any case.
    pub groups_cancel_together: bool,
}

/// A reduction that a group owes its members, to be made when the current trade is through.
#[derive(Debug, Clone, Copy)]
pub(in crate::exchange) struct Reduction {
    pub(super) key: OrderKey,
    pub(super) lots: Lots,
    pub(super) before: Lots,
}

/// The indexes over orders and what is put off.
#[derive(Debug, Default)]
pub(in crate::exchange) struct Desk {
    pub(super) switches: Switches,
    /// Every live order, untransmitted ones included.
    pub(super) live: BTreeSet<OrderKey>,
    pub(super) alarms: BTreeSet<(u64, Alarm)>,
    /// Children by the key of their parent, in the order they came.
    pub(super) children: BTreeMap<OrderKey, Vec<OrderKey>>,
    /// Live members by account and name of group.
    pub(super) groups: BTreeMap<(String, String), Vec<OrderKey>>,
    /// The key behind a shown id, where they differ.
    pub(super) aliases: BTreeMap<OrderKey, OrderKey>,
    /// Orders with a condition on a market.
    pub(super) observers: BTreeMap<InstrumentId, BTreeSet<OrderKey>>,
    /// Orders with a condition on what the account trades or is worth.
    pub(super) account_observers: BTreeSet<OrderKey>,
    pub(super) slicings: BTreeMap<OrderKey, Slicing>,
    /// Orders that may belong elsewhere now.
    pub(super) reviews: VecDeque<OrderKey>,
    pub(super) reductions: VecDeque<Reduction>,
    /// Markets to settle.
    pub(super) dirty: BTreeSet<InstrumentId>,
    pub(super) settling: bool,
    pub(super) turn: u64,
    /// Orders from outside the API so far, and how many of them were bound.
    pub(super) outsiders: i32,
    pub(super) bound: i32,
}

impl Desk {
    /// The next turn among those that wait.
    pub(super) fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }
}

/// The orders of one market, by where they wait, each with its turn.
#[derive(Debug, Default)]
pub(in crate::exchange) struct Waiting {
    /// Every live and transmitted order.
    pub(super) live: BTreeSet<OrderKey>,
    pub(super) asleep: BTreeSet<(u64, OrderKey)>,
    pub(super) sweeping: BTreeSet<(u64, OrderKey)>,
    pub(super) patient: BTreeSet<(u64, OrderKey)>,
    /// Orders whose limit follows the market.
    pub(super) following: BTreeSet<(u64, OrderKey)>,
    /// Orders that would trade beyond the limit they show.
    pub(super) reaching: BTreeSet<(u64, OrderKey)>,
    pub(super) resting: BTreeSet<OrderKey>,
    pub(super) sliced: BTreeSet<OrderKey>,
    pub(super) marks: Marks,
    /// The prices, and the last to fall asleep, when sleepers last followed the market.
    pub(super) trailed: Option<(Marks, Option<(u64, OrderKey)>)>,
    /// When the market's next phase alarm rings.
    pub(super) phase_alarm: Option<u64>,
}

impl Waiting {
    /// Whether anything here depends on the market's moves.
    pub(in crate::exchange) fn is_idle(&self) -> bool {
        self.asleep.is_empty()
            && self.sweeping.is_empty()
            && self.patient.is_empty()
            && self.resting.is_empty()
            && self.sliced.is_empty()
    }
}

/// The prices that triggers look at: the newest and the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::exchange) struct Marks {
    pub(super) last: [Option<Ticks>; 2],
    pub(super) bid: [Option<Ticks>; 2],
    pub(super) ask: [Option<Ticks>; 2],
}

impl Marks {
    /// A trade was made.
    pub(super) fn traded(&mut self, price: Ticks) {
        self.last = [Some(price), self.last[0]];
    }

    /// The quotes may have changed.
    pub(super) fn quoted(&mut self, bid: Option<Ticks>, ask: Option<Ticks>) {
        for (mark, price) in [(&mut self.bid, bid), (&mut self.ask, ask)] {
            if mark[0] != price {
                *mark = [price, mark[0]];
            }
        }
    }
}
