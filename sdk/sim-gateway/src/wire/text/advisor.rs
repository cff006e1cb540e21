//! Financial advisors as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::advisor::{
    FaReplace, FaRequest, ReceiveFa, ReplaceFaEnd, SoftDollarTiers, SoftDollarTiersRequest,
};

impl Request for FaRequest {
    const ID: u32 = request::FA;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            fa_data_type: fields.integer()?,
        })
    }
}

/// Its request id stands last.
impl Request for FaReplace {
    const ID: u32 = request::FA_REPLACE;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        let fa_data_type = fields.integer()?;
        let xml = fields.text()?;
        fields.may_end();
        Ok(Self {
            req_id: fields.integer()?,
            fa_data_type,
            xml,
        })
    }
}

impl Request for SoftDollarTiersRequest {
    const ID: u32 = request::SOFT_DOLLAR_TIERS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Response for ReceiveFa {
    const ID: u32 = response::RECEIVE_FA;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer_or_zero(self.fa_data_type);
        out.maybe(self.xml.as_deref());
    }
}

impl Response for ReplaceFaEnd {
    const ID: u32 = response::REPLACE_FA_END;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.maybe(self.text.as_deref());
    }
}

impl Response for SoftDollarTiers {
    const ID: u32 = response::SOFT_DOLLAR_TIERS;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.count(self.soft_dollar_tiers.len());
        for tier in &self.soft_dollar_tiers {
            out.maybe(tier.name.as_deref());
            out.maybe(tier.value.as_deref());
            out.maybe(tier.display_name.as_deref());
        }
    }
}
