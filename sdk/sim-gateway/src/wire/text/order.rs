//! Orders as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::order::{
    AllOpenOrdersRequest, AutoOpenOrdersRequest, CancelOrderRequest, CompletedOrder, CompletedOrdersEnd,
    CompletedOrdersRequest, ExerciseOptionsRequest, GlobalCancelRequest, OpenOrder, OpenOrdersEnd,
    OpenOrdersRequest, OrderBound, OrderStatus, PlaceOrderRequest,
};

super::pending_request!(PlaceOrderRequest, PLACE_ORDER);
super::pending_request!(CancelOrderRequest, CANCEL_ORDER);
super::pending_request!(OpenOrdersRequest, OPEN_ORDERS);
super::pending_request!(AutoOpenOrdersRequest, AUTO_OPEN_ORDERS);
super::pending_request!(AllOpenOrdersRequest, ALL_OPEN_ORDERS);
super::pending_request!(ExerciseOptionsRequest, EXERCISE_OPTIONS);
super::pending_request!(GlobalCancelRequest, GLOBAL_CANCEL);
super::pending_request!(CompletedOrdersRequest, COMPLETED_ORDERS);
super::pending_response!(OrderStatus, ORDER_STATUS);
super::pending_response!(OpenOrder, OPEN_ORDER);
super::pending_response!(OpenOrdersEnd, OPEN_ORDERS_END);
super::pending_response!(OrderBound, ORDER_BOUND);
super::pending_response!(CompletedOrder, COMPLETED_ORDER);
super::pending_response!(CompletedOrdersEnd, COMPLETED_ORDERS_END);
