//! How fast the simulated gateway itself is: clients that do nothing but read and count.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use sim_gateway::wire::frame;
use sim_gateway::wire::ids::request;
use sim_gateway::wire::messages::contract::Contract;
use sim_gateway::wire::messages::market::MarketDataRequest;
use sim_gateway::wire::messages::session::StartApiRequest;

use crate::report::Report;
use crate::rig::{Failure, Market};
use crate::stats::grouped;

const INSTRUMENTS: usize = 50;
const SECONDS: u64 = 5;
/// Ticks a second to one client, and to all of many together.
const AIM: u64 = 200_000;
const CLIENTS: usize = 32;

/// A client that counts bytes and nothing else.
struct Counter {
    done: Arc<AtomicBool>,
    bytes: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Counter {
    fn start(market: &Market, client: i32) -> Result<Counter, Failure> {
        let mut stream = TcpStream::connect(market.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_millis(200)))?;
        stream.write_all(&frame::hello_bytes(213, 226))?;
        let mut buffer = vec![0; 64 * 1024];
        if stream.read(&mut buffer)? == 0 {
            return Err("the gateway closed the connection".into());
        }
        let mut asked = Vec::new();
        let start = StartApiRequest {
            client_id: Some(client),
            ..StartApiRequest::default()
        };
        frame::protobuf(&mut asked, request::START_API, &start);
        for number in 1..=INSTRUMENTS {
            let contract = Contract {
                symbol: Some(format!("SYM{number:03}")),
                sec_type: Some("STK".to_owned()),
                exchange: Some("SMART".to_owned()),
                currency: Some("USD".to_owned()),
                ..Contract::default()
            };
            let watch = MarketDataRequest {
                req_id: i32::try_from(number).ok(),
                contract: Some(contract),
                ..MarketDataRequest::default()
            };
            frame::protobuf(&mut asked, request::MARKET_DATA, &watch);
        }
        stream.write_all(&asked)?;
        let (done, bytes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stop, count) = (Arc::clone(&done), Arc::clone(&bytes));
        let thread = std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                // A quiet moment ends a read without anything; a closed socket gives nothing at once.
                if let Ok(read) = stream.read(&mut buffer) {
                    count.fetch_add(read as u64, Ordering::Relaxed);
                }
            }
        });
        Ok(Counter {
            done,
            bytes,
            thread: Some(thread),
        })
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell.
            let _ended = thread.join();
        }
    }
}

/// Measures and tells.
pub fn run(report: &mut Report) -> Result<(), Failure> {
    one_rate(report, 1)?;
    one_rate(report, CLIENTS)
}

/// Floods `clients` clients with as many ticks a second as are aimed at, all of theirs together.
fn one_rate(report: &mut Report, clients: usize) -> Result<(), Failure> {
    let market = Market::start(&["--instruments", &INSTRUMENTS.to_string(), "--tick-rate", "20"])?;
    let counters = (1..=clients)
        .map(|client| Counter::start(&market, i32::try_from(client)?))
        .collect::<Result<Vec<_>, _>>()?;
    wait_until_all_listen(&market, clients)?;
    let trial = market.control("flood 1000 1")?;
    let per_move = number(&trial["ticks_written"]) as f64 / number(&trial["moves"]).max(1) as f64;
    let moves = (AIM as f64 / per_move.max(0.1)).ceil() as u64;
    let read_before: u64 = counters
        .iter()
        .map(|each| each.bytes.load(Ordering::Relaxed))
        .sum();
    let (processor, begun) = (market.processor()?, Instant::now());
    let flood = market.control(&format!("flood {moves} {SECONDS}"))?;
    let processor = market.processor()? - processor;
    let core = processor as f64 / begun.elapsed().as_secs_f64();
    // The flood itself says how long it lasted; asking for it took a little longer.
    let elapsed = flood["seconds"].as_f64().unwrap_or(f64::MAX);
    let read: u64 = counters
        .iter()
        .map(|each| each.bytes.load(Ordering::Relaxed))
        .sum();
    let (ticks, conflated) = (number(&flood["ticks_written"]), number(&flood["ticks_conflated"]));
    let rate = (ticks as f64 / elapsed) as u64;
    let whom = match clients {
        1 => "one client".to_owned(),
        many => format!("{many} clients together"),
    };
    report.aimed(
        &format!("simulated gateway: ticks a second to {whom}"),
        format!(
            "{} ({core:.0} % of a core, {} conflated)",
            grouped(rate),
            grouped(conflated)
        ),
        &format!("{} on one core", grouped(AIM)),
        rate >= AIM - AIM / 100 && conflated == 0 && core <= 100.0,
    );
    report.figure(
        &format!("simulated gateway: bytes a second read by {whom}"),
        grouped(((read - read_before) as f64 / elapsed) as u64),
    );
    Ok(())
}

fn wait_until_all_listen(market: &Market, clients: usize) -> Result<(), Failure> {
    crate::rig::wait_for("every client's subscriptions", Duration::from_millis(20), || {
        let books = market.control("books")?;
        let connections = books["connections"].as_array().map_or(0, Vec::len);
        let asked = books["connections"].as_array().is_some_and(|all| {
            all.iter()
                .all(|each| each["received"].as_u64() > Some(INSTRUMENTS as u64))
        });
        Ok((connections == clients && asked).then_some(()))
    })
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}
