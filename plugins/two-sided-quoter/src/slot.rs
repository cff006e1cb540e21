//! One side of a market: at most one order, and never two questions about it at a time.

use moored_plugin::{
    Context, HostError, InstrumentId, Level, OrderChange, OrderEvent, OrderId, Price, Quantity, Side, Ticket,
};

/// Where a side should stand.
#[derive(Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) price: Price,
    pub(crate) quantity: Quantity,
}

/// The order of a side.
#[derive(Clone, Copy)]
struct Live {
    id: OrderId,
    price: Price,
    /// The price it will have when the host has answered; nothing when no answer is awaited.
    awaited: Option<Price>,
}

pub(crate) struct Slot {
    side: Side,
    instrument: InstrumentId,
    live: Option<Live>,
}

impl Slot {
    pub(crate) const fn new(side: Side, instrument: InstrumentId) -> Self {
        Self {
            side,
            instrument,
            live: None,
        }
    }

    /// Asks for what brings the side to its wish; `true` if it asked. `step` is how wrong a price may be.
    pub(crate) fn pursue(&mut self, ctx: &mut Context<'_>, wish: Option<Wish>, step: Price) -> bool {
        let result = match (&mut self.live, wish) {
            (Some(Live { awaited: Some(_), .. }), _) | (None, None) => return false,
            (Some(live), None) => {
                live.awaited = Some(live.price);
                ctx.cancel(live.id)
            }
            (Some(live), Some(wish))
                if (live.price - wish.price).abs() >= step && live.price != wish.price =>
            {
                live.awaited = Some(wish.price);
                ctx.replace_limit(live.id, wish.quantity, wish.price)
            }
            (Some(_), Some(_)) => return false,
            (None, Some(wish)) => self.submit(ctx, wish),
        };
        if let Err(error) = result {
            // Nothing was queued, so nothing is awaited either.
            if let Some(live) = &mut self.live {
                live.awaited = None;
            }
            ctx.log(
                Level::Warn,
                format_args!("{:?} side not changed: {error}", self.side),
            );
        }
        true
    }

    fn submit(&mut self, ctx: &mut Context<'_>, wish: Wish) -> Result<(), HostError> {
        let id = ctx.submit_limit(Ticket::new(self.side, self.instrument, wish.quantity), wish.price)?;
        self.live = Some(Live {
            id,
            price: wish.price,
            awaited: Some(wish.price),
        });
        Ok(())
    }

    /// Takes in what happened to the order of this side; `true` if a request of ours was refused.
    pub(crate) fn apply(&mut self, event: &OrderEvent) -> bool {
        let Some(live) = self.live.as_mut().filter(|live| live.id == event.order) else {
            return false;
        };
        if event.is_final() {
            self.live = None;
            return matches!(
                event.change,
                OrderChange::Denied { .. } | OrderChange::Rejected { .. }
            );
        }
        match event.change {
            OrderChange::Replaced(_) => live.price = live.awaited.take().unwrap_or(live.price),
            // Both say that it is in the market. If it is being moved, the answer to that is still to come.
            OrderChange::Working | OrderChange::Filled(_) if live.awaited == Some(live.price) => {
                live.awaited = None
            }
            OrderChange::ReplaceDenied { .. }
            | OrderChange::ReplaceRejected { .. }
            | OrderChange::CancelRejected { .. } => {
                live.awaited = None;
                return true;
            }
            _ => {}
        }
        false
    }
}
