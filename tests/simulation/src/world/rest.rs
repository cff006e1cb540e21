//! Coming to rest: every fault is taken back, time passes, and then the desk and the broker must agree.

use moored::desk::event::Command;

use super::{Armed, World};
use crate::checks::Violation;

/// How long the world is left alone: longer than anything in it takes.
const QUIET_MS: u32 = 90_000;
/// From one reading of the truth that the operator asks for to the next.
const BETWEEN_READINGS_MS: u32 = 20_000;

impl World {
    /// Takes back every fault, lets time pass, and compares.
    pub(super) fn come_to_rest(&mut self) -> Result<(), Violation> {
        self.tell_story(|now| format!("{now} ── every fault is taken back"));
        self.armed = Armed::default();
        self.quotes = true;
        self.broker.refuse_place = None;
        self.broker.refuse_change = None;
        self.broker.fees.clear();
        self.broker.terse = false;
        self.broker.split_next(false);
        if let Some(daemon) = &mut self.daemon {
            daemon.ledger_fails_until = 0;
        }
        self.restore_upstream(true)?;
        self.prove(true)?;
        self.pass(QUIET_MS)?;
        for _ in 0..2 {
            self.command(Command::Reconcile)?;
            self.pass(BETWEEN_READINGS_MS)?;
        }
        let latch = self.ledger.latch();
        self.look(|watch, scene| watch.check_at_rest(scene, latch))
    }
}
