//! Delayed data: what the market showed a quarter of an hour ago, kept while anybody watches it.

use std::collections::VecDeque;

use super::{Figures, publish};
use crate::exchange::{InstrumentId, Session, Top};
use crate::gateway::Gateway;

/// Seconds kept beyond the delay.
const MARGIN: u64 = 60;

/// What a market showed at the end of every second in which that changed. It forgets nothing by standing
/// still: a market that nobody watches does not move.
#[derive(Debug, Default)]
pub(in crate::gateway::data) struct Lag {
    samples: VecDeque<(u64, Top, Session)>,
}

impl Lag {
    fn add(&mut self, now: u64, delay: u64, top: Top, day: Session) {
        let newest = self.samples.back();
        if newest.is_some_and(|(_, known, known_day)| (*known, *known_day) == (top, day)) {
            return;
        }
        // The newest of the old ones still says what held then.
        while self
            .samples
            .get(1)
            .is_some_and(|(at, _, _)| at + delay + MARGIN < now)
        {
            self.samples.pop_front();
        }
        self.samples.push_back((now, top, day));
    }

    /// What was shown at a Unix time in seconds: the newest sample up to then, or the oldest there is.
    pub(super) fn before(&self, at: u64) -> Option<(Top, Session)> {
        let later = self.samples.partition_point(|(then, _, _)| *then <= at);
        let (_, top, day) = self.samples.get(later.saturating_sub(1))?;
        Some((*top, *day))
    }
}

impl Gateway {
    /// Notes what a market shows now, for those who will see it late.
    pub(super) fn note(&mut self, id: InstrumentId, now: u64) {
        let market = self.exchange.market(id);
        let (top, day) = (market.shown(), market.session());
        let delay = self.data.rules.delay;
        self.data.board(id).lag.add(now, delay, top, day);
    }

    /// Tells streams of delayed data what changed a quarter of an hour ago.
    pub(super) fn tell_delayed(&mut self, id: InstrumentId, now: u64) {
        let Self {
            exchange,
            data,
            output,
            ..
        } = self;
        let at = now.saturating_sub(data.rules.delay);
        let hundreds = data.rules.sizes_in_round_lots;
        let Some(board) = data.boards.get_mut(id.0) else {
            return;
        };
        let delayed =
            |stream: &&mut super::Stream| stream.feed.is_delayed() && !stream.generics.without_quotes;
        let Some(picture) = board.lag.before(at) else {
            return;
        };
        let figures = Figures::new(&exchange.market(id).instrument, hundreds);
        for stream in board.streams.iter_mut().filter(delayed) {
            publish::tell_changes(output, stream, &figures, board.open, picture, at);
        }
    }
}
