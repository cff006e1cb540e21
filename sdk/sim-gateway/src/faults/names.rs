//! Names of messages in scenarios: those of the calls and callbacks in IB's own clients, or numbers.

use crate::wire::ids::{request, response};

/// Messages from clients.
const REQUESTS: [(&str, u32); 62] = [
    ("reqMktData", request::MARKET_DATA),
    ("cancelMktData", request::CANCEL_MARKET_DATA),
    ("placeOrder", request::PLACE_ORDER),
    ("cancelOrder", request::CANCEL_ORDER),
    ("reqOpenOrders", request::OPEN_ORDERS),
    ("reqAccountUpdates", request::ACCOUNT_DATA),
    ("reqExecutions", request::EXECUTIONS),
    ("reqIds", request::IDS),
    ("reqContractDetails", request::CONTRACT_DATA),
    ("reqMktDepth", request::MARKET_DEPTH),
    ("cancelMktDepth", request::CANCEL_MARKET_DEPTH),
    ("reqNewsBulletins", request::NEWS_BULLETINS),
    ("cancelNewsBulletins", request::CANCEL_NEWS_BULLETINS),
    ("setServerLogLevel", request::SET_SERVER_LOG_LEVEL),
    ("reqAutoOpenOrders", request::AUTO_OPEN_ORDERS),
    ("reqAllOpenOrders", request::ALL_OPEN_ORDERS),
    ("reqManagedAccts", request::MANAGED_ACCOUNTS),
    ("requestFA", request::FA),
    ("replaceFA", request::FA_REPLACE),
    ("reqHistoricalData", request::HISTORICAL_DATA),
    ("exerciseOptions", request::EXERCISE_OPTIONS),
    ("reqScannerSubscription", request::SCANNER_SUBSCRIPTION),
    ("cancelScannerSubscription", request::CANCEL_SCANNER_SUBSCRIPTION),
    ("reqScannerParameters", request::SCANNER_PARAMETERS),
    ("cancelHistoricalData", request::CANCEL_HISTORICAL_DATA),
    ("reqCurrentTime", request::CURRENT_TIME),
    ("reqRealTimeBars", request::REAL_TIME_BARS),
    ("cancelRealTimeBars", request::CANCEL_REAL_TIME_BARS),
    ("reqGlobalCancel", request::GLOBAL_CANCEL),
    ("reqMarketDataType", request::MARKET_DATA_TYPE),
    ("reqPositions", request::POSITIONS),
    ("reqAccountSummary", request::ACCOUNT_SUMMARY),
    ("cancelAccountSummary", request::CANCEL_ACCOUNT_SUMMARY),
    ("cancelPositions", request::CANCEL_POSITIONS),
    ("startApi", request::START_API),
    ("reqPositionsMulti", request::POSITIONS_MULTI),
    ("cancelPositionsMulti", request::CANCEL_POSITIONS_MULTI),
    ("reqAccountUpdatesMulti", request::ACCOUNT_UPDATES_MULTI),
    ("cancelAccountUpdatesMulti", request::CANCEL_ACCOUNT_UPDATES_MULTI),
    ("reqSecDefOptParams", request::SEC_DEF_OPT_PARAMS),
    ("reqFamilyCodes", request::FAMILY_CODES),
    ("reqMatchingSymbols", request::MATCHING_SYMBOLS),
    ("reqMktDepthExchanges", request::MARKET_DEPTH_EXCHANGES),
    ("reqSmartComponents", request::SMART_COMPONENTS),
    ("reqNewsArticle", request::NEWS_ARTICLE),
    ("reqNewsProviders", request::NEWS_PROVIDERS),
    ("reqHistoricalNews", request::HISTORICAL_NEWS),
    ("reqHeadTimestamp", request::HEAD_TIMESTAMP),
    ("reqHistogramData", request::HISTOGRAM_DATA),
    ("cancelHistogramData", request::CANCEL_HISTOGRAM_DATA),
    ("cancelHeadTimestamp", request::CANCEL_HEAD_TIMESTAMP),
    ("reqMarketRule", request::MARKET_RULE),
    ("reqPnL", request::PNL),
    ("cancelPnL", request::CANCEL_PNL),
    ("reqPnLSingle", request::PNL_SINGLE),
    ("cancelPnLSingle", request::CANCEL_PNL_SINGLE),
    ("reqHistoricalTicks", request::HISTORICAL_TICKS),
    ("reqTickByTickData", request::TICK_BY_TICK),
    ("cancelTickByTickData", request::CANCEL_TICK_BY_TICK),
    ("reqCompletedOrders", request::COMPLETED_ORDERS),
    ("reqUserInfo", request::USER_INFO),
    ("reqCurrentTimeInMillis", request::CURRENT_TIME_IN_MILLIS),
];

/// Messages to clients.
const RESPONSES: [(&str, u32); 73] = [
    // The one frame of the handshake, which has no number.
    ("version", 0),
    ("tickPrice", response::TICK_PRICE),
    ("tickSize", response::TICK_SIZE),
    ("orderStatus", response::ORDER_STATUS),
    ("error", response::ERROR),
    ("openOrder", response::OPEN_ORDER),
    ("updateAccountValue", response::ACCOUNT_VALUE),
    ("updatePortfolio", response::PORTFOLIO_VALUE),
    ("updateAccountTime", response::ACCOUNT_UPDATE_TIME),
    ("nextValidId", response::NEXT_VALID_ID),
    ("contractDetails", response::CONTRACT_DATA),
    ("execDetails", response::EXECUTION_DETAILS),
    ("updateMktDepth", response::MARKET_DEPTH),
    ("updateMktDepthL2", response::MARKET_DEPTH_L2),
    ("updateNewsBulletin", response::NEWS_BULLETIN),
    ("managedAccounts", response::MANAGED_ACCOUNTS),
    ("receiveFA", response::RECEIVE_FA),
    ("historicalData", response::HISTORICAL_DATA),
    ("bondContractDetails", response::BOND_CONTRACT_DATA),
    ("scannerParameters", response::SCANNER_PARAMETERS),
    ("scannerData", response::SCANNER_DATA),
    ("tickOptionComputation", response::TICK_OPTION_COMPUTATION),
    ("tickGeneric", response::TICK_GENERIC),
    ("tickString", response::TICK_STRING),
    ("currentTime", response::CURRENT_TIME),
    ("realtimeBar", response::REAL_TIME_BAR_TICK),
    ("contractDetailsEnd", response::CONTRACT_DATA_END),
    ("openOrderEnd", response::OPEN_ORDERS_END),
    ("accountDownloadEnd", response::ACCOUNT_DATA_END),
    ("execDetailsEnd", response::EXECUTION_DETAILS_END),
    ("tickSnapshotEnd", response::TICK_SNAPSHOT_END),
    ("marketDataType", response::MARKET_DATA_TYPE),
    ("commissionReport", response::COMMISSION_AND_FEES_REPORT),
    ("position", response::POSITION),
    ("positionEnd", response::POSITION_END),
    ("accountSummary", response::ACCOUNT_SUMMARY),
    ("accountSummaryEnd", response::ACCOUNT_SUMMARY_END),
    ("positionMulti", response::POSITION_MULTI),
    ("positionMultiEnd", response::POSITION_MULTI_END),
    ("accountUpdateMulti", response::ACCOUNT_UPDATE_MULTI),
    ("accountUpdateMultiEnd", response::ACCOUNT_UPDATE_MULTI_END),
    (
        "securityDefinitionOptionParameter",
        response::SEC_DEF_OPT_PARAMETER,
    ),
    (
        "securityDefinitionOptionParameterEnd",
        response::SEC_DEF_OPT_PARAMETER_END,
    ),
    ("softDollarTiers", response::SOFT_DOLLAR_TIERS),
    ("familyCodes", response::FAMILY_CODES),
    ("symbolSamples", response::SYMBOL_SAMPLES),
    ("mktDepthExchanges", response::MARKET_DEPTH_EXCHANGES),
    ("tickReqParams", response::TICK_REQ_PARAMS),
    ("smartComponents", response::SMART_COMPONENTS),
    ("newsArticle", response::NEWS_ARTICLE),
    ("tickNews", response::TICK_NEWS),
    ("newsProviders", response::NEWS_PROVIDERS),
    ("historicalNews", response::HISTORICAL_NEWS),
    ("historicalNewsEnd", response::HISTORICAL_NEWS_END),
    ("headTimestamp", response::HEAD_TIMESTAMP),
    ("histogramData", response::HISTOGRAM_DATA),
    ("historicalDataUpdate", response::HISTORICAL_DATA_UPDATE),
    ("rerouteMktDataReq", response::REROUTE_MARKET_DATA_REQUEST),
    ("rerouteMktDepthReq", response::REROUTE_MARKET_DEPTH_REQUEST),
    ("marketRule", response::MARKET_RULE),
    ("pnl", response::PNL),
    ("pnlSingle", response::PNL_SINGLE),
    ("historicalTicks", response::HISTORICAL_TICKS),
    ("historicalTicksBidAsk", response::HISTORICAL_TICKS_BID_ASK),
    ("historicalTicksLast", response::HISTORICAL_TICKS_LAST),
    ("tickByTick", response::TICK_BY_TICK_DATA),
    ("orderBound", response::ORDER_BOUND),
    ("completedOrder", response::COMPLETED_ORDER),
    ("completedOrdersEnd", response::COMPLETED_ORDERS_END),
    ("historicalSchedule", response::HISTORICAL_SCHEDULE),
    ("userInfo", response::USER_INFO),
    ("historicalDataEnd", response::HISTORICAL_DATA_END),
    ("currentTimeInMillis", response::CURRENT_TIME_IN_MILLIS),
];

/// The number of a message from clients.
#[must_use]
pub fn request_number(name: &str) -> Option<u32> {
    number(&REQUESTS, name)
}

/// The number of a message to clients.
#[must_use]
pub fn response_number(name: &str) -> Option<u32> {
    number(&RESPONSES, name)
}

/// What a message from clients is called; its number where it has no name.
#[must_use]
pub fn request_name(number: u32) -> String {
    name(&REQUESTS, number)
}

/// What a message to clients is called; its number where it has no name.
#[must_use]
pub fn response_name(number: u32) -> String {
    name(&RESPONSES, number)
}

fn number(names: &[(&str, u32)], asked: &str) -> Option<u32> {
    let named = names.iter().find(|(name, _)| name.eq_ignore_ascii_case(asked));
    named
        .map(|(_, number)| *number)
        .or_else(|| asked.parse().ok().filter(|number| *number <= 200))
}

fn name(names: &[(&str, u32)], number: u32) -> String {
    names
        .iter()
        .find(|(_, each)| *each == number)
        .map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}
