//! Scenario files: what they mean, and what is said of those that mean nothing.

use std::time::Duration;

use super::action::{Action, Door, End, FrameFault, Frames, Pace, Tampering, Target};
use super::file::Scenario;
use super::step::{Passage, Step, Trigger};
use super::window::Vintage;
use super::{Corrections, request_name, request_number, response_name, response_number};
use crate::gateway::conduct::{Behaviour, Entitlement};
use crate::wire::ids::{request, response};

fn one(keys: &str) -> Step {
    let scenario = Scenario::parse("test.toml", &format!("[[step]]\n{keys}")).unwrap();
    let [step] = scenario.steps.try_into().unwrap();
    step
}

#[test]
fn triggers_are_times_messages_steps_and_commands() {
    let trigger = |keys: &str| one(&format!("{keys}\ndo = \"clear\"\n")).trigger;
    assert_eq!(trigger("at = \"1.5s\""), Trigger::At(Duration::from_millis(1500)));
    assert_eq!(trigger("at = \"2h\""), Trigger::At(Duration::from_secs(7200)));
    assert_eq!(
        trigger("on = \"placeOrder\"\nnth = 3\nclient = 7\nsymbol = \"AAPL\"\nid = 5"),
        Trigger::On(Passage {
            messages: vec![request::PLACE_ORDER],
            nth: Some(3),
            client: Some(7),
            symbol: Some("AAPL".to_owned()),
            about: Some(5),
        })
    );
    let both = vec![response::ORDER_STATUS, 11];
    let before = trigger("before = [\"orderStatus\", 11]");
    assert!(matches!(before, Trigger::Before(passage) if passage.messages == both));
    assert!(matches!(trigger("on = \"*\""), Trigger::On(passage) if passage.messages.is_empty()));
    assert_eq!(trigger("name = \"x\""), Trigger::Command);
}

#[test]
fn actions_have_their_parameters() {
    let action = |keys: &str| one(&format!("at = \"1s\"\n{keys}\n")).action;
    assert_eq!(
        action("do = \"rst\"\nto = 7"),
        Action::Disconnect {
            to: Target::Client(7),
            how: End::Rst
        }
    );
    assert_eq!(action("do = \"wedge\""), Action::Door(Door::Wedged));
    assert_eq!(
        action("do = \"refuse\"\nfor = \"2s\""),
        Action::Refuse(Some(Duration::from_secs(2)))
    );
    assert_eq!(
        action("do = \"pace\"\nmode = \"reject\""),
        Action::Pace(Pace::Reject(50))
    );
    let drop = |frames, share| {
        Action::Frames(FrameFault {
            frames,
            what: Tampering::Drop,
            count: None,
            share,
        })
    };
    let statuses = Frames {
        messages: vec![response::ORDER_STATUS],
        about: Some(4),
        to: Target::All,
    };
    assert_eq!(
        action("do = \"drop-frames\"\nframes = \"orderStatus\"\nabout = 4\nshare = 0.25"),
        drop(Some(statuses), 0.25)
    );
    assert_eq!(action("do = \"drop-frames\""), drop(None, 1.0));
    assert_eq!(
        action("do = \"clock\"\njump = \"-30m\""),
        Action::Behave(Behaviour::JumpClock(-1_800_000))
    );
    assert_eq!(
        action("do = \"entitle\"\nas = \"competing\""),
        Action::Behave(Behaviour::Entitle {
            symbol: None,
            entitlement: Entitlement::Competing(10)
        })
    );
}

#[test]
fn a_time_goes_off_once_and_a_message_always() {
    let step = |keys: &str| one(&format!("{keys}\ndo = \"clear\"\n"));
    assert_eq!(step("at = \"1s\"").times, Some(1));
    assert_eq!(step("at = \"1s\"\nevery = \"2s\"").times, None);
    assert_eq!(step("at = \"1s\"\nevery = \"2s\"\ntimes = 4").times, Some(4));
    assert_eq!(step("on = \"placeOrder\"").times, None);
    assert_eq!(step("on = \"placeOrder\"\nchance = 0.5").chance, 0.5);
}

#[test]
fn the_one_line_form_makes_the_same_steps() {
    let line = |text: &str| text.parse::<Step>().unwrap();
    assert_eq!(
        line("at=2s refuse=3s").action,
        one("at = \"2s\"\ndo = \"refuse\"\nfor = \"3s\"").action
    );
    assert_eq!(line("at=2s notice=1100"), {
        let mut step = one("at = \"2s\"\ndo = \"notice\"\ncode = 1100");
        step.times = None;
        step
    });
    let order = one("on = \"placeOrder\"\nnth = 3\ndo = \"reject\"\ncode = 110");
    assert_eq!(line("order=3 reject=110"), order);
}

/// A file, the line that is wrong in it, and a part of what is said of it.
const COMPLAINTS: [(&str, usize, &str); 19] = [
    (
        "[[step]]\nat = \"1s\"\ndo = \"drop\"\ncolour = 1\n",
        4,
        "\"colour\" is no key",
    ),
    (
        "[[step]]\nat = \"1s\"\ndo = \"explode\"\n",
        1,
        "known are drop, fin",
    ),
    ("[[step]]\nat = \"1s\"\n", 1, "a step needs do = "),
    (
        "[[step]]\ndo = \"drop\"\n",
        1,
        "nothing sets this step off; give it at",
    ),
    (
        "[[step]]\nat = \"1s\"\non = \"placeOrder\"\ndo = \"drop\"\n",
        1,
        "more than one thing",
    ),
    (
        "\n\n[[step]]\nat = 5\ndo = \"drop\"\n",
        4,
        "at = 5 makes no sense; give a time such as",
    ),
    ("[[step]]\nat = \"5\"\ndo = \"drop\"\n", 2, "give a time such as"),
    (
        "[[step]]\non = \"placeOder\"\ndo = \"drop\"\n",
        2,
        "the name or number of a message",
    ),
    (
        "[[step]]\nat = \"1s\"\ndo = \"notice\"\n",
        1,
        "notice needs code = 1100; add it",
    ),
    (
        "[[step]]\nat = \"1s\"\ndo = \"drop\"\nchance = 7\n",
        4,
        "a probability from 0.0 to 1.0",
    ),
    (
        "[[step]]\non = \"*\"\nevery = \"1s\"\ndo = \"drop\"\n",
        1,
        "every goes with at",
    ),
    (
        "[[step]]\nat = \"1s\"\ndo = \"corrupt\"\nkind = \"odd\"\n",
        4,
        "one of garbage, bad-length",
    ),
    (
        "[[step]]\nat = \"1s\"\ndo = \"reorder-frames\"\n",
        1,
        "reorder-frames needs frames",
    ),
    (
        "[[step]]\nafter = \"x\"\ndo = \"drop\"\n",
        1,
        "none is called that; give that step name",
    ),
    ("[unknowns]\nfashion = 1\n", 2, "unknown field `fashion`"),
    (
        "[unknowns]\nclient_id_hold = \"20\"\n",
        2,
        "give one such as \"20s\"",
    ),
    ("[unknowns.texts]\nabc = \"x\"\n", 1, "\"abc\" is no code"),
    ("seed = \n", 1, ""),
    ("steps = []\n", 1, "unknown field `steps`"),
];

#[test]
fn complaints_say_where_and_what_to_do() {
    for (text, line, what) in COMPLAINTS {
        let error = Scenario::parse("test.toml", text).unwrap_err();
        assert_eq!(error.line, line, "{text}: {error}");
        assert!(error.what.contains(what), "{text}: {error}");
        assert!(error.to_string().starts_with("test.toml:"), "{error}");
    }
    let twice = "[[step]]\nname = \"a\"\ndo = \"drop\"\n[[step]]\nname = \"a\"\ndo = \"drop\"\n";
    assert!(
        Scenario::parse("", twice)
            .unwrap_err()
            .what
            .contains("give this one another name")
    );
    assert!(
        Scenario::load("/no/such/file".as_ref())
            .unwrap_err()
            .what
            .contains("cannot be read")
    );
}

#[test]
fn unknowns_are_switches() {
    let text = "[unknowns]\nclient_id_hold = \"20s\"\ncorrections = \"delta\"\nreset_windows = \"padded\"\n\
                restored_keeps_streams = false\n[unknowns.texts]\n10185 = \"so\"\n";
    let unknowns = Scenario::parse("", text).unwrap().unknowns;
    assert_eq!(unknowns.client_id_hold, Duration::from_secs(20));
    assert_eq!(unknowns.corrections, Corrections::Delta);
    assert_eq!(unknowns.reset_windows, Vintage::Padded);
    assert!(!unknowns.restored_keeps_streams && unknowns.maintain_and_resubmit);
    assert_eq!(unknowns.texts.get(&10185).map(String::as_str), Some("so"));
    assert_eq!(Scenario::parse("", "").unwrap(), Scenario::default());
}

#[test]
fn the_scenarios_shipped_are_understood() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let scenario = Scenario::load(&path).unwrap_or_else(|error| panic!("{error}"));
        assert!(!scenario.steps.is_empty(), "{}", path.display());
        count += 1;
    }
    assert!(count >= 8);
}

#[test]
fn names_of_messages_lead_to_numbers_and_back() {
    for number in 0..=200 {
        assert_eq!(request_number(&request_name(number)), Some(number));
        assert_eq!(response_number(&response_name(number)), Some(number));
    }
    assert_eq!(request_number("PLACEORDER"), Some(3));
    assert_eq!(response_number("nonsense"), None);
}
