//! What sets steps off, how often, and by chance.

use std::time::Duration;

use super::action::Action;
use super::notices::notice_text;
use super::script::{Dice, Script, nanos};
use super::step::{Passage, Passing, Region, Step, Trigger};
use super::window::{Vintage, next_window};

fn script(steps: Vec<Step>) -> Script {
    Script::new(steps, 1, |trigger| match trigger {
        Trigger::At(at) => Some(nanos(*at)),
        _ => None,
    })
}

fn step(trigger: Trigger) -> Step {
    Step::new(trigger, Action::Clear)
}

fn all_due(script: &mut Script, now: u64) -> Vec<String> {
    std::iter::from_fn(|| script.due(now))
        .map(|fired| fired.step)
        .collect()
}

#[test]
fn times_come_in_order_and_again() {
    let at = |seconds| Trigger::At(Duration::from_secs(seconds));
    let repeated = Step {
        every: Some(Duration::from_secs(2)),
        times: Some(3),
        ..step(at(1))
    };
    let mut script = script(vec![step(at(4)), repeated]);
    assert_eq!(script.next_due(), Some(1_000_000_000));
    assert_eq!(all_due(&mut script, 999_999_999), Vec::<String>::new());
    assert_eq!(all_due(&mut script, 60_000_000_000), ["2", "2", "1", "2"]);
    assert_eq!(script.next_due(), None);
}

#[test]
fn messages_are_counted_where_they_fit() {
    let passage = Passage {
        messages: vec![3],
        nth: Some(2),
        client: Some(7),
        ..Passage::default()
    };
    let mut script = script(vec![step(Trigger::On(passage))]);
    let passing = |message, client| Passing {
        message,
        client: Some(client),
        ..Passing::default()
    };
    let mut fires = |passing| !script.arrived(&passing, 0).is_empty();
    assert!(!fires(passing(3, 7)));
    assert!(!fires(passing(4, 7)));
    assert!(!fires(passing(3, 8)));
    assert!(fires(passing(3, 7)));
    assert!(!fires(passing(3, 7)));
}

#[test]
fn steps_follow_steps_and_commands() {
    let named = Step {
        name: Some("first".to_owned()),
        ..step(Trigger::Command)
    };
    let follower = step(Trigger::After {
        step: "first".to_owned(),
        wait: Duration::from_secs(1),
    });
    let mut script = script(vec![named, follower]);
    assert_eq!(script.next_due(), None);
    assert!(script.inject("second", 0).is_none());
    assert_eq!(script.inject("first", 5).unwrap().step, "first");
    assert_eq!(script.next_due(), Some(1_000_000_005));
    assert_eq!(all_due(&mut script, 1_000_000_005), ["2"]);
}

#[test]
fn one_seed_is_one_fate() {
    let fates = |seed| {
        let maybe = Step {
            chance: 0.5,
            ..step(Trigger::On(Passage::default()))
        };
        let mut script = Script::new(vec![maybe], seed, |_| None);
        let fate = |_| !script.arrived(&Passing::default(), 0).is_empty();
        (0..64).map(fate).collect::<Vec<bool>>()
    };
    assert_eq!(fates(1), fates(1));
    assert_ne!(fates(1), fates(2));
    let hits = fates(3).into_iter().filter(|hit| *hit).count();
    assert!((16..48).contains(&hits), "{hits}");
}

#[test]
fn dice_know_certainty() {
    let mut dice = Dice::new(9);
    assert!((0..1000).all(|_| dice.chance(1.0)));
    assert!((0..1000).all(|_| !dice.chance(0.0)));
    assert!((0..1000).all(|_| dice.below(3) < 3));
    assert_eq!(dice.below(0), 0);
}

#[test]
fn windows_follow_their_zone_through_the_year() {
    // 2026-01-15 and 2026-07-15, both at noon UTC.
    let (winter, summer) = (1_768_478_400, 1_784_116_800);
    let hour_of_day = |begin: i64| begin.rem_euclid(86_400) / 60;
    let begin = |vintage, region, after| next_window(vintage, region, after).unwrap();
    let (begins, length) = begin(Vintage::Recent, Region::NorthAmerica, winter);
    assert_eq!((hour_of_day(begins), length), (5 * 60 + 15, 5_400));
    assert_eq!(
        hour_of_day(begin(Vintage::Recent, Region::NorthAmerica, summer).0),
        4 * 60 + 15
    );
    assert_eq!(
        hour_of_day(begin(Vintage::Padded, Region::Europe, winter).0),
        4 * 60 + 30
    );
    assert_eq!(
        hour_of_day(begin(Vintage::December2024, Region::Asia, summer).0),
        12 * 60 + 15
    );
    for after in (winter..winter + 86_400).step_by(7_200) {
        let (begins, _) = begin(Vintage::Recent, Region::Europe, after);
        assert!((after..after + 86_400).contains(&begins), "{after}");
    }
}

#[test]
fn known_notices_have_their_texts() {
    assert!(notice_text(1102).contains("data maintained"));
    assert!(notice_text(2103).ends_with(":usfarm"));
    assert_eq!(notice_text(1), "Notice from the fault script");
}
