//! The steps of a run, as they wait to be set off.

use std::time::Duration;

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;

use super::action::Action;
use super::step::{Passage, Passing, Step, Trigger};

/// Chance, drawn from a seed.
#[derive(Debug)]
pub struct Dice(Pcg64Mcg);

impl Dice {
    /// Dice that always fall the same for a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        // The market draws from the plain seed; faults must not follow it.
        Self(Pcg64Mcg::new((u128::from(seed) << 64) | 0xFA17))
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        if probability >= 1.0 {
            return true;
        }
        f64::from(self.0.next_u32()) < probability * f64::from(u32::MAX)
    }

    /// A number below `bound`; zero when that is zero.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.0.next_u64() % bound).unwrap_or_default()
    }
}

/// A step that went off.
#[derive(Debug, Clone, PartialEq)]
pub struct Fired {
    /// Its name, or its number in the scenario, counted from one.
    pub step: String,
    /// What it does.
    pub action: Action,
    /// How long that lasts.
    pub lasting: Option<Duration>,
}

impl Fired {
    /// What was not in the scenario: an operator's doing.
    #[must_use]
    pub fn by(who: &str, action: Action) -> Self {
        Self {
            step: who.to_owned(),
            action,
            lasting: None,
        }
    }
}

#[derive(Debug)]
struct Armed {
    step: Step,
    /// Messages that fitted so far.
    seen: u64,
    /// How often it was set off, by chance or not.
    set_off: u32,
    /// When time sets it off next, nanoseconds.
    due: Option<u64>,
}

/// The steps of a run.
#[derive(Debug)]
pub struct Script {
    steps: Vec<Armed>,
    dice: Dice,
}

impl Script {
    /// These steps, with this seed; `due` says when a step's time comes first, if time sets it off.
    #[must_use]
    pub fn new(steps: Vec<Step>, seed: u64, due: impl Fn(&Trigger) -> Option<u64>) -> Self {
        let armed = |step: Step| Armed {
            due: due(&step.trigger),
            step,
            seen: 0,
            set_off: 0,
        };
        Self {
            steps: steps.into_iter().map(armed).collect(),
            dice: Dice::new(seed),
        }
    }

    /// The dice of this run.
    pub fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }

    /// When time next sets a step off, nanoseconds.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        self.steps.iter().filter_map(|armed| armed.due).min()
    }

    /// The next step that time has set off; ask again until there is none.
    pub fn due(&mut self, now: u64) -> Option<Fired> {
        loop {
            let waiting = self.steps.iter().enumerate();
            let (due, index) = waiting
                .filter_map(|(index, armed)| Some((armed.due?, index)))
                .min()
                .filter(|(due, _)| *due <= now)?;
            let armed = self.steps.get_mut(index)?;
            let more = armed.step.times.unwrap_or(u32::MAX) > armed.set_off + 1;
            let every = armed.step.every.map(nanos).filter(|every| *every > 0 && more);
            armed.due = every.map(|every| due.saturating_add(every));
            if let Some(fired) = self.set_off(index, due) {
                return Some(fired);
            }
        }
    }

    /// The steps that a message from a client sets off.
    pub fn arrived(&mut self, passing: &Passing, now: u64) -> Vec<Fired> {
        self.passed(passing, now, |trigger| match trigger {
            Trigger::On(passage) => Some(passage),
            _ => None,
        })
    }

    /// The steps that a frame to a client sets off.
    pub fn leaving(&mut self, passing: &Passing, now: u64) -> Vec<Fired> {
        self.passed(passing, now, |trigger| match trigger {
            Trigger::Before(passage) => Some(passage),
            _ => None,
        })
    }

    /// Whether any step looks at frames to clients.
    #[must_use]
    pub fn looks_at_frames(&self) -> bool {
        let before = |armed: &Armed| matches!(armed.step.trigger, Trigger::Before(_));
        self.steps.iter().any(before)
    }

    /// Sets a step off by its name.
    pub fn inject(&mut self, name: &str, now: u64) -> Option<Fired> {
        let found = self
            .steps
            .iter()
            .position(|armed| armed.step.name.as_deref() == Some(name))?;
        self.followed(name, now);
        let step = &self.steps.get(found)?.step;
        Some(Fired {
            step: name.to_owned(),
            action: step.action.clone(),
            lasting: step.lasting,
        })
    }

    /// The names that [`inject`](Self::inject) knows.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|armed| armed.step.name.as_deref())
    }

    fn passed(
        &mut self,
        passing: &Passing,
        now: u64,
        of: impl Fn(&Trigger) -> Option<&Passage>,
    ) -> Vec<Fired> {
        let mut indices = Vec::new();
        for (index, armed) in self.steps.iter_mut().enumerate() {
            let Some(passage) = of(&armed.step.trigger).filter(|passage| passage.fits(passing)) else {
                continue;
            };
            armed.seen += 1;
            if passage.nth.is_none_or(|nth| nth == armed.seen) {
                indices.push(index);
            }
        }
        indices
            .into_iter()
            .filter_map(|index| self.set_off(index, now))
            .collect()
    }

    /// Counts that a step was set off; what it does, if chance and its number of times allow it.
    fn set_off(&mut self, index: usize, now: u64) -> Option<Fired> {
        let armed = self.steps.get_mut(index)?;
        if armed.step.times.is_some_and(|times| armed.set_off >= times) {
            return None;
        }
        let chance = armed.step.chance;
        if !self.dice.chance(chance) {
            return None;
        }
        armed.set_off += 1;
        let step = armed.step.clone();
        if let Some(name) = &step.name {
            self.followed(name, now);
        }
        Some(Fired {
            step: step.name.unwrap_or_else(|| (index + 1).to_string()),
            action: step.action,
            lasting: step.lasting,
        })
    }

    /// Starts the waits of the steps that follow another.
    fn followed(&mut self, name: &str, now: u64) {
        for armed in &mut self.steps {
            if let Trigger::After { step, wait } = &armed.step.trigger
                && step == name
            {
                armed.due = Some(now.saturating_add(nanos(*wait)));
            }
        }
    }
}

/// A duration in nanoseconds.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
