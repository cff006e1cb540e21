//! Bulletins: what exchanges tell everybody who listens.

use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::news as wire;

/// Bulletins kept for those who ask for all of the day's.
const MOST: usize = 100;

/// One bulletin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::gateway::data) struct Bulletin {
    number: i32,
    /// 1 regular, 2 an exchange is no longer available, 3 it is again.
    kind: i32,
    text: String,
    exchange: String,
    /// Unix day.
    day: u64,
}

impl Bulletin {
    fn message(&self) -> wire::NewsBulletin {
        wire::NewsBulletin {
            news_msg_id: Some(self.number),
            news_msg_type: Some(self.kind),
            news_message: Some(self.text.clone()),
            originating_exch: Some(self.exchange.clone()),
        }
    }
}

impl Gateway {
    /// Begins with the day's bulletins, if the client wants them, and goes on with new ones.
    pub(in crate::gateway::data) fn start_bulletins(
        &mut self,
        from: ConnectionId,
        asked: &wire::NewsBulletinsRequest,
    ) -> Result<(), Problem> {
        self.with_session(from, |session| session.data.bulletins = true)?;
        if asked.all_messages.unwrap_or(false) {
            let today = self.exchange.unix_seconds(self.exchange.now()) / 86_400;
            let known = self.data.bulletins.iter().filter(|each| each.day == today);
            let messages: Vec<wire::NewsBulletin> = known.map(Bulletin::message).collect();
            for message in messages {
                self.send(from, Class::Other, &message);
            }
        }
        Ok(())
    }

    /// Has no answer, whether there was anything to end or not.
    pub(in crate::gateway::data) fn stop_bulletins(&mut self, from: ConnectionId) -> Result<(), Problem> {
        self.with_session(from, |session| session.data.bulletins = false)
    }

    /// Publishes a bulletin: of kind 1 (regular), 2 (the exchange is no longer available) or 3 (it is again).
    pub fn bulletin(&mut self, kind: i32, text: &str, exchange: &str) {
        let last = self.data.bulletins.last().map_or(0, |each| each.number);
        let bulletin = Bulletin {
            number: last + 1,
            kind,
            text: text.to_owned(),
            exchange: exchange.to_owned(),
            day: self.exchange.unix_seconds(self.exchange.now()) / 86_400,
        };
        let message = bulletin.message();
        if self.data.bulletins.len() == MOST {
            self.data.bulletins.remove(0);
        }
        self.data.bulletins.push(bulletin);
        let listening = self.sessions.iter().filter(|(_, session)| session.data.bulletins);
        let listeners: Vec<ConnectionId> = listening.map(|(id, _)| *id).collect();
        for to in listeners {
            self.send(to, Class::Other, &message);
        }
    }
}
