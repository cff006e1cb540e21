//! The simulated clock: how the host's time becomes the market's logical time.
//!
//! It runs as fast as the host's, faster or slower, or stands still until it is stepped. It never runs
//! backwards.

use std::str::FromStr;
use std::time::{Duration, Instant};

/// The fastest a clock may run: a trading day in a little over two seconds.
const FASTEST: f64 = 10_000.0;

/// How fast a clock runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// So many simulated seconds a second.
    Times(f64),
    /// Only when it is stepped.
    Stepped,
}

/// A pace was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no pace: give a factor above 0 and up to {FASTEST}, or \"stepped\"")]
pub struct PaceError(String);

impl FromStr for Pace {
    type Err = PaceError;

    fn from_str(text: &str) -> Result<Self, PaceError> {
        if text == "stepped" {
            return Ok(Self::Stepped);
        }
        let factor: Option<f64> = text.strip_suffix('x').unwrap_or(text).parse().ok();
        factor
            .filter(|factor| *factor > 0.0 && *factor <= FASTEST)
            .map(Self::Times)
            .ok_or_else(|| PaceError(text.to_owned()))
    }
}

/// A clock in logical nanoseconds since the start.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    pace: Pace,
    /// What it showed when it was last set.
    shown: u64,
    /// When that was.
    set: Instant,
}

impl Clock {
    /// A clock that shows zero.
    pub(crate) fn new(pace: Pace) -> Self {
        Self {
            pace,
            shown: 0,
            set: Instant::now(),
        }
    }

    /// What it shows.
    pub(crate) fn now(&self) -> u64 {
        let Pace::Times(factor) = self.pace else {
            return self.shown;
        };
        let elapsed = self.set.elapsed();
        let passed = if factor == 1.0 {
            elapsed
        } else {
            elapsed.mul_f64(factor)
        };
        self.shown.saturating_add(nanos(passed))
    }

    /// How fast it runs.
    pub(crate) fn pace(&self) -> Pace {
        self.pace
    }

    /// Changes how fast it runs, from now on.
    pub(crate) fn run(&mut self, pace: Pace) {
        self.shown = self.now();
        self.set = Instant::now();
        self.pace = pace;
    }

    /// Moves it ahead at once.
    pub(crate) fn step(&mut self, by: Duration) {
        self.shown = self.now().saturating_add(nanos(by));
        self.set = Instant::now();
    }

    /// When it will show `logical`; `None` while it stands still before that.
    pub(crate) fn when(&self, logical: u64) -> Option<Instant> {
        let ahead = logical.saturating_sub(self.shown);
        match self.pace {
            _ if ahead == 0 => Some(self.set),
            Pace::Stepped => None,
            Pace::Times(1.0) => self.set.checked_add(Duration::from_nanos(ahead)),
            Pace::Times(factor) => {
                // One nanosecond late, so that what is due then is due by then.
                let wait = Duration::from_nanos(ahead).div_f64(factor) + Duration::from_nanos(1);
                self.set.checked_add(wait)
            }
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_a_factor_or_stepped() {
        let check = |text: &str, wanted: Option<Pace>| assert_eq!(text.parse().ok(), wanted, "{text}");
        check("1", Some(Pace::Times(1.0)));
        check("60x", Some(Pace::Times(60.0)));
        check("0.5", Some(Pace::Times(0.5)));
        check("stepped", Some(Pace::Stepped));
        for bad in ["", "0", "-1", "fast", "NaN", "inf", "10001"] {
            check(bad, None);
        }
    }

    #[test]
    fn a_stepped_clock_moves_by_its_steps_only() {
        let mut clock = Clock::new(Pace::Stepped);
        assert_eq!((clock.now(), clock.when(1)), (0, None));
        clock.step(Duration::from_secs(5));
        assert_eq!(clock.now(), 5_000_000_000);
        assert!(clock.when(5_000_000_000).is_some());
    }

    #[test]
    fn a_changed_pace_keeps_the_time() {
        let mut clock = Clock::new(Pace::Stepped);
        clock.step(Duration::from_secs(9));
        clock.run(Pace::Times(1000.0));
        assert!(clock.now() >= 9_000_000_000);
        let (due, start) = (clock.when(109_000_000_000), clock.set);
        let wait = due.expect("it runs").duration_since(start);
        assert!(
            (Duration::from_millis(99)..Duration::from_millis(101)).contains(&wait),
            "{wait:?}"
        );
    }
}
