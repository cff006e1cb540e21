//! Parents and children: a child waits until its parent trades, trades no more than its parent has, and
//! goes with it.

use crate::exchange::Exchange;
use crate::exchange::event::Change;
use crate::exchange::instrument::Lots;
use crate::exchange::order::{OcaGroup, OcaRule, Order, OrderKey, Place, Status};

impl Exchange {
    /// Ties a new order to its parent, and to the other children as one group, as IB does.
    pub(super) fn adopt(&mut self, key: OrderKey, parent: OrderKey) {
        let Some(elder) = self.orders.get(&parent) else {
            return;
        };
        let perm_id = elder.perm_id;
        let released = released_by(elder);
        self.desk.children.entry(parent).or_default().push(key);
        if let Some(order) = self.orders.get_mut(&key) {
            order.parent_perm_id = perm_id;
            order.released = released(order);
            let group = OcaGroup {
                name: perm_id.to_string(),
                rule: OcaRule::ReduceWithoutBlock,
            };
            order.oca.get_or_insert(group);
        }
    }

    /// A parent traded: its children may trade as much more.
    pub(super) fn release_children(&mut self, parent: OrderKey) {
        let Some(children) = self.desk.children.get(&parent) else {
            return;
        };
        let Some(released) = self.orders.get(&parent).map(released_by) else {
            return;
        };
        for key in children {
            if let Some(order) = self.orders.get_mut(key).filter(|order| order.is_live()) {
                order.released = released(order);
                self.desk.reviews.push_back(*key);
            }
        }
    }

    /// A working child whose parent has traded more gets a larger place in the book, at the end.
    pub(super) fn grow(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key).filter(|order| order.parent_perm_id != 0) else {
            return;
        };
        let (id, side) = (order.request.instrument, order.request.side);
        if let Place::Resting(price) = order.place
            && self.market(id).book.size_of(side, price, key) < order.workable()
        {
            self.withdraw(key);
            self.work(key);
        }
    }

    /// A parent ended without trading all it wanted: children are left with what it did trade.
    pub(super) fn orphan(&mut self, parent: OrderKey) {
        for key in self.desk.children.remove(&parent).unwrap_or_default() {
            let Some(order) = self.orders.get_mut(&key).filter(|order| order.is_live()) else {
                continue;
            };
            let allowed = order.released.saturating_sub(order.reduced);
            if allowed <= order.filled {
                self.end(key, Status::Cancelled, Change::Cancelled);
            } else if allowed < order.request.quantity {
                order.request.quantity = allowed;
                let status = order.status;
                self.change(key, status, Change::Modified);
            }
        }
    }

    /// An order with everything that its transmission transmits: parked parents first, then parked
    /// children of the same parent, in the order they came.
    pub(super) fn family(&self, key: OrderKey) -> Vec<OrderKey> {
        let mut family = Vec::new();
        let mut next = self.parent_of(key);
        while let Some(parent) = next.filter(|parent| !family.contains(parent)) {
            family.insert(0, parent);
            next = self.parent_of(parent);
        }
        let siblings = self
            .parent_of(key)
            .and_then(|parent| self.desk.children.get(&parent));
        family.extend(siblings.into_iter().flatten());
        if !family.contains(&key) {
            family.push(key);
        }
        let parked = |each: &OrderKey| self.orders.get(each).is_some_and(Order::is_parked);
        family.retain(|each| *each == key || parked(each));
        family
    }

    fn parent_of(&self, key: OrderKey) -> Option<OrderKey> {
        let parent = self.orders.get(&key)?.request.attributes.parent?;
        Some(self.resolve(parent))
    }
}

/// How much a parent's fills let a child trade, before what the child's group takes away: the parent's
/// share, of the child's own size.
fn released_by(parent: &Order) -> impl Fn(&Order) -> Lots + use<> {
    let (filled, quantity) = (parent.filled, parent.request.quantity.max(1));
    move |child| {
        if filled >= quantity {
            return Lots::MAX;
        }
        let whole = i128::from(child.request.quantity.saturating_add(child.reduced));
        Lots::try_from(whole * i128::from(filled) / i128::from(quantity)).unwrap_or(Lots::MAX)
    }
}
