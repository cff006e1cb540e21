//! What can be traded.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::hours::Hours;
use super::money::{Price, Quantity};

/// Dense index of an instrument in the order of the configuration; an array index on the hot path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstrumentId(pub u32);

impl InstrumentId {
    /// As an index into a table of instruments.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// IB's security types (`Contract.secType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SecurityType {
    /// Stock or ETF.
    Stk,
    /// Currency pair.
    Cash,
    /// Future.
    Fut,
    /// Index: quoted, never ordered.
    Ind,
    /// Cryptocurrency.
    Crypto,
}

impl SecurityType {
    /// IB's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            SecurityType::Stk => "STK",
            SecurityType::Cash => "CASH",
            SecurityType::Fut => "FUT",
            SecurityType::Ind => "IND",
            SecurityType::Crypto => "CRYPTO",
        }
    }
}

/// An instrument as the operator named it and, once the session has resolved it, as IB defines it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// Its index.
    pub id: InstrumentId,
    /// The operator's name for it, unique in the configuration: `AAPL`, `EUR.USD`.
    pub name: String,
    /// IB's symbol.
    pub symbol: String,
    /// IB's security type.
    pub security_type: SecurityType,
    /// Where orders are routed: `SMART`, `IDEALPRO`.
    pub exchange: String,
    /// Listing exchange, where the symbol alone is ambiguous.
    pub primary_exchange: Option<String>,
    /// Currency of its price.
    pub currency: String,
    /// `YYYYMM` or `YYYYMMDD` of a future.
    pub expiry: Option<String>,
    /// IB's contract id; `None` until resolved.
    pub con_id: Option<i32>,
    /// Smallest price step; zero until resolved.
    pub tick: Price,
    /// Contract multiplier; one until resolved.
    pub multiplier: Quantity,
    /// When its market is open; `None` until resolved, or where IB's words cannot be read.
    pub hours: Option<Arc<Hours>>,
    /// How long its stream may be silent in an open market, where that is not the gateway's usual.
    pub silent_after: Option<Duration>,
}

/// What IB's contract details say of an instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractFacts {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// IB's contract id.
    pub con_id: i32,
    /// Smallest price step.
    pub tick: Price,
    /// Contract multiplier.
    pub multiplier: Quantity,
    /// When its market is open; `None` where IB's words cannot be read, and then it counts as open.
    pub hours: Option<Arc<Hours>>,
}
