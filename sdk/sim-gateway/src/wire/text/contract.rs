//! Contracts as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::contract::{
    CancelContractData, ContractData, ContractDataEnd, ContractDataRequest, MarketRule, MarketRuleRequest,
    MatchingSymbolsRequest, SymbolSamples,
};

super::pending_request!(ContractDataRequest, CONTRACT_DATA);
super::pending_request!(MatchingSymbolsRequest, MATCHING_SYMBOLS);
super::pending_request!(MarketRuleRequest, MARKET_RULE);
super::pending_request!(CancelContractData, CANCEL_CONTRACT_DATA);
super::pending_response!(ContractData, CONTRACT_DATA);
super::pending_response!(ContractDataEnd, CONTRACT_DATA_END);
super::pending_response!(SymbolSamples, SYMBOL_SAMPLES);
super::pending_response!(MarketRule, MARKET_RULE);
