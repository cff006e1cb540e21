//! How a callback can fail, in the operator's words.

use std::any::Any;

use wasmtime::Trap;

use super::config::Budget;
use super::convert::printable;
use super::imports::TooManyCalls;
use super::metrics::Callback;

/// What went wrong, for the metric's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// It spent its fuel.
    Fuel,
    /// It took too long.
    Deadline,
    /// It was refused memory and gave up.
    Memory,
    /// It called itself too deep.
    Stack,
    /// It trapped by itself.
    Trap,
    /// It called the host too often in one callback.
    Flood,
    /// A host function panicked during its call.
    Panic,
    /// Its answer was outside the contract.
    Answer,
    /// Its `init` said no.
    Refused,
    /// Its mailbox was full of order events.
    Mailbox,
    /// The desk takes its intents slower than they come.
    Intents,
}

impl FailureKind {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            FailureKind::Fuel => "fuel",
            FailureKind::Deadline => "deadline",
            FailureKind::Memory => "memory",
            FailureKind::Stack => "stack",
            FailureKind::Trap => "trap",
            FailureKind::Flood => "flood",
            FailureKind::Panic => "panic",
            FailureKind::Answer => "answer",
            FailureKind::Refused => "refused",
            FailureKind::Mailbox => "mailbox",
            FailureKind::Intents => "intents",
        }
    }
}

/// One failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Of which kind.
    pub kind: FailureKind,
    /// What happened and where, for people.
    pub reason: String,
}

impl Failure {
    /// A failure in the host's own words.
    pub fn new(kind: FailureKind, reason: impl Into<String>) -> Self {
        Failure {
            kind,
            reason: reason.into(),
        }
    }

    /// From what wasmtime says of a call that did not return. `out_of_memory` tells whether the instance was
    /// ever refused memory: an allocator that gets none ends in a trap that does not say so.
    pub fn of_call(
        callback: Callback,
        error: &wasmtime::Error,
        budget: &Budget,
        out_of_memory: bool,
    ) -> Self {
        let name = callback.as_str();
        let (fuel, deadline) = match callback {
            Callback::Init => (budget.init_fuel, budget.init_deadline),
            _ => (budget.fuel_per_call, budget.deadline),
        };
        if error.is::<TooManyCalls>() {
            return Failure::new(FailureKind::Flood, format!("{name}: {error}"));
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => Failure::new(
                FailureKind::Fuel,
                format!("{name} spent its {fuel} units of fuel (fuel_per_call) and was stopped"),
            ),
            Some(Trap::Interrupt) => Failure::new(
                FailureKind::Deadline,
                format!(
                    "{name} ran longer than its {} ms (deadline_ms) and was stopped",
                    deadline.as_millis()
                ),
            ),
            Some(Trap::StackOverflow) => Failure::new(
                FailureKind::Stack,
                format!("{name} ran out of stack: it calls itself too deep"),
            ),
            _ if out_of_memory => Failure::new(
                FailureKind::Memory,
                format!(
                    "{name} wanted more than its {} MiB of memory (memory_mib) and gave up",
                    budget.memory >> 20
                ),
            ),
            Some(trap) => Failure::new(FailureKind::Trap, format!("{name} trapped: {trap}")),
            None => Failure::new(
                FailureKind::Trap,
                format!("{name} failed: {}", printable(&chain(error), 512)),
            ),
        }
    }

    /// From a panic of the host during the guest's call.
    pub fn of_panic(callback: Callback, panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let reason = format!(
            "the daemon panicked in a function that {} called: {}; please report this",
            callback.as_str(),
            printable(text.unwrap_or("no message"), 512)
        );
        Failure::new(FailureKind::Panic, reason)
    }
}

/// An error with its causes.
pub fn chain(error: &wasmtime::Error) -> String {
    let causes: Vec<String> = error.chain().map(|cause| cause.to_string()).collect();
    causes.join(": ")
}
