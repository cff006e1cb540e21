//! The planes of health behind the socket: the gateway's own way to IB (`upstream`), and IB's data farms by name
//! (`farms`). What the gateway says about itself is taken in here.
//!
//! The socket is the third plane and lives in `session`: only what happens to the socket itself ends a session.
//!
//! Never: an action on a notice that was said before, a socket closed because IB or a farm is away.

mod farms;
#[cfg(test)]
mod tests;
mod upstream;

use std::cell::RefCell;

use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry};
use tokio::sync::Notify;
use tracing::{debug, info, warn};

use super::Shared;
use super::codes::{About, Action, MARGIN_URGENT, Ruling, farm_name, farms_connected};
use super::streams::Reason;
use crate::clock;
use crate::desk::event::SessionEvent;
use crate::domain::proof::ProofKind;
use crate::domain::session::{Farm, FarmKind, FarmState};
use crate::domain::time::Timestamp;

use farms::{FarmEdge, Farms, kind_by_code};
use upstream::Upstream;

/// The planes of the present session.
#[derive(Debug)]
pub struct Planes {
    upstream: RefCell<Upstream>,
    farms: RefCell<Farms>,
    /// A proof of ours brought IB back: the session asks for its data again.
    pub(super) returned: Notify,
    farm_up: IntGaugeVec,
    farm_state: IntGaugeVec,
    transitions: IntCounterVec,
}

/// What the session has to do after a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// Nothing.
    Nothing,
    /// Ask for all market data again.
    Resubscribe,
}

impl Planes {
    /// No session yet.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let gauges = |name: &str, help: &str, labels: &[&str]| {
            let made = IntGaugeVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(made.clone()))?;
            Ok::<_, prometheus::Error>(made)
        };
        let transitions = IntCounterVec::new(
            Opts::new(
                "moored_upstream_transitions_total",
                "Times the gateway lost IB or had it again; repeated notices are not counted.",
            ),
            &["to"],
        )?;
        registry.register(Box::new(transitions.clone()))?;
        for to in ["lost", "restored", "concluded"] {
            transitions.with_label_values(&[to]);
        }
        Ok(Planes {
            upstream: RefCell::new(Upstream::new(clock::now())),
            farms: RefCell::default(),
            returned: Notify::new(),
            farm_up: gauges(
                "moored_session_farm_up",
                "1 while a data farm works or sleeps.",
                &["farm"],
            )?,
            farm_state: gauges(
                "moored_farm_state",
                "1 for a data farm's state.",
                &["farm", "state"],
            )?,
            transitions,
        })
    }

    fn count(&self, to: &str) {
        self.transitions.with_label_values(&[to]).inc();
    }

    fn show(&self, farm: &Farm, known: bool) {
        let healthy = known && farm.state.is_healthy();
        let name = farm.name.as_str();
        self.farm_up.with_label_values(&[name]).set(i64::from(healthy));
        for state in FarmState::ALL {
            let shown = i64::from(known && state == farm.state);
            self.farm_state
                .with_label_values(&[name, state.as_str()])
                .set(shown);
        }
    }
}

impl Shared {
    /// A session began.
    pub(super) fn planes_begin(&self) {
        self.planes.upstream.borrow_mut().session_began(clock::now());
        self.show_upstream();
    }

    /// The session ended: nothing is known of what lies behind the gateway.
    pub(super) fn planes_end(&self) {
        self.planes.upstream.borrow_mut().session_ended(clock::now());
        self.show_upstream();
        for farm in self.planes.farms.borrow_mut().forget() {
            self.planes.show(&farm, false);
        }
        self.status.update(|status| status.farms.clear());
    }

    fn show_upstream(&self) {
        let upstream = *self.planes.upstream.borrow();
        self.metrics.upstream.set(i64::from(upstream.is_up()));
        self.streams.upstream(upstream.is_up());
        self.status.update(|status| {
            status.upstream = upstream.is_up();
            status.upstream_since = Some(upstream.since());
        });
    }

    /// Takes in what the gateway says about itself. Repeats are common; only edges act.
    pub(super) fn notice(&self, notice: &ibapi::Notice) -> Follow {
        self.metrics.notices.inc();
        if notice.code == ibapi::NOTICE_STREAM_LAG_CODE {
            self.metrics.lags.with_label_values(&["notices"]).inc();
            let reason = format!("notices were lost: {notice}");
            self.reports.session(SessionEvent::ReportsLost { reason });
            return Follow::Nothing;
        }
        let ruling = self.heard(About::Session, notice);
        match ruling.action {
            Action::UpstreamLost => self.upstream_lost(notice),
            Action::UpstreamRestored => return self.upstream_restored(notice, false),
            Action::UpstreamRestoredDataLost => return self.upstream_restored(notice, true),
            Action::FarmUp => self.farm(notice, FarmState::Up),
            Action::FarmIdle => self.farm(notice, FarmState::Idle),
            Action::FarmConnecting => self.farm(notice, FarmState::Connecting),
            Action::FarmBroken => self.farm(notice, FarmState::Broken),
            _ => self.consequences(&ruling, notice),
        }
        Follow::Nothing
    }

    /// What follows from a message that is no edge of a plane, whatever it is about.
    pub(super) fn consequences(&self, ruling: &Ruling, notice: &ibapi::Notice) {
        match ruling.action {
            Action::Margin => {
                if ruling.class == MARGIN_URGENT {
                    self.margin.announced(clock::now());
                    self.review_margin();
                }
                // Liquidations are orders and fills of somebody else's.
                self.ask_truth(notice);
            }
            // Over the message rate: what was written may not have been taken.
            Action::SlowDown if notice.code == 100 => {
                self.governor.slow_down();
                self.ask_truth(notice);
            }
            Action::Ask => self.ask_truth(notice),
            _ => {}
        }
    }

    fn ask_truth(&self, notice: &ibapi::Notice) {
        let reason = notice.to_string();
        self.reports.session(SessionEvent::AskTruth { reason });
    }

    fn upstream_lost(&self, notice: &ibapi::Notice) {
        if !self.planes.upstream.borrow_mut().lost(clock::now()) {
            debug!(%notice, "said before");
            return;
        }
        warn!(%notice, "the gateway lost IB");
        self.planes.count("lost");
        self.show_upstream();
        let fix = "wait for IB (it resets every night), or look at the gateway's own window or log";
        self.disproved(ProofKind::Upstream, "the gateway said that it lost IB", fix);
        self.reports.session(SessionEvent::UpstreamLost);
        // From now on the way is tried every few seconds, in case the gateway never says that it is back.
        self.proofs.prove_again();
    }

    fn upstream_restored(&self, notice: &ibapi::Notice, data_lost: bool) -> Follow {
        let now = clock::now();
        let named = farms_connected(&notice.message);
        let edges = self.planes.farms.borrow_mut().seed(now, &named);
        edges.iter().for_each(|edge| self.farm_edge(edge));
        if !self.planes.upstream.borrow_mut().restored(now, data_lost) {
            debug!(%notice, "said before");
            return Follow::Nothing;
        }
        info!(%notice, data_lost, "the gateway has IB again");
        self.planes.count("restored");
        self.upstream_is_back(data_lost)
    }

    fn upstream_is_back(&self, data_lost: bool) -> Follow {
        self.show_upstream();
        self.proofs.prove_again();
        self.reports.session(SessionEvent::UpstreamRestored { data_lost });
        if data_lost {
            Follow::Resubscribe
        } else {
            self.streams.doubted(Reason::Restored);
            Follow::Nothing
        }
    }

    /// IB's servers answered a request of ours that was made at `asked`. Where the gateway lost IB and never said that
    /// it has it again, that brings it back, with its market data taken for lost.
    pub(super) fn upstream_answered(&self, asked: Timestamp) {
        let patience = self.config.upstream_patience();
        let mut upstream = self.planes.upstream.borrow_mut();
        if !upstream.answered(asked, clock::now(), patience) {
            return;
        }
        drop(upstream);
        warn!(
            "IB answers though the gateway never said that it is back: taken for restored, its data for lost"
        );
        self.planes.count("concluded");
        if self.upstream_is_back(true) == Follow::Resubscribe {
            self.planes.returned.notify_one();
        }
    }

    fn farm(&self, notice: &ibapi::Notice, state: FarmState) {
        let name = farm_name(&notice.message);
        let mut farms = self.planes.farms.borrow_mut();
        let edge = farms.told(clock::now(), &name, kind_by_code(notice.code), state);
        drop(farms);
        match edge {
            Some(edge) => self.farm_edge(&edge),
            None => self.show_farms(),
        }
    }

    fn farm_edge(&self, edge: &FarmEdge) {
        let FarmEdge { farm, from } = edge;
        let (name, state) = (farm.name.as_str(), farm.state.as_str());
        let was = from.map_or("unknown", FarmState::as_str);
        if farm.state == FarmState::Broken {
            warn!(
                farm = name,
                serves = farm.kind.as_str(),
                was,
                "a data farm is broken"
            );
        } else {
            info!(
                farm = name,
                serves = farm.kind.as_str(),
                was,
                state,
                "a data farm"
            );
        }
        let returned = farm.state.is_healthy() && from.is_some_and(|from| !from.is_healthy());
        if returned && farm.kind == FarmKind::MarketData {
            self.streams.doubted(Reason::Farm);
        }
        self.planes.show(farm, true);
        self.show_farms();
    }

    fn show_farms(&self) {
        let rows = self.planes.farms.borrow().rows();
        self.status.update(|status| status.farms = rows);
    }
}
