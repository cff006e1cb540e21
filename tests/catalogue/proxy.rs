//! A TCP proxy between the daemon and the gateway: networks that lose what they are given.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

/// How often a quiet connection looks whether the weather has changed.
const LOOK: Duration = Duration::from_millis(20);

/// What happens to bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Weather {
    /// They pass.
    Pass,
    /// Nothing passes either way, and nobody is told.
    Stall,
    /// What the gateway says is lost; what the daemon says passes.
    Deaf,
    /// Connections are ended, new ones too.
    Refuse,
}

impl Weather {
    fn of(number: u8) -> Weather {
        let all = [Weather::Pass, Weather::Stall, Weather::Deaf, Weather::Refuse];
        all.into_iter()
            .find(|weather| *weather as u8 == number)
            .unwrap_or(Weather::Refuse)
    }
}

#[derive(Debug)]
struct Shared {
    weather: AtomicU8,
    /// Raised to end the connections of before. One that was stalled stays so: the network it was made on is gone.
    era: AtomicUsize,
}

/// The proxy. Its threads end with the process.
#[derive(Debug)]
pub struct Proxy {
    /// Where the daemon finds it.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl Proxy {
    /// To this gateway.
    pub fn to(gateway: SocketAddr) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the proxy");
        let address = listener.local_addr().expect("the proxy's address");
        let shared = Arc::new(Shared {
            weather: AtomicU8::new(Weather::Pass as u8),
            era: AtomicUsize::new(0),
        });
        let world = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let world = Arc::clone(&world);
                std::thread::spawn(move || connect(&client, gateway, &world));
            }
        });
        Proxy { address, shared }
    }

    /// Changes the weather, by its word.
    pub fn set(&self, word: &str) -> Result<(), String> {
        let weather = match word {
            "pass" => Weather::Pass,
            "stall" => Weather::Stall,
            "deaf" => Weather::Deaf,
            "cut" => {
                self.shared.era.fetch_add(1, Ordering::SeqCst);
                Weather::Pass
            }
            "refuse" => {
                self.shared.era.fetch_add(1, Ordering::SeqCst);
                Weather::Refuse
            }
            _ => {
                return Err(format!(
                    "proxy = {word:?}: write pass, stall, deaf, cut or refuse"
                ));
            }
        };
        self.shared.weather.store(weather as u8, Ordering::SeqCst);
        Ok(())
    }
}

fn connect(client: &TcpStream, gateway: SocketAddr, world: &Arc<Shared>) {
    if Weather::of(world.weather.load(Ordering::SeqCst)) == Weather::Refuse {
        return;
    }
    let Ok(server) = TcpStream::connect(gateway) else {
        return;
    };
    let pair = |from: &TcpStream, to: &TcpStream| Some((from.try_clone().ok()?, to.try_clone().ok()?));
    let (Some(out), Some(back)) = (pair(client, &server), pair(&server, client)) else {
        return;
    };
    let era = world.era.load(Ordering::SeqCst);
    let other = Arc::clone(world);
    std::thread::spawn(move || pump(out, false, era, &other));
    pump(back, true, era, world);
}

fn pump((mut from, mut to): (TcpStream, TcpStream), to_daemon: bool, era: usize, world: &Shared) {
    let _set = from.set_read_timeout(Some(LOOK));
    let mut bytes = [0; 16 * 1024];
    while world.era.load(Ordering::SeqCst) == era {
        let weather = Weather::of(world.weather.load(Ordering::SeqCst));
        if weather == Weather::Stall {
            // Nothing is read, as by a peer that has gone: there is nothing to wait for but the weather.
            std::thread::sleep(LOOK);
            continue;
        }
        match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(_) if weather == Weather::Deaf && to_daemon => {}
            Ok(count) => {
                if to.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    let _gone = from.shutdown(Shutdown::Both);
    let _gone = to.shutdown(Shutdown::Both);
}
