//! Scanners as text.

use super::contract_fields::write_instrument;
use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::scanner::{
    CancelScannerSubscription, ScannerData, ScannerParameters, ScannerParametersRequest, ScannerSubscription,
    ScannerSubscriptionRequest,
};

impl Request for ScannerSubscriptionRequest {
    const ID: u32 = request::SCANNER_SUBSCRIPTION;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
            scanner_subscription: Some(read_subscription(fields)?),
        })
    }
}

fn read_subscription(fields: &mut Fields<'_>) -> Result<ScannerSubscription, FieldError> {
    Ok(ScannerSubscription {
        number_of_rows: fields.integer()?,
        instrument: fields.text()?,
        location_code: fields.text()?,
        scan_code: fields.text()?,
        above_price: fields.double()?,
        below_price: fields.double()?,
        above_volume: volume(fields)?,
        market_cap_above: fields.double()?,
        market_cap_below: fields.double()?,
        moody_rating_above: fields.text()?,
        moody_rating_below: fields.text()?,
        sp_rating_above: fields.text()?,
        sp_rating_below: fields.text()?,
        maturity_date_above: fields.text()?,
        maturity_date_below: fields.text()?,
        coupon_rate_above: fields.double()?,
        coupon_rate_below: fields.double()?,
        exclude_convertible: fields.flag()?,
        average_option_volume_above: volume(fields)?,
        scanner_setting_pairs: fields.text()?,
        stock_type_filter: fields.text()?,
        scanner_subscription_filter_options: {
            fields.may_end();
            fields.tags()?
        },
        scanner_subscription_options: fields.tags()?,
    })
}

/// A volume, which clients leave unset as they do a number of 32 bits.
fn volume(fields: &mut Fields<'_>) -> Result<Option<i64>, FieldError> {
    Ok(fields.long()?.filter(|volume| *volume != i64::from(i32::MAX)))
}

impl Request for CancelScannerSubscription {
    const ID: u32 = request::CANCEL_SCANNER_SUBSCRIPTION;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Request for ScannerParametersRequest {
    const ID: u32 = request::SCANNER_PARAMETERS;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {})
    }
}

impl Response for ScannerParameters {
    const ID: u32 = response::SCANNER_PARAMETERS;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.maybe(self.xml.as_deref());
    }
}

impl Response for ScannerData {
    const ID: u32 = response::SCANNER_DATA;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(3);
        out.integer_or_zero(self.req_id);
        out.count(self.scanner_data_element.len());
        for row in &self.scanner_data_element {
            let contract = row.contract.as_ref();
            out.integer_or_zero(row.rank);
            out.integer_or_zero(contract.and_then(|contract| contract.con_id));
            write_instrument(out, contract);
            out.maybe(contract.and_then(|contract| contract.exchange.as_deref()));
            out.maybe(contract.and_then(|contract| contract.currency.as_deref()));
            out.maybe(contract.and_then(|contract| contract.local_symbol.as_deref()));
            out.maybe(row.market_name.as_deref());
            out.maybe(contract.and_then(|contract| contract.trading_class.as_deref()));
            out.maybe(row.distance.as_deref());
            out.maybe(row.benchmark.as_deref());
            out.maybe(row.projection.as_deref());
            out.maybe(row.combo_key.as_deref());
        }
    }
}
