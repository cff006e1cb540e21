//! The usual texts of notices.

/// The usual text of a notice.
#[must_use]
pub fn notice_text(code: i32) -> &'static str {
    match code {
        1100 => "Connectivity between IB and Trader Workstation has been lost.",
        1101 => "Connectivity between IB and Trader Workstation has been restored - data lost.",
        1102 => {
            "Connectivity between IB and Trader Workstation has been restored - data maintained. All data \
             farms are connected: usfarm; ushmds; secdefil."
        }
        1300 => {
            "TWS socket port has been reset and this connection is being dropped. Please reconnect on the \
             new port"
        }
        2103 => "Market data farm connection is broken:usfarm",
        2104 => "Market data farm connection is OK:usfarm",
        2105 => "HMDS data farm connection is broken:ushmds",
        2106 => "HMDS data farm connection is OK:ushmds",
        2107 => "HMDS data farm connection is inactive but should be available upon demand.ushmds",
        2108 => "Market data farm connection is inactive but should be available upon demand.usfarm",
        2110 => {
            "Connectivity between Trader Workstation and server is broken. It will be restored automatically."
        }
        2119 => "Market data farm is connecting:usfarm",
        2157 => "Sec-def data farm connection is broken:secdefil",
        2158 => "Sec-def data farm connection is OK:secdefil",
        2148 => {
            "URGENT: Your account does not satisfy its margin requirement. Positions are subject to liquidation"
        }
        10182 => "Failed to request live updates (disconnected).",
        10197 => "No market data during competing live session",
        10225 => {
            "Bust event occurred, current subscription is deactivated. Please resubscribe real-time bars immediately."
        }
        316 => "Market depth data has been HALTED. Please re-subscribe.",
        317 => {
            "Market depth data has been RESET. Please empty deep book contents before applying any new entries."
        }
        10349 => "Order TIF was set to DAY based on order preset.",
        399 => {
            "Order Message:\nWarning: Your order will not be placed at the exchange until the next session."
        }
        404 => "Order held while securities are located.",
        _ => "Notice from the fault script",
    }
}
