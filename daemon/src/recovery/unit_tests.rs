//! Against a service on a private bus that answers as systemd's manager does.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use rustbus::connection::Timeout;
use rustbus::message_builder::MarshalledMessage;
use rustbus::wire::ObjectPath;
use rustbus::{MessageBuilder, MessageType, RpcConn, standard_messages};
use rustbus_nix::sys::socket::UnixAddr;
use tempfile::TempDir;

use super::unit::{Config, UnitError, restart};

/// A bus of this test's own.
struct Bus {
    daemon: Child,
    address: String,
    _folder: TempDir,
}

impl Bus {
    fn start() -> Bus {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("bus.conf");
        let text = format!(
            "<busconfig><type>session</type><listen>unix:dir={}</listen><policy context=\"default\">\
             <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>",
            folder.path().display()
        );
        std::fs::write(&config, text).unwrap();
        let mut daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon is needed; scripts/setup.sh installs it");
        let mut address = String::new();
        let stdout = daemon.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut address).unwrap();
        Bus {
            daemon,
            address: address.trim().to_owned(),
            _folder: folder,
        }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _gone = self.daemon.kill();
        let _gone = self.daemon.wait();
    }
}

const PATIENCE: Timeout = Timeout::Duration(std::time::Duration::from_secs(30));

/// Restarts units by their names, until the bus goes.
fn manager(bus: &str) {
    let path = bus.strip_prefix("unix:path=").unwrap().split(',').next().unwrap();
    let mut connection = RpcConn::connect_to_path(UnixAddr::new(path).unwrap(), PATIENCE).unwrap();
    let mut name = standard_messages::request_name("org.freedesktop.systemd1", 0);
    let serial = connection
        .send_message(&mut name)
        .unwrap()
        .write_all()
        .ok()
        .unwrap();
    connection.wait_response(serial, PATIENCE).unwrap();
    std::thread::spawn(move || {
        let mut subscribed = false;
        // Ends with its bus.
        while let Ok(call) = connection.wait_call(Timeout::Infinite) {
            assert_eq!(
                call.dynheader.interface.as_deref(),
                Some("org.freedesktop.systemd1.Manager")
            );
            let mut say = |message: &mut MarshalledMessage| {
                connection
                    .send_message(message)
                    .unwrap()
                    .write_all()
                    .ok()
                    .unwrap();
            };
            if call.dynheader.member.as_deref() == Some("Subscribe") {
                subscribed = true;
                say(&mut call.dynheader.make_response());
                continue;
            }
            let (unit, mode): (&str, &str) = call.body.parser().get2().unwrap();
            assert_eq!(mode, "replace");
            let result = match unit {
                "good.service" => Some("done"),
                "broken.service" => Some("failed"),
                "slow.service" => None,
                unit => {
                    let name = match unit {
                        "forbidden.service" => "org.freedesktop.DBus.Error.AccessDenied",
                        _ => "org.freedesktop.systemd1.NoSuchUnit",
                    };
                    let words = Some(format!("Unit {unit} not found."));
                    let mut refusal = call.dynheader.make_error_response(name, words);
                    // The crate calls it a reply.
                    refusal.typ = MessageType::Error;
                    say(&mut refusal);
                    continue;
                }
            };
            if let Some(result) = result.filter(|_| subscribed) {
                // Somebody else's job ends first, and ours before we are told its name.
                say(&mut removed(1, "other.service", "failed"));
                say(&mut removed(7, unit, result));
            }
            let mut begun = call.dynheader.make_response();
            begun.body.push_param(job(7)).unwrap();
            say(&mut begun);
        }
    });
}

fn job(number: u32) -> ObjectPath<String> {
    ObjectPath::new(format!("/org/freedesktop/systemd1/job/{number}")).unwrap()
}

fn removed(number: u32, unit: &str, result: &str) -> MarshalledMessage {
    let interface = "org.freedesktop.systemd1.Manager";
    let mut signal = MessageBuilder::new()
        .signal(interface, "JobRemoved", "/org/freedesktop/systemd1")
        .build();
    let body = &mut signal.body;
    body.push_param4(number, job(number), unit, result).unwrap();
    signal
}

fn unit(bus: &str, name: &str, timeout_ms: u32) -> Config {
    Config {
        name: name.to_owned(),
        allow: true,
        timeout_ms,
        bus: Some(bus.to_owned()),
    }
}

#[tokio::test]
async fn a_unit_is_restarted_and_its_end_awaited() {
    let bus = Bus::start();
    manager(&bus.address);
    let ask = |name: &'static str, timeout_ms| {
        let config = unit(&bus.address, name, timeout_ms);
        async move { restart(&config).await }
    };
    let said = ask("good.service", 20_000).await.unwrap();
    assert!(said.contains("good.service"), "{said}");
    let failed = ask("broken.service", 20_000).await.unwrap_err();
    assert!(
        matches!(&failed, UnitError::Failed { result, .. } if result == "failed"),
        "{failed}"
    );
    let forbidden = ask("forbidden.service", 20_000).await.unwrap_err();
    assert!(forbidden.to_string().contains("polkit"), "{forbidden}");
    let unknown = ask("unknown.service", 20_000).await.unwrap_err();
    assert!(unknown.to_string().contains("not found"), "{unknown}");
    let slow = ask("slow.service", 100).await.unwrap_err();
    assert!(matches!(slow, UnitError::Silent { .. }), "{slow}");
}

#[tokio::test]
async fn a_bus_without_systemd_and_no_bus_at_all_are_said() {
    let bus = Bus::start();
    let nobody = restart(&unit(&bus.address, "good.service", 20_000)).await;
    assert!(matches!(
        nobody,
        Err(UnitError::Refused { .. } | UnitError::Bus(_))
    ));
    let gone = restart(&unit("unix:path=/nonexistent/bus", "good.service", 20_000)).await;
    assert!(matches!(gone, Err(UnitError::Bus(_))));
}

#[test]
fn an_allowed_unit_has_a_name() {
    let config: Config = toml::from_str("allow = true").unwrap();
    assert_eq!(config.check().unwrap_err().0, "unit.name");
    let named = unit("unix:path=/run/bus", "ibgateway@live.service", 1_000);
    assert!(named.check().is_ok());
    let strange = unit("tcp:host=elsewhere", "ibgateway@live.service", 1_000);
    assert_eq!(strange.check().unwrap_err().0, "unit.bus");
    assert!(Config::default().check().is_ok());
}
