//! Executions and what they cost, as they happen and as a list.

use super::Job;
use super::placing::Ticket;
use crate::exchange::{Execution, InstrumentId, OrderKey, Part, Side, Status};
use crate::gateway::values::{double, written};
use crate::gateway::{Class, ConnectionId, Gateway, Job as GatewayJob, Problem, values as text};
use crate::wire::messages::execution as wire;

const DAY: u64 = 86_400;
const MILLISECOND: u64 = 1_000_000;

impl Gateway {
    /// Tells of a fill: execution, the order as it is now, and, a while later, what the fill cost.
    pub(in crate::gateway) fn publish_execution(
        &mut self,
        execution: &Execution,
        order: &crate::exchange::Order,
    ) {
        for to in self.audience(order) {
            self.send_execution(to, -1, execution);
            let part = matches!(execution.part, Part::Leg(_));
            if !part && execution.correction == 0 {
                self.send_open_order(to, order, false);
                self.send_status(to, order);
            }
        }
        if execution.part == Part::Combination {
            // Its legs are what costs.
            return;
        }
        let job = Job::Commission {
            execution: execution.id.clone(),
            complete: order.status == Status::Filled && execution.correction == 0,
        };
        match self.commission_delay(execution) {
            0 => self.order_job(job),
            delay => self.put_off(
                execution.at.max(self.exchange.now()) + delay,
                GatewayJob::Orders(job),
            ),
        }
    }

    /// How long the report of a fill's cost takes, nanoseconds: seeded by the fill itself.
    fn commission_delay(&self, execution: &Execution) -> u64 {
        let (from, to) = self.orders.commission_delay;
        let seed = execution
            .id
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
        from + (seed >> 16) % (to.saturating_sub(from) + 1)
    }

    /// Reports what a fill cost; with it the order, complete with its fees, when that was the last fill.
    pub(super) fn report_commission(&mut self, id: &str, complete: bool) {
        // Looked for from the end: it was among the last.
        let found = self.exchange.executions().iter().rev().find(|each| each.id == id);
        let Some(execution) = found.cloned() else {
            return;
        };
        let Some(order) = self.exchange.order(execution.order).cloned() else {
            return;
        };
        for to in self.audience(&order) {
            if complete {
                self.send_open_order(to, &order, true);
            }
            self.send_commission(to, &execution);
        }
    }

    pub(in crate::gateway) fn send_execution(
        &mut self,
        to: ConnectionId,
        request: i32,
        execution: &Execution,
    ) {
        let exchange = self.routed_to(execution.order, execution.shown, execution.instrument);
        let instrument = &self.exchange.market(execution.instrument).instrument;
        let ticket = self.ticket(execution.order, execution.shown);
        let written_order = ticket.map(|ticket| &ticket.order);
        let message = wire::ExecutionDetails {
            req_id: Some(request),
            contract: Some(self.contract(execution.instrument, Some(&exchange))),
            execution: Some(wire::Execution {
                order_id: Some(execution.shown.order),
                exec_id: Some(execution.id.clone()),
                time: Some(text::timestamp(self.exchange.unix_seconds(execution.at))),
                acct_number: Some(execution.account.clone()),
                exchange: Some(exchange),
                side: Some(if execution.side == Side::Buy { "BOT" } else { "SLD" }.to_owned()),
                shares: Some(written(instrument.quantity(execution.lots))),
                price: Some(double(instrument.price(execution.price))),
                perm_id: Some(execution.perm_id),
                client_id: Some(execution.shown.client),
                is_liquidation: Some(execution.liquidation),
                cum_qty: Some(written(instrument.quantity(execution.cumulative))),
                avg_price: Some(double(execution.average_price)),
                order_ref: written_order.and_then(|order| order.order_ref.clone()),
                model_code: Some(
                    written_order
                        .and_then(|order| order.model_code.clone())
                        .unwrap_or_default(),
                ),
                last_liquidity: Some(if execution.maker { 1 } else { 2 }),
                is_price_revision_pending: Some(false),
                ..wire::Execution::default()
            }),
        };
        self.send(to, Class::Order, &message);
    }

    pub(in crate::gateway) fn send_commission(&mut self, to: ConnectionId, execution: &Execution) {
        let instrument = &self.exchange.market(execution.instrument).instrument;
        let message = wire::CommissionAndFeesReport {
            exec_id: Some(execution.id.clone()),
            commission_and_fees: Some(double(execution.fee)),
            currency: Some(instrument.currency.clone()),
            // An opening trade realises nothing, which is said by leaving the field unset.
            realized_pnl: execution.realized.map(double),
            bond_yield: None,
            yield_redemption_date: None,
        };
        self.send(to, Class::Order, &message);
    }

    pub(in crate::gateway) fn list_executions(
        &mut self,
        to: ConnectionId,
        asked: wire::ExecutionRequest,
    ) -> Result<(), Problem> {
        let filter = asked.execution_filter.unwrap_or_default();
        let request = asked.req_id.unwrap_or(-1);
        let wanted = self
            .exchange
            .executions()
            .iter()
            .filter(|execution| !execution.superseded && self.passes(execution, &filter));
        let now = self.exchange.now();
        for execution in wanted.cloned().collect::<Vec<_>>() {
            self.send_execution(to, request, &execution);
            // A report that is still on its way comes when it comes.
            let known = execution.at + self.commission_delay(&execution) <= now;
            if known && execution.part != Part::Combination {
                self.send_commission(to, &execution);
            }
        }
        let end = wire::ExecutionDetailsEnd {
            req_id: Some(request),
        };
        self.send(to, Class::Order, &end);
        Ok(())
    }

    fn passes(&self, execution: &Execution, filter: &wire::ExecutionFilter) -> bool {
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let instrument = &self.exchange.market(execution.instrument).instrument;
        let at = self.exchange.unix_seconds(execution.at);
        let side = if execution.side == Side::Buy {
            ["BUY", "BOT"]
        } else {
            ["SELL", "SLD"]
        };
        let days =
            u64::try_from(filter.last_n_days.filter(|days| *days != i32::MAX).unwrap_or(0)).unwrap_or(0);
        let dates = filter
            .specific_dates
            .iter()
            .map(|date| date.to_string())
            .collect::<Vec<_>>();
        let today = self.exchange.unix_seconds(self.exchange.now()) / DAY;
        let recent = if dates.is_empty() {
            at / DAY + days.max(1) > today
        } else {
            dates.contains(&text::day(at))
        };
        recent
            && filter
                .client_id
                .is_none_or(|id| id == 0 || id == i32::MAX || id == execution.shown.client)
            && said(&filter.acct_code).is_none_or(|account| account == execution.account)
            && said(&filter.symbol).is_none_or(|symbol| symbol == instrument.symbol)
            && said(&filter.sec_type).is_none_or(|kind| kind == instrument.kind.sec_type())
            && said(&filter.exchange).is_none_or(|exchange| {
                exchange == self.routed_to(execution.order, execution.shown, execution.instrument)
            })
            && said(&filter.side).is_none_or(|asked| side.contains(&asked.to_uppercase().as_str()))
            && said(&filter.time)
                .is_none_or(|since| text::dashed_timestamp(at) >= since.trim().replacen(' ', "-", 1))
    }

    /// What the client wrote, under the exchange's key of the order or under the ids it shows.
    pub(super) fn ticket(&self, key: OrderKey, shown: OrderKey) -> Option<&Ticket> {
        let tickets = &self.orders.tickets;
        tickets.get(&key).or_else(|| tickets.get(&shown))
    }

    /// Where an order was sent.
    pub(in crate::gateway) fn routed_to(&self, key: OrderKey, shown: OrderKey, id: InstrumentId) -> String {
        let first = || {
            self.exchange
                .market(id)
                .instrument
                .valid_exchanges
                .first()
                .cloned()
        };
        self.ticket(key, shown)
            .map(|ticket| ticket.exchange.clone())
            .or_else(first)
            .unwrap_or_default()
    }

    /// Lets commission reports come this much after their executions, milliseconds at least and at most;
    /// zeroes let them come at once.
    pub fn delay_commissions(&mut self, least: u64, most: u64) {
        self.orders.commission_delay = (
            least.saturating_mul(MILLISECOND),
            most.max(least).saturating_mul(MILLISECOND),
        );
    }
}
