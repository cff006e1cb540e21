//! The operator's way in: one line of text a command, one line of JSON an answer, on a Unix socket.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;

use crate::books::books;
use crate::clock::{Pace, PaceError};
use crate::faults::{self, Fired};
use crate::invariants;
use crate::load;
use crate::operator;
use crate::server::Shared;
use crate::world::World;

const HELP: &str = "books [brief], counts, price SYMBOL VALUE, fill [CLIENT:]ORDER [QUANTITY], \
                    halt SYMBOL, resume SYMBOL, volatility-halts on|off, history-pacing on|off, \
                    bulletin EXCHANGE TEXT, probe SYMBOL COUNT INTERVAL_MS, latency, \
                    clock, clock step 5s, clock run 60|stepped, flood RATE SECONDS, \
                    faults, invariants, inject NAME|KEYS, quit; and the faults: \
                    drop, refuse 2s, silent on|off, mute on|off, notice 1100, reject-next [201], \
                    duplicate-next, delay 50ms, garbage, version 100";
/// Fastest flood.
const MOST_MOVES: u64 = 10_000_000;

/// Serves operators, one task each.
pub(crate) async fn serve(
    listener: Option<UnixListener>,
    shared: &Shared,
    quit: &Rc<Notify>,
) -> io::Result<()> {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    loop {
        let (stream, _) = listener.accept().await?;
        let (shared, quit) = (Rc::clone(shared), Rc::clone(quit));
        tokio::task::spawn_local(async move {
            // An operator who goes away in the middle of a line is nobody's problem.
            let _ = attend(stream, &shared, &quit).await;
        });
    }
}

async fn attend(stream: UnixStream, shared: &Shared, quit: &Rc<Notify>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        let answer = execute(shared, quit, &line).await;
        write.write_all(format!("{answer}\n").as_bytes()).await?;
    }
    Ok(())
}

/// Carries out one command.
pub(crate) async fn execute(shared: &Shared, quit: &Notify, line: &str) -> Value {
    match attempt(shared, quit, line).await {
        Ok(value) => value,
        Err(error) => json!({ "error": error }),
    }
}

async fn attempt(shared: &Shared, quit: &Notify, line: &str) -> Result<Value, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let done = json!({ "ok": true });
    match words.as_slice() {
        ["books"] => {
            let world = shared.borrow();
            Ok(books(&world.gateway, Some(&world.journal)))
        }
        ["books", "brief"] => Ok(books(&shared.borrow().gateway, None)),
        ["counts"] => {
            let counts = shared.borrow().counts();
            Ok(json!({
                "frames": counts.frames,
                "ticks": counts.ticks,
                "conflated": counts.conflated,
                "bytes": counts.bytes,
                "times_blocked": counts.blocked,
            }))
        }
        ["price", symbol, value] => set_price(shared, symbol, value).map(|()| done),
        [
            word @ ("halt" | "resume" | "volatility-halts" | "history-pacing"),
            what,
        ] => {
            let mut world = shared.borrow_mut();
            operator::regulate(&mut world.gateway, word, what)?;
            world.deliver();
            Ok(done)
        }
        ["bulletin", exchange, text @ ..] => bulletin(shared, exchange, text).map(|()| done),
        ["fill", order] => fill(shared, order, None).map(|()| done),
        ["fill", order, quantity] => fill(shared, order, Some(quantity)).map(|()| done),
        ["probe", symbol, count, interval] => {
            let id = operator::instrument(&shared.borrow().gateway, symbol)?;
            let interval = Duration::from_millis(number(interval)?);
            let count = u32::try_from(number(count)?).map_err(|_| "too many probes".to_owned())?;
            Ok(load::probe(shared, id, count, interval).await)
        }
        ["clock", rest @ ..] => set_clock(&mut shared.borrow_mut(), rest),
        ["latency"] => Ok(shared.borrow().last_probe.clone()),
        ["flood", rate, seconds] => {
            let rate = number(rate)?;
            if !(1..=MOST_MOVES).contains(&rate) {
                return Err(format!("a flood has 1..={MOST_MOVES} moves a second"));
            }
            Ok(load::flood(shared, rate, Duration::from_secs(number(seconds)?.min(3600))).await)
        }
        ["faults"] => Ok(shared.borrow().faults.json()),
        ["invariants"] => Ok(invariants::report(&shared.borrow())),
        ["inject", ..] => shared
            .borrow_mut()
            .inject(line.trim_start().trim_start_matches("inject").trim()),
        ["quit"] => {
            quit.notify_one();
            Ok(done)
        }
        [] | ["help"] => Ok(json!({ "commands": HELP })),
        [name, value @ ..] => {
            let fault =
                faults::fault(name, &value.join(" ")).map_err(|error| format!("{error}; also: {HELP}"))?;
            shared
                .borrow_mut()
                .try_inflict(Fired::by("operator", fault), None)?;
            Ok(done)
        }
    }
}

/// Steps the simulated clock or sets its pace, if that is asked for, and shows it.
fn set_clock(world: &mut World, words: &[&str]) -> Result<Value, String> {
    match words {
        [] => {}
        ["step", time] => world.step(duration(time)?),
        ["run", pace] => world.run(pace.parse().map_err(|error: PaceError| error.to_string())?),
        _ => return Err("write clock, clock step 5s, or clock run 60|stepped".to_owned()),
    }
    Ok(clock(world))
}

/// What the simulated clock shows, and how fast it runs.
fn clock(world: &World) -> Value {
    let now = world.now();
    json!({
        "now_ns": now,
        "unix": world.gateway.exchange().unix_seconds(now),
        "pace": match world.clock.pace() {
            Pace::Times(factor) => json!(factor),
            Pace::Stepped => json!("stepped"),
        },
    })
}

fn duration(text: &str) -> Result<Duration, String> {
    faults::duration(text, Duration::from_secs(1))
        .ok_or_else(|| format!("{text:?} is no length of time: write 90s, 500ms or a number of seconds"))
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text:?} is no whole number"))
}

fn bulletin(shared: &Shared, exchange: &str, text: &[&str]) -> Result<(), String> {
    if text.is_empty() {
        return Err("write what to tell, as in: bulletin NYSE Trading is halted".to_owned());
    }
    let mut world = shared.borrow_mut();
    world.gateway.bulletin(1, &text.join(" "), exchange);
    world.deliver();
    Ok(())
}

fn set_price(shared: &Shared, symbol: &str, value: &str) -> Result<(), String> {
    let mut world = shared.borrow_mut();
    operator::instrument(&world.gateway, symbol)?;
    let price: Decimal = value.parse().map_err(|_| format!("{value:?} is no price"))?;
    operator::set_price(&mut world.gateway, symbol, price)?;
    world.deliver();
    Ok(())
}

/// Fills an order by decree: `7` of any client, or `100:7` of client 100.
fn fill(shared: &Shared, order: &str, quantity: Option<&&str>) -> Result<(), String> {
    let small = |text: &str| number(text).map(|number| i32::try_from(number).ok());
    let (client, order) = match order.split_once(':') {
        Some((client, order)) => (Some(small(client)?), small(order)?),
        None => (None, small(order)?),
    };
    let quantity = match quantity {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| format!("{text:?} is no quantity"))?),
    };
    let (Some(order), Some(client)) = (order, client.map_or(Some(None), |id| id.map(Some))) else {
        return Err("there is no live order with so large a number".to_owned());
    };
    let mut world = shared.borrow_mut();
    let result = operator::fill(&mut world.gateway, client, order, quantity);
    world.deliver();
    result
}
