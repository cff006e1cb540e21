//! Single ticks as text.

use super::contract::read_contract;
use super::contract_fields::read_with_expired;
use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::ticks::{
    CancelHistoricalTicks, CancelTickByTick, HistoricalTickBidAsk, HistoricalTickLast, HistoricalTicks,
    HistoricalTicksBidAsk, HistoricalTicksLast, HistoricalTicksRequest, Tick, TickByTickData,
    TickByTickRequest,
};

impl Request for HistoricalTicksRequest {
    const ID: u32 = request::HISTORICAL_TICKS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let req_id = fields.integer()?;
        let contract = Some(read_with_expired(fields)?);
        let start_date_time = fields.text()?;
        let end_date_time = fields.text()?;
        let number_of_ticks = fields.integer()?;
        let what_to_show = fields.text()?;
        let use_rth = fields.flag()?;
        fields.may_end();
        Ok(Self {
            req_id,
            contract,
            start_date_time,
            end_date_time,
            number_of_ticks,
            what_to_show,
            use_rth,
            ignore_size: fields.flag()?,
            misc_options: fields.tags()?,
        })
    }
}

/// No client of a text version can send it.
impl Request for CancelHistoricalTicks {
    const ID: u32 = request::CANCEL_HISTORICAL_TICKS;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Err(FieldError::Unsupported)
    }
}

impl Request for TickByTickRequest {
    const ID: u32 = request::TICK_BY_TICK;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let req_id = fields.integer()?;
        let contract = Some(read_contract(fields)?);
        let tick_type = fields.text()?;
        fields.may_end();
        Ok(Self {
            req_id,
            contract,
            tick_type,
            number_of_ticks: fields.integer()?,
            ignore_size: fields.flag()?,
        })
    }
}

impl Request for CancelTickByTick {
    const ID: u32 = request::CANCEL_TICK_BY_TICK;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Response for HistoricalTicks {
    const ID: u32 = response::HISTORICAL_TICKS;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.count(self.historical_ticks.len());
        for tick in &self.historical_ticks {
            out.integer_or_zero(tick.time);
            // Attributes, which a midpoint has none of.
            out.integer(0);
            out.double_or_zero(tick.price);
            out.decimal(tick.size.as_deref());
        }
        out.flag(self.is_done);
    }
}

impl Response for HistoricalTicksBidAsk {
    const ID: u32 = response::HISTORICAL_TICKS_BID_ASK;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.count(self.historical_ticks_bid_ask.len());
        for tick in &self.historical_ticks_bid_ask {
            let (bid_past_low, ask_past_high) = extremes(tick);
            out.integer_or_zero(tick.time);
            out.integer(mask(ask_past_high, bid_past_low));
            write_quote(out, tick);
        }
        out.flag(self.is_done);
    }
}

impl Response for HistoricalTicksLast {
    const ID: u32 = response::HISTORICAL_TICKS_LAST;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.count(self.historical_ticks_last.len());
        for tick in &self.historical_ticks_last {
            out.integer_or_zero(tick.time);
            out.integer(trade_mask(tick));
            out.double_or_zero(tick.price);
            out.decimal(tick.size.as_deref());
            out.maybe(tick.exchange.as_deref());
            out.maybe(tick.special_conditions.as_deref());
        }
        out.flag(self.is_done);
    }
}

/// The bits of a quote mean the reverse of what they mean in [`HistoricalTicksBidAsk`].
impl Response for TickByTickData {
    const ID: u32 = response::TICK_BY_TICK_DATA;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        let Some(tick) = &self.tick else {
            out.integer(0);
            return out.integer(0);
        };
        out.integer_or_zero(self.tick_type);
        match tick {
            Tick::Last(tick) => {
                out.integer_or_zero(tick.time);
                out.double_or_zero(tick.price);
                out.decimal(tick.size.as_deref());
                out.integer(trade_mask(tick));
                out.maybe(tick.exchange.as_deref());
                out.maybe(tick.special_conditions.as_deref());
            }
            Tick::BidAsk(tick) => {
                let (bid_past_low, ask_past_high) = extremes(tick);
                out.integer_or_zero(tick.time);
                write_quote(out, tick);
                out.integer(mask(bid_past_low, ask_past_high));
            }
            Tick::MidPoint(tick) => {
                out.integer_or_zero(tick.time);
                out.double_or_zero(tick.price);
            }
        }
    }
}

fn write_quote(out: &mut Writer<'_>, tick: &HistoricalTickBidAsk) {
    out.double_or_zero(tick.price_bid);
    out.double_or_zero(tick.price_ask);
    out.decimal(tick.size_bid.as_deref());
    out.decimal(tick.size_ask.as_deref());
}

/// Whether the bid passed the day's low and the ask the day's high.
fn extremes(tick: &HistoricalTickBidAsk) -> (bool, bool) {
    let attributes = tick.tick_attrib_bid_ask.clone().unwrap_or_default();
    (
        attributes.bid_past_low.unwrap_or_default(),
        attributes.ask_past_high.unwrap_or_default(),
    )
}

fn trade_mask(tick: &HistoricalTickLast) -> u8 {
    let attributes = tick.tick_attrib_last.clone().unwrap_or_default();
    mask(
        attributes.past_limit.unwrap_or_default(),
        attributes.unreported.unwrap_or_default(),
    )
}

fn mask(first: bool, second: bool) -> u8 {
    u8::from(first) | u8::from(second) << 1
}
