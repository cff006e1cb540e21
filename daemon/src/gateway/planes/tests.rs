use std::time::Duration;

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

use super::farms::{FARMS_MAX, Farms, kind_by_code};
use super::upstream::Upstream;
use crate::domain::session::{FarmKind, FarmState};
use crate::domain::time::Timestamp;

fn second(seconds: u64) -> Timestamp {
    Timestamp::from_nanos(1_000_000_000 * (1_000_000 + seconds))
}

const PATIENCE: Duration = Duration::from_secs(30);

fn up() -> Upstream {
    let mut upstream = Upstream::new(second(0));
    upstream.session_began(second(0));
    upstream
}

#[test]
fn repetitions_are_one_edge() {
    let mut upstream = up();
    assert!(upstream.lost(second(1)));
    for repeat in 2..60 {
        assert!(!upstream.lost(second(repeat)));
    }
    assert_eq!(upstream.since(), second(1));
    assert!(upstream.restored(second(70), false));
    assert!(!upstream.restored(second(71), false));
    assert!(upstream.is_up());
}

#[test]
fn lost_data_is_news_even_out_of_the_blue() {
    let mut upstream = up();
    assert!(!upstream.restored(second(1), false), "nothing was lost");
    assert!(upstream.restored(second(2), true));
    assert!(!upstream.restored(second(4), true), "an echo");
    assert!(upstream.restored(second(20), true));
}

#[test]
fn an_answer_stands_in_for_the_word_that_never_comes() {
    let mut upstream = up();
    upstream.lost(second(10));
    assert!(
        !upstream.answered(second(9), second(50), PATIENCE),
        "asked before the loss"
    );
    assert!(
        !upstream.answered(second(20), second(60), PATIENCE),
        "asked too soon after it"
    );
    assert!(upstream.answered(second(40), second(61), PATIENCE));
    assert_eq!(upstream.since(), second(61));
    assert!(
        !upstream.restored(second(62), true),
        "the word comes late: nothing is done twice"
    );
}

#[test]
fn conclusions_that_proved_wrong_are_drawn_later() {
    let mut upstream = up();
    let mut at = 0;
    let mut waits = Vec::new();
    for _ in 0..8 {
        assert!(upstream.lost(second(at)));
        let lost = at;
        while !upstream.answered(second(at), second(at), PATIENCE) {
            at += 1;
        }
        waits.push(at - lost);
        at += 10;
    }
    assert_eq!(waits, [30, 60, 120, 240, 480, 960, 960, 960]);
    // The gateway's own word mends the trust.
    upstream.lost(second(at));
    assert!(upstream.restored(second(at + 1), false));
    upstream.lost(second(at + 2));
    assert!(upstream.answered(second(at + 32), second(at + 32), PATIENCE));
}

#[test]
fn farms_have_a_state_each_since_when() {
    let mut farms = Farms::default();
    let market = FarmKind::MarketData;
    let edge = farms
        .told(second(1), "usfarm", market, FarmState::Connecting)
        .unwrap();
    assert_eq!((edge.from, edge.farm.state), (None, FarmState::Connecting));
    let edge = farms.told(second(2), "usfarm", market, FarmState::Up).unwrap();
    assert_eq!(edge.from, Some(FarmState::Connecting));
    assert_eq!(farms.told(second(3), "usfarm", market, FarmState::Up), None);
    farms
        .told(second(4), "ushmds", FarmKind::History, FarmState::Broken)
        .unwrap();
    let rows = farms.rows();
    assert_eq!((rows[0].since, rows[0].notices), (second(2), 3));
    assert_eq!(
        (rows[1].state, rows[1].kind),
        (FarmState::Broken, FarmKind::History)
    );
    // 1102 names those that work.
    let named = ["usfarm", "ushmds", "secdefil"].map(String::from);
    let edges = farms.seed(second(9), &named);
    let names: Vec<&str> = edges.iter().map(|edge| edge.farm.name.as_str()).collect();
    assert_eq!(names, ["ushmds", "secdefil"]);
    assert_eq!(farms.rows()[0].kind, FarmKind::Definitions);
    assert_eq!(farms.forget().len(), 3);
    assert!(farms.rows().is_empty());
}

#[test]
fn codes_say_what_a_farm_serves() {
    let cases = [
        (2103, FarmKind::MarketData),
        (2104, FarmKind::MarketData),
        (2105, FarmKind::History),
    ];
    let cases = cases
        .into_iter()
        .chain([(2106, FarmKind::History), (2107, FarmKind::History)]);
    let cases = cases.chain([(2108, FarmKind::MarketData), (2119, FarmKind::MarketData)]);
    for (code, kind) in cases.chain([(2157, FarmKind::Definitions), (2158, FarmKind::Definitions)]) {
        assert_eq!(kind_by_code(code), kind, "{code}");
    }
}

#[test]
fn a_gateway_cannot_name_farms_without_end() {
    let mut farms = Farms::default();
    for index in 0..1_000 {
        farms.told(
            second(1),
            &format!("farm{index}"),
            FarmKind::MarketData,
            FarmState::Up,
        );
    }
    assert_eq!(farms.rows().len(), FARMS_MAX);
    assert_eq!(
        farms.told(second(1), "", FarmKind::MarketData, FarmState::Up),
        None
    );
}

#[derive(Debug, Clone, Copy)]
enum Word {
    Lost,
    Restored(bool),
    Answered(u64),
}

fn word() -> impl Strategy<Value = Word> {
    prop_oneof![
        Just(Word::Lost),
        any::<bool>().prop_map(Word::Restored),
        (0_u64..100).prop_map(Word::Answered),
    ]
}

proptest! {
    /// Losses and returns alternate whatever is said, and `since` is the instant of the last change.
    #[test]
    fn edges_alternate(words in proptest::collection::vec((word(), 0_u64..40), 0..200)) {
        let mut upstream = up();
        let (mut now, mut was_up, mut since) = (0, true, second(0));
        for (word, pause) in words {
            now += pause;
            let told = match word {
                Word::Lost => upstream.lost(second(now)),
                Word::Restored(data_lost) => upstream.restored(second(now), data_lost),
                Word::Answered(ago) => {
                    upstream.answered(second(now.saturating_sub(ago)), second(now), PATIENCE)
                }
            };
            if upstream.is_up() != was_up {
                assert!(told);
                was_up = upstream.is_up();
                since = second(now);
            } else if told {
                assert!(matches!(word, Word::Restored(true)) && was_up);
            }
            assert_eq!(upstream.since(), since);
        }
    }
}
