//! Accounts as text.

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

super::pending_request!(AccountDataRequest, ACCOUNT_DATA);
super::pending_request!(ManagedAccountsRequest, MANAGED_ACCOUNTS);
super::pending_request!(PositionsRequest, POSITIONS);
super::pending_request!(AccountSummaryRequest, ACCOUNT_SUMMARY);
super::pending_request!(CancelAccountSummary, CANCEL_ACCOUNT_SUMMARY);
super::pending_request!(CancelPositions, CANCEL_POSITIONS);
super::pending_request!(PositionsMultiRequest, POSITIONS_MULTI);
super::pending_request!(CancelPositionsMulti, CANCEL_POSITIONS_MULTI);
super::pending_request!(AccountUpdatesMultiRequest, ACCOUNT_UPDATES_MULTI);
super::pending_request!(CancelAccountUpdatesMulti, CANCEL_ACCOUNT_UPDATES_MULTI);
super::pending_request!(FamilyCodesRequest, FAMILY_CODES);
super::pending_request!(PnlRequest, PNL);
super::pending_request!(CancelPnl, CANCEL_PNL);
super::pending_request!(PnlSingleRequest, PNL_SINGLE);
super::pending_request!(CancelPnlSingle, CANCEL_PNL_SINGLE);
super::pending_response!(AccountValue, ACCOUNT_VALUE);
super::pending_response!(PortfolioValue, PORTFOLIO_VALUE);
super::pending_response!(AccountUpdateTime, ACCOUNT_UPDATE_TIME);
super::pending_response!(AccountDataEnd, ACCOUNT_DATA_END);
super::pending_response!(Position, POSITION);
super::pending_response!(PositionEnd, POSITION_END);
super::pending_response!(AccountSummary, ACCOUNT_SUMMARY);
super::pending_response!(AccountSummaryEnd, ACCOUNT_SUMMARY_END);
super::pending_response!(PositionMulti, POSITION_MULTI);
super::pending_response!(PositionMultiEnd, POSITION_MULTI_END);
super::pending_response!(AccountUpdateMulti, ACCOUNT_UPDATE_MULTI);
super::pending_response!(AccountUpdateMultiEnd, ACCOUNT_UPDATE_MULTI_END);
super::pending_response!(Pnl, PNL);
super::pending_response!(PnlSingle, PNL_SINGLE);
