use std::time::Duration;

use proptest::prelude::*;

use super::ladder::{Decision, Ladder, Limits, Policy, Refusal, View};
use super::trouble::{Lasting, Trouble};
use crate::domain::recovery::Rung;
use crate::domain::time::Timestamp;

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_nanos((1_000_000 + seconds) * 1_000_000_000)
}

fn policy(after: u64, cool_down: u64, per_day: u32, settle: u64) -> Policy {
    let limits = Limits {
        after: SECOND * u32::try_from(after).unwrap(),
        cool_down: SECOND * u32::try_from(cool_down).unwrap(),
        per_day,
        settle: SECOND * u32::try_from(settle).unwrap(),
    };
    Policy {
        limits: [limits; 7],
        calm: SECOND * 10,
    }
}

fn view(now: u64, trouble: Option<(Trouble, u64)>) -> View {
    View {
        at: at(now),
        trouble: trouble.map(|(trouble, since)| Lasting {
            trouble,
            since: at(since),
            since_outside: at(since),
        }),
        in_window: false,
        ibc: true,
        unit: true,
        login_expired: false,
    }
}

/// Runs for a while with one trouble and says what was taken when.
fn taken(ladder: &mut Ladder, seconds: std::ops::Range<u64>, of: impl Fn(u64) -> View) -> Vec<(u64, Rung)> {
    let mut steps = Vec::new();
    for now in seconds {
        for decision in ladder.decide(&of(now)) {
            if let Decision::Take(rung, _) = decision {
                steps.push((now, rung));
            }
        }
    }
    steps
}

#[track_caller]
fn check_route(trouble: Trouble, expected: &[(u64, Rung)]) {
    let mut ladder = Ladder::new(policy(30, 100, 5, 20), []);
    let steps = taken(&mut ladder, 0..400, |now| view(now, Some((trouble, 0))));
    assert_eq!(steps, expected, "{trouble:?}");
}

#[test]
fn each_trouble_has_its_way_up_and_each_step_its_time_to_help() {
    use Rung::{Page, ReconnectAccount, ReconnectData, Reopen, Rerequest, Restart, RestartUnit};
    check_route(
        Trouble::StaleStreams,
        &[
            (30, Rerequest),
            (50, Reopen),
            (70, ReconnectData),
            (90, Restart),
            (110, RestartUnit),
            (130, Page),
        ],
    );
    check_route(
        Trouble::FarmsDown,
        &[(30, ReconnectData), (50, Restart), (70, RestartUnit), (90, Page)],
    );
    check_route(
        Trouble::UpstreamLost,
        &[
            (30, ReconnectAccount),
            (50, Restart),
            (70, RestartUnit),
            (90, Page),
        ],
    );
    check_route(Trouble::Hung, &[(30, Restart), (50, RestartUnit), (70, Page)]);
    check_route(Trouble::Absent, &[(30, RestartUnit), (50, Page)]);
    check_route(Trouble::ClientIdHeld, &[(30, Page)]);
    for at_once in [Trouble::Competing, Trouble::LoginPending, Trouble::Misconfigured] {
        check_route(at_once, &[(0, Page)]);
    }
}

#[test]
fn what_cannot_be_done_is_said_once_and_passed_over() {
    let mut ladder = Ladder::new(policy(0, 0, 5, 0), []);
    let mut bare = view(0, Some((Trouble::FarmsDown, 0)));
    (bare.ibc, bare.unit) = (false, false);
    let trouble = Trouble::FarmsDown;
    assert_eq!(
        ladder.decide(&bare),
        [
            Decision::Refuse(Rung::ReconnectData, trouble, Refusal::NoIbc),
            Decision::Refuse(Rung::Restart, trouble, Refusal::NoIbc),
            Decision::Refuse(Rung::RestartUnit, trouble, Refusal::NotAllowed),
            Decision::Take(Rung::Page, trouble),
        ]
    );
    assert_eq!(ladder.decide(&bare), [], "it stays there");
    assert!(ladder.paged().is_some());
}

#[test]
fn a_restart_is_pointless_once_the_login_has_expired() {
    let mut ladder = Ladder::new(policy(0, 0, 5, 0), []);
    let mut hung = view(0, Some((Trouble::Hung, 0)));
    hung.login_expired = true;
    let decisions = ladder.decide(&hung);
    assert_eq!(
        decisions,
        [
            Decision::Refuse(Rung::Restart, Trouble::Hung, Refusal::Pointless),
            Decision::Take(Rung::RestartUnit, Trouble::Hung),
        ]
    );
}

#[test]
fn a_window_holds_all_but_the_two_lowest_rungs_and_then_they_wait_their_time() {
    let mut ladder = Ladder::new(policy(30, 0, 5, 10), []);
    let of = |now: u64| {
        let mut view = view(now, Some((Trouble::StaleStreams, 0)));
        view.in_window = now < 200;
        if let Some(lasting) = &mut view.trouble {
            lasting.since_outside = at(now.min(200));
        }
        view
    };
    let steps = taken(&mut ladder, 0..300, of);
    assert_eq!(
        steps[..3],
        [
            (30, Rung::Rerequest),
            (40, Rung::Reopen),
            (230, Rung::ReconnectData)
        ]
    );
}

#[test]
fn an_episode_ends_with_calm_and_caps_outlive_it() {
    let mut ladder = Ladder::new(policy(0, 0, 2, 0), []);
    let mut all = Vec::new();
    for round in 0..4 {
        let start = round * 100;
        all.extend(taken(&mut ladder, start..start + 3, |now| {
            view(now, Some((Trouble::Absent, start)))
        }));
        assert_eq!(ladder.highest(), Some(Rung::Page));
        // A moment without trouble is not its end.
        assert!(ladder.decide(&view(start + 4, None)).is_empty());
        assert!(ladder.paged().is_some());
        assert_eq!(ladder.decide(&view(start + 20, None)), [Decision::Over]);
        assert_eq!((ladder.paged(), ladder.highest()), (None, None));
    }
    let units = all.iter().filter(|(_, rung)| *rung == Rung::RestartUnit).count();
    let pages = all.iter().filter(|(_, rung)| *rung == Rung::Page).count();
    assert_eq!((units, pages), (2, 4), "{all:?}");
}

#[test]
fn the_past_is_counted_and_a_failed_step_is_not_waited_for() {
    let past = [(at(0), Rung::RestartUnit), (at(1), Rung::RestartUnit)];
    let mut ladder = Ladder::new(policy(0, 0, 2, 1_000), past);
    let absent = view(50, Some((Trouble::Absent, 0)));
    assert_eq!(
        ladder.decide(&absent),
        [
            Decision::Refuse(Rung::RestartUnit, Trouble::Absent, Refusal::Capped),
            Decision::Take(Rung::Page, Trouble::Absent),
        ]
    );
    let mut ladder = Ladder::new(policy(0, 0, 2, 1_000), []);
    let hung = |now| view(now, Some((Trouble::Hung, 0)));
    assert_eq!(
        ladder.decide(&hung(0)),
        [Decision::Take(Rung::Restart, Trouble::Hung)]
    );
    assert!(ladder.decide(&hung(1)).is_empty());
    ladder.failed();
    assert_eq!(
        ladder.decide(&hung(2)),
        [Decision::Take(Rung::RestartUnit, Trouble::Hung)]
    );
}

/// What may happen to the ladder in a stretch of time.
#[derive(Debug, Clone)]
struct Stretch {
    seconds: u64,
    trouble: Option<Trouble>,
    in_window: bool,
    ibc: bool,
    unit: bool,
    login_expired: bool,
}

fn stretch() -> impl Strategy<Value = Stretch> {
    let trouble = prop::option::weighted(0.8, (0..Trouble::ALL.len()).prop_map(|index| Trouble::ALL[index]));
    let flags = (
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.8),
        any::<bool>(),
        prop::bool::weighted(0.2),
    );
    (1_u64..20_000, trouble, flags).prop_map(|(seconds, trouble, flags)| Stretch {
        seconds,
        trouble,
        in_window: flags.0,
        ibc: flags.1,
        unit: flags.2,
        login_expired: flags.3,
    })
}

proptest! {
    #[test]
    fn no_history_breaks_a_rule(
        stretches in prop::collection::vec(stretch(), 1..40),
        after in 0_u64..600, cool_down in 0_u64..4_000, per_day in 0_u32..4, settle in 0_u64..600,
    ) {
        const STEP: u64 = 17;
        let policy = policy(after, cool_down, per_day, settle);
        let mut ladder = Ladder::new(policy, []);
        let mut uses: Vec<(u64, Rung)> = Vec::new();
        let mut called: Vec<Trouble> = Vec::new();
        let (mut now, mut since, mut outside, mut last) = (0, 0, 0, None);
        for stretch in stretches {
            let end = now + stretch.seconds;
            while now < end {
                if stretch.trouble != last {
                    (since, outside, last) = (now, now, stretch.trouble);
                }
                if stretch.in_window {
                    outside = now;
                }
                let mut seen = view(now, stretch.trouble.map(|trouble| (trouble, since)));
                if let Some(lasting) = &mut seen.trouble {
                    lasting.since_outside = at(outside);
                }
                (seen.in_window, seen.ibc, seen.unit) = (stretch.in_window, stretch.ibc, stretch.unit);
                seen.login_expired = stretch.login_expired;
                for decision in ladder.decide(&seen) {
                    let (rung, trouble) = match decision {
                        Decision::Take(rung, trouble) => (rung, trouble),
                        Decision::Refuse(..) => continue,
                        Decision::Over => {
                            called.clear();
                            continue;
                        }
                    };
                    prop_assert!(!called.contains(&trouble), "it acted after it had called for help");
                    if rung == Rung::Page {
                        called.push(trouble);
                    }
                    prop_assert!(Some(trouble) == stretch.trouble && trouble.route().contains(&rung));
                    prop_assert!(rung <= Rung::Reopen || !stretch.in_window, "{rung:?} in a window");
                    let lasted = now - if rung <= Rung::Reopen { since } else { outside };
                    let at_once = rung == Rung::Page && trouble.pages_at_once();
                    prop_assert!(at_once || lasted >= after, "{rung:?} after {lasted}");
                    match rung {
                        Rung::ReconnectData | Rung::ReconnectAccount => prop_assert!(stretch.ibc),
                        Rung::Restart => prop_assert!(stretch.ibc && !stretch.login_expired),
                        Rung::RestartUnit => prop_assert!(stretch.unit),
                        Rung::Rerequest | Rung::Reopen | Rung::Page => {}
                    }
                    if rung != Rung::Page {
                        let mut same = uses.iter().filter(|(_, used)| *used == rung);
                        let today = same.clone().filter(|(when, _)| now - when < 86_400).count();
                        prop_assert!((today as u32) < per_day, "{rung:?} above its cap");
                        let rested = same.next_back().is_none_or(|(when, _)| now - when >= cool_down);
                        prop_assert!(rested, "{rung:?} while it rested");
                    }
                    uses.push((now, rung));
                }
                now += STEP;
            }
        }
        // From here on nothing helps, outside any window: the operator is called in the end.
        let stuck = now;
        let stale = Trouble::StaleStreams;
        let mut paged = called.contains(&stale);
        while !paged && now < stuck + 100_000 {
            let decisions = ladder.decide(&view(now, Some((stale, stuck))));
            paged = decisions.contains(&Decision::Take(Rung::Page, stale));
            now += STEP;
        }
        prop_assert!(paged);
    }
}

#[test]
fn another_trouble_gets_the_rungs_that_are_left() {
    let mut ladder = Ladder::new(policy(0, 0, 5, 0), []);
    let held = view(0, Some((Trouble::ClientIdHeld, 0)));
    assert_eq!(
        ladder.decide(&held),
        [Decision::Take(Rung::Page, Trouble::ClientIdHeld)]
    );
    let steps = taken(&mut ladder, 1..10, |now| view(now, Some((Trouble::Hung, 1))));
    assert_eq!(
        steps,
        [(1, Rung::Restart), (2, Rung::RestartUnit), (3, Rung::Page)]
    );
    // Called for once, each.
    assert!(
        ladder
            .decide(&view(11, Some((Trouble::ClientIdHeld, 0))))
            .is_empty()
    );
}
