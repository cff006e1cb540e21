//! Message numbers. On the wire a protobuf message carries its number plus [`PROTOBUF_OFFSET`].
#![expect(
    missing_docs,
    reason = "the constants are named after the messages they number"
)]

/// What is added to a message number to say that its body is protobuf.
pub const PROTOBUF_OFFSET: u32 = 200;

/// Messages from the client.
pub mod request {
    pub const MARKET_DATA: u32 = 1;
    pub const CANCEL_MARKET_DATA: u32 = 2;
    pub const PLACE_ORDER: u32 = 3;
    pub const CANCEL_ORDER: u32 = 4;
    pub const OPEN_ORDERS: u32 = 5;
    pub const ACCOUNT_DATA: u32 = 6;
    pub const EXECUTIONS: u32 = 7;
    pub const IDS: u32 = 8;
    pub const CONTRACT_DATA: u32 = 9;
    pub const SET_SERVER_LOG_LEVEL: u32 = 14;
    pub const AUTO_OPEN_ORDERS: u32 = 15;
    pub const ALL_OPEN_ORDERS: u32 = 16;
    pub const MANAGED_ACCOUNTS: u32 = 17;
    pub const CURRENT_TIME: u32 = 49;
    pub const GLOBAL_CANCEL: u32 = 58;
    pub const MARKET_DATA_TYPE: u32 = 59;
    pub const POSITIONS: u32 = 61;
    pub const ACCOUNT_SUMMARY: u32 = 62;
    pub const CANCEL_ACCOUNT_SUMMARY: u32 = 63;
    pub const CANCEL_POSITIONS: u32 = 64;
    pub const START_API: u32 = 71;
    pub const POSITIONS_MULTI: u32 = 74;
    pub const CANCEL_POSITIONS_MULTI: u32 = 75;
    pub const ACCOUNT_UPDATES_MULTI: u32 = 76;
    pub const CANCEL_ACCOUNT_UPDATES_MULTI: u32 = 77;
    pub const FAMILY_CODES: u32 = 80;
    pub const MATCHING_SYMBOLS: u32 = 81;
    pub const MARKET_RULE: u32 = 91;
    pub const PNL: u32 = 92;
    pub const CANCEL_PNL: u32 = 93;
    pub const PNL_SINGLE: u32 = 94;
    pub const CANCEL_PNL_SINGLE: u32 = 95;
    pub const COMPLETED_ORDERS: u32 = 99;
    pub const USER_INFO: u32 = 104;
    pub const CURRENT_TIME_IN_MILLIS: u32 = 105;
    pub const CANCEL_CONTRACT_DATA: u32 = 106;
}

/// Messages to the client.
pub mod response {
    pub const TICK_PRICE: u32 = 1;
    pub const TICK_SIZE: u32 = 2;
    pub const ORDER_STATUS: u32 = 3;
    pub const ERROR: u32 = 4;
    pub const OPEN_ORDER: u32 = 5;
    pub const ACCOUNT_VALUE: u32 = 6;
    pub const PORTFOLIO_VALUE: u32 = 7;
    pub const ACCOUNT_UPDATE_TIME: u32 = 8;
    pub const NEXT_VALID_ID: u32 = 9;
    pub const CONTRACT_DATA: u32 = 10;
    pub const EXECUTION_DETAILS: u32 = 11;
    pub const MANAGED_ACCOUNTS: u32 = 15;
    pub const TICK_STRING: u32 = 46;
    pub const CURRENT_TIME: u32 = 49;
    pub const CONTRACT_DATA_END: u32 = 52;
    pub const OPEN_ORDERS_END: u32 = 53;
    pub const ACCOUNT_DATA_END: u32 = 54;
    pub const EXECUTION_DETAILS_END: u32 = 55;
    pub const TICK_SNAPSHOT_END: u32 = 57;
    pub const MARKET_DATA_TYPE: u32 = 58;
    pub const COMMISSION_AND_FEES_REPORT: u32 = 59;
    pub const POSITION: u32 = 61;
    pub const POSITION_END: u32 = 62;
    pub const ACCOUNT_SUMMARY: u32 = 63;
    pub const ACCOUNT_SUMMARY_END: u32 = 64;
    pub const POSITION_MULTI: u32 = 71;
    pub const POSITION_MULTI_END: u32 = 72;
    pub const ACCOUNT_UPDATE_MULTI: u32 = 73;
    pub const ACCOUNT_UPDATE_MULTI_END: u32 = 74;
    pub const FAMILY_CODES: u32 = 78;
    pub const SYMBOL_SAMPLES: u32 = 79;
    pub const TICK_REQ_PARAMS: u32 = 81;
    pub const MARKET_RULE: u32 = 93;
    pub const PNL: u32 = 94;
    pub const PNL_SINGLE: u32 = 95;
    pub const COMPLETED_ORDER: u32 = 101;
    pub const COMPLETED_ORDERS_END: u32 = 102;
    pub const USER_INFO: u32 = 107;
    pub const CURRENT_TIME_IN_MILLIS: u32 = 109;
}
