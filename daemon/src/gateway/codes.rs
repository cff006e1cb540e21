//! What IB's error codes mean for an order they name, and for the session when they name nothing. One table, from
//! IB's message code list and from what clients saw in the field.
//!
//! The rule behind it: a code never ends an order; it tells the desk what to believe until a status says more. Where
//! even that is unsafe (a refused change of an order that is still on its way, a write whose fate IB does not know),
//! the meaning is [`OrderErrorMeaning::Ask`], and so it is for every code nobody listed.

use crate::domain::report::OrderErrorMeaning;

/// The order lives on; the text is for people.
const ANNOTATION: &[i32] = &[
    131, 164, 399, 404, 481, 2109, 2111, 2130, 2137, 2161, 2168, 2169, 10018, 10019, 10233, 10239, 10311,
    10329, 10331, 10332, 10333, 10335, 10347, 10349,
];

/// The cancel came too late, or names nothing IB knows under this client id.
const CANCEL_REFUSED: &[i32] = &[135, 136, 137, 161, 10147, 10148];

/// A duplicate id (103 does not prove that the first use failed), a change refused while the original lives, a write
/// IB itself lost (133, 10328): only the broker's own lists can tell.
const ASK: &[i32] = &[
    103, 104, 105, 133, 134, 329, 422, 440, 444, 450, 2102, 10241, 10242, 10308, 10326, 10327, 10328, 10341,
];

/// A new order is refused, or a change of a live one is.
const REFUSED: &[i32] = &[
    106, 107, 109, 110, 111, 113, 114, 115, 116, 117, 118, 119, 120, 121, 125, 126, 129, 132, 140, 141, 142,
    144, 145, 146, 147, 148, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 163, 167, 168, 200, 201, 203,
    303, 311, 312, 313, 314, 315, 321, 325, 328, 332, 333, 334, 335, 336, 337, 338, 339, 340, 341, 342, 343,
    345, 347, 348, 349, 350, 351, 352, 353, 355, 356, 358, 359, 360, 361, 362, 363, 364, 367, 368, 369, 370,
    371, 372, 373, 374, 375, 376, 377, 378, 379, 380, 382, 383, 387, 388, 389, 390, 391, 392, 393, 394, 395,
    396, 397, 398, 400, 401, 402, 403, 405, 406, 407, 408, 409, 410, 411, 412, 413, 417, 418, 419, 421, 423,
    424, 425, 426, 427, 428, 429, 432, 433, 434, 435, 436, 437, 439, 441, 442, 443, 445, 446, 447, 448, 449,
    460, 463, 10000, 10001, 10002, 10003, 10005, 10006, 10007, 10008, 10009, 10010, 10011, 10012, 10013,
    10014, 10015, 10016, 10017, 10020, 10021, 10022, 10023, 10024, 10025, 10026, 10027, 10052, 10058, 10149,
    10234, 10235, 10236, 10237, 10240, 10243, 10244, 10245, 10246, 10247, 10248, 10249, 10250, 10251, 10252,
    10253, 10254, 10268, 10269, 10270, 10286, 10287, 10288, 10289, 10290, 10291, 10292, 10293, 10294, 10295,
    10296, 10297, 10298, 10300, 10301, 10302, 10303, 10304, 10305, 10306, 10307, 10310, 10312, 10314, 10316,
    10317, 10318, 10319, 10321, 10324, 10325, 10330, 10334, 10336, 10340, 10342, 10343, 10344, 10345,
];

/// What an error means for the order it names.
pub fn order_error_meaning(code: i32, text: &str) -> OrderErrorMeaning {
    let listed = |list: &[i32]| list.binary_search(&code).is_ok();
    // "Warning:" in front makes any code harmless; 399 and 2109 carry it, others may.
    if text.trim_start().starts_with("Warning") || listed(ANNOTATION) {
        return OrderErrorMeaning::Annotation;
    }
    if code == 202 {
        return OrderErrorMeaning::Canceled;
    }
    if listed(CANCEL_REFUSED) {
        return OrderErrorMeaning::CancelRefused;
    }
    if listed(ASK) {
        return OrderErrorMeaning::Ask;
    }
    if listed(REFUSED) {
        return OrderErrorMeaning::Refused;
    }
    if (2100..=2199).contains(&code) {
        return OrderErrorMeaning::Annotation;
    }
    OrderErrorMeaning::Ask
}

/// What a notice that names no request says about the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionNotice {
    /// The gateway lost IB.
    UpstreamLost,
    /// The gateway has IB again.
    UpstreamRestored {
        /// Whether market data subscriptions are gone.
        data_lost: bool,
    },
    /// A data farm works, or sleeps until it is needed.
    FarmUp,
    /// A data farm is broken or still connecting.
    FarmDown,
    /// Notices were lost on our side.
    Lagged,
    /// Anything else: for the log.
    Other,
}

/// What a notice that names no request says.
pub const fn session_notice(code: i32) -> SessionNotice {
    match code {
        1100 | 2110 => SessionNotice::UpstreamLost,
        1101 => SessionNotice::UpstreamRestored { data_lost: true },
        1102 => SessionNotice::UpstreamRestored { data_lost: false },
        // 2107 and 2108: inactive, but available on demand; that is health.
        2104 | 2106 | 2107 | 2108 | 2158 => SessionNotice::FarmUp,
        2103 | 2105 | 2119 | 2157 => SessionNotice::FarmDown,
        ibapi::NOTICE_STREAM_LAG_CODE => SessionNotice::Lagged,
        _ => SessionNotice::Other,
    }
}

/// The farm a notice names, after its last colon (`Market data farm connection is OK:usfarm`). At most 32 plain
/// characters, because it becomes a metric's label.
pub fn farm_name(text: &str) -> String {
    let name = text.rsplit(':').next().unwrap_or_default().trim();
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    name.chars().filter(plain).take(32).collect()
}
