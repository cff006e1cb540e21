//! A step of a scenario: what sets it off, and what it does.

use std::time::Duration;

use super::action::Action;

/// A step of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What other steps and operators call it.
    pub name: Option<String>,
    /// What sets it off.
    pub trigger: Trigger,
    /// The probability that it does.
    pub chance: f64,
    /// How often it goes off at most; as often as it is set off when absent.
    pub times: Option<u32>,
    /// The time between two goes of a step that time or another step has set off.
    pub every: Option<Duration>,
    /// How long what it does lasts; until something ends it when absent.
    pub lasting: Option<Duration>,
    /// What it does.
    pub action: Action,
}

impl Step {
    /// A step that does one thing once.
    #[must_use]
    pub fn new(trigger: Trigger, action: Action) -> Self {
        Self {
            name: None,
            trigger,
            chance: 1.0,
            times: None,
            every: None,
            lasting: None,
            action,
        }
    }
}

/// What sets a step off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// So long after the start.
    At(Duration),
    /// A message from a client.
    On(Passage),
    /// A frame to a client, before it is written.
    Before(Passage),
    /// So long after another step went off.
    After {
        /// Its name.
        step: String,
        /// How long.
        wait: Duration,
    },
    /// The beginning of a region's next reset window.
    Window(Region),
    /// Nothing but an operator's `inject`.
    Command,
}

/// Which messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Passage {
    /// Message numbers; any when empty.
    pub messages: Vec<u32>,
    /// Only the n-th of those that fit, counted from one.
    pub nth: Option<u64>,
    /// Of or to this client.
    pub client: Option<i32>,
    /// About this symbol; requests only.
    pub symbol: Option<String>,
    /// About this request or order.
    pub about: Option<i32>,
}

/// A message that passes, as far as a step can ask about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Passing {
    /// Its number.
    pub message: u32,
    /// The client id of its connection, once it has one.
    pub client: Option<i32>,
    /// The symbol it names.
    pub symbol: Option<String>,
    /// The request or order it is about.
    pub about: Option<i32>,
}

impl Passage {
    /// Whether a message is one of them, its number in the sequence aside.
    #[must_use]
    pub fn fits(&self, passing: &Passing) -> bool {
        (self.messages.is_empty() || self.messages.contains(&passing.message))
            && self.client.is_none_or(|client| passing.client == Some(client))
            && self.about.is_none_or(|about| passing.about == Some(about))
            && self
                .symbol
                .as_ref()
                .is_none_or(|symbol| passing.symbol.as_ref() == Some(symbol))
    }
}

/// Where an account's server stands, which decides when it is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// New York time.
    NorthAmerica,
    /// Central European time.
    Europe,
    /// Hong Kong time.
    Asia,
}
