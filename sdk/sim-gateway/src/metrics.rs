//! The gateway's own figures for Prometheus, over HTTP on a socket of their own.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus::{Encoder, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};
use tokio::net::TcpListener;

use crate::server::Shared;
use crate::world::World;

/// How long a scraper may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves `/metrics` to whoever asks.
///
/// # Errors
/// When the socket fails.
pub(crate) async fn serve(listener: Option<TcpListener>, shared: &Shared) -> io::Result<()> {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    loop {
        let (stream, _) = listener.accept().await?;
        let shared = Rc::clone(shared);
        tokio::task::spawn_local(async move {
            let service = service_fn(|request| {
                let answer = answer(&request, &shared);
                async { Ok::<_, std::convert::Infallible>(answer) }
            });
            // A scraper that goes away in the middle is nobody's problem.
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn answer(request: &Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    let (status, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => match render(&shared.borrow()) {
            Ok(text) => (StatusCode::OK, text),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string().into_bytes()),
        },
        _ => (StatusCode::NOT_FOUND, b"there is only GET /metrics\n".to_vec()),
    };
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    let kind = header::HeaderValue::from_static(prometheus::TEXT_FORMAT);
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// Everything there is to say, in Prometheus' text format.
fn render(world: &World) -> prometheus::Result<Vec<u8>> {
    let registry = Registry::new();
    let gauge = |name: &str, help: &str, value: u64| -> prometheus::Result<()> {
        let gauge = IntGauge::new(name, help)?;
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(Box::new(gauge))
    };
    let counts = world.counts();
    let exchange = world.gateway.exchange();
    let now = world.now();
    gauge(
        "sim_gateway_connections",
        "Open sockets.",
        world.connections.len() as u64,
    )?;
    gauge(
        "sim_gateway_clients",
        "Clients that have started the API.",
        world.gateway.clients().count() as u64,
    )?;
    gauge(
        "sim_gateway_clock_seconds",
        "Simulated Unix time.",
        exchange.unix_seconds(now),
    )?;
    gauge(
        "sim_gateway_outbox_bytes",
        "Bytes that wait for clients to read.",
        world.waiting_bytes(),
    )?;
    let written: [(&str, &str, u64); 6] = [
        (
            "sim_gateway_frames_written_total",
            "Frames handed to sockets.",
            counts.frames,
        ),
        (
            "sim_gateway_ticks_written_total",
            "Ticks among them.",
            counts.ticks,
        ),
        (
            "sim_gateway_ticks_conflated_total",
            "Ticks a newer one replaced before they could be written.",
            counts.conflated,
        ),
        ("sim_gateway_bytes_written_total", "Bytes written.", counts.bytes),
        (
            "sim_gateway_writes_blocked_total",
            "Times a socket was full.",
            counts.blocked,
        ),
        (
            "sim_gateway_executions_total",
            "Fills of clients' orders.",
            exchange.executions().len() as u64,
        ),
    ];
    for (name, help, value) in written {
        let counter = prometheus::IntCounter::new(name, help)?;
        counter.inc_by(value);
        registry.register(Box::new(counter))?;
    }
    orders(world, &registry)?;
    messages(world, &registry)?;
    let mut text = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut text)?;
    Ok(text)
}

fn orders(world: &World, registry: &Registry) -> prometheus::Result<()> {
    let help = "Orders of all clients by status.";
    let orders = IntGaugeVec::new(Opts::new("sim_gateway_orders", help), &["status"])?;
    for order in world.gateway.exchange().orders() {
        orders.with_label_values(&[order.status.as_str()]).inc();
    }
    registry.register(Box::new(orders))
}

fn messages(world: &World, registry: &Registry) -> prometheus::Result<()> {
    let help = "Messages received, by the protocol's message number.";
    let received = IntCounterVec::new(Opts::new("sim_gateway_requests_total", help), &["message"])?;
    for (id, count) in &world.received {
        received.with_label_values(&[&id.to_string()]).inc_by(*count);
    }
    registry.register(Box::new(received))?;
    let help = "Errors and notices sent, by code.";
    let errors = IntCounterVec::new(Opts::new("sim_gateway_errors_total", help), &["code"])?;
    for (code, count) in world.gateway.errors_sent() {
        errors.with_label_values(&[&code.to_string()]).inc_by(*count);
    }
    registry.register(Box::new(errors))
}
