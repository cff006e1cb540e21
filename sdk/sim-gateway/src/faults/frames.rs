//! Faults of frames on their way to clients: dropped, doubled, late, in another order, with too much in them.

use std::time::Duration;

use super::action::{FrameFault, Tampering, Target};
use super::damage::add_fields;
use super::log::Log;
use super::names::response_name;
use super::script::{Dice, nanos};
use crate::gateway::Output;

/// How long a frame is held for others that may never come.
const PATIENCE: Duration = Duration::from_secs(2);

/// A frame on its way, with what faults ask about it.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) output: Output,
    pub(crate) message: u32,
    pub(crate) client: Option<i32>,
    pub(crate) about: Option<i32>,
    pub(crate) text: bool,
}

/// A frame that may leave, now or so many nanoseconds later.
pub(crate) type Leaving = (u64, Frame);

#[derive(Debug)]
struct Rule {
    step: String,
    fault: FrameFault,
    to: Option<i32>,
    left: Option<u32>,
    until: Option<u64>,
    held: Vec<Frame>,
    held_since: u64,
}

/// The faults of frames in force, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rules: Vec<Rule>,
}

impl Rules {
    /// Puts a fault in force; `sender` is the client its message came from.
    pub(crate) fn add(&mut self, step: &str, fault: FrameFault, sender: Option<i32>, until: Option<u64>) {
        let to = match fault.frames.as_ref().map(|frames| frames.to) {
            Some(Target::Sender) => sender,
            Some(Target::Client(client)) => Some(client),
            Some(Target::All) | None => None,
        };
        self.rules.push(Rule {
            step: step.to_owned(),
            to,
            left: fault.count,
            fault,
            until,
            held: Vec::new(),
            held_since: 0,
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Ends all of them; what they held.
    pub(crate) fn clear(&mut self) -> Vec<Frame> {
        self.rules.drain(..).flat_map(|rule| rule.held).collect()
    }

    /// Ends those of one step; what they held.
    pub(crate) fn end(&mut self, step: &str) -> Vec<Frame> {
        let ended = self.rules.extract_if(.., |rule| rule.step == step);
        ended.flat_map(|rule| rule.held).collect()
    }

    /// When one of them next has something to do, nanoseconds.
    pub(crate) fn next_due(&self) -> Option<u64> {
        let held = |rule: &Rule| (!rule.held.is_empty()).then(|| rule.held_since + nanos(PATIENCE));
        let due = |rule: &Rule| held(rule).into_iter().chain(rule.until).min();
        self.rules.iter().filter_map(due).min()
    }

    /// Ends what is over by now and gives up waiting; what was held for that.
    pub(crate) fn expire(&mut self, now: u64) -> Vec<Frame> {
        let mut freed = Vec::new();
        for rule in &mut self.rules {
            let over = rule.until.is_some_and(|until| until <= now);
            if over || rule.held_since + nanos(PATIENCE) <= now {
                freed.append(&mut rule.held);
            }
        }
        self.rules
            .retain(|rule| rule.until.is_none_or(|until| until > now) && !rule.is_spent());
        freed
    }

    /// What becomes of one frame.
    pub(crate) fn pass(&mut self, frame: Frame, now: u64, dice: &mut Dice, log: &mut Log) -> Vec<Leaving> {
        let mut leaving = vec![(0, frame)];
        for rule in &mut self.rules {
            let mut after = Vec::new();
            for (wait, frame) in leaving {
                rule.pass(wait, frame, now, dice, log, &mut after);
            }
            leaving = after;
        }
        self.rules.retain(|rule| !rule.is_spent());
        leaving
    }
}

impl Rule {
    fn is_spent(&self) -> bool {
        self.left == Some(0) && self.held.is_empty()
    }

    fn concerns(&self, frame: &Frame) -> bool {
        let asked = self.fault.frames.as_ref();
        self.left != Some(0)
            && self.to.is_none_or(|to| frame.client == Some(to))
            && asked.is_none_or(|asked| {
                (asked.messages.is_empty() || asked.messages.contains(&frame.message))
                    && asked.about.is_none_or(|about| frame.about == Some(about))
            })
    }

    fn pass(
        &mut self,
        wait: u64,
        mut frame: Frame,
        now: u64,
        dice: &mut Dice,
        log: &mut Log,
        out: &mut Vec<Leaving>,
    ) {
        let awaited = matches!(self.fault.what, Tampering::After(message) if message == frame.message);
        if awaited && !self.held.is_empty() {
            out.push((wait, frame));
            out.extend(self.held.drain(..).map(|held| (wait, held)));
            return;
        }
        if !self.concerns(&frame) || !dice.chance(self.fault.share) {
            out.push((wait, frame));
            return;
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        log.record(now, Some(&self.step), self.fault.what.name(), described(&frame));
        match self.fault.what {
            Tampering::Drop => {}
            Tampering::Duplicate(copies) => {
                let all = usize::try_from(copies).unwrap_or(1).saturating_add(1);
                out.extend(std::iter::repeat_n((wait, frame), all));
            }
            Tampering::Delay(by) => out.push((wait.saturating_add(nanos(by)), frame)),
            Tampering::ExtraFields => {
                if let Output::Frame { bytes, .. } = &mut frame.output {
                    add_fields(bytes, frame.text);
                }
                out.push((wait, frame));
            }
            Tampering::After(_) => self.hold(frame, now),
            Tampering::Shuffle(window) => {
                self.hold(frame, now);
                if self.held.len() >= window || self.left == Some(0) {
                    self.held.reverse();
                    for at in (2..self.held.len()).rev() {
                        self.held.swap(at, dice.below(at + 1));
                    }
                    out.extend(self.held.drain(..).map(|held| (wait, held)));
                }
            }
        }
    }

    fn hold(&mut self, frame: Frame, now: u64) {
        if self.held.is_empty() {
            self.held_since = now;
        }
        self.held.push(frame);
    }
}

fn described(frame: &Frame) -> String {
    let to = match &frame.output {
        Output::Frame { to, .. } | Output::Close(to) => to.0,
    };
    let about = frame
        .about
        .map(|about| format!(" about {about}"))
        .unwrap_or_default();
    format!("{}{about} on connection {to}", response_name(frame.message))
}
