//! Options as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::option::{
    CalculateImpliedVolatilityRequest, CalculateOptionPriceRequest, CancelCalculateImpliedVolatility,
    CancelCalculateOptionPrice, SecDefOptParameter, SecDefOptParameterEnd, SecDefOptParamsRequest,
    TickOptionComputation,
};

super::pending_request!(CalculateImpliedVolatilityRequest, CALCULATE_IMPLIED_VOLATILITY);
super::pending_request!(CalculateOptionPriceRequest, CALCULATE_OPTION_PRICE);
super::pending_request!(
    CancelCalculateImpliedVolatility,
    CANCEL_CALCULATE_IMPLIED_VOLATILITY
);
super::pending_request!(CancelCalculateOptionPrice, CANCEL_CALCULATE_OPTION_PRICE);
super::pending_request!(SecDefOptParamsRequest, SEC_DEF_OPT_PARAMS);
super::pending_response!(TickOptionComputation, TICK_OPTION_COMPUTATION);
super::pending_response!(SecDefOptParameter, SEC_DEF_OPT_PARAMETER);
super::pending_response!(SecDefOptParameterEnd, SEC_DEF_OPT_PARAMETER_END);
