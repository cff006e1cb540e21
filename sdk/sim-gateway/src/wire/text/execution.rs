//! Executions as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::execution::{
    CommissionAndFeesReport, ExecutionDetails, ExecutionDetailsEnd, ExecutionRequest,
};

super::pending_request!(ExecutionRequest, EXECUTIONS);
super::pending_response!(ExecutionDetails, EXECUTION_DETAILS);
super::pending_response!(ExecutionDetailsEnd, EXECUTION_DETAILS_END);
super::pending_response!(CommissionAndFeesReport, COMMISSION_AND_FEES_REPORT);
