//! Executions as text.

use super::contract::write_contract;
use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::execution::{
    CommissionAndFeesReport, ExecutionDetails, ExecutionDetailsEnd, ExecutionFilter, ExecutionRequest,
};

/// Executions say from this version on whether their price may yet be revised.
const PRICE_REVISION: i32 = 178;

impl Request for ExecutionRequest {
    const ID: u32 = request::EXECUTIONS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        let req_id = fields.integer()?;
        fields.may_end();
        Ok(Self {
            req_id,
            execution_filter: Some(ExecutionFilter {
                client_id: fields.integer()?,
                acct_code: fields.text()?,
                time: fields.text()?,
                symbol: fields.text()?,
                sec_type: fields.text()?,
                exchange: fields.text()?,
                side: fields.text()?,
                ..ExecutionFilter::default()
            }),
        })
    }
}

impl Response for ExecutionDetails {
    const ID: u32 = response::EXECUTION_DETAILS;

    fn write(&self, out: &mut Writer<'_>) {
        let execution = self.execution.clone().unwrap_or_default();
        out.integer(self.req_id.unwrap_or(-1));
        out.integer_or_zero(execution.order_id);
        write_contract(out, &self.contract.clone().unwrap_or_default());
        out.maybe(execution.exec_id.as_deref());
        out.maybe(execution.time.as_deref());
        out.maybe(execution.acct_number.as_deref());
        out.maybe(execution.exchange.as_deref());
        out.maybe(execution.side.as_deref());
        out.decimal(execution.shares.as_deref());
        out.double_or_zero(execution.price);
        out.integer_or_zero(execution.perm_id);
        out.integer_or_zero(execution.client_id);
        out.flag(execution.is_liquidation);
        out.decimal(execution.cum_qty.as_deref());
        out.double_or_zero(execution.avg_price);
        out.maybe(execution.order_ref.as_deref());
        out.maybe(execution.ev_rule.as_deref());
        out.maybe_double(execution.ev_multiplier);
        out.maybe(execution.model_code.as_deref());
        out.integer_or_zero(execution.last_liquidity);
        if out.version() >= PRICE_REVISION {
            out.flag(execution.is_price_revision_pending);
        }
    }
}

impl Response for ExecutionDetailsEnd {
    const ID: u32 = response::EXECUTION_DETAILS_END;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer(self.req_id.unwrap_or(-1));
    }
}

impl Response for CommissionAndFeesReport {
    const ID: u32 = response::COMMISSION_AND_FEES_REPORT;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.maybe(self.exec_id.as_deref());
        out.double_or_zero(self.commission_and_fees);
        out.maybe(self.currency.as_deref());
        out.double_or_unset(self.realized_pnl);
        out.double_or_unset(self.bond_yield);
        out.maybe(self.yield_redemption_date.as_deref());
    }
}
