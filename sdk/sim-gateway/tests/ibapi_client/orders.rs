//! Orders from their submission to their end, and the lists of them.

use std::time::Duration;

use ibapi::Client;
use ibapi::contracts::{Contract, OptionRight, SecurityType};
use ibapi::orders::{
    Action, CancelOrder, ExecutionFilter, ExecutionSide, Executions, ExerciseOptions, OcaType, Order,
    OrderId, OrderOutcome, OrderStatus, OrderStatusKind, OrderUpdate, Orders, PlaceOrder,
};
use ibapi::subscriptions::Subscription;

use crate::checks::{Checks, Failure, PATIENCE, all, ended, ensure, next};
use crate::desk::{ACCOUNT, APPLE_ID, Desk, apple};

/// What the client hears of its orders all along.
type Updates = Subscription<OrderUpdate>;

pub async fn checks(desk: &mut Desk, checks: &mut Checks) {
    let mut updates = match desk.client.order_update_stream().await {
        Ok(updates) => updates,
        Err(failure) => {
            return checks
                .check("order_update_stream", async { Err(failure.into()) })
                .await;
        }
    };
    let updates = &mut updates;
    checks
        .check("submit_order, a market order", market(desk, updates))
        .await;
    checks
        .check("submit_order, changed; cancel_order", resting(desk, updates))
        .await;
    checks.check("place_order", placed(desk)).await;
    checks.check("place_order, refused", refused(desk)).await;
    checks
        .check("order_status_stream, wait_for_fill", waiting(desk))
        .await;
    checks.check("bracket, submit_all", bracket(desk, updates)).await;
    checks
        .check("submit_oca_orders", one_cancels_all(desk, updates))
        .await;
    checks.check("analyze", what_if(desk)).await;
    checks.check("all_open_orders", others(desk)).await;
    checks.check("auto_open_orders", bound(desk, updates)).await;
    checks.check("global_cancel", global(desk)).await;
    checks.check("executions", executions(desk)).await;
    checks.check("completed_orders", completed(desk)).await;
    checks.check("exercise_options", exercise(desk)).await;
}

fn limit(quantity: f64, price: f64) -> Order {
    Order {
        action: Action::Buy,
        total_quantity: quantity,
        order_type: "LMT".to_owned(),
        limit_price: Some(price),
        order_ref: "proof".to_owned(),
        ..Order::default()
    }
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

/// The order's next status of this kind.
async fn status(updates: &mut Updates, id: i32, kind: OrderStatusKind) -> Result<OrderStatus, Failure> {
    let wanted = |update: &OrderUpdate| {
        matches!(update, OrderUpdate::OrderStatus(told)
            if told.order_id == id && told.status == kind)
    };
    match next(updates, wanted).await? {
        OrderUpdate::OrderStatus(told) => Ok(told),
        other => Err(format!("{other:?}").into()),
    }
}

async fn market(desk: &Desk, updates: &mut Updates) -> Result<(), Failure> {
    let order = Order {
        order_type: "MKT".to_owned(),
        limit_price: None,
        ..limit(100.0, 0.0)
    };
    let id = desk.client.next_order_id();
    desk.client.submit_order(id, &apple(), &order).await?;
    let (mut acknowledged, mut bought, mut value, mut filled) = (false, 0.0, 0.0, None);
    let mut open = Vec::new();
    // The commission comes last, after the status that says it is filled.
    loop {
        match next(updates, |_| true).await? {
            OrderUpdate::OpenOrder(told) => {
                let order = &told.order;
                let right = told.order_id == id
                    && told.contract.contract_id == APPLE_ID
                    && order.order_ref == "proof"
                    && order.account == ACCOUNT
                    && order.perm_id > 0
                    && near(order.total_quantity, 100.0);
                ensure(right, &told)?;
                acknowledged = true;
            }
            OrderUpdate::ExecutionData(told) => {
                let execution = told.execution;
                let right = acknowledged
                    && execution.order_id == id
                    && execution.side == ExecutionSide::Bought
                    && execution.account_number == ACCOUNT
                    && execution.order_reference == "proof";
                ensure(right, &execution)?;
                bought += execution.shares;
                value += execution.shares * execution.price;
                ensure(near(execution.cumulative_quantity, bought), &execution)?;
                open.push(execution.execution_id);
            }
            OrderUpdate::OrderStatus(told) if told.status == OrderStatusKind::Filled => filled = Some(told),
            OrderUpdate::CommissionReport(told) => {
                ensure(told.commission > 0.0 && told.currency == "USD", &told)?;
                open.retain(|execution| *execution != told.execution_id);
            }
            _ => {}
        }
        if open.is_empty() && near(bought, 100.0) && filled.is_some() {
            break;
        }
    }
    let average = filled.as_ref().and_then(|told| told.average_fill_price);
    let right = average.is_some_and(|average| (average - value / bought).abs() < 0.001);
    ensure(right, filled)
}

async fn resting(desk: &Desk, updates: &mut Updates) -> Result<(), Failure> {
    let id = desk.client.next_order_id();
    desk.client
        .submit_order(id, &apple(), &limit(50.0, 150.0))
        .await?;
    let told = status(updates, id, OrderStatusKind::Submitted).await?;
    ensure(near(told.remaining, 50.0) && near(told.filled, 0.0), told)?;
    desk.client
        .submit_order(id, &apple(), &limit(60.0, 151.0))
        .await?;
    let changed = |update: &OrderUpdate| {
        matches!(update, OrderUpdate::OpenOrder(told) if told.order_id == id
            && told.order.limit_price == Some(151.0) && near(told.order.total_quantity, 60.0))
    };
    next(updates, changed).await?;
    let mut open = desk.client.open_orders().await?;
    let open = all(&mut open).await?;
    let right = open
        .iter()
        .any(|each| matches!(each, Orders::OrderData(told) if told.order_id == id));
    ensure(right, open)?;
    let mut cancel = desk.client.cancel_order(id, "").await?;
    let ended = |told: &CancelOrder| {
        let CancelOrder::OrderStatus(told) = told;
        told.order_id == id && told.status == OrderStatusKind::Cancelled
    };
    next(&mut cancel, ended).await?;
    status(updates, id, OrderStatusKind::Cancelled).await?;
    Ok(())
}

async fn placed(desk: &Desk) -> Result<(), Failure> {
    let id = desk.client.next_order_id();
    let order = Order {
        action: Action::Sell,
        order_type: "MKT".to_owned(),
        limit_price: None,
        ..limit(10.0, 0.0)
    };
    let mut placed = desk.client.place_order(id, &apple(), &order).await?;
    next(&mut placed, |told| matches!(told, PlaceOrder::OpenOrder(_))).await?;
    let sold = next(&mut placed, |told| matches!(told, PlaceOrder::ExecutionData(_))).await?;
    let right =
        matches!(&sold, PlaceOrder::ExecutionData(told) if told.execution.side == ExecutionSide::Sold);
    ensure(right, sold)?;
    next(&mut placed, |told| {
        matches!(told, PlaceOrder::CommissionReport(_))
    })
    .await?;
    Ok(())
}

async fn refused(desk: &Desk) -> Result<(), Failure> {
    let id = desk.client.next_order_id();
    let mut placed = desk
        .client
        .place_order(id, &apple(), &limit(10.0, 150.001))
        .await?;
    ended(&mut placed, 110).await?;
    let missing = desk.client.next_order_id();
    let mut cancel = desk.client.cancel_order(missing, "").await?;
    ended(&mut cancel, 10147).await
}

async fn waiting(desk: &Desk) -> Result<(), Failure> {
    let id = desk.client.next_order_id();
    let mut statuses = desk.client.order_status_stream(id).await?;
    desk.client.submit_order(id, &apple(), &limit(5.0, 152.0)).await?;
    let working = |told: &OrderStatus| told.status == OrderStatusKind::Submitted;
    next(&mut statuses, working).await?;
    let outcome = desk.client.wait_for_fill(id, Duration::from_millis(50)).await?;
    ensure(
        matches!(&outcome, OrderOutcome::TimedOut(Some(told)) if told.order_id == id),
        &outcome,
    )?;
    desk.client.submit_order(id, &apple(), &limit(5.0, 400.0)).await?;
    let outcome = desk.client.wait_for_fill(id, PATIENCE).await?;
    ensure(
        matches!(&outcome, OrderOutcome::Filled(told) if near(told.filled, 5.0)),
        outcome,
    )
}

async fn bracket(desk: &Desk, updates: &mut Updates) -> Result<(), Failure> {
    let apple = apple();
    let order = desk.client.order(&apple).buy(10).bracket();
    let order = order.entry_limit(150.0).take_profit(400.0).stop_loss(100.0);
    let ids = order.submit_all().await?;
    status(updates, ids.parent.into(), OrderStatusKind::Submitted).await?;
    let mut open = desk.client.open_orders().await?;
    let open = all(&mut open).await?;
    let parent: i32 = ids.parent.into();
    let child = |id: OrderId| {
        open.iter().any(|each| {
            matches!(each, Orders::OrderData(told)
                if told.order_id == i32::from(id) && told.order.parent_id == parent)
        })
    };
    ensure(child(ids.take_profit) && child(ids.stop_loss), &open)?;
    // The children go with their parent.
    let cancel = desk.client.cancel_order(parent, "").await?;
    let mut left = ids.as_i32_vec();
    while !left.is_empty() {
        if let OrderUpdate::OrderStatus(told) = next(updates, |_| true).await?
            && told.status == OrderStatusKind::Cancelled
        {
            left.retain(|id| *id != told.order_id);
        }
    }
    drop(cancel);
    Ok(())
}

async fn one_cancels_all(desk: &Desk, updates: &mut Updates) -> Result<(), Failure> {
    let grouped = |price| Order {
        oca_group: "either".to_owned(),
        oca_type: OcaType::CancelWithBlock,
        ..limit(10.0, price)
    };
    let orders = vec![(apple(), grouped(150.0)), (apple(), grouped(400.0))];
    let ids = desk.client.submit_oca_orders(orders).await?;
    let [low, high] = ids[..] else {
        return ensure(false, ids);
    };
    let (mut filled, mut cancelled) = (false, false);
    while !filled || !cancelled {
        if let OrderUpdate::OrderStatus(told) = next(updates, |_| true).await? {
            filled |= told.order_id == i32::from(high) && told.status == OrderStatusKind::Filled;
            cancelled |= told.order_id == i32::from(low) && told.status == OrderStatusKind::Cancelled;
        }
    }
    Ok(())
}

async fn what_if(desk: &Desk) -> Result<(), Failure> {
    let state = desk.client.order(&apple()).buy(100).market().analyze().await?;
    let right = state.initial_margin_change.is_some_and(|change| change > 1000.0)
        && state
            .equity_with_loan_after
            .is_some_and(|equity| equity > 900_000.0)
        && state
            .commission
            .or(state.maximum_commission)
            .is_some_and(|commission| commission > 0.0)
        && state.commission_currency == "USD";
    ensure(right, state)
}

/// Another client's order is in the list of all, not in one's own.
async fn others(desk: &Desk) -> Result<(), Failure> {
    let (other, _notices) = desk.another(9).await??;
    let id = other.order(&apple()).buy(7).limit(150.0).submit().await?;
    let theirs = |each: &Orders| {
        matches!(each, Orders::OrderData(told)
            if told.order.client_id == 9 && told.order_id == i32::from(id))
    };
    let found = listed(&other, true).await?;
    ensure(found.iter().any(theirs), found)?;
    let found = listed(&desk.client, true).await?;
    ensure(found.iter().any(theirs), found)?;
    let found = listed(&desk.client, false).await?;
    ensure(!found.iter().any(theirs), found)?;
    other.disconnect().await;
    Ok(())
}

async fn listed(client: &Client, everybody: bool) -> Result<Vec<Orders>, Failure> {
    let mut orders = if everybody {
        client.all_open_orders().await?
    } else {
        client.open_orders().await?
    };
    all(&mut orders).await
}

/// An order from the gateway's own screen comes to client 0, with an id to change and cancel it by.
async fn bound(desk: &Desk, updates: &mut Updates) -> Result<(), Failure> {
    let mut manual = desk.client.auto_open_orders(true).await?;
    desk.say("inject do = \"ext-order\", of = \"AAPL\", quantity = 5, price = 149")
        .await?;
    let wanted =
        |each: &Orders| matches!(each, Orders::OrderData(told) if told.order.limit_price == Some(149.0));
    let told = next(&mut manual, wanted).await?;
    let right =
        matches!(&told, Orders::OrderData(told) if told.order_id < 0 && near(told.order.total_quantity, 5.0));
    ensure(right, told)?;
    let bound = next(updates, |update| matches!(update, OrderUpdate::OrderBound(_))).await?;
    let right = matches!(&bound, OrderUpdate::OrderBound(told)
        if told.client_id == 0 && told.order_id < 0 && told.perm_id > 0);
    ensure(right, bound)
}

async fn global(desk: &Desk) -> Result<(), Failure> {
    let before = listed(&desk.client, true).await?;
    ensure(!before.is_empty(), "nothing to cancel")?;
    desk.client.global_cancel().await?;
    // What was held on the way out comes first; then the list is empty.
    let mut after = listed(&desk.client, true).await?;
    after.retain(|each| match each {
        Orders::OrderData(_) => true,
        Orders::OrderStatus(told) => {
            !told.status.is_terminal() && told.status != OrderStatusKind::PendingCancel
        }
    });
    ensure(after.is_empty(), after)
}

async fn executions(desk: &Desk) -> Result<(), Failure> {
    let filter = ExecutionFilter {
        symbol: "AAPL".to_owned(),
        ..ExecutionFilter::default()
    };
    let mut executions = desk.client.executions(filter).await?;
    let told = all(&mut executions).await?;
    let (mut shares, mut fees) = (0.0, 0);
    for each in &told {
        match each {
            Executions::ExecutionData(told) if told.execution.side == ExecutionSide::Bought => {
                shares += told.execution.shares;
            }
            Executions::ExecutionData(_) => {}
            Executions::CommissionReport(told) => fees += i32::from(told.commission > 0.0),
        }
    }
    // The market order, the one waited for and the better of two.
    ensure(near(shares, 115.0) && fees >= 4, &told)?;
    let other = ExecutionFilter {
        symbol: "MSFT".to_owned(),
        ..ExecutionFilter::default()
    };
    let mut executions = desk.client.executions(other).await?;
    let told = all(&mut executions).await?;
    ensure(told.is_empty(), told)
}

async fn completed(desk: &Desk) -> Result<(), Failure> {
    let mut orders = desk.client.completed_orders(false).await?;
    let told = all(&mut orders).await?;
    let ended = |kind: &OrderStatusKind| {
        let of_kind =
            |each: &&Orders| matches!(each, Orders::OrderData(told) if told.order_state.status == *kind);
        told.iter().filter(of_kind).count()
    };
    let right = ended(&OrderStatusKind::Filled) >= 4 && ended(&OrderStatusKind::Cancelled) >= 5;
    ensure(right, &told)
}

/// A call deep in the money, bought and turned into shares.
async fn exercise(desk: &Desk) -> Result<(), Failure> {
    let calls = Contract {
        symbol: "AAPL".into(),
        security_type: SecurityType::Option,
        exchange: "SMART".into(),
        currency: "USD".into(),
        last_trade_date_or_contract_month: "202612".to_owned(),
        right: Some(OptionRight::Call),
        ..Contract::default()
    };
    let told = desk.client.contract_details(&calls).await?;
    let cheapest = told
        .iter()
        .min_by(|one, other| one.contract.strike.total_cmp(&other.contract.strike));
    let option = &cheapest.ok_or("no options")?.contract;
    let id = desk.client.order(option).buy(1).market().submit().await?;
    let outcome = desk.client.wait_for_fill(id, PATIENCE).await?;
    ensure(matches!(outcome, OrderOutcome::Filled(_)), &outcome)?;
    let exercise = desk.client.exercise_options(option).exercise(1).account(ACCOUNT);
    let mut exercised = exercise.override_natural_action().submit().await?;
    let first = next(&mut exercised, |_| true).await?;
    let right = match &first {
        ExerciseOptions::OpenOrder(told) => told.contract.contract_id == option.contract_id,
        ExerciseOptions::OrderStatus(told) => told.order_id > 0,
    };
    ensure(right, first)
}
