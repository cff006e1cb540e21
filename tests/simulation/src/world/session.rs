//! A session's life: how it begins, what becomes of what is under way when it ends, and the gateway's own line to IB.

use moored::desk::event::{Event, SessionEvent};
use moored::domain::instrument::{ContractFacts, InstrumentId};
use moored::domain::money::Quantity;
use moored::domain::quote::Quote;

use super::{Due, MS, World, Write};
use crate::broker::{CLIENT, INSTRUMENTS, words};
use crate::checks::Violation;
use crate::operation::UnderWay;

/// From the handshake to the proof of everything that has to be proved.
const TO_PROVE: u64 = 30 * MS;

impl World {
    /// The handshake is done.
    pub(super) fn connect(&mut self) -> Result<(), Violation> {
        if self.daemon.is_none() || self.link.believed {
            return Ok(());
        }
        self.link.session += 1;
        (self.link.alive, self.link.believed) = (true, true);
        let session = self.link.session;
        for instrument in 0..INSTRUMENTS as u32 {
            let facts = ContractFacts {
                instrument: InstrumentId(instrument),
                con_id: self.broker.con_id(instrument),
                tick: words::price(1),
                multiplier: Quantity::ONE,
                hours: None,
            };
            self.handle(Event::Session(SessionEvent::Resolved(facts)))?;
        }
        let next_order_id = self.broker.next_order_id();
        self.broker.forgetful = false;
        self.handle(Event::Session(SessionEvent::Up {
            next_order_id,
            client_id: CLIENT,
        }))?;
        if !self.link.upstream {
            self.handle(Event::Session(SessionEvent::UpstreamLost))?;
        }
        self.resend();
        let event = self.proofs();
        self.schedule(TO_PROVE, Due::Hand { session, event });
        self.quote_all()
    }

    fn proofs(&self) -> Event {
        let missing = match self.link.proves {
            true => Vec::new(),
            false => vec!["write access".to_owned()],
        };
        Event::Session(SessionEvent::Proofs { missing })
    }

    /// The session proves what it has to, or not.
    pub(super) fn prove(&mut self, proves: bool) -> Result<(), Violation> {
        self.link.proves = proves;
        let event = self.proofs();
        match self.link.believed {
            true => self.handle(event),
            false => Ok(()),
        }
    }

    /// The socket dies; the daemon notices later.
    pub(super) fn cut(&mut self, writes: UnderWay, reports_read: bool, noticed: u32, back: u32) {
        if !self.link.alive {
            return;
        }
        let session = self.link.session;
        self.link.alive = false;
        self.decide_writes(writes);
        if !reports_read {
            self.lose_reports();
        }
        self.back_after = u64::from(back) * MS;
        self.schedule(u64::from(noticed) * MS, Due::Notice { session });
    }

    /// What is on its way to the daemon never arrives.
    pub(super) fn lose_reports(&mut self) {
        self.due.retain(|_, due| !matches!(due, Due::Tell { .. }));
    }

    fn decide_writes(&mut self, writes: UnderWay) {
        let session = self.link.session;
        let own = |due: &Due| matches!(due, Due::Arrive { session: of, .. } if *of == session);
        match writes {
            UnderWay::Arrive => {}
            UnderWay::Lost => self.due.retain(|_, due| !own(due)),
            UnderWay::Late(ms) => {
                let late: Vec<(u64, u64)> = self
                    .due
                    .iter()
                    .filter_map(|(at, due)| own(due).then_some(*at))
                    .collect();
                for at in late {
                    if let Some(due) = self.due.remove(&at) {
                        self.due.insert((at.0 + u64::from(ms) * MS, at.1), due);
                    }
                }
            }
        }
    }

    /// The daemon knows that the session is over.
    pub(super) fn notice(&mut self, reason: &str) -> Result<(), Violation> {
        if !self.link.believed {
            return Ok(());
        }
        self.link.believed = false;
        self.reading = None;
        self.schedule(self.back_after, Due::Connect);
        let reason = reason.to_owned();
        self.handle(Event::Session(SessionEvent::Down { reason }))
    }

    /// The daemon died: there is no session and nobody to tell.
    pub(super) fn end_session(&mut self, writes: UnderWay) {
        self.decide_writes(writes);
        (self.link.alive, self.link.believed) = (false, false);
        self.reading = None;
    }

    /// A write is at the gateway.
    pub(super) fn arrive(&mut self, write: Write) {
        match write {
            Write::Place(placement) if self.link.upstream => self.broker.place(&placement),
            Write::Place(placement) => self.broker.held.push(placement),
            Write::Cancel(order_id) if self.link.upstream => self.broker.cancel(order_id),
            // Nothing is canceled where nobody can be told to.
            Write::Cancel(_) => {}
        }
    }

    /// The gateway loses IB.
    pub(super) fn lose_upstream(&mut self) -> Result<(), Violation> {
        self.link.upstream = false;
        match self.link.alive && self.link.believed {
            true => self.handle(Event::Session(SessionEvent::UpstreamLost)),
            false => Ok(()),
        }
    }

    /// The gateway has IB again, and sends what it held back. A change it held back becomes a second order.
    pub(super) fn restore_upstream(&mut self, data_lost: bool) -> Result<(), Violation> {
        if self.link.upstream {
            return Ok(());
        }
        self.link.upstream = true;
        for placement in std::mem::take(&mut self.broker.held) {
            let known = self.broker.order_id(placement.client_order_id.0).is_some();
            if known {
                self.broker.split_next(true);
            }
            self.broker.place(&placement);
            self.broker.split_next(false);
        }
        self.collect();
        match self.link.alive && self.link.believed {
            true => self.handle(Event::Session(SessionEvent::UpstreamRestored { data_lost })),
            false => Ok(()),
        }
    }

    /// Quotes for every instrument, if they come.
    pub(super) fn quote_all(&mut self) -> Result<(), Violation> {
        if !(self.quotes && self.link.alive && self.link.believed) {
            return Ok(());
        }
        for instrument in 0..INSTRUMENTS as u32 {
            let (bid, ask) = self.broker.best(instrument);
            let shown = (bid, ask, self.now / (1_000 * MS));
            if self.shown.insert(instrument, shown) == Some(shown) {
                continue;
            }
            self.handle(Event::Quote(Quote {
                bid: Some(words::price(bid)),
                ask: Some(words::price(ask)),
                received: self.at(),
                ..Quote::empty(InstrumentId(instrument))
            }))?;
        }
        Ok(())
    }
}
