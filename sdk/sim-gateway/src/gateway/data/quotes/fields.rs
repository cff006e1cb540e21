//! Tick types of the protocol, and what a live one is called when it is delayed.

pub(in crate::gateway::data) const BID_SIZE: i32 = 0;
pub(in crate::gateway::data) const BID: i32 = 1;
pub(in crate::gateway::data) const ASK: i32 = 2;
pub(in crate::gateway::data) const ASK_SIZE: i32 = 3;
pub(in crate::gateway::data) const LAST: i32 = 4;
pub(in crate::gateway::data) const LAST_SIZE: i32 = 5;
pub(in crate::gateway::data) const HIGH: i32 = 6;
pub(in crate::gateway::data) const LOW: i32 = 7;
pub(in crate::gateway::data) const VOLUME: i32 = 8;
pub(in crate::gateway::data) const CLOSE: i32 = 9;
pub(in crate::gateway::data) const BID_OPTION: i32 = 10;
pub(in crate::gateway::data) const ASK_OPTION: i32 = 11;
pub(in crate::gateway::data) const LAST_OPTION: i32 = 12;
pub(in crate::gateway::data) const MODEL_OPTION: i32 = 13;
pub(in crate::gateway::data) const OPEN: i32 = 14;
/// The first of six: 13, 26 and 52 weeks, low and high each.
pub(in crate::gateway::data) const LOW_13_WEEKS: i32 = 15;
pub(in crate::gateway::data) const AVERAGE_VOLUME: i32 = 21;
pub(in crate::gateway::data) const HISTORICAL_VOLATILITY: i32 = 23;
pub(in crate::gateway::data) const IMPLIED_VOLATILITY: i32 = 24;
pub(in crate::gateway::data) const CALL_OPEN_INTEREST: i32 = 27;
pub(in crate::gateway::data) const PUT_OPEN_INTEREST: i32 = 28;
pub(in crate::gateway::data) const CALL_VOLUME: i32 = 29;
pub(in crate::gateway::data) const PUT_VOLUME: i32 = 30;
pub(in crate::gateway::data) const INDEX_FUTURE_PREMIUM: i32 = 31;
pub(in crate::gateway::data) const BID_EXCHANGE: i32 = 32;
pub(in crate::gateway::data) const ASK_EXCHANGE: i32 = 33;
pub(in crate::gateway::data) const MARK: i32 = 37;
pub(in crate::gateway::data) const LAST_TIMESTAMP: i32 = 45;
pub(in crate::gateway::data) const SHORTABLE: i32 = 46;
pub(in crate::gateway::data) const RT_VOLUME: i32 = 48;
pub(in crate::gateway::data) const HALTED: i32 = 49;
pub(in crate::gateway::data) const BID_YIELD: i32 = 50;
pub(in crate::gateway::data) const ASK_YIELD: i32 = 51;
pub(in crate::gateway::data) const LAST_YIELD: i32 = 52;
pub(in crate::gateway::data) const CUSTOM_OPTION: i32 = 53;
pub(in crate::gateway::data) const TRADE_COUNT: i32 = 54;
pub(in crate::gateway::data) const TRADE_RATE: i32 = 55;
pub(in crate::gateway::data) const VOLUME_RATE: i32 = 56;
pub(in crate::gateway::data) const LAST_REGULAR_TRADE: i32 = 57;
pub(in crate::gateway::data) const RT_HISTORICAL_VOLATILITY: i32 = 58;
pub(in crate::gateway::data) const DIVIDENDS: i32 = 59;
pub(in crate::gateway::data) const VOLUME_3_MINUTES: i32 = 63;
pub(in crate::gateway::data) const VOLUME_5_MINUTES: i32 = 64;
pub(in crate::gateway::data) const VOLUME_10_MINUTES: i32 = 65;
pub(in crate::gateway::data) const RT_TRADE_VOLUME: i32 = 77;
pub(in crate::gateway::data) const LAST_EXCHANGE: i32 = 84;
pub(in crate::gateway::data) const FUTURES_OPEN_INTEREST: i32 = 86;
pub(in crate::gateway::data) const AVERAGE_OPTION_VOLUME: i32 = 87;
pub(in crate::gateway::data) const SHORTABLE_SHARES: i32 = 89;
pub(in crate::gateway::data) const NAV_CLOSE: i32 = 92;
pub(in crate::gateway::data) const NAV_PRIOR_CLOSE: i32 = 93;
pub(in crate::gateway::data) const NAV_BID: i32 = 94;
pub(in crate::gateway::data) const NAV_ASK: i32 = 95;
pub(in crate::gateway::data) const NAV_LAST: i32 = 96;
pub(in crate::gateway::data) const NAV_FROZEN_LAST: i32 = 97;
pub(in crate::gateway::data) const NAV_HIGH: i32 = 98;
pub(in crate::gateway::data) const NAV_LOW: i32 = 99;

/// What a live tick type is called in a delayed feed, or `None` where delayed data has no such tick.
///
/// The numbers are those of the API's own table of tick types.
pub(in crate::gateway::data) fn delayed(live: i32) -> Option<i32> {
    Some(match live {
        BID => 66,
        ASK => 67,
        LAST => 68,
        BID_SIZE => 69,
        ASK_SIZE => 70,
        LAST_SIZE => 71,
        HIGH => 72,
        LOW => 73,
        VOLUME => 74,
        CLOSE => 75,
        OPEN => 76,
        BID_OPTION => 80,
        ASK_OPTION => 81,
        LAST_OPTION => 82,
        MODEL_OPTION => 83,
        LAST_TIMESTAMP => 88,
        HALTED => 90,
        BID_YIELD => 103,
        ASK_YIELD => 104,
        _ => return None,
    })
}
