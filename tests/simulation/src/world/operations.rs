//! Each operation, carried out.

use moored::desk::event::{Command, CommandTicket, Event, Requester, SessionEvent};
use moored::domain::instrument::InstrumentId;
use moored::domain::money::Quantity;
use moored::domain::order::{
    Cause, ClientOrderId, Intent, OrderId, OrderIntent, OrderKind, ReplaceIntent, TimeInForce,
};
use moored::domain::plugin::PluginId;
use moored::domain::report::OrderErrorMeaning;

use super::{MS, World};
use crate::broker::{INSTRUMENTS, words};
use crate::checks::Violation;
use crate::operation::{Kind, Operation as Op, Submission, Term, UnderWay};

impl World {
    /// Carries out one operation.
    pub(super) fn operate(&mut self, operation: Op) -> Result<(), Violation> {
        match operation {
            Op::Wait(ms) => return self.pass(ms),
            Op::Submit(submission) => return self.submit(submission),
            Op::Replace {
                id,
                plugin,
                quantity,
                price,
            } => return self.replace(id, plugin, quantity, price),
            Op::Cancel { id, plugin } => {
                return self.want(Intent::Cancel {
                    plugin: PluginId(plugin),
                    client_order_id: ClientOrderId(id),
                });
            }
            Op::CancelAll { plugin } => {
                return self.want(Intent::CancelAll {
                    plugin: PluginId(plugin),
                });
            }
            Op::NextWrite(fate) => self.armed.writes.push_back(fate),
            Op::NextReport(fate) => self.armed.reports.push_back(fate),
            Op::NextFee(fate) => self.broker.fees.push(fate),
            Op::NextReading(fate) => self.armed.readings.push_back(fate),
            Op::NextVerdict(opinion) => self.armed.verdicts.push_back(opinion),
            Op::Crash { steps, writes, back } => self.armed.crash = Some((steps, writes, back)),
            other => return self.trouble(other),
        }
        Ok(())
    }

    /// What the session, the operator and the plugins' host do.
    fn trouble(&mut self, operation: Op) -> Result<(), Violation> {
        match operation {
            Op::Drop {
                writes,
                reports_read,
                noticed,
                back,
            } => self.cut(writes, reports_read, noticed, back),
            Op::UpstreamLost => return self.lose_upstream(),
            Op::UpstreamRestored { data_lost } => return self.restore_upstream(data_lost),
            Op::GatewayRestart { back } => {
                self.broker.held.clear();
                self.cut(UnderWay::Lost, false, 1, back);
                return self.restore_upstream(true);
            }
            Op::Lag => {
                self.lose_reports();
                let reason = "the lane was too slow".to_owned();
                return self.tell_session(SessionEvent::ReportsLost { reason });
            }
            Op::Proved(proves) => return self.prove(proves),
            Op::ForgetOrderIds => self.broker.forgetful = true,
            Op::Quotes(on) => self.quotes = on,
            Op::LedgerFails(ms) => {
                let until = self.now + u64::from(ms) * MS;
                if let Some(daemon) = &mut self.daemon {
                    daemon.ledger_fails_until = until;
                }
            }
            Op::Restart { back } => {
                self.handle(Event::Drain)?;
                if self.daemon.is_some() {
                    self.die(UnderWay::Arrive, back);
                }
            }
            Op::PluginFails { plugin, quarantined } => {
                return self.handle(Event::PluginFailed {
                    plugin: PluginId(plugin),
                    quarantined,
                    reason: "it trapped".to_owned(),
                });
            }
            other => return self.operator(other),
        }
        Ok(())
    }

    fn operator(&mut self, operation: Op) -> Result<(), Violation> {
        let reason = "because".to_owned();
        match operation {
            Op::Halt { cancel } => self.command(Command::Halt {
                reason,
                cancel_orders: cancel,
            }),
            Op::Kill => self.command(Command::Kill { reason }),
            Op::Resume => self.command(Command::Resume { reason }),
            Op::Reconcile => self.command(Command::Reconcile),
            Op::OperatorCancel { id } => {
                let order_id = self.broker.order_id(id).unwrap_or(OrderId(0));
                self.command(Command::CancelOrder { order_id })
            }
            other => {
                self.at_the_broker(other);
                self.collect();
                Ok(())
            }
        }
    }

    /// What happens at the broker without anybody's asking.
    fn at_the_broker(&mut self, operation: Op) {
        let broker = &mut self.broker;
        let known = |instrument: u32| (instrument as usize) < INSTRUMENTS;
        match operation {
            Op::Move { instrument, cents } if known(instrument) => broker.move_market(instrument, cents),
            Op::Fill { id, quantity } => broker.fill(id, quantity),
            Op::BrokerCancel { id } => broker.withdraw(id),
            Op::Deactivate { id, out } => broker.deactivate(id, out),
            Op::Correct { back, less } => broker.correct(back as usize, less),
            Op::SplitNext => broker.split_next(true),
            Op::ExternalFill {
                instrument,
                way,
                quantity,
            } if known(instrument) => broker.external_fill(instrument, way, quantity),
            Op::ExternalOrder {
                instrument,
                way,
                quantity,
                price,
            } if known(instrument) => broker.external_order(instrument, way, quantity, price),
            Op::Assign { instrument, quantity } if known(instrument) => broker.assign(instrument, quantity),
            Op::RefusePlace(code) => broker.refuse_place = Some(code),
            Op::RefuseChange(code) => broker.refuse_change = Some(code),
            Op::Remark { id, code } => {
                let meaning = match code {
                    399 | 404 | 10349 => OrderErrorMeaning::Annotation,
                    _ => OrderErrorMeaning::Ask,
                };
                if let Some(order_id) = broker.order_id(id) {
                    broker.error(order_id, code, "a remark", meaning);
                }
            }
            Op::TerseFills(on) => broker.terse = on,
            _ => {}
        }
    }

    fn submit(&mut self, asked: Submission) -> Result<(), Violation> {
        // The plugins' host numbers orders above all that the ledger remembers.
        if asked.id <= self.used_before {
            return Ok(());
        }
        let known = (asked.instrument as usize) < INSTRUMENTS;
        let middle = if known {
            self.broker.middle(asked.instrument)
        } else {
            0
        };
        let at = |cents: i64| words::price(middle + cents);
        let kind = match asked.kind {
            Kind::Market => OrderKind::Market,
            Kind::Limit(cents) => OrderKind::Limit { limit: at(cents) },
            Kind::Stop(cents) => OrderKind::Stop { stop: at(cents) },
            Kind::StopLimit(cents) => OrderKind::StopLimit {
                stop: at(cents),
                limit: at(cents),
            },
        };
        self.want(Intent::Submit(OrderIntent {
            client_order_id: ClientOrderId(asked.id),
            plugin: PluginId(asked.plugin),
            instrument: InstrumentId(asked.instrument),
            side: words::domain_side(asked.way),
            kind,
            time_in_force: match asked.term {
                Term::Day => TimeInForce::Day,
                Term::Gtc => TimeInForce::Gtc,
                Term::Ioc => TimeInForce::Ioc,
            },
            quantity: Quantity::from_units(asked.quantity),
            reduce_only: asked.reduce_only,
            tag: asked.id,
        }))
    }

    fn replace(&mut self, id: u64, plugin: u16, quantity: i32, price: i64) -> Result<(), Violation> {
        let Some(daemon) = &self.daemon else {
            return Ok(());
        };
        let client_order_id = ClientOrderId(id);
        let order = daemon.desk.orders().owned(PluginId(plugin), client_order_id);
        let instrument = order.map_or(0, |order| order.placement.instrument.0);
        let at = words::price(self.broker.middle(instrument) + price);
        self.want(Intent::Replace(ReplaceIntent {
            plugin: PluginId(plugin),
            client_order_id,
            quantity: Quantity::from_units(quantity),
            limit: at,
            stop: at,
        }))
    }

    fn want(&mut self, intent: Intent) -> Result<(), Violation> {
        let cause = Cause { tick_received: None };
        self.handle(Event::Intent { intent, cause })
    }

    /// The operator orders something.
    pub(super) fn command(&mut self, command: Command) -> Result<(), Violation> {
        self.tickets += 1;
        let requester = Requester {
            uid: 1000,
            user: "operator".to_owned(),
        };
        self.handle(Event::Command {
            ticket: CommandTicket(self.tickets),
            requester,
            command,
        })
    }

    fn tell_session(&mut self, event: SessionEvent) -> Result<(), Violation> {
        match self.link.believed {
            true => self.handle(Event::Session(event)),
            false => Ok(()),
        }
    }
}
