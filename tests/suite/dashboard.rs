//! The dashboard and the alerts against a real Prometheus: every query of every panel is run over what a trading daemon
//! was scraped for, so a renamed metric or a label that is gone fails here and not in an operator's browser.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::rig::{Home, Market, PATIENCE, repository, request, risk, rows_of, strategy, wait_for};

/// What Grafana puts in at a scrape interval of one second: four intervals and one more.
const RATE_INTERVAL: &str = "5s";
/// How many scrapes there must be before the queries are run: more than the rates look back on.
const SCRAPES: f64 = 8.0;

/// Metrics that a healthy daemon may rightly have nothing of, and why.
const MAY_BE_EMPTY: [(&str, &str); 3] = [
    ("moored_denials_total", "the risk gate has denied nothing"),
    ("moored_plugin_failures_total", "no plugin has failed"),
    ("moored_alarms_total", "nothing was worth an alarm"),
];

#[test]
fn every_query_of_the_dashboard_finds_something_in_a_daemon_that_trades() {
    let market = Market::start(&[]);
    let trader = strategy("ema-cross", "fast = 4\nslow = 12\ninterval_ms = 100\n");
    let home = Home::new(
        market.address,
        &[trader, risk("drawdown-guard", "soft_quantity = 8\n")],
    );
    let metrics = free_port();
    let mut command = home.command();
    let _daemon = Ended(
        command
            .env("MOORED__METRICS__LISTEN", metrics.to_string())
            .spawn()
            .unwrap(),
    );
    wait_for("a fill", || {
        let (_, fills) = request(&home.socket, "GET", "/v1/fills", None).ok()?;
        (!rows_of(&fills).is_empty()).then_some(())
    });
    check(metrics);
}

/// Has a Prometheus scrape a daemon that trades, runs every query of the dashboard, and asks whether the alerts are
/// understood.
fn check(metrics: SocketAddr) {
    let prometheus = Prometheus::start(metrics);
    let scraped = format!("sum_over_time(up{{job=\"moored\",instance=\"{metrics}\"}}[5m]) >= {SCRAPES}");
    wait_for("enough scrapes", || {
        prometheus.query(&scraped).ok().filter(|found| !found.is_empty())
    });
    let mut problems = Vec::new();
    let queries = queries();
    assert!(
        queries.len() >= 20,
        "the dashboard has only {} queries",
        queries.len()
    );
    for (panel, expression) in &queries {
        match prometheus.query(&substituted(expression)) {
            Err(error) => problems.push(format!("{panel}: {expression}: {error}")),
            Ok(series) if series.is_empty() && !may_be_empty(expression) => {
                problems.push(format!("{panel}: {expression}: nothing"));
            }
            Ok(_) => {}
        }
    }
    assert!(
        problems.is_empty(),
        "{} of {} queries:\n{}",
        problems.len(),
        queries.len(),
        problems.join("\n")
    );
    prometheus.wait_for_healthy_rules();
}

/// `(panel, query)` of the shipped dashboard.
fn queries() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(repository().join("config/grafana/moored.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let mut queries = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(
            panel["description"].as_str().is_some_and(|text| !text.is_empty()),
            "{title} is not described"
        );
        assert!(
            panel["fieldConfig"]["defaults"]["unit"].is_string(),
            "{title} has no unit"
        );
        for target in panel["targets"].as_array().unwrap() {
            queries.push((title.to_owned(), target["expr"].as_str().unwrap().to_owned()));
        }
    }
    queries
}

/// With Grafana's variables put in. An unknown one stays and is a syntax error, which is what it should be.
fn substituted(expression: &str) -> String {
    expression
        .replace("$__rate_interval", RATE_INTERVAL)
        .replace("$instance", ".*")
}

fn may_be_empty(expression: &str) -> bool {
    MAY_BE_EMPTY.iter().any(|(metric, _)| expression.contains(metric))
}

/// A Prometheus of its own, running.
struct Prometheus {
    _child: Ended,
    address: SocketAddr,
    _folder: TempDir,
}

impl Prometheus {
    /// Starts one that scrapes a daemon each second and knows the shipped alerts.
    fn start(metrics: SocketAddr) -> Prometheus {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let alerts = repository().join("config/prometheus/alerts.yml");
        let config = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\n\
             rule_files: [{alerts:?}]\n\
             scrape_configs: [{{job_name: moored, static_configs: [{{targets: [{metrics:?}]}}]}}]\n",
            metrics = metrics.to_string()
        );
        std::fs::write(path("prometheus.yml"), config).unwrap();
        let address = free_port();
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", path("prometheus.yml").display()));
        command.arg(format!("--storage.tsdb.path={}", path("data").display()));
        command.arg(format!("--web.listen-address={address}"));
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child =
            child.expect("prometheus runs: it is Debian's package of that name, and `make test` installs it");
        let prometheus = Prometheus {
            _child: Ended(child),
            address,
            _folder: folder,
        };
        wait_for("prometheus to be ready", || prometheus.get("/-/ready").ok());
        prometheus
    }

    /// The series an expression gives now.
    fn query(&self, expression: &str) -> Result<Vec<Value>, String> {
        let body = self.get(&format!("/api/v1/query?query={}", percent_encoded(expression)))?;
        let answer: Value = serde_json::from_str(&body).map_err(|error| format!("{error}: {body}"))?;
        match answer["status"].as_str() {
            Some("success") => Ok(answer["data"]["result"].as_array().cloned().unwrap_or_default()),
            _ => Err(answer["error"].to_string()),
        }
    }

    /// Waits until every alert was evaluated, and none of them in vain.
    fn wait_for_healthy_rules(&self) {
        wait_for("every alert to be evaluated", || {
            let body = self.get("/api/v1/rules").ok()?;
            let answer: Value = serde_json::from_str(&body).ok()?;
            let rules = answer["data"]["groups"][0]["rules"].as_array()?;
            for rule in rules {
                assert_ne!(rule["health"], "err", "{}: {}", rule["name"], rule["lastError"]);
            }
            rules.iter().all(|rule| rule["health"] == "ok").then_some(())
        });
    }

    /// One request. HTTP/1.0, so that the answer is not chunked and ends with the connection.
    fn get(&self, path: &str) -> Result<String, String> {
        let mut answer = String::new();
        let mut exchange = || -> std::io::Result<()> {
            let mut stream = TcpStream::connect(self.address)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            write!(stream, "GET {path} HTTP/1.0\r\nHost: prometheus\r\n\r\n")?;
            stream.read_to_string(&mut answer)?;
            Ok(())
        };
        exchange().map_err(|error| error.to_string())?;
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .ok_or_else(|| format!("not HTTP: {answer:?}"))?;
        // 400 and 422 carry the reason in the body, in the words of the API.
        let told = ["200", "400", "422"]
            .iter()
            .any(|status| head.split(' ').nth(1) == Some(status));
        if told {
            Ok(body.to_owned())
        } else {
            Err(head.to_owned())
        }
    }
}

/// A process that does not outlive its test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// A port nobody has right now. Prometheus cannot be asked which one it took, so it must be told.
fn free_port() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
}

fn percent_encoded(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    encoded.collect()
}
