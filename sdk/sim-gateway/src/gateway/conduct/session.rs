//! Sessions: client ids that stay busy, order ids that fall back, clocks, restarts, the link to the broker.

use super::{ExecutionTimes, TimeStyle};
use crate::gateway::{ConnectionId, Gateway, Output, Problem, Session, Stage, values};
use crate::wire::Body;
use crate::wire::ids::request;

/// Stands for the connection of a client that has gone, while something of it is acted on.
const NOBODY: ConnectionId = ConnectionId(u64::MAX);

impl Gateway {
    /// The client id of a connection.
    #[must_use]
    pub fn client_of(&self, id: ConnectionId) -> Option<i32> {
        self.sessions.get(&id)?.client()
    }

    /// Sends one client an error or notice; `about` is a request or order id, or -1.
    pub fn tell(&mut self, to: ConnectionId, about: i32, code: i32, text: &str) {
        self.error(to, about, &Problem::new(code, text));
    }

    /// Keeps the client id of a connection that goes now busy for a while, if ids are held.
    pub fn hold_id(&mut self, now: u64, id: ConnectionId) {
        let hold = self.conduct.settings.id_hold;
        if let Some(client) = self.client_of(id).filter(|_| hold > 0) {
            self.conduct.busy.insert(client, now.saturating_add(hold));
        }
        self.conduct.streams.retain(|(each, _), _| *each != id);
        self.conduct.silent.retain(|(each, _)| *each != id);
    }

    /// Whether a client id is busy, with nobody behind it.
    pub(in crate::gateway) fn is_held(&mut self, client: i32) -> bool {
        let now = self.exchange.now();
        self.conduct.busy.retain(|_, until| *until > now);
        self.conduct.busy.contains_key(&client)
    }

    /// Turns away a client whose id is busy.
    pub(in crate::gateway) fn refuse_id(&mut self, from: ConnectionId) {
        let text = "Unable to connect as the client id is already in use. Retry with a unique client id.";
        if self.conduct.settings.busy_says_why {
            self.error(from, -1, &Problem::new(326, text));
        }
        self.output.push(Output::Close(from));
    }

    /// What a client that starts the API while the broker is away is told in place of the farms; false when
    /// the broker is there.
    pub(in crate::gateway) fn tells_of_lost_link(&mut self, to: ConnectionId) -> bool {
        let text = "Connectivity between Trader Workstation and server is broken. It will be restored \
                    automatically.";
        if self.conduct.link_down {
            self.error(to, -1, &Problem::new(2110, text));
        }
        self.conduct.link_down
    }

    pub(super) fn fall_back_ids(&mut self, client: Option<i32>, by: i32) -> String {
        let concerned = self.orders.last_ids.keys().copied();
        let concerned: Vec<i32> = concerned
            .filter(|each| client.is_none_or(|client| *each == client))
            .collect();
        for client in &concerned {
            self.roll_back_ids(*client, by);
        }
        format!("clients {concerned:?} are back by {by}")
    }

    /// The gateway has restarted.
    pub(super) fn forget_everything(&mut self) -> String {
        let before = self.exchange.orders().count();
        Gateway::restart(self);
        let lost = before - self.exchange.orders().count();
        let held = self.conduct.held.len();
        let state = &mut self.conduct;
        state.held.clear();
        state.busy.clear();
        state.dialog = None;
        state.link_down = false;
        format!("{lost} untransmitted and {held} held orders are gone")
    }

    /// A message that its client sent some time ago arrives, whoever is there by now.
    pub fn receive_late(&mut self, now: u64, client: i32, id: u32, body: &Body) {
        self.advance(now);
        self.on_behalf(client, id, body);
        self.publish();
    }

    /// Acts on a message of a client, connected or not.
    pub(super) fn on_behalf(&mut self, client: i32, id: u32, body: &Body) {
        if let Some(from) = self.connection_of(client) {
            self.request(from, id, body);
            return;
        }
        let mut session = Session::new();
        session.stage = Stage::Ready(client);
        session.encoding = Some(body.encoding);
        self.sessions.insert(NOBODY, session);
        self.request(NOBODY, id, body);
        self.publish();
        self.disconnect(NOBODY);
        self.output.retain(|output| match output {
            Output::Frame { to, .. } | Output::Close(to) => *to != NOBODY,
        });
    }

    /// The gateway's own time, milliseconds since 1970.
    pub(in crate::gateway) fn shifted(&self, unix_millis: u64) -> u64 {
        unix_millis.saturating_add_signed(self.conduct.clock_ahead)
    }

    /// The time of a connection, as the handshake writes it.
    pub(in crate::gateway) fn connection_time(&self) -> Vec<u8> {
        let style: &TimeStyle = &self.conduct.connection_time;
        if let Some(whole) = &style.whole {
            return whole.clone();
        }
        let seconds = (self.unix_millis() / 1000).saturating_add_signed(style.offset);
        let mut text = values::timestamp(seconds).into_bytes();
        if let Some(zone) = &style.zone {
            text.truncate(text.len().saturating_sub(3));
            text.extend_from_slice(zone);
        }
        text
    }

    /// The time of an execution, in the form in force.
    pub(super) fn execution_time(&self, written: &str) -> String {
        let plain = written.strip_suffix(" UTC").unwrap_or(written);
        match self.conduct.execution_times {
            ExecutionTimes::Zone => written.to_owned(),
            ExecutionTimes::Universal => format!("{plain} Universal"),
            ExecutionTimes::Dashed => plain.replacen(' ', "-", 1),
            ExecutionTimes::Epoch => {
                let parsed = jiff::civil::DateTime::strptime("%Y%m%d %H:%M:%S", plain);
                let zoned = parsed.and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC));
                zoned.map_or_else(
                    |_| written.to_owned(),
                    |time| time.timestamp().as_second().to_string(),
                )
            }
        }
    }

    pub(super) fn lose_link(&mut self) {
        self.conduct.link_down = true;
        let text = "Connectivity between IB and Trader Workstation has been lost.";
        self.notice(1100, text);
    }

    /// The broker is back: 1101 when data was lost, 1102 when it was kept.
    pub(super) fn restore_link(&mut self, code: i32) -> String {
        if !std::mem::take(&mut self.conduct.link_down) {
            return "it was not lost".to_owned();
        }
        let text = if code == 1101 {
            "Connectivity between IB and Trader Workstation has been restored - data lost."
        } else {
            "Connectivity between IB and Trader Workstation has been restored - data maintained. All data farms \
             are connected: usfarm; ushmds; secdefil."
        };
        self.notice(code, text);
        let ended = if code == 1101 {
            self.end_all_streams()
        } else if self.conduct.settings.restored_keeps_streams {
            0
        } else {
            let fragile = [
                request::TICK_BY_TICK,
                request::REAL_TIME_BARS,
                request::HISTORICAL_DATA,
            ];
            let state = &mut self.conduct;
            let dead = state
                .streams
                .iter()
                .filter(|(_, stream)| fragile.contains(&stream.asked));
            let dead: Vec<_> = dead.map(|(key, _)| *key).collect();
            state.silent.extend(dead.iter().copied());
            dead.len()
        };
        let sent = self.resubmit();
        format!("{code}: {ended} streams are dead, {sent} kept orders sent")
    }

    /// Every stream of data ends, and nobody is told.
    fn end_all_streams(&mut self) -> usize {
        let count = self.conduct.streams.len();
        self.conduct.streams.clear();
        self.conduct.silent.clear();
        let ids: Vec<ConnectionId> = self.sessions.keys().copied().collect();
        for id in ids {
            if let Some(session) = self.sessions.get_mut(&id) {
                let data = std::mem::take(&mut session.data);
                let history = std::mem::take(&mut session.history);
                self.end_watches(id, data);
                self.end_history(id, history);
            }
        }
        count
    }

    /// The text of an error, in the words in force.
    pub(in crate::gateway) fn text_of(&self, problem: &Problem) -> String {
        let other = self.conduct.settings.texts.get(&problem.code);
        other.unwrap_or(&problem.text).clone()
    }

    /// The time now as the protocol writes it, for comparing with good-till dates.
    pub(super) fn written_now(&self) -> String {
        values::timestamp(self.exchange.unix_seconds(self.exchange.now()))
    }
}
