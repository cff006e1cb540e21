//! Looks after all streams while there is a session.

use std::rc::Rc;
use std::time::Duration;

use super::super::Shared;
use super::super::feed::Feed;
use crate::clock;

/// How often streams are looked at: silence is noticed this much late at most.
const EVERY: Duration = Duration::from_millis(250);

/// Asks again for what needs it, one after the other, until the session ends.
pub async fn run(shared: Rc<Shared>, feed: Rc<Feed>) {
    let mut round = tokio::time::interval(EVERY);
    round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        feed.reap();
        for (id, reason) in shared.streams.review(clock::now()) {
            feed.again(id, reason).await;
        }
    }
}
