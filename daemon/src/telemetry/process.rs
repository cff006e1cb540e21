//! Metrics of the process itself, under the names every Prometheus client uses, and of what was built. Own, because the
//! `prometheus` crate's collector brings a parser of all of `/proc` for six numbers.

use std::fs;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge, IntGaugeVec, Opts, Registry};

/// `/proc/self/stat` counts in ticks of `USER_HZ`, which Linux shows to programs as 100 on every machine we run on.
const TICKS_PER_SECOND: f64 = 100.0;
/// Where the fields after the program's name in `/proc/self/stat` begin: the name may contain anything, and ends with the
/// last `)`. Field 3 of proc(5) is the first of them.
const FIRST_FIELD: usize = 3;

/// Adds the process's metrics and `moored_build_info` to a registry.
///
/// # Errors
/// If one of the names is taken.
pub fn register(registry: &Registry, version: &str) -> Result<(), prometheus::Error> {
    let options = Opts::new("moored_build_info", "What was built; always 1.");
    let build = IntGaugeVec::new(options, &["version"])?;
    build.with_label_values(&[version]).set(1);
    registry.register(Box::new(build))?;
    registry.register(Box::new(Process::new()?))
}

/// Reads `/proc/self` at each scrape.
#[derive(Debug)]
struct Process {
    resident: Gauge,
    descriptors: Gauge,
    descriptors_allowed: Gauge,
    threads: Gauge,
    started: Gauge,
    cpu: Counter,
}

impl Process {
    fn new() -> Result<Self, prometheus::Error> {
        Ok(Process {
            resident: Gauge::new("process_resident_memory_bytes", "Resident memory size in bytes.")?,
            descriptors: Gauge::new("process_open_fds", "Number of open file descriptors.")?,
            descriptors_allowed: Gauge::new("process_max_fds", "Maximum number of open file descriptors.")?,
            threads: Gauge::new("process_threads", "Number of threads.")?,
            started: Gauge::new(
                "process_start_time_seconds",
                "Start time of the process since the Unix epoch in seconds.",
            )?,
            cpu: Counter::new(
                "process_cpu_seconds_total",
                "User and system time the process used, in seconds.",
            )?,
        })
    }

    fn collectors(&self) -> [&dyn Collector; 6] {
        [
            &self.resident,
            &self.descriptors,
            &self.descriptors_allowed,
            &self.threads,
            &self.started,
            &self.cpu,
        ]
    }

    /// What cannot be read keeps its last value: a metric must not fail a scrape.
    fn read(&self) {
        if let Ok(status) = fs::read_to_string("/proc/self/status") {
            let kibibytes = field(&status, "VmRSS:").unwrap_or(0.0);
            self.resident.set(kibibytes * 1024.0);
            self.threads.set(field(&status, "Threads:").unwrap_or(0.0));
        }
        if let Ok(entries) = fs::read_dir("/proc/self/fd") {
            // One of them is this reading's own.
            self.descriptors.set(entries.count().saturating_sub(1) as f64);
        }
        if let Ok(limits) = fs::read_to_string("/proc/self/limits") {
            self.descriptors_allowed
                .set(field(&limits, "Max open files").unwrap_or(0.0));
        }
        if let (Ok(process), Ok(system)) = (
            fs::read_to_string("/proc/self/stat"),
            fs::read_to_string("/proc/stat"),
        ) {
            let ticks = stat_field(&process, 14) + stat_field(&process, 15);
            self.cpu
                .inc_by((ticks / TICKS_PER_SECOND - self.cpu.get()).max(0.0));
            let booted = field(&system, "btime").unwrap_or(0.0);
            self.started
                .set(booted + stat_field(&process, 22) / TICKS_PER_SECOND);
        }
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.collectors().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.read();
        self.collectors()
            .into_iter()
            .flat_map(Collector::collect)
            .collect()
    }
}

/// The first number after a name at the beginning of a line.
fn field(text: &str, name: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// A field of `/proc/self/stat` by its number in proc(5); zero if it is not there.
fn stat_field(stat: &str, number: usize) -> f64 {
    let Some((_, fields)) = stat.rsplit_once(") ") else {
        return 0.0;
    };
    let field = fields.split_whitespace().nth(number - FIRST_FIELD);
    field.and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_is_read_behind_whatever_the_program_is_named() {
        let stat = "42 (a ) R (b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 7 0 123456 1000 10";
        assert_eq!(stat_field(stat, 14), 250.0);
        assert_eq!(stat_field(stat, 15), 50.0);
        assert_eq!(stat_field(stat, 22), 123_456.0);
        assert_eq!(stat_field("nonsense", 14), 0.0);
    }

    #[test]
    fn this_process_has_plausible_numbers() {
        let process = Process::new().unwrap();
        process.read();
        assert!(process.resident.get() > 1e6);
        assert!(process.descriptors.get() >= 3.0);
        assert!(process.descriptors_allowed.get() >= process.descriptors.get());
        assert!(process.threads.get() >= 1.0);
        // Later than 2020, or the boot time was not read.
        assert!(process.started.get() > 1.577e9);
    }
}
