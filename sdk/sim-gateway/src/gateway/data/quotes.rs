//! Streaming market data: subscriptions, and quotes and trades as ticks.

use rust_decimal::Decimal;

use super::Subscription;
use crate::exchange::{InstrumentId, Lots, Session, Ticks};
use crate::gateway::values::{double, written};
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::market as wire;

/// Tick types of live data.
mod field {
    pub(in crate::gateway) const BID_SIZE: i32 = 0;
    pub(in crate::gateway) const BID: i32 = 1;
    pub(in crate::gateway) const ASK: i32 = 2;
    pub(in crate::gateway) const ASK_SIZE: i32 = 3;
    pub(in crate::gateway) const LAST: i32 = 4;
    pub(in crate::gateway) const LAST_SIZE: i32 = 5;
    pub(in crate::gateway) const HIGH: i32 = 6;
    pub(in crate::gateway) const LOW: i32 = 7;
    pub(in crate::gateway) const VOLUME: i32 = 8;
    pub(in crate::gateway) const CLOSE: i32 = 9;
    pub(in crate::gateway) const OPEN: i32 = 14;
    pub(in crate::gateway) const LAST_TIMESTAMP: i32 = 45;
}

const LIVE: i32 = 1;

impl Gateway {
    pub(in crate::gateway) fn start_market_data(
        &mut self,
        from: ConnectionId,
        asked: wire::MarketDataRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let contract = asked.contract.as_ref();
        let id = self.resolve(contract)?;
        if contract
            .and_then(|contract| contract.exchange.as_deref())
            .unwrap_or_default()
            .is_empty()
        {
            return Err(Problem::invalid("Please enter exchange"));
        }
        let taken = self
            .sessions
            .get(&from)
            .is_some_and(|session| session.data.quotes.contains_key(&request));
        if taken {
            return Err(Problem::new(
                322,
                "Error processing request.-'bQ' : cause - Duplicate ticker id",
            ));
        }
        if asked.regulatory_snapshot.unwrap_or(false) {
            return Err(Problem::invalid(
                "Regulatory snapshots are not supported by the simulated gateway",
            ));
        }
        self.exchange.look(id);
        self.describe_feed(from, request, id);
        self.opening_ticks(from, request, id);
        if asked.snapshot.unwrap_or(false) {
            let end = wire::TickSnapshotEnd {
                req_id: Some(request),
            };
            self.send(from, Class::Other, &end);
            return Ok(());
        }
        let market = self.exchange.market(id);
        let subscription = Subscription {
            instrument: id,
            told: market.shown(),
            day: market.session(),
        };
        self.with_session(from, |session| session.data.quotes.insert(request, subscription))?;
        self.data.watchers.entry(id).or_default().push((from, request));
        self.exchange.watch(id);
        Ok(())
    }

    pub(in crate::gateway) fn stop_market_data(
        &mut self,
        from: ConnectionId,
        asked: &wire::CancelMarketData,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let ended = self.with_session(from, |session| session.data.quotes.remove(&request))?;
        let unknown = || Problem::new(300, format!("Can't find EId with tickerId:{request}"));
        let ended = ended.ok_or_else(unknown)?;
        self.unwatch(from, request, ended.instrument);
        Ok(())
    }

    pub(in crate::gateway) fn unwatch(&mut self, connection: ConnectionId, request: i32, id: InstrumentId) {
        if let Some(watchers) = self.data.watchers.get_mut(&id) {
            watchers.retain(|each| *each != (connection, request));
        }
        self.exchange.unwatch(id);
    }

    /// Live data is always permitted and the market always open, so every type asked for is live data.
    pub(in crate::gateway) fn market_data_type(
        &self,
        asked: &wire::MarketDataTypeRequest,
    ) -> Result<(), Problem> {
        match asked.market_data_type {
            Some(1..=4) => Ok(()),
            other => Err(Problem::invalid(format_args!(
                "Invalid market data type {}",
                other.unwrap_or(0)
            ))),
        }
    }

    fn describe_feed(&mut self, to: ConnectionId, request: i32, id: InstrumentId) {
        let params = wire::TickReqParams {
            req_id: Some(request),
            min_tick: Some(written(self.exchange.market(id).instrument.min_tick)),
            bbo_exchange: Some("9c0001".to_owned()),
            snapshot_permissions: Some(3),
            last_price_precision: None,
            last_size_precision: None,
        };
        self.send(to, Class::Other, &params);
        let kind = wire::MarketDataType {
            req_id: Some(request),
            market_data_type: Some(LIVE),
        };
        self.send(to, Class::Other, &kind);
    }

    /// Everything known about a market, as a subscription begins with it.
    fn opening_ticks(&mut self, to: ConnectionId, request: i32, id: InstrumentId) {
        let market = self.exchange.market(id);
        let (top, day, kind) = (market.shown(), market.session(), market.instrument.kind);
        let price = |ticks: Ticks| market.instrument.price(ticks);
        let size = |lots: Lots| market.instrument.quantity(lots);
        let mut ticks = Vec::new();
        for (field, best) in [(field::BID, top.bid), (field::ASK, top.ask)] {
            ticks.extend(best.map(|(at, lots)| (field, price(at), Some(size(lots)))));
        }
        if kind.prints_trades() {
            let last_size = (day.last_lots > 0).then(|| size(day.last_lots));
            ticks.push((field::LAST, price(day.last), last_size));
            ticks.push((field::OPEN, price(day.open), None));
        }
        for (field, value) in [
            (field::HIGH, day.high),
            (field::LOW, day.low),
            (field::CLOSE, day.close),
        ] {
            ticks.push((field, price(value), None));
        }
        let volume = size(day.volume);
        for (field, price, size) in ticks {
            self.tick_price(to, request, field, price, size);
        }
        if kind.prints_trades() {
            self.tick_size(to, request, field::VOLUME, volume);
        }
    }

    /// Tells a market's watchers which best prices and sizes changed for them.
    pub(in crate::gateway) fn publish_quote(&mut self, id: InstrumentId) {
        let top = self.exchange.market(id).shown();
        for (to, request) in self.data.watchers.get(&id).cloned().unwrap_or_default() {
            let told = self
                .sessions
                .get_mut(&to)
                .and_then(|session| session.data.quotes.get_mut(&request));
            let Some(before) = told.map(|subscription| std::mem::replace(&mut subscription.told, top)) else {
                continue;
            };
            for (price_field, size_field, old, new) in [
                (field::BID, field::BID_SIZE, before.bid, top.bid),
                (field::ASK, field::ASK_SIZE, before.ask, top.ask),
            ] {
                self.quote_side(to, request, id, (price_field, size_field), old, new);
            }
        }
    }

    fn quote_side(
        &mut self,
        to: ConnectionId,
        request: i32,
        id: InstrumentId,
        (price_field, size_field): (i32, i32),
        old: Option<(Ticks, Lots)>,
        new: Option<(Ticks, Lots)>,
    ) {
        if old == new {
            return;
        }
        let instrument = &self.exchange.market(id).instrument;
        match new {
            Some((price, lots)) if old.map(|(price, _)| price) != Some(price) => {
                let (price, size) = (instrument.price(price), instrument.quantity(lots));
                self.tick_price(to, request, price_field, price, Some(size));
            }
            Some((_, lots)) => {
                let size = instrument.quantity(lots);
                self.tick_size(to, request, size_field, size);
            }
            // The protocol's way to say that nobody bids or offers.
            None => self.tick_price(
                to,
                request,
                price_field,
                Decimal::NEGATIVE_ONE,
                Some(Decimal::ZERO),
            ),
        }
    }

    /// Tells a market's watchers of a trade.
    pub(in crate::gateway) fn publish_trade(
        &mut self,
        id: InstrumentId,
        price: Ticks,
        lots: Lots,
        day: Session,
    ) {
        let instrument = &self.exchange.market(id).instrument;
        let (size, volume) = (instrument.quantity(lots), instrument.quantity(day.volume));
        let (last, high, low) = (
            instrument.price(price),
            instrument.price(day.high),
            instrument.price(day.low),
        );
        let now = self.exchange.unix_seconds(self.exchange.now());
        for (to, request) in self.data.watchers.get(&id).cloned().unwrap_or_default() {
            let told = self
                .sessions
                .get_mut(&to)
                .and_then(|session| session.data.quotes.get_mut(&request));
            let Some(before) = told.map(|subscription| std::mem::replace(&mut subscription.day, day)) else {
                continue;
            };
            let stamp = wire::TickString {
                req_id: Some(request),
                tick_type: Some(field::LAST_TIMESTAMP),
                value: Some(now.to_string()),
            };
            self.send(to, tick(request, field::LAST_TIMESTAMP), &stamp);
            if before.last != price || before.last_lots == 0 {
                self.tick_price(to, request, field::LAST, last, Some(size));
            } else {
                self.tick_size(to, request, field::LAST_SIZE, size);
            }
            if before.high != day.high {
                self.tick_price(to, request, field::HIGH, high, None);
            }
            if before.low != day.low {
                self.tick_price(to, request, field::LOW, low, None);
            }
            self.tick_size(to, request, field::VOLUME, volume);
        }
    }

    fn tick_price(
        &mut self,
        to: ConnectionId,
        request: i32,
        field: i32,
        price: Decimal,
        size: Option<Decimal>,
    ) {
        let quoted = matches!(field, field::BID | field::ASK);
        let message = wire::TickPrice {
            req_id: Some(request),
            tick_type: Some(field),
            price: Some(double(price)),
            size: Some(written(size.unwrap_or_default())),
            attr_mask: Some(i32::from(quoted)),
        };
        self.send(to, tick(request, field), &message);
    }

    fn tick_size(&mut self, to: ConnectionId, request: i32, field: i32, size: Decimal) {
        let message = wire::TickSize {
            req_id: Some(request),
            tick_type: Some(field),
            size: Some(written(size)),
        };
        self.send(to, tick(request, field), &message);
    }
}

fn tick(request: i32, field: i32) -> Class {
    Class::Tick { request, field }
}
