//! Floor 5: the ways in. Each has a bound and says what happens when it is full.
//!
//! | way | who sends | when full |
//! |---|---|---|
//! | commands | admin connections | the sender is told to try again |
//! | reports | the gateway, on the lane | a fault: the loop is told that reports were lost, and reconciles |
//! | intents | slow plugins, on their threads | the sender is told; its host quarantines it |
//! | quotes | the gateway, on the lane | never: the latest of each instrument replaces the one before |
//!
//! Never: blocking, dropping in silence.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, mpsc, oneshot};

use crate::desk::effect::CommandOutcome;
use crate::desk::event::{Command, Event, Requester, SessionEvent};
use crate::domain::instrument::InstrumentId;
use crate::domain::quote::{Quote, Tick, Trade};
use crate::domain::time::Timestamp;

/// Commands are given by people; this many at once means something else is wrong.
const COMMANDS: usize = 64;
/// Reports come in bursts when a session is read whole: 10,000 executions with their commissions fit twice over.
const REPORTS: usize = 65_536;
/// Intents of slow plugins: a second of all of them at the highest rate a grant can give.
const INTENTS: usize = 4_096;

/// A command and where its answer goes.
#[derive(Debug)]
pub struct CommandLetter {
    /// Who asks.
    pub requester: Requester,
    /// What.
    pub command: Command,
    /// Where the answer goes.
    pub answer: oneshot::Sender<CommandOutcome>,
}

/// The sender's way is full: try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the desk's inbox is full; try again in a moment")]
pub struct Full;

/// The way in for the operator's commands.
#[derive(Debug, Clone)]
pub struct CommandSender(mpsc::Sender<CommandLetter>);

impl CommandSender {
    /// Hands over a command; the receiver yields its answer, or nothing if the desk ended.
    pub fn send(
        &self,
        requester: Requester,
        command: Command,
    ) -> Result<oneshot::Receiver<CommandOutcome>, Full> {
        let (answer, outcome) = oneshot::channel();
        self.0
            .try_send(CommandLetter {
                requester,
                command,
                answer,
            })
            .map_err(|_| Full)?;
        Ok(outcome)
    }
}

/// The way in for what the gateway learns of orders and of the session, in one order.
#[derive(Debug, Clone)]
pub struct ReportSender {
    queue: mpsc::Sender<Event>,
    lost: Arc<AtomicBool>,
}

impl ReportSender {
    /// Hands over an event. Never waits; when the queue is full the loss is remembered and the loop reconciles.
    pub fn send(&self, event: Event) {
        if self.queue.try_send(event).is_err() {
            self.lost.store(true, Ordering::Release);
        }
    }

    /// Hands over a session event.
    pub fn session(&self, event: SessionEvent) {
        self.send(Event::Session(event));
    }
}

/// The way in for slow plugins.
#[derive(Debug, Clone)]
pub struct IntentSender(mpsc::Sender<Event>);

impl IntentSender {
    /// Hands over what a slow plugin wants (an intent, a subscription) or what became of it.
    pub fn send(&self, event: Event) -> Result<(), Full> {
        self.0.try_send(event).map_err(|_| Full)
    }
}

/// The last market data of each instrument, waiting to be handled. Lives on the lane only.
#[derive(Debug, Clone)]
pub struct QuoteBoard(Rc<RefCell<Board>>);

#[derive(Debug)]
struct Board {
    slots: Vec<Slot>,
    dirty: std::collections::VecDeque<InstrumentId>,
    conflated: u64,
    ticks: u64,
    wake: Rc<Notify>,
}

#[derive(Debug)]
struct Slot {
    quote: Quote,
    last_price: Option<crate::domain::money::Price>,
    trade: Option<Trade>,
    quote_dirty: bool,
    queued: bool,
}

impl QuoteBoard {
    /// Takes in one tick of one instrument and wakes the loop.
    pub fn apply(&self, instrument: InstrumentId, tick: Tick, received: Timestamp) {
        let mut board = self.0.borrow_mut();
        let board = &mut *board;
        board.ticks += 1;
        let Some(slot) = board.slots.get_mut(instrument.index()) else {
            return;
        };
        if slot.queued {
            board.conflated += 1;
        }
        slot.apply(tick, received);
        if !slot.queued {
            slot.queued = true;
            board.dirty.push_back(instrument);
            board.wake.notify_one();
        }
    }

    /// Forgets everything: called when a session ends.
    pub fn clear(&self) {
        let mut board = self.0.borrow_mut();
        for slot in &mut board.slots {
            *slot = Slot::empty(slot.quote.instrument);
        }
        board.dirty.clear();
    }

    /// Forgets one instrument: its stream is asked for anew and will tell everything again.
    pub fn renew(&self, instrument: InstrumentId) {
        self.reset(instrument, false);
    }

    /// Forgets one instrument's prices, of which some may have changed unseen; its stream goes on, and does not repeat
    /// whether it is delayed.
    pub fn doubt(&self, instrument: InstrumentId) {
        self.reset(instrument, true);
    }

    fn reset(&self, instrument: InstrumentId, keep_delayed: bool) {
        let mut board = self.0.borrow_mut();
        if let Some(slot) = board.slots.get_mut(instrument.index()) {
            let (queued, delayed) = (slot.queued, slot.quote.delayed && keep_delayed);
            *slot = Slot::empty(instrument);
            slot.quote.delayed = delayed;
            slot.queued = queued;
        }
    }

    /// Ticks taken in, and how many of them were merged into one that was still waiting.
    pub fn totals(&self) -> (u64, u64) {
        let board = self.0.borrow();
        (board.ticks, board.conflated)
    }

    /// How many instruments wait.
    pub fn depth(&self) -> usize {
        self.0.borrow().dirty.len()
    }

    /// The next instrument's news: a quote, a trade or both.
    fn take(&self) -> Option<(Option<Quote>, Option<Trade>)> {
        let mut board = self.0.borrow_mut();
        let instrument = board.dirty.pop_front()?;
        let slot = board.slots.get_mut(instrument.index())?;
        slot.queued = false;
        let quote = slot.quote_dirty.then_some(slot.quote);
        slot.quote_dirty = false;
        Some((quote, slot.trade.take()))
    }
}

impl Slot {
    const fn empty(instrument: InstrumentId) -> Self {
        Slot {
            quote: Quote::empty(instrument),
            last_price: None,
            trade: None,
            quote_dirty: false,
            queued: false,
        }
    }

    fn apply(&mut self, tick: Tick, received: Timestamp) {
        let quote = &mut self.quote;
        match tick {
            Tick::Bid(price, size) => {
                quote.bid = price;
                quote.bid_size = size.unwrap_or(quote.bid_size);
            }
            Tick::Ask(price, size) => {
                quote.ask = price;
                quote.ask_size = size.unwrap_or(quote.ask_size);
            }
            Tick::BidSize(size) => quote.bid_size = size,
            Tick::AskSize(size) => quote.ask_size = size,
            Tick::Delayed(delayed) => quote.delayed = delayed,
            Tick::Last(price, size) => {
                self.last_price = Some(price);
                // Without its size the print is told when the size comes.
                let instrument = quote.instrument;
                self.trade = size.map(|size| Trade {
                    instrument,
                    price,
                    size,
                    received,
                });
                return;
            }
            Tick::LastSize(size) => {
                let instrument = quote.instrument;
                self.trade = self.last_price.map(|price| Trade {
                    instrument,
                    price,
                    size,
                    received,
                });
                return;
            }
        }
        quote.received = received;
        self.quote_dirty = true;
    }
}

/// The loop's end of all the ways in.
#[derive(Debug)]
pub struct Inbox {
    commands: mpsc::Receiver<CommandLetter>,
    reports: mpsc::Receiver<Event>,
    intents: mpsc::Receiver<Event>,
    quotes: QuoteBoard,
    wake: Rc<Notify>,
    lost: Arc<AtomicBool>,
}

/// What the loop is handed next.
#[derive(Debug)]
pub enum Letter {
    /// An event, ready for the desk.
    Event(Event),
    /// A command, whose answer the loop must deliver.
    Command(CommandLetter),
    /// News of one instrument.
    Market {
        /// Its quote, if that changed.
        quote: Option<Quote>,
        /// A print, if there was one.
        trade: Option<Trade>,
    },
}

/// All the ways in, made together.
#[derive(Debug)]
pub struct Mailbox {
    /// For the admin surface.
    pub commands: CommandSender,
    /// For the gateway.
    pub reports: ReportSender,
    /// For slow plugins.
    pub intents: IntentSender,
    /// For the feed.
    pub quotes: QuoteBoard,
    /// For the loop.
    pub inbox: Inbox,
}

impl Mailbox {
    /// Ways in for a desk with that many instruments.
    pub fn new(instruments: usize) -> Self {
        let (command_sender, commands) = mpsc::channel(COMMANDS);
        let (report_sender, reports) = mpsc::channel(REPORTS);
        let (intent_sender, intents) = mpsc::channel(INTENTS);
        let wake = Rc::new(Notify::new());
        let lost = Arc::new(AtomicBool::new(false));
        let board = Board {
            slots: (0..instruments)
                .map(|index| Slot::empty(InstrumentId(index as u32)))
                .collect(),
            dirty: std::collections::VecDeque::with_capacity(instruments),
            conflated: 0,
            ticks: 0,
            wake: Rc::clone(&wake),
        };
        let quotes = QuoteBoard(Rc::new(RefCell::new(board)));
        Mailbox {
            commands: CommandSender(command_sender),
            reports: ReportSender {
                queue: report_sender,
                lost: Arc::clone(&lost),
            },
            intents: IntentSender(intent_sender),
            quotes: quotes.clone(),
            inbox: Inbox {
                commands,
                reports,
                intents,
                quotes,
                wake,
                lost,
            },
        }
    }
}

impl Inbox {
    /// What is there now, most urgent first: commands, reports, intents, market.
    pub fn try_next(&mut self) -> Option<Letter> {
        if self.lost.swap(false, Ordering::AcqRel) {
            let reason = "the report queue was full".to_owned();
            return Some(Letter::Event(Event::Session(SessionEvent::ReportsLost {
                reason,
            })));
        }
        if let Ok(letter) = self.commands.try_recv() {
            return Some(Letter::Command(letter));
        }
        if let Ok(event) = self.reports.try_recv() {
            return Some(Letter::Event(event));
        }
        if let Ok(event) = self.intents.try_recv() {
            return Some(Letter::Event(event));
        }
        self.quotes
            .take()
            .map(|(quote, trade)| Letter::Market { quote, trade })
    }

    /// Waits for the next.
    pub async fn next(&mut self) -> Letter {
        loop {
            if let Some(letter) = self.try_next() {
                return letter;
            }
            tokio::select! {
                biased;
                Some(letter) = self.commands.recv() => return Letter::Command(letter),
                Some(event) = self.reports.recv() => return Letter::Event(event),
                Some(event) = self.intents.recv() => return Letter::Event(event),
                () = self.wake.notified() => {}
            }
        }
    }

    /// How many reports wait.
    pub fn reports_waiting(&self) -> usize {
        self.reports.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::{Price, Quantity};

    const A: InstrumentId = InstrumentId(0);

    fn bid(price: i64) -> Tick {
        Tick::Bid(Some(Price::from_nanos(price)), Some(Quantity::ONE))
    }

    fn ask(price: i64) -> Tick {
        Tick::Ask(Some(Price::from_nanos(price)), Some(Quantity::ONE))
    }

    fn quote(mailbox: &mut Mailbox) -> Option<Quote> {
        match mailbox.inbox.try_next() {
            Some(Letter::Market { quote, .. }) => quote,
            _ => None,
        }
    }

    #[test]
    fn prices_from_before_a_doubt_are_never_part_of_a_later_quote() {
        let now = Timestamp::from_nanos(7);
        for (renewed, delayed) in [(false, true), (true, false)] {
            let mut mailbox = Mailbox::new(1);
            mailbox.quotes.apply(A, Tick::Delayed(true), now);
            mailbox.quotes.apply(A, bid(10), now);
            mailbox.quotes.apply(A, ask(12), now);
            assert!(quote(&mut mailbox).is_some_and(|quote| quote.delayed && quote.mid().is_some()));
            // One that waits to be handled is forgotten too.
            mailbox.quotes.apply(A, bid(11), now);
            match renewed {
                true => mailbox.quotes.renew(A),
                false => mailbox.quotes.doubt(A),
            }
            assert_eq!(quote(&mut mailbox), None);
            mailbox.quotes.apply(A, bid(20), now);
            let after = quote(&mut mailbox).unwrap();
            assert_eq!((after.bid, after.ask), (Some(Price::from_nanos(20)), None));
            assert_eq!(after.delayed, delayed, "a stream that goes on does not repeat it");
        }
        Mailbox::new(1).quotes.renew(InstrumentId(5));
    }
}
