//! One-cancels-all groups: what a fill of one order does to the others.
//!
//! With block, the others are cancelled or reduced before anything else can trade. Without, that happens
//! when the trade at hand is through, so that one large trade can fill several of them.

use crate::exchange::Exchange;
use crate::exchange::event::Change;
use crate::exchange::instrument::Lots;
use crate::exchange::order::{OcaRule, Order, OrderKey, Status};

use super::desk::Reduction;

impl Exchange {
    /// Enters an order into its group.
    pub(super) fn join_group(&mut self, key: OrderKey) {
        let Some(group) = self.orders.get(&key).and_then(group_of) else {
            return;
        };
        let members = self.desk.groups.entry(group).or_default();
        if !members.contains(&key) {
            members.push(key);
        }
    }

    /// Takes an order out of its group.
    pub(super) fn leave_group(&mut self, key: OrderKey) {
        let Some(group) = self.orders.get(&key).and_then(group_of) else {
            return;
        };
        if let Some(members) = self.desk.groups.get_mut(&group) {
            members.retain(|each| *each != key);
            if members.is_empty() {
                self.desk.groups.remove(&group);
            }
        }
    }

    /// A member traded `lots` of the `before` it still wanted.
    pub(super) fn group_filled(&mut self, key: OrderKey, lots: Lots, before: Lots) {
        let Some(rule) = self.orders.get(&key).and_then(|order| order.oca.as_ref()) else {
            return;
        };
        let reduction = Reduction { key, lots, before };
        match rule.rule {
            OcaRule::CancelWithBlock => {
                for other in self.others(key) {
                    self.end(other, Status::Cancelled, Change::Cancelled);
                }
            }
            OcaRule::ReduceWithBlock => self.reduce_group(reduction),
            OcaRule::ReduceWithoutBlock => self.desk.reductions.push_back(reduction),
        }
    }

    /// Reduces the other members in proportion to what one of them traded of its rest.
    pub(super) fn reduce_group(&mut self, reduction: Reduction) {
        let Reduction { key, lots, before } = reduction;
        for other in self.others(key) {
            let Some(order) = self.orders.get_mut(&other).filter(|order| order.is_live()) else {
                continue;
            };
            let rest = order.remaining();
            let kept = i128::from(rest) * i128::from((before - lots).max(0)) / i128::from(before.max(1));
            let kept = Lots::try_from(kept).unwrap_or(rest);
            if kept == 0 {
                self.end(other, Status::Cancelled, Change::Cancelled);
                continue;
            }
            order.request.quantity = order.filled + kept;
            order.reduced += rest - kept;
            let status = order.status;
            self.trim(other);
            self.change(other, status, Change::Modified);
            self.desk.reviews.push_back(other);
        }
    }

    /// The live orders that share a group with an order, which itself may have ended just now.
    pub(super) fn others(&self, key: OrderKey) -> Vec<OrderKey> {
        let group = self.orders.get(&key).and_then(group_of);
        let members = group.and_then(|group| self.desk.groups.get(&group));
        let others = members.into_iter().flatten().filter(|each| **each != key);
        others.copied().collect()
    }
}

fn group_of(order: &Order) -> Option<(String, String)> {
    let group = order.oca.as_ref()?;
    Some((order.request.account.clone(), group.name.clone()))
}
