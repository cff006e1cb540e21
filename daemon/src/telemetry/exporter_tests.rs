//! The real exporter on a real port.

use std::net::SocketAddr;
use std::time::Duration;

use prometheus::{IntCounter, Registry};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::exporter::{BindError, Config, Exporter};
use super::process;

fn any_port() -> Config {
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..Config::default()
    }
}

async fn ask(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn metrics_are_scraped_and_nothing_else_is_there() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let registry = Registry::new();
    let counter = IntCounter::new("moored_fills_total", "Fills.").unwrap();
    registry.register(Box::new(counter.clone())).unwrap();
    process::register(&registry, "0.0.0-test").unwrap();
    counter.inc_by(3);
    runtime.block_on(async {
        let exporter = Exporter::bind(&any_port()).unwrap();
        let address = exporter.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(exporter.serve(registry, async {
            let _ = stopped.await;
        }));
        let test = async {
            let answer = ask(address, b"GET /metrics HTTP/1.1\r\nHost: m\r\n\r\n").await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            assert!(
                answer.contains("content-type: text/plain; version=0.0.4"),
                "{answer}"
            );
            assert!(answer.contains("\nmoored_fills_total 3\n"), "{answer}");
            assert!(
                answer.contains("\nmoored_build_info{version=\"0.0.0-test\"} 1\n"),
                "{answer}"
            );
            assert!(answer.contains("\nprocess_resident_memory_bytes "), "{answer}");
            for (request, status) in [
                (&b"GET / HTTP/1.1\r\nHost: m\r\n\r\n"[..], "404"),
                (
                    b"POST /metrics HTTP/1.1\r\nHost: m\r\nContent-Length: 0\r\n\r\n",
                    "405",
                ),
                (b"\x16\x03\x01 TLS\r\n\r\n", "400"),
            ] {
                let answer = ask(address, request).await;
                assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
            }
        };
        tokio::time::timeout(Duration::from_secs(10), test).await.unwrap();
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    });
}

#[test]
fn addresses_that_cannot_be_had_are_told() {
    let first = Exporter::bind(&any_port()).unwrap();
    let mut config = Config {
        listen: first.address(),
        ..Config::default()
    };
    let error = Exporter::bind(&config).unwrap_err();
    assert!(matches!(error, BindError::InUse(_)), "{error}");
    config.listen = SocketAddr::from(([0, 0, 0, 0], 0));
    let error = Exporter::bind(&config).unwrap_err();
    assert!(error.to_string().contains("allow_remote"), "{error}");
    config.allow_remote = true;
    Exporter::bind(&config).unwrap();
}
