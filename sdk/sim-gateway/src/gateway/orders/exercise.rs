//! Requests to exercise options, or to let them lapse.

use rust_decimal::Decimal;

use super::placing::Ticket;
use super::validation::on;
use crate::exchange::{ExerciseRefusal, OrderKey};
use crate::gateway::{Gateway, Problem};
use crate::wire::messages::order as wire;

impl Gateway {
    pub(in crate::gateway) fn exercise_options(
        &mut self,
        client: i32,
        asked: wire::ExerciseOptionsRequest,
    ) -> Result<(), Problem> {
        self.check_writable()?;
        let id = asked.order_id.unwrap_or(0);
        let key = OrderKey { client, order: id };
        if id <= 0 {
            return Err(Problem::new(10149, format!("Invalid order id: {id}")));
        }
        if self.exchange.order(key).is_some() {
            return Err(Problem::new(103, "Duplicate order id"));
        }
        let exercise = match asked.exercise_action {
            Some(1) => true,
            Some(2) => false,
            _ => return Err(Problem::invalid("Invalid exercise action")),
        };
        let option = self.resolve(asked.contract.as_ref())?;
        let account = self.account_code(asked.account.as_deref())?;
        let size = Decimal::from(asked.exercise_quantity.unwrap_or(0));
        let lots = self.exchange.market(option).instrument.lots(size).unwrap_or(0);
        let order = wire::Order {
            action: Some("BUY".to_owned()),
            order_type: Some("LMT".to_owned()),
            lmt_price: Some(0.0),
            tif: Some("DAY".to_owned()),
            transmit: Some(true),
            customer_account: asked.customer_account,
            professional_customer: asked.professional_customer,
            manual_order_time: asked.manual_order_time,
            ..wire::Order::default()
        };
        let exchange = asked.contract.and_then(|contract| contract.exchange);
        let ticket = Ticket {
            order,
            exchange: exchange.unwrap_or_default(),
        };
        self.orders.tickets.insert(key, ticket);
        let insist = on(asked.override_system);
        let done = self
            .exchange
            .exercise(key, &account, option, lots, exercise, insist);
        if let Err(refusal) = done {
            self.orders.tickets.remove(&key);
            return Err(refused(refusal));
        }
        let last = self.orders.last_ids.entry(client).or_insert(0);
        *last = (*last).max(id);
        Ok(())
    }
}

fn refused(refusal: ExerciseRefusal) -> Problem {
    match refusal {
        ExerciseRefusal::NoOption => Problem::invalid(refusal),
        _ => Problem::new(322, format!("Error processing request.-'bS' : cause - {refusal}")),
    }
}
