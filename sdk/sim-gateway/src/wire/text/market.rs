//! Streaming market data as text.

use super::contract::{read_contract, read_delta_neutral};
use super::contract_fields::read_data_legs;
use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::market::{
    CancelMarketData, MarketDataRequest, MarketDataType, MarketDataTypeRequest, RerouteMarketDataRequest,
    RerouteMarketDepthRequest, TickGeneric, TickPrice, TickReqParams, TickSize, TickSnapshotEnd, TickString,
};

impl Request for MarketDataRequest {
    const ID: u32 = request::MARKET_DATA;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        let req_id = fields.integer()?;
        let mut contract = read_contract(fields)?;
        read_data_legs(fields, &mut contract)?;
        contract.delta_neutral_contract = read_delta_neutral(fields)?;
        let generic_tick_list = fields.text()?;
        fields.may_end();
        Ok(Self {
            req_id,
            contract: Some(contract),
            generic_tick_list,
            snapshot: fields.flag()?,
            regulatory_snapshot: fields.flag()?,
            market_data_options: fields.tags()?,
        })
    }
}

impl Request for CancelMarketData {
    const ID: u32 = request::CANCEL_MARKET_DATA;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Request for MarketDataTypeRequest {
    const ID: u32 = request::MARKET_DATA_TYPE;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            market_data_type: fields.integer()?,
        })
    }
}

impl Response for TickPrice {
    const ID: u32 = response::TICK_PRICE;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(6);
        out.integer_or_zero(self.req_id);
        out.integer_or_zero(self.tick_type);
        out.double_or_zero(self.price);
        out.decimal(self.size.as_deref());
        out.integer_or_zero(self.attr_mask);
    }
}

impl Response for TickSize {
    const ID: u32 = response::TICK_SIZE;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(6);
        out.integer_or_zero(self.req_id);
        out.integer_or_zero(self.tick_type);
        out.decimal(self.size.as_deref());
    }
}

impl Response for TickGeneric {
    const ID: u32 = response::TICK_GENERIC;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(6);
        out.integer_or_zero(self.req_id);
        out.integer_or_zero(self.tick_type);
        out.double_or_zero(self.value);
    }
}

impl Response for TickString {
    const ID: u32 = response::TICK_STRING;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(6);
        out.integer_or_zero(self.req_id);
        out.integer_or_zero(self.tick_type);
        out.maybe(self.value.as_deref());
    }
}

impl Response for TickSnapshotEnd {
    const ID: u32 = response::TICK_SNAPSHOT_END;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer_or_zero(self.req_id);
    }
}

impl Response for MarketDataType {
    const ID: u32 = response::MARKET_DATA_TYPE;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer_or_zero(self.req_id);
        out.integer_or_zero(self.market_data_type);
    }
}

impl Response for TickReqParams {
    const ID: u32 = response::TICK_REQ_PARAMS;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.decimal(self.min_tick.as_deref());
        out.maybe(self.bbo_exchange.as_deref());
        out.integer_or_zero(self.snapshot_permissions);
    }
}

impl Response for RerouteMarketDataRequest {
    const ID: u32 = response::REROUTE_MARKET_DATA_REQUEST;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.integer_or_zero(self.con_id);
        out.maybe(self.exchange.as_deref());
    }
}

impl Response for RerouteMarketDepthRequest {
    const ID: u32 = response::REROUTE_MARKET_DEPTH_REQUEST;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.integer_or_zero(self.con_id);
        out.maybe(self.exchange.as_deref());
    }
}
