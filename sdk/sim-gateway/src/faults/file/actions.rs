//! What a step does: the word after `do`, and the keys that go with it.

use std::time::Duration;

use super::keys::Keys;
use super::{ScenarioError, behaviours};
use crate::faults::action::{
    Action, Corruption, Door, End, FrameFault, Frames, Lifecycle, LifecycleKind, Pace, Tampering, Target,
};
use crate::faults::response_number;

const ENDS: [(&str, End); 3] = [("close", End::Close), ("fin", End::Fin), ("rst", End::Rst)];

/// What can be done.
const KNOWN: &str = "drop, fin, rst, refuse, open, accept-silent, accept-close, wedge, freeze, thaw, \
    half-open, backpressure, dribble, corrupt, delay, drop-frames, mute, duplicate-frames, delay-frames, \
    reorder-frames, extra-fields, notice, version, lose, late, duplicate, pace, lifecycle, approve, \
    link-down, link-up, price, fill, stop, clear, reject, hold-id, rollback-id, read-only, dialog, release, \
    split-perm, entitle, clock, connection-time, execution-times, lie, honest, ext-order, ext-fill, \
    ext-liquidation, ext-position, correct";

/// The word and the action of a step; `lasting` is its `for`, which some actions are about.
pub(super) fn action(
    keys: &mut Keys<'_>,
    lasting: Option<Duration>,
) -> Result<(String, Action), ScenarioError> {
    let word = keys.text("do")?;
    let word = keys.need("do = \"…\"", "a step", word)?;
    let found = match connection(keys, &word, lasting)? {
        Some(action) => Some(action),
        None => match frames(keys, &word)? {
            Some(action) => Some(action),
            None => match session(keys, &word, lasting)? {
                Some(action) => Some(action),
                None => behaviours::behaviour(keys, &word)?.map(Action::Behave),
            },
        },
    };
    match found {
        Some(action) => Ok((word, action)),
        None => Err(keys.complaint(format!("do = {word:?} is not known; known are {KNOWN}"))),
    }
}

fn connection(
    keys: &mut Keys<'_>,
    word: &str,
    lasting: Option<Duration>,
) -> Result<Option<Action>, ScenarioError> {
    Ok(Some(match word {
        "drop" | "fin" | "rst" => {
            let how = match word {
                "drop" => End::Close,
                "fin" => End::Fin,
                _ => End::Rst,
            };
            Action::Disconnect {
                to: keys.target()?,
                how,
            }
        }
        "refuse" => Action::Refuse(lasting),
        "open" => Action::Door(Door::Open),
        "accept-silent" => Action::Door(Door::Silent),
        "accept-close" => Action::Door(Door::Slam(keys.choice("how", &ENDS)?.unwrap_or(End::Fin))),
        "wedge" => Action::Door(Door::Wedged),
        "freeze" | "thaw" => Action::Freeze {
            to: keys.target()?,
            on: word == "freeze",
        },
        "half-open" => Action::HalfOpen {
            to: keys.target()?,
            noticed: keys.flag("noticed")?.unwrap_or(false),
        },
        "backpressure" => {
            let rate = keys.whole("rate")?;
            Action::Backpressure {
                to: keys.target()?,
                rate: u64::from(keys.need("rate = bytes a second", word, rate)?),
            }
        }
        "dribble" => Action::Dribble {
            to: keys.target()?,
            bytes: usize::try_from(keys.whole("bytes")?.unwrap_or(1)).unwrap_or(1),
            every: keys.time("pause")?.unwrap_or(Duration::from_millis(1)),
        },
        "corrupt" => {
            let kind = keys.choice("kind", &Corruption::NAMES)?;
            Action::Corrupt {
                to: keys.target()?,
                kind: keys.need("kind = \"garbage\"", word, kind)?,
            }
        }
        _ => return Ok(None),
    }))
}

fn frames(keys: &mut Keys<'_>, word: &str) -> Result<Option<Action>, ScenarioError> {
    let what = match word {
        "drop-frames" | "mute" => Tampering::Drop,
        "duplicate-frames" => Tampering::Duplicate(keys.whole("copies")?.unwrap_or(1)),
        "delay-frames" => {
            let by = keys.time("by")?;
            Tampering::Delay(keys.need("by = \"200ms\"", word, by)?)
        }
        "reorder-frames" if !keys.has("frames") => {
            return Err(keys.complaint("reorder-frames needs frames = [\"execDetails\"]; add it"));
        }
        "reorder-frames" => match keys.messages("until", response_number)?.as_deref() {
            Some([message]) => Tampering::After(*message),
            Some(_) => return Err(keys.complaint("until takes one message")),
            None => Tampering::Shuffle(usize::try_from(keys.whole("group")?.unwrap_or(2)).unwrap_or(2)),
        },
        "extra-fields" => Tampering::ExtraFields,
        _ => return Ok(None),
    };
    let messages = keys.messages("frames", response_number)?;
    let about = keys.number("about")?;
    let to = keys.target()?;
    // Without any of them it is about the very frame, or the answers to the message, that set it off.
    let named = messages.is_some() || about.is_some() || to != Target::All || word == "mute";
    Ok(Some(Action::Frames(FrameFault {
        frames: named.then(|| Frames {
            messages: messages.unwrap_or_default(),
            about,
            to,
        }),
        what,
        count: keys.whole("count")?,
        share: keys.probability("share")?.unwrap_or(1.0),
    })))
}

fn session(
    keys: &mut Keys<'_>,
    word: &str,
    lasting: Option<Duration>,
) -> Result<Option<Action>, ScenarioError> {
    Ok(Some(match word {
        "notice" => {
            let code = keys.number("code")?;
            Action::Notice {
                to: keys.target()?,
                code: keys.need("code = 1100", word, code)?,
                text: keys.text("text")?,
                about: keys.number("about")?.unwrap_or(-1),
            }
        }
        "version" => {
            let version = keys.number("version")?;
            Action::Version(keys.need("version = 150", word, version)?)
        }
        "delay" => {
            let by = keys.time("by")?;
            Action::Delay(keys.need("by = \"50ms\"", word, by)?)
        }
        "duplicate" => Action::Duplicate,
        "lose" => Action::Lose,
        "late" => {
            let by = keys.time("by")?;
            Action::Late(keys.need("by = \"30s\"", word, by)?)
        }
        "pace" => pace(keys)?,
        "lifecycle" => lifecycle(keys, lasting)?,
        "approve" => Action::Approve,
        "link-down" => Action::LinkDown {
            restored: keys
                .choice("restored", &[("1101", 1101), ("1102", 1102)])?
                .unwrap_or(1102),
        },
        "price" => {
            let (symbol, value) = (keys.text("of")?, keys.decimal("value")?);
            Action::Price {
                symbol: keys.need("of = \"AAPL\"", word, symbol)?,
                value: keys.need("value = 199.5", word, value)?,
            }
        }
        "fill" => {
            let order = keys.number("order")?;
            Action::Fill {
                client: keys.number("owner")?,
                order: keys.need("order = 7", word, order)?,
                quantity: keys.decimal("quantity")?,
            }
        }
        "stop" => {
            let step = keys.text("step")?;
            Action::Stop(keys.need("step = \"a step\"", word, step)?)
        }
        "clear" => Action::Clear,
        _ => return Ok(None),
    }))
}

fn pace(keys: &mut Keys<'_>) -> Result<Action, ScenarioError> {
    let rate = keys.whole("rate")?.unwrap_or(50);
    let modes = [
        ("none", Pace::Free),
        ("reject", Pace::Reject(rate)),
        ("slow", Pace::Slow(rate)),
    ];
    let mode = keys.choice("mode", &modes)?;
    Ok(Action::Pace(keys.need("mode = \"reject\"", "pace", mode)?))
}

fn lifecycle(keys: &mut Keys<'_>, lasting: Option<Duration>) -> Result<Action, ScenarioError> {
    let kinds = [
        ("restart", LifecycleKind::Restart),
        ("logoff", LifecycleKind::LogOff),
        ("cold", LifecycleKind::Cold),
    ];
    let kind = keys.choice("kind", &kinds)?;
    Ok(Action::Lifecycle(Lifecycle {
        kind: keys.need("kind = \"restart\"", "lifecycle", kind)?,
        down: lasting.unwrap_or(Duration::from_secs(30)),
        boot: keys.time("boot")?.unwrap_or(Duration::ZERO),
        roll_back: keys.number("rollback")?.unwrap_or(0),
    }))
}
