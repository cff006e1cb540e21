//! Between the wire's types and ours, one `From` each.

use core::time::Duration;

use super::risk_world::moored::plugin as shared;
use super::strategy_world::exports::moored::plugin::gap_handler;
use super::strategy_world::moored::plugin::{account, market_types};
use crate::context::{Dispatch, Level};
use crate::market::{Gap, Instrument, InstrumentId, Quote, Time, Trade, TradingState};
use crate::number::{Amount, Price, Quantity};
use crate::order::{Fill, HostError, OrderChange, OrderEvent, OrderId, Position, Side, Ticket, TimeInForce};

impl From<shared::types::Ctx> for Dispatch {
    fn from(wire: shared::types::Ctx) -> Self {
        Self {
            now: Time::from_nanos(wire.now),
            seq: wire.seq,
            lag: Duration::from_nanos(u64::from(wire.lag_ns)),
            bits: wire.bits,
        }
    }
}

impl From<shared::types::Error> for HostError {
    fn from(wire: shared::types::Error) -> Self {
        use shared::types::Error;
        match wire {
            Error::NotGranted => Self::NotGranted,
            Error::UnknownId => Self::UnknownId,
            Error::Invalid(argument) => Self::Invalid(argument),
            Error::Unsupported => Self::Unsupported,
            Error::TooMany => Self::TooMany,
            Error::Other(code) => Self::Other(code),
        }
    }
}

impl From<shared::types::TradingState> for TradingState {
    fn from(wire: shared::types::TradingState) -> Self {
        use shared::types::TradingState;
        match wire {
            TradingState::Recovering => Self::Recovering,
            TradingState::Active => Self::Active,
            TradingState::ReduceOnly => Self::ReduceOnly,
            TradingState::Halted => Self::Halted,
            TradingState::Draining => Self::Draining,
        }
    }
}

impl From<shared::types::Side> for Side {
    fn from(wire: shared::types::Side) -> Self {
        match wire {
            shared::types::Side::Buy => Self::Buy,
            shared::types::Side::Sell => Self::Sell,
        }
    }
}

impl From<Side> for shared::types::Side {
    fn from(side: Side) -> Self {
        match side {
            Side::Buy => Self::Buy,
            Side::Sell => Self::Sell,
        }
    }
}

impl From<TimeInForce> for shared::order_types::TimeInForce {
    fn from(time_in_force: TimeInForce) -> Self {
        match time_in_force {
            TimeInForce::Day => Self::Day,
            TimeInForce::Gtc => Self::Gtc,
            TimeInForce::Ioc => Self::Ioc,
            TimeInForce::Fok => Self::Fok,
            TimeInForce::Gtd => Self::Gtd,
            TimeInForce::Opg => Self::Opg,
        }
    }
}

impl From<Level> for shared::log::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::Trace,
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

impl From<shared::instruments::Instrument> for Instrument {
    fn from(wire: shared::instruments::Instrument) -> Self {
        Self {
            id: InstrumentId(wire.id),
            symbol: wire.symbol,
            security_type: wire.security_type,
            exchange: wire.exchange,
            currency: wire.currency,
            tick: Price::from_units(wire.tick),
            multiplier: Quantity::from_units(wire.multiplier),
            con_id: wire.con_id,
        }
    }
}

impl From<gap_handler::Gap> for Gap {
    fn from(wire: gap_handler::Gap) -> Self {
        Self {
            instrument: InstrumentId(wire.instrument),
            bits: wire.bits,
            from: Time::from_nanos(wire.from),
            to: Time::from_nanos(wire.to),
        }
    }
}

impl From<market_types::Quote> for Quote {
    fn from(wire: market_types::Quote) -> Self {
        Self {
            instrument: InstrumentId(wire.instrument),
            bits: wire.bits,
            bid: Price::from_units(wire.bid),
            ask: Price::from_units(wire.ask),
            bid_size: Quantity::from_units(wire.bid_size),
            ask_size: Quantity::from_units(wire.ask_size),
            ts: Time::from_nanos(wire.ts),
        }
    }
}

impl From<market_types::Trade> for Trade {
    fn from(wire: market_types::Trade) -> Self {
        Self {
            instrument: InstrumentId(wire.instrument),
            bits: wire.bits,
            price: Price::from_units(wire.price),
            size: Quantity::from_units(wire.size),
            ts: Time::from_nanos(wire.ts),
        }
    }
}

impl From<account::Position> for Position {
    fn from(wire: account::Position) -> Self {
        Self {
            size: Quantity::from_units(wire.size),
            average_price: Price::from_units(wire.average_price),
            realized: Amount::from_units(wire.realized),
            unrealized: Amount::from_units(wire.unrealized),
            fees: Amount::from_units(wire.fees),
        }
    }
}

impl From<Ticket> for shared::order_types::Ticket {
    fn from(ticket: Ticket) -> Self {
        Self {
            instrument: ticket.instrument.0,
            side: ticket.side.into(),
            time_in_force: ticket.time_in_force.into(),
            bits: ticket.bits,
            quantity: ticket.quantity.units(),
            tag: ticket.tag,
        }
    }
}

impl From<shared::order_types::Fill> for Fill {
    fn from(wire: shared::order_types::Fill) -> Self {
        Self {
            instrument: InstrumentId(wire.instrument),
            side: wire.side.into(),
            price: Price::from_units(wire.price),
            size: Quantity::from_units(wire.size),
            cumulative: Quantity::from_units(wire.cumulative),
            leaves: Quantity::from_units(wire.leaves),
            ts: Time::from_nanos(wire.ts),
        }
    }
}

impl From<shared::order_types::OrderEvent> for OrderEvent {
    fn from(wire: shared::order_types::OrderEvent) -> Self {
        use shared::order_types::OrderEvent as Wire;
        let (order, tag, change) = match wire {
            Wire::Denied(d) => (
                d.order,
                d.tag,
                OrderChange::Denied {
                    code: d.code,
                    limit: d.limit,
                    value: d.value,
                },
            ),
            Wire::Reduced(r) => (
                r.order,
                r.tag,
                OrderChange::Reduced(Quantity::from_units(r.quantity)),
            ),
            Wire::Sent(r) => (r.order, r.tag, OrderChange::Sent),
            Wire::Working(r) => (r.order, r.tag, OrderChange::Working),
            Wire::Filled(fill) => (fill.order, fill.tag, OrderChange::Filled(fill.into())),
            Wire::Commissioned(c) => (
                c.order,
                c.tag,
                OrderChange::Commissioned(Amount::from_units(c.amount)),
            ),
            Wire::Replaced(r) => (
                r.order,
                r.tag,
                OrderChange::Replaced(Quantity::from_units(r.quantity)),
            ),
            Wire::ReplaceDenied(d) => (
                d.order,
                d.tag,
                OrderChange::ReplaceDenied {
                    code: d.code,
                    limit: d.limit,
                    value: d.value,
                },
            ),
            Wire::ReplaceRejected(r) => (
                r.order,
                r.tag,
                OrderChange::ReplaceRejected {
                    code: r.code,
                    text: r.text,
                },
            ),
            Wire::Canceled(r) => (r.order, r.tag, OrderChange::Canceled),
            Wire::CancelRejected(r) => (
                r.order,
                r.tag,
                OrderChange::CancelRejected {
                    code: r.code,
                    text: r.text,
                },
            ),
            Wire::Rejected(r) => (
                r.order,
                r.tag,
                OrderChange::Rejected {
                    code: r.code,
                    text: r.text,
                },
            ),
            Wire::Unknown(r) => (r.order, r.tag, OrderChange::Unknown),
            Wire::Other(c) => (c.order, c.tag, OrderChange::Other(c.code)),
        };
        Self {
            order: OrderId(order),
            tag,
            change,
        }
    }
}
