//! Scanners as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::scanner::{
    CancelScannerSubscription, ScannerData, ScannerParameters, ScannerParametersRequest,
    ScannerSubscriptionRequest,
};

super::pending_request!(ScannerSubscriptionRequest, SCANNER_SUBSCRIPTION);
super::pending_request!(CancelScannerSubscription, CANCEL_SCANNER_SUBSCRIPTION);
super::pending_request!(ScannerParametersRequest, SCANNER_PARAMETERS);
super::pending_response!(ScannerParameters, SCANNER_PARAMETERS);
super::pending_response!(ScannerData, SCANNER_DATA);
