//! The one engine: what a guest's code may be, and the clock that stops it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use wasmtime::{Config, Engine, OptLevel};

/// One tick of the watchdog.
pub const TICK: Duration = Duration::from_millis(1);

/// The engine's settings. Everything a plugin does not need is off: each feature is a surface.
fn settings() -> Config {
    let mut config = Config::new();
    // Concurrency off is three times less per call and leaves out the code with the worst defects of the
    // year.
    config.concurrency_support(false);
    // Fuel is the budget: deterministic, and it refuses a huge bulk operation before it runs. The epoch is
    // the watchdog.
    config.consume_fuel(true).epoch_interruption(true);
    config.cranelift_opt_level(OptLevel::Speed);
    // Far below any thread's stack: the host's own frames come on top.
    config.max_wasm_stack(512 << 10);
    config
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false);
    config
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_relaxed_simd(false);
    // A component is compiled once and then cached; threads made for it would stay for good.
    config.parallel_compilation(false);
    // A trap stays at ten microseconds; the message is what the operator needs.
    config.wasm_backtrace_max_frames(None);
    config
}

/// The engine with its watchdog's thread.
#[derive(Debug)]
pub struct Machine {
    engine: Engine,
    stop: Arc<AtomicBool>,
    ticker: Option<JoinHandle<()>>,
}

impl Machine {
    /// Starts the watchdog.
    pub fn start() -> Result<Machine, wasmtime::Error> {
        let engine = Engine::new(&settings())?;
        let stop = Arc::new(AtomicBool::new(false));
        let ticker = std::thread::Builder::new()
            .name("plugin-watchdog".to_owned())
            .spawn({
                let (engine, stop) = (engine.clone(), Arc::clone(&stop));
                move || {
                    while !stop.load(Ordering::Acquire) {
                        std::thread::park_timeout(TICK);
                        engine.increment_epoch();
                    }
                }
            })?;
        Ok(Machine {
            engine,
            stop,
            ticker: Some(ticker),
        })
    }

    /// The engine.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(ticker) = self.ticker.take() {
            ticker.thread().unpark();
            // It cannot have panicked: it only counts.
            let _ = ticker.join();
        }
    }
}

/// Ticks until a deadline that many milliseconds away has surely passed.
pub fn ticks(deadline: Duration) -> u64 {
    u64::try_from(deadline.as_millis())
        .unwrap_or(u64::MAX)
        .saturating_add(1)
}
