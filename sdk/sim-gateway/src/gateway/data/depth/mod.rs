//! Market depth: who watches which book, and telling them what changed in it.
//!
//! What is told is the difference between the book and what the client knows of it, taken once everything
//! that happened at an instant has happened. It never shows an order that is hidden.

mod rows;

#[cfg(test)]
mod depth_tests;

use rows::{Change, Row, changes, rows};

use super::quotes::Figures;
use super::{Address, Board};
use crate::exchange::{Instrument, InstrumentId, Kind, Side};
use crate::gateway::{Class, ConnectionId, Gateway, Output, Problem};
use crate::wire::frame;
use crate::wire::messages::depth as wire;
use crate::wire::messages::market::RerouteMarketDepthRequest;

/// More rows than any venue shows.
const MOST_ROWS: i32 = 1_000;
const DEFAULT_ROWS: i32 = 5;

/// One client's view of a book.
#[derive(Debug)]
pub(super) struct Book {
    address: Address,
    rows: usize,
    /// Whether the rows are by venue: message 13 rather than 12.
    smart: bool,
    bids: Vec<Row>,
    asks: Vec<Row>,
}

impl Gateway {
    pub(in crate::gateway::data) fn start_depth(
        &mut self,
        from: ConnectionId,
        asked: &wire::MarketDepthRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let id = self.checked_instrument(asked.contract.as_ref())?;
        let open = self.with_session(from, |session| {
            (
                session.data.depth.len(),
                session.data.depth.contains_key(&request),
            )
        })?;
        let (running, taken) = open;
        if taken {
            return Err(Problem::new(
                322,
                "Error processing request.-'bP' : cause - Duplicate ticker id",
            ));
        }
        let most = self.data.rules.depth_lines;
        if running >= most {
            return Err(Problem::new(
                309,
                format!("Max number ({most}) of market depth requests has been reached."),
            ));
        }
        let exchange = asked.contract.as_ref().and_then(|each| each.exchange.as_deref());
        let smart = asked.is_smart_depth.unwrap_or(false);
        let kind = self.exchange.market(id).instrument.kind;
        if kind == Kind::Cfd && self.data.rules.reroute_cfds && self.reroute_depth(from, request, id) {
            return Ok(());
        }
        let bookless = matches!(kind, Kind::Index | Kind::Fund);
        if bookless || (exchange == Some("SMART") && !smart) {
            return Err(Problem::new(
                10092,
                "Deep market data is not supported for this combination of security type/exchange",
            ));
        }
        let count = match asked.num_rows.unwrap_or(DEFAULT_ROWS) {
            count @ 1..=MOST_ROWS => usize::try_from(count).unwrap_or(1),
            count => {
                return Err(Problem::invalid(format_args!(
                    "Invalid number of market depth rows {count}"
                )));
            }
        };
        self.entitlement(id).grant_depth()?;
        let book = Book {
            address: self.address(from, request)?,
            rows: count,
            smart,
            bids: Vec::new(),
            asks: Vec::new(),
        };
        self.with_session(from, |session| session.data.depth.insert(request, id))?;
        self.data.board(id).books.push(book);
        self.data.deep.insert(id);
        self.exchange.watch(id);
        if smart {
            let notice = venues_notice(&self.exchange.market(id).instrument);
            self.error(from, request, &notice);
        }
        self.tell_books(id);
        Ok(())
    }

    fn reroute_depth(&mut self, to: ConnectionId, request: i32, id: InstrumentId) -> bool {
        let Some((con_id, exchange)) = self.rerouted(id) else {
            return false;
        };
        let message = RerouteMarketDepthRequest {
            req_id: Some(request),
            con_id: Some(con_id),
            exchange: Some(exchange),
        };
        self.send(to, Class::Other, &message);
        true
    }

    pub(in crate::gateway::data) fn stop_depth(
        &mut self,
        from: ConnectionId,
        asked: &wire::CancelMarketDepth,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let ended = self.with_session(from, |session| session.data.depth.remove(&request))?;
        let unknown = || {
            let text = format!("Can't find the subscribed market depth with tickerId:{request}");
            Problem::new(310, text)
        };
        let id = ended.ok_or_else(unknown)?;
        self.end_book(from, request, id);
        Ok(())
    }

    /// Forgets a client's view of a book, which its session has forgotten already.
    pub(in crate::gateway::data) fn end_book(&mut self, to: ConnectionId, request: i32, id: InstrumentId) {
        let books = &mut self.data.board(id).books;
        books.retain(|each| (each.address.to, each.address.request) != (to, request));
        if books.is_empty() {
            self.data.deep.remove(&id);
        }
        self.exchange.unwatch(id);
    }

    /// Tells everybody what changed in the books they watch.
    pub(in crate::gateway::data) fn publish_depth(&mut self) {
        let deep: Vec<InstrumentId> = self.data.deep.iter().copied().collect();
        for id in deep {
            self.tell_books(id);
        }
    }

    fn tell_books(&mut self, id: InstrumentId) {
        let Self {
            exchange,
            data,
            output,
            ..
        } = self;
        let market = exchange.market(id);
        let figures = Figures::new(&market.instrument, data.rules.sizes_in_round_lots);
        let Some(Board { books, .. }) = data.boards.get_mut(id.0) else {
            return;
        };
        for book in books {
            for side in [Side::Buy, Side::Sell] {
                let now = rows(market, side, book.rows, book.smart);
                let told = match side {
                    Side::Buy => &mut book.bids,
                    Side::Sell => &mut book.asks,
                };
                if *told == now {
                    continue;
                }
                let before = std::mem::replace(told, now);
                for change in changes(&before, told) {
                    tell_row(output, &book.address, book.smart, side, change, &figures);
                }
            }
        }
    }

    /// Empties the books that clients see and fills them anew, after telling them so: 317. Of one symbol or
    /// of all.
    pub fn reset_depth(&mut self, symbol: Option<&str>) {
        let text = "Market depth data has been RESET. Please empty deep book contents before applying any \
                    new entries.";
        for (id, address) in self.books_of(symbol) {
            self.error(address.to, address.request, &Problem::new(317, text));
            let books = &mut self.data.board(id).books;
            if let Some(book) = books.iter_mut().find(|book| book.address == address) {
                book.bids.clear();
                book.asks.clear();
            }
            self.tell_books(id);
        }
    }

    /// Ends the books that clients see, after telling them so: 316. Of one symbol or of all.
    pub fn halt_depth(&mut self, symbol: Option<&str>) {
        let text = "Market depth data has been HALTED. Please re-subscribe.";
        for (id, address) in self.books_of(symbol) {
            self.drop_book(id, address, &Problem::new(316, text));
        }
    }

    /// Ends the views of a book that its clients may not see any more.
    pub(in crate::gateway::data) fn review_books(&mut self, id: InstrumentId) {
        let Err(problem) = self.entitlement(id).grant_depth() else {
            return;
        };
        let books = self.data.boards.get(id.0).map(|board| board.books.iter());
        let views: Vec<Address> = books.into_iter().flatten().map(|book| book.address).collect();
        for address in views {
            self.drop_book(id, address, &problem);
        }
    }

    fn drop_book(&mut self, id: InstrumentId, address: Address, problem: &Problem) {
        if let Some(session) = self.sessions.get_mut(&address.to) {
            session.data.depth.remove(&address.request);
        }
        self.end_book(address.to, address.request, id);
        self.error(address.to, address.request, problem);
    }

    fn books_of(&self, symbol: Option<&str>) -> Vec<(InstrumentId, Address)> {
        let named = |id: &&InstrumentId| {
            symbol.is_none_or(|symbol| self.exchange.market(**id).instrument.symbol == symbol)
        };
        let boards = self.data.deep.iter().filter(named);
        let books = boards.filter_map(|id| Some((*id, self.data.boards.get(id.0)?)));
        books
            .flat_map(|(id, board)| board.books.iter().map(move |book| (id, book.address)))
            .collect()
    }
}

fn tell_row(
    out: &mut Vec<Output>,
    address: &Address,
    smart: bool,
    side: Side,
    change: Change,
    figures: &Figures,
) {
    let Change {
        position,
        operation,
        row,
    } = change;
    let data = wire::MarketDepthData {
        position: i32::try_from(position).ok(),
        operation: Some(operation as i32),
        side: Some(i32::from(side == Side::Buy)),
        price: Some(figures.price(row.price)),
        size: Some(figures.size(row.lots)),
        market_maker: smart.then_some(row.venue),
        is_smart_depth: smart.then_some(true),
    };
    let mut bytes = Vec::with_capacity(64);
    // The two messages differ in their numbers alone.
    let id = if smart {
        let message = wire::MarketDepthL2 {
            req_id: Some(address.request),
            market_depth_data: Some(data),
        };
        frame::encode(&mut bytes, address.encoding, &message);
        crate::wire::ids::response::MARKET_DEPTH_L2
    } else {
        let message = wire::MarketDepth {
            req_id: Some(address.request),
            market_depth_data: Some(data),
        };
        frame::encode(&mut bytes, address.encoding, &message);
        crate::wire::ids::response::MARKET_DEPTH
    };
    // Each row builds on the one before: none may be left out when a client is slow.
    out.push(Output::Frame {
        to: address.to,
        class: Class::Other,
        id,
        bytes,
    });
}

/// Which venues an aggregated book has in full; every one of the instrument's does here.
fn venues_notice(instrument: &Instrument) -> Problem {
    let venues = instrument
        .valid_exchanges
        .iter()
        .filter(|venue| *venue != "SMART");
    let names: String = venues.map(|venue| format!("{venue}; ")).collect();
    Problem::new(2152, format!("Exchanges - Depth: {names}"))
}
