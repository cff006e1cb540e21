//! The bounds around a guest that wasmtime asks us for, and the buckets that bound rates.

use std::time::Duration;

use wasmtime::ResourceLimiter;

use crate::domain::time::Timestamp;

/// Elements of all tables of one instance.
const TABLE_ELEMENTS: usize = 20_000;
/// Tables of one instance; a component compiled from Rust has two.
const TABLES: usize = 32;
/// Memories of one instance; a component compiled from Rust has one.
const MEMORIES: usize = 4;

/// What one instance may hold, and whether it asked for more.
#[derive(Debug)]
pub struct MemoryLimiter {
    memory: usize,
    core_instances: usize,
    held: usize,
    elements: usize,
    /// Whether a request was refused since the instance was made: an allocator that gets no memory ends in a
    /// trap, and this tells why.
    pub refused: bool,
}

impl MemoryLimiter {
    /// Bounds in bytes and core instances.
    pub const fn new(memory: usize, core_instances: usize) -> Self {
        MemoryLimiter {
            memory,
            core_instances,
            held: 0,
            elements: 0,
            refused: false,
        }
    }

    /// The bound in bytes.
    pub const fn memory(&self) -> usize {
        self.memory
    }
}

/// Grows `held` by the difference, unless that passes `limit`.
fn grow(held: &mut usize, current: usize, desired: usize, limit: usize) -> bool {
    let wanted = held.saturating_add(desired.saturating_sub(current));
    let fits = wanted <= limit;
    if fits {
        *held = wanted;
    }
    fits
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let fits = grow(&mut self.held, current, desired, self.memory);
        self.refused |= !fits;
        Ok(fits)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let fits = grow(&mut self.elements, current, desired, TABLE_ELEMENTS);
        self.refused |= !fits;
        Ok(fits)
    }

    fn instances(&self) -> usize {
        self.core_instances
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

/// A bucket that fills with time and is emptied by use. It may go below zero: a use is charged after the
/// fact, and what was overdrawn must flow in before there is room again.
#[derive(Debug)]
pub struct Bucket {
    capacity: i128,
    per_second: i128,
    level: i128,
    filled: Option<Timestamp>,
}

impl Bucket {
    /// A full bucket of `capacity`, filled with `per_second`.
    pub fn new(capacity: u64, per_second: u64) -> Self {
        Bucket {
            capacity: i128::from(capacity),
            per_second: i128::from(per_second),
            level: i128::from(capacity),
            filled: None,
        }
    }

    /// Lets in what has flowed since the last time. A bucket more than half full waits for later: the sum is
    /// the same, and the hot path is spared the division.
    pub fn fill(&mut self, at: Timestamp) {
        let Some(filled) = self.filled else {
            self.filled = Some(at);
            return;
        };
        if self.level > self.capacity / 2 {
            return;
        }
        let nanos = at.since(filled).as_nanos() as i128;
        let inflow = nanos * self.per_second / Duration::from_secs(1).as_nanos() as i128;
        // An inflow rounded to nothing leaves the time standing, so that nothing is lost to rounding.
        if inflow > 0 {
            self.level = (self.level + inflow).min(self.capacity);
            self.filled = Some(at);
        }
    }

    /// Whether there is anything in it.
    pub const fn has_room(&self) -> bool {
        self.level > 0
    }

    /// Takes out.
    pub fn charge(&mut self, amount: u64) {
        self.level -= i128::from(amount);
    }

    /// Takes one out, if there is one.
    pub fn take(&mut self) -> bool {
        let room = self.has_room();
        if room {
            self.level -= 1;
        }
        room
    }
}
