//! Bars as text.

use super::contract::read_contract;
use super::contract_fields::{read_data_legs, read_with_expired};
use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::bars::{
    CancelHeadTimestamp, CancelHistogramData, CancelHistoricalData, CancelRealTimeBars, HeadTimestamp,
    HeadTimestampRequest, HistogramData, HistogramDataRequest, HistoricalBars, HistoricalDataEnd,
    HistoricalDataRequest, HistoricalDataUpdate, HistoricalSchedule, RealTimeBarTick, RealTimeBarsRequest,
};

impl Request for HistoricalDataRequest {
    const ID: u32 = request::HISTORICAL_DATA;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let req_id = fields.integer()?;
        let mut contract = read_with_expired(fields)?;
        let end_date_time = fields.text()?;
        let bar_size_setting = fields.text()?;
        let duration = fields.text()?;
        let use_rth = fields.flag()?;
        let what_to_show = fields.text()?;
        let format_date = fields.integer()?;
        read_data_legs(fields, &mut contract)?;
        fields.may_end();
        Ok(Self {
            req_id,
            contract: Some(contract),
            end_date_time,
            bar_size_setting,
            duration,
            use_rth,
            what_to_show,
            format_date,
            keep_up_to_date: fields.flag()?,
            chart_options: fields.tags()?,
        })
    }
}

impl Request for CancelHistoricalData {
    const ID: u32 = request::CANCEL_HISTORICAL_DATA;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Request for RealTimeBarsRequest {
    const ID: u32 = request::REAL_TIME_BARS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        let req_id = fields.integer()?;
        let contract = Some(read_contract(fields)?);
        let bar_size = fields.integer()?;
        let what_to_show = fields.text()?;
        let use_rth = fields.flag()?;
        fields.may_end();
        Ok(Self {
            req_id,
            contract,
            bar_size,
            what_to_show,
            use_rth,
            real_time_bars_options: fields.tags()?,
        })
    }
}

impl Request for CancelRealTimeBars {
    const ID: u32 = request::CANCEL_REAL_TIME_BARS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Request for HeadTimestampRequest {
    const ID: u32 = request::HEAD_TIMESTAMP;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
            contract: Some(read_with_expired(fields)?),
            use_rth: fields.flag()?,
            what_to_show: fields.text()?,
            format_date: fields.integer()?,
        })
    }
}

impl Request for CancelHeadTimestamp {
    const ID: u32 = request::CANCEL_HEAD_TIMESTAMP;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Request for HistogramDataRequest {
    const ID: u32 = request::HISTOGRAM_DATA;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
            contract: Some(read_with_expired(fields)?),
            use_rth: fields.flag()?,
            time_period: fields.text()?,
        })
    }
}

impl Request for CancelHistogramData {
    const ID: u32 = request::CANCEL_HISTOGRAM_DATA;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

/// Where they begin and end stands in front of the bars.
impl Response for HistoricalBars {
    const ID: u32 = response::HISTORICAL_DATA;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.data.req_id);
        out.maybe(self.end.start_date_str.as_deref());
        out.maybe(self.end.end_date_str.as_deref());
        out.count(self.data.historical_data_bars.len());
        for bar in &self.data.historical_data_bars {
            out.maybe(bar.date.as_deref());
            out.double_or_zero(bar.open);
            out.double_or_zero(bar.high);
            out.double_or_zero(bar.low);
            out.double_or_zero(bar.close);
            out.decimal(bar.volume.as_deref());
            out.decimal(bar.wap.as_deref());
            out.integer_or_zero(bar.bar_count);
        }
    }
}

/// Says in protobuf what [`HistoricalBars`] says in text.
impl Response for HistoricalDataEnd {
    const ID: u32 = response::HISTORICAL_DATA_END;
    const SINCE: i32 = 196;

    fn write(&self, _: &mut Writer<'_>) {}
}

/// Its prices come in an order of their own: close before high and low, average before volume.
impl Response for HistoricalDataUpdate {
    const ID: u32 = response::HISTORICAL_DATA_UPDATE;

    fn write(&self, out: &mut Writer<'_>) {
        let bar = self.historical_data_bar.clone().unwrap_or_default();
        out.integer_or_zero(self.req_id);
        out.integer_or_zero(bar.bar_count);
        out.maybe(bar.date.as_deref());
        out.double_or_zero(bar.open);
        out.double_or_zero(bar.close);
        out.double_or_zero(bar.high);
        out.double_or_zero(bar.low);
        out.decimal(bar.wap.as_deref());
        out.decimal(bar.volume.as_deref());
    }
}

impl Response for RealTimeBarTick {
    const ID: u32 = response::REAL_TIME_BAR_TICK;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(3);
        out.integer_or_zero(self.req_id);
        out.integer_or_zero(self.time);
        out.double_or_zero(self.open);
        out.double_or_zero(self.high);
        out.double_or_zero(self.low);
        out.double_or_zero(self.close);
        out.decimal(self.volume.as_deref());
        out.decimal(self.wap.as_deref());
        out.integer_or_zero(self.count);
    }
}

impl Response for HeadTimestamp {
    const ID: u32 = response::HEAD_TIMESTAMP;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.maybe(self.head_timestamp.as_deref());
    }
}

impl Response for HistogramData {
    const ID: u32 = response::HISTOGRAM_DATA;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.count(self.histogram_data_entries.len());
        for entry in &self.histogram_data_entries {
            out.double_or_zero(entry.price);
            out.decimal(entry.size.as_deref());
        }
    }
}

impl Response for HistoricalSchedule {
    const ID: u32 = response::HISTORICAL_SCHEDULE;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.maybe(self.start_date_time.as_deref());
        out.maybe(self.end_date_time.as_deref());
        out.maybe(self.time_zone.as_deref());
        out.count(self.historical_sessions.len());
        for session in &self.historical_sessions {
            out.maybe(session.start_date_time.as_deref());
            out.maybe(session.end_date_time.as_deref());
            out.maybe(session.ref_date.as_deref());
        }
    }
}
