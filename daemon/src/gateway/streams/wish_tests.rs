use std::time::Duration;

use proptest::prelude::*;

use super::refusal::{RefusalKind, Refused};
use super::wish::{Leave, Patience, Reason, Wish};
use crate::domain::hours::Openness;
use crate::domain::instrument::InstrumentId;
use crate::domain::stream::{Gap, StreamState};
use crate::domain::time::Timestamp;

const ID: InstrumentId = InstrumentId(3);
const PATIENCE: Patience = Patience {
    silent_after: Duration::from_secs(30),
    rerequests_a_day: 5,
};

fn at(second: u64) -> Timestamp {
    Timestamp::from_nanos((1_000_000 + second) * 1_000_000_000)
}

const OPEN: Openness = Openness::Open {
    since: Timestamp::NEVER,
    until: Timestamp::from_nanos(u64::MAX),
};
const CLOSED: Openness = Openness::Closed { until: None };

/// Asked for at 0, and it ticked at 1.
fn ticking() -> Wish {
    let mut wish = Wish::new(ID, PATIENCE, false);
    wish.begin();
    wish.asked(at(0));
    assert!(wish.ticked(at(1)).fresh);
    wish
}

fn gap(from: u64, to: u64) -> Option<Gap> {
    Some(Gap {
        instrument: ID,
        from: at(from),
        to: at(to),
    })
}

fn review(wish: &mut Wish, second: u64) -> Option<Reason> {
    wish.review(at(second), OPEN, Leave::Given)
}

/// Does what the keeper does when a review says so.
fn ask(wish: &mut Wish, second: u64) {
    wish.begin_again();
    wish.asked(at(second));
}

#[test]
fn a_stream_that_ticks_is_fresh_and_left_alone() {
    let mut wish = Wish::new(ID, PATIENCE, false);
    assert_eq!(wish.state(), StreamState::Wanted);
    assert_eq!(review(&mut wish, 500), None, "nobody asked for it yet");
    wish.begin();
    wish.asked(at(500));
    assert_eq!(wish.state(), StreamState::Requested);
    assert_eq!(review(&mut wish, 530), None);
    let news = wish.ticked(at(531));
    assert_eq!((news.fresh, news.gap), (true, None));
    assert_eq!(wish.ticked(at(532)), super::wish::News::default());
    assert_eq!(review(&mut wish, 562), None);
    assert_eq!(wish.state(), StreamState::Fresh);
}

#[test]
fn a_silent_stream_is_asked_for_again_with_pauses_and_not_too_often() {
    let mut wish = ticking();
    let mut asked = Vec::new();
    for second in 2..10_000 {
        if let Some(reason) = review(&mut wish, second) {
            assert_eq!(reason, Reason::Silent);
            asked.push(second);
            ask(&mut wish, second);
        }
    }
    // At once, then 30, 60, 120, 240 seconds later; the sixth of the day is not made.
    assert_eq!(asked, [32, 63, 123, 243, 483]);
    let row = wish.row(OPEN);
    assert_eq!(
        (row.state, row.rerequests, row.capped),
        (StreamState::Silent, 5, true)
    );
    assert_eq!(row.silent_since, Some(at(1)));
    // When it ticks again, the gap is told once.
    assert_eq!(wish.ticked(at(10_000)).gap, gap(1, 10_000));
    assert_eq!(wish.ticked(at(10_001)).gap, None);
    // The next day has its own allowance.
    let tomorrow = 10_000 + 86_400;
    assert_eq!(review(&mut wish, tomorrow), Some(Reason::Silent));
}

#[test]
fn one_image_after_each_request_does_not_reset_the_pauses() {
    let mut wish = ticking();
    let mut asked = Vec::new();
    for second in 2..2_000 {
        if review(&mut wish, second).is_some() {
            asked.push(second);
            ask(&mut wish, second);
            wish.ticked(at(second));
        }
    }
    assert_eq!(asked, [32, 63, 123, 243, 483]);
}

#[test]
fn a_closed_market_is_no_fault_and_its_opening_starts_the_clock() {
    let mut wish = ticking();
    for second in [40, 1_000, 50_000] {
        assert_eq!(wish.review(at(second), CLOSED, Leave::Given), None);
        assert_eq!(wish.state(), StreamState::Closed);
        assert!(!wish.unproved());
    }
    let opened = |second| {
        let (since, until) = (at(60_000), at(90_000));
        (at(second), Openness::Open { since, until })
    };
    let (now, market) = opened(60_030);
    assert_eq!(wish.review(now, market, Leave::Given), None);
    assert_eq!(wish.state(), StreamState::Requested);
    let (now, market) = opened(60_031);
    assert_eq!(wish.review(now, market, Leave::Given), Some(Reason::Silent));
    // What ticks outside of hours is fresh while it does.
    wish.ticked(at(60_032));
    assert_eq!(wish.review(at(60_040), CLOSED, Leave::Given), None);
    assert_eq!(wish.state(), StreamState::Fresh);
    // Hours that are not known count as open.
    let now = at(60_100);
    assert_eq!(
        wish.review(now, Openness::Unknown, Leave::Given),
        Some(Reason::Silent)
    );
}

#[test]
fn a_stream_that_survived_an_outage_must_show_it() {
    let mut dead = ticking();
    let mut alive = dead.clone();
    for second in [100, 200] {
        let now = at(second);
        assert_eq!(
            dead.review(now, OPEN, Leave::NoUpstream),
            None,
            "while IB is lost"
        );
    }
    dead.doubted(at(200), Reason::Restored);
    alive.doubted(at(200), Reason::Restored);
    assert_eq!(alive.ticked(at(201)).gap, gap(1, 201));
    for second in 201..=230 {
        assert_eq!(review(&mut dead, second), None);
        assert_eq!(review(&mut alive, second), None);
    }
    assert_eq!(dead.state(), StreamState::Requested);
    assert_eq!(review(&mut dead, 231), Some(Reason::Restored));
    assert_eq!(review(&mut alive, 231), None);
    ask(&mut dead, 231);
    assert_eq!(dead.ticked(at(232)).gap, gap(1, 232));
}

#[test]
fn a_farm_that_returns_puts_quiet_streams_in_doubt_and_refused_ones_to_the_front() {
    let mut busy = ticking();
    busy.ticked(at(99));
    busy.doubted(at(100), Reason::Farm);
    assert_eq!(busy.ticked(at(101)).gap, None, "it never stopped");
    let mut quiet = ticking();
    quiet.doubted(at(100), Reason::Farm);
    assert_eq!(quiet.ticked(at(101)).gap, gap(1, 101));
    let mut refused = ticking();
    refused.refused(at(10), Refused::by_code(10_189, "lost farm".to_owned()));
    refused.refused(at(11), Refused::by_code(10_189, "lost farm".to_owned()));
    refused.doubted(at(12), Reason::Farm);
    assert_eq!(review(&mut refused, 12), Some(Reason::Refused));
}

#[test]
fn refusals_are_retried_by_their_kind() {
    use RefusalKind::{Competing, Later, Permanent, Resubscribe};
    for (code, kind, pauses) in [
        (354, Permanent, Some([60, 3_600, 3_600])),
        (10_168, Permanent, Some([60, 3_600, 3_600])),
        (10_186, Permanent, Some([60, 3_600, 3_600])),
        (200, Permanent, Some([60, 3_600, 3_600])),
        (316, Resubscribe, Some([1, 2, 4])),
        (10_182, Resubscribe, Some([1, 2, 4])),
        (10_189, Resubscribe, Some([1, 2, 4])),
        (10_225, Resubscribe, Some([1, 2, 4])),
        (101, Later, Some([15, 30, 60])),
        (99_999, Later, Some([15, 30, 60])),
        (10_197, Competing, None),
    ] {
        let mut wish = ticking();
        let mut now = 100;
        for pause in pauses.unwrap_or_default() {
            wish.begin_again();
            wish.refused(at(now), Refused::by_code(code, "no".to_owned()));
            assert_eq!(wish.refusal().unwrap().1, kind, "{code}");
            assert!(wish.unproved());
            if pause == 0 {
                break;
            }
            assert_eq!(review(&mut wish, now + pause - 1), None, "{code}");
            assert_eq!(review(&mut wish, now + pause), Some(Reason::Refused), "{code}");
            now += pause;
        }
        wish.refused(at(now), Refused::by_code(code, "no".to_owned()));
        if kind == Competing {
            assert_eq!(review(&mut wish, now + 100_000), None, "the keeper probes");
        }
        let row = wish.row(OPEN);
        let refusal = row.refusal.unwrap();
        assert_eq!((refusal.code, refusal.permanent), (code, kind == Permanent));
        assert!(!refusal.fix.is_empty());
        // A new request forgets it, and its first tick tells what was missed.
        wish.begin();
        wish.asked(at(now));
        assert_eq!(wish.state(), StreamState::Requested);
        assert_eq!(wish.ticked(at(now + 1)).gap, gap(1, now + 1));
    }
}

#[test]
fn the_table_of_codes_has_the_last_word_on_a_refusal() {
    use super::super::codes::RequestOutcome;
    for (outcome, kind) in [
        (RequestOutcome::Refused, RefusalKind::Permanent),
        (RequestOutcome::Ended, RefusalKind::Resubscribe),
        (RequestOutcome::TooFast, RefusalKind::Later),
        (RequestOutcome::GoesOn, RefusalKind::Later),
        (RequestOutcome::Competing, RefusalKind::Competing),
    ] {
        let refused = Refused::by_code(354, String::new()).ruled(outcome);
        assert_eq!(refused.kind, kind, "{outcome:?}");
        assert!(!refused.fix.is_empty());
    }
}

#[test]
fn during_a_competing_session_silence_is_flagged_and_nothing_asked() {
    let mut wish = ticking();
    assert_eq!(wish.review(at(100), OPEN, Leave::Competing), None);
    assert_eq!(wish.state(), StreamState::Silent);
    assert_eq!(review(&mut wish, 101), Some(Reason::Silent));
}

#[test]
fn only_a_stream_that_never_ticked_in_its_session_takes_the_proof_away() {
    let mut ticked = ticking();
    assert!(review(&mut ticked, 100).is_some());
    assert!(!ticked.unproved());
    ticked.lost();
    assert_eq!((ticked.state(), ticked.unproved()), (StreamState::Wanted, false));
    ticked.begin();
    ticked.asked(at(200));
    assert!(!ticked.unproved());
    assert!(review(&mut ticked, 231).is_some());
    assert!(ticked.unproved());
    // From the last tick of the session before to the first of this one.
    assert_eq!(ticked.ticked(at(240)).gap, gap(1, 240));
    assert!(!ticked.unproved());
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Pass(u64),
    Tick,
    Refuse(i32),
    Lost,
    Doubt,
    Missed,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1_u64..400).prop_map(Step::Pass),
        6 => Just(Step::Tick),
        1 => prop::sample::select(vec![354, 316, 101, 10_197]).prop_map(Step::Refuse),
        1 => Just(Step::Lost),
        1 => Just(Step::Doubt),
        1 => Just(Step::Missed),
    ]
}

proptest! {
    /// Whatever happens: gaps run forward, never overlap and begin at a tick; a day has no more requests than allowed; a
    /// stream that ticked a moment ago is never asked for; and one that can tick again is in the end.
    #[test]
    fn a_wish_keeps_its_promises(steps in prop::collection::vec((step(), any::<bool>()), 1..200)) {
        let mut wish = Wish::new(ID, PATIENCE, false);
        let (mut now, mut ticks, mut covered) = (1_u64, Vec::new(), Timestamp::NEVER);
        let mut silent_asks = std::collections::BTreeMap::<u64, u32>::new();
        wish.begin();
        wish.asked(at(0));
        for (step, open) in steps {
            match step {
                Step::Pass(seconds) => now += seconds,
                Step::Tick => {
                    now += 1;
                    if let Some(gap) = wish.ticked(at(now)).gap {
                        prop_assert!(ticks.contains(&gap.from) && gap.from < gap.to && gap.to == at(now));
                        prop_assert!(covered <= gap.from);
                        covered = gap.to;
                    }
                    ticks.push(at(now));
                }
                Step::Refuse(code) => wish.refused(at(now), Refused::by_code(code, String::new())),
                Step::Lost => {
                    wish.lost();
                    wish.begin();
                    wish.asked(at(now));
                }
                Step::Doubt => wish.doubted(at(now), Reason::Restored),
                Step::Missed => wish.missed(),
            }
            let market = if open { OPEN } else { CLOSED };
            if let Some(reason) = wish.review(at(now), market, Leave::Given) {
                if reason == Reason::Silent {
                    prop_assert!(open, "a closed market is no fault");
                    let quiet = ticks.last().is_none_or(|tick| at(now).since(*tick) > PATIENCE.silent_after);
                    prop_assert!(quiet);
                    let today = silent_asks.entry(at(now).day()).or_default();
                    *today += 1;
                    prop_assert!(*today <= PATIENCE.rerequests_a_day);
                }
                wish.begin_again();
                wish.asked(at(now));
            }
        }
        // IB gives it again, a tick a second: fresh for good.
        wish.begin_again();
        wish.asked(at(now));
        for _ in 0..100 {
            now += 1;
            wish.ticked(at(now));
            prop_assert_eq!(review(&mut wish, now), None);
            prop_assert_eq!(wish.state(), StreamState::Fresh);
        }
    }
}
