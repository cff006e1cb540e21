//! How often the past may be asked for, by IB's rules.

use std::collections::VecDeque;

use super::settings::service;
use crate::gateway::Problem;

/// The span the rules look back over, seconds, and how many requests fit in it.
const SPAN: u64 = 600;
const MOST: usize = 60;
/// Requests at once.
const SIMULTANEOUS: usize = 50;

/// What was asked for lately.
#[derive(Debug)]
pub(super) struct Pacing {
    /// Whether the rules are kept.
    pub(super) enforced: bool,
    /// Streams of single ticks a connection may have.
    pub(super) streams: usize,
    /// When, of what (contract, exchange and tick type), and everything that makes requests identical.
    recent: VecDeque<(u64, String, String)>,
}

impl Default for Pacing {
    fn default() -> Self {
        Self {
            enforced: false,
            streams: 5,
            recent: VecDeque::new(),
        }
    }
}

impl Pacing {
    /// Counts a request, `weight` times, or refuses it: identical ones within 15 seconds, six for the same
    /// thing within two, more than 60 in ten minutes, or with 50 others open.
    pub(super) fn admit(
        &mut self,
        unix: u64,
        of: &str,
        whole: &str,
        weight: usize,
        open: usize,
    ) -> Result<(), Problem> {
        if !self.enforced {
            return Ok(());
        }
        if open >= SIMULTANEOUS {
            return Err(Problem::new(
                322,
                "Error processing request.-'bV' : cause - Only 50 simultaneous API historical data requests \
                 allowed.",
            ));
        }
        while self.recent.front().is_some_and(|(at, _, _)| at + SPAN <= unix) {
            self.recent.pop_front();
        }
        let within = |seconds: u64, same: &dyn Fn(&(u64, String, String)) -> bool| {
            let recent = self.recent.iter().filter(|each| each.0 + seconds > unix);
            recent.filter(|each| same(each)).count()
        };
        let violated = within(15, &|each| each.2 == whole) > 0
            || within(2, &|each| each.1 == of) >= 5
            || self.recent.len() + weight > MOST;
        // What is refused counts as well: it does not help to ask more often.
        for _ in 0..weight.min(MOST) {
            if self.recent.len() < 2 * MOST {
                self.recent.push_back((unix, of.to_owned(), whole.to_owned()));
            }
        }
        if violated {
            return Err(service("Historical data request pacing violation"));
        }
        Ok(())
    }
}
