//! Depth and venues as text.

use super::contract::read_contract;
use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::depth::{
    CancelMarketDepth, MarketDepth, MarketDepthData, MarketDepthExchanges, MarketDepthExchangesRequest,
    MarketDepthL2, MarketDepthRequest, SmartComponents, SmartComponentsRequest,
};

impl Request for MarketDepthRequest {
    const ID: u32 = request::MARKET_DEPTH;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        let req_id = fields.integer()?;
        let contract = Some(read_contract(fields)?);
        let num_rows = fields.integer()?;
        fields.may_end();
        Ok(Self {
            req_id,
            contract,
            num_rows,
            is_smart_depth: fields.flag()?,
            market_depth_options: fields.tags()?,
        })
    }
}

impl Request for CancelMarketDepth {
    const ID: u32 = request::CANCEL_MARKET_DEPTH;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        let req_id = fields.integer()?;
        fields.may_end();
        Ok(Self {
            req_id,
            is_smart_depth: fields.flag()?,
        })
    }
}

impl Request for MarketDepthExchangesRequest {
    const ID: u32 = request::MARKET_DEPTH_EXCHANGES;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {})
    }
}

impl Request for SmartComponentsRequest {
    const ID: u32 = request::SMART_COMPONENTS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
            bbo_exchange: fields.text()?,
        })
    }
}

impl Response for MarketDepth {
    const ID: u32 = response::MARKET_DEPTH;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer_or_zero(self.req_id);
        write_row(out, &self.market_depth_data.clone().unwrap_or_default(), false);
    }
}

impl Response for MarketDepthL2 {
    const ID: u32 = response::MARKET_DEPTH_L2;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer_or_zero(self.req_id);
        write_row(out, &self.market_depth_data.clone().unwrap_or_default(), true);
    }
}

/// A row of a book; `venue` when it says whose row it is.
fn write_row(out: &mut Writer<'_>, row: &MarketDepthData, venue: bool) {
    out.integer_or_zero(row.position);
    if venue {
        out.maybe(row.market_maker.as_deref());
    }
    out.integer_or_zero(row.operation);
    out.integer_or_zero(row.side);
    out.double_or_zero(row.price);
    out.decimal(row.size.as_deref());
    if venue {
        out.flag(row.is_smart_depth);
    }
}

impl Response for MarketDepthExchanges {
    const ID: u32 = response::MARKET_DEPTH_EXCHANGES;

    fn write(&self, out: &mut Writer<'_>) {
        out.count(self.depth_market_data_descriptions.len());
        for venue in &self.depth_market_data_descriptions {
            out.maybe(venue.exchange.as_deref());
            out.maybe(venue.sec_type.as_deref());
            out.maybe(venue.listing_exch.as_deref());
            out.maybe(venue.service_data_type.as_deref());
            out.integer_or_unset(venue.agg_group);
        }
    }
}

impl Response for SmartComponents {
    const ID: u32 = response::SMART_COMPONENTS;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.count(self.smart_components.len());
        for component in &self.smart_components {
            out.integer_or_zero(component.bit_number);
            out.maybe(component.exchange.as_deref());
            out.maybe(component.exchange_letter.as_deref());
        }
    }
}
