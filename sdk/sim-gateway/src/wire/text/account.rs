//! Accounts as text.

use super::contract::write_contract;
use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::account::{
    AccountDataEnd, AccountDataRequest, AccountSummary, AccountSummaryEnd, AccountSummaryRequest,
    AccountUpdateMulti, AccountUpdateMultiEnd, AccountUpdateTime, AccountUpdatesMultiRequest, AccountValue,
    CancelAccountSummary, CancelAccountUpdatesMulti, CancelPnl, CancelPnlSingle, CancelPositions,
    CancelPositionsMulti, FamilyCodesRequest, ManagedAccountsRequest, Pnl, PnlRequest, PnlSingle,
    PnlSingleRequest, PortfolioValue, Position, PositionEnd, PositionMulti, PositionMultiEnd,
    PositionsMultiRequest, PositionsRequest,
};

impl Request for AccountDataRequest {
    const ID: u32 = request::ACCOUNT_DATA;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            subscribe: fields.flag()?,
            acct_code: fields.text()?,
        })
    }
}

impl Request for ManagedAccountsRequest {
    const ID: u32 = request::MANAGED_ACCOUNTS;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {})
    }
}

impl Request for PositionsRequest {
    const ID: u32 = request::POSITIONS;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {})
    }
}

impl Request for AccountSummaryRequest {
    const ID: u32 = request::ACCOUNT_SUMMARY;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
            group: fields.text()?,
            tags: fields.text()?,
        })
    }
}

impl Request for CancelAccountSummary {
    const ID: u32 = request::CANCEL_ACCOUNT_SUMMARY;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Request for CancelPositions {
    const ID: u32 = request::CANCEL_POSITIONS;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {})
    }
}

impl Request for PositionsMultiRequest {
    const ID: u32 = request::POSITIONS_MULTI;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
            account: fields.text()?,
            model_code: fields.text()?,
        })
    }
}

impl Request for CancelPositionsMulti {
    const ID: u32 = request::CANCEL_POSITIONS_MULTI;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Request for AccountUpdatesMultiRequest {
    const ID: u32 = request::ACCOUNT_UPDATES_MULTI;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
            account: fields.text()?,
            model_code: fields.text()?,
            ledger_and_nlv: fields.flag()?,
        })
    }
}

impl Request for CancelAccountUpdatesMulti {
    const ID: u32 = request::CANCEL_ACCOUNT_UPDATES_MULTI;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Request for FamilyCodesRequest {
    const ID: u32 = request::FAMILY_CODES;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {})
    }
}

impl Request for PnlRequest {
    const ID: u32 = request::PNL;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
            account: fields.text()?,
            model_code: fields.text()?,
        })
    }
}

impl Request for CancelPnl {
    const ID: u32 = request::CANCEL_PNL;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Request for PnlSingleRequest {
    const ID: u32 = request::PNL_SINGLE;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
            account: fields.text()?,
            model_code: fields.text()?,
            con_id: fields.integer()?,
        })
    }
}

impl Request for CancelPnlSingle {
    const ID: u32 = request::CANCEL_PNL_SINGLE;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Response for AccountValue {
    const ID: u32 = response::ACCOUNT_VALUE;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(2);
        out.maybe(self.key.as_deref());
        out.maybe(self.value.as_deref());
        out.maybe(self.currency.as_deref());
        out.maybe(self.account_name.as_deref());
    }
}

impl Response for PortfolioValue {
    const ID: u32 = response::PORTFOLIO_VALUE;

    fn write(&self, out: &mut Writer<'_>) {
        let contract = self.contract.clone().unwrap_or_default();
        out.integer(8);
        out.integer_or_zero(contract.con_id);
        out.maybe(contract.symbol.as_deref());
        out.maybe(contract.sec_type.as_deref());
        out.maybe(contract.last_trade_date_or_contract_month.as_deref());
        out.double_or_zero(contract.strike);
        out.maybe(contract.right.as_deref());
        out.maybe_double(contract.multiplier);
        // Unlike everywhere else this is where the instrument is listed, not where it is traded.
        out.maybe(contract.primary_exch.as_deref());
        out.maybe(contract.currency.as_deref());
        out.maybe(contract.local_symbol.as_deref());
        out.maybe(contract.trading_class.as_deref());
        out.decimal(self.position.as_deref());
        out.double_or_zero(self.market_price);
        out.double_or_zero(self.market_value);
        out.double_or_zero(self.average_cost);
        out.double_or_zero(self.unrealized_pnl);
        out.double_or_zero(self.realized_pnl);
        out.maybe(self.account_name.as_deref());
    }
}

impl Response for AccountUpdateTime {
    const ID: u32 = response::ACCOUNT_UPDATE_TIME;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.maybe(self.time_stamp.as_deref());
    }
}

impl Response for AccountDataEnd {
    const ID: u32 = response::ACCOUNT_DATA_END;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.maybe(self.account_name.as_deref());
    }
}

impl Response for Position {
    const ID: u32 = response::POSITION;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(3);
        out.maybe(self.account.as_deref());
        write_contract(out, &self.contract.clone().unwrap_or_default());
        out.decimal(self.position.as_deref());
        out.double_or_zero(self.avg_cost);
    }
}

impl Response for PositionEnd {
    const ID: u32 = response::POSITION_END;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
    }
}

impl Response for AccountSummary {
    const ID: u32 = response::ACCOUNT_SUMMARY;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer(self.req_id.unwrap_or(-1));
        out.maybe(self.account.as_deref());
        out.maybe(self.tag.as_deref());
        out.maybe(self.value.as_deref());
        out.maybe(self.currency.as_deref());
    }
}

impl Response for AccountSummaryEnd {
    const ID: u32 = response::ACCOUNT_SUMMARY_END;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer(self.req_id.unwrap_or(-1));
    }
}

impl Response for PositionMulti {
    const ID: u32 = response::POSITION_MULTI;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer(self.req_id.unwrap_or(-1));
        out.maybe(self.account.as_deref());
        write_contract(out, &self.contract.clone().unwrap_or_default());
        out.decimal(self.position.as_deref());
        out.double_or_zero(self.avg_cost);
        out.maybe(self.model_code.as_deref());
    }
}

impl Response for PositionMultiEnd {
    const ID: u32 = response::POSITION_MULTI_END;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer(self.req_id.unwrap_or(-1));
    }
}

impl Response for AccountUpdateMulti {
    const ID: u32 = response::ACCOUNT_UPDATE_MULTI;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer(self.req_id.unwrap_or(-1));
        out.maybe(self.account.as_deref());
        out.maybe(self.model_code.as_deref());
        out.maybe(self.key.as_deref());
        out.maybe(self.value.as_deref());
        out.maybe(self.currency.as_deref());
    }
}

impl Response for AccountUpdateMultiEnd {
    const ID: u32 = response::ACCOUNT_UPDATE_MULTI_END;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer(self.req_id.unwrap_or(-1));
    }
}

impl Response for Pnl {
    const ID: u32 = response::PNL;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(self.req_id.unwrap_or(-1));
        out.double_or_unset(self.daily_pnl);
        out.double_or_unset(self.unrealized_pnl);
        out.double_or_unset(self.realized_pnl);
    }
}

impl Response for PnlSingle {
    const ID: u32 = response::PNL_SINGLE;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(self.req_id.unwrap_or(-1));
        out.decimal(self.position.as_deref());
        out.double_or_unset(self.daily_pnl);
        out.double_or_unset(self.unrealized_pnl);
        out.double_or_unset(self.realized_pnl);
        out.double_or_unset(self.value);
    }
}
