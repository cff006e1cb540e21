//! What is counted and shown of recovery and maintenance.

use prometheus::{Gauge, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use super::trouble::Trouble;
use crate::domain::recovery::{RecoveryStatus, Rung, Step, StepOutcome, WindowKind};
use crate::domain::time::Timestamp;

/// The metrics.
#[derive(Debug)]
pub struct Metrics {
    steps: IntCounterVec,
    rung: IntGauge,
    paged: IntGauge,
    trouble: IntGaugeVec,
    next_maintenance: Gauge,
    active: IntGaugeVec,
    weekly_login: Gauge,
    second_factor: IntGauge,
    blackout: IntGauge,
}

impl Metrics {
    /// Makes and registers them.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let gauge = |name: &str, help: &str| -> Result<IntGauge, prometheus::Error> {
            let made = IntGauge::new(name, help)?;
            registry.register(Box::new(made.clone()))?;
            Ok(made)
        };
        let float = |name: &str, help: &str| -> Result<Gauge, prometheus::Error> {
            let made = Gauge::new(name, help)?;
            registry.register(Box::new(made.clone()))?;
            Ok(made)
        };
        let gauges = |name: &str, help: &str| -> Result<IntGaugeVec, prometheus::Error> {
            let made = IntGaugeVec::new(Opts::new(name, help), &["kind"])?;
            registry.register(Box::new(made.clone()))?;
            Ok(made)
        };
        let steps = IntCounterVec::new(
            Opts::new(
                "moored_recovery_steps_total",
                "Steps of the recovery ladder taken and refused.",
            ),
            &["rung", "outcome"],
        )?;
        registry.register(Box::new(steps.clone()))?;
        for rung in Rung::ALL {
            for outcome in StepOutcome::ALL {
                steps.with_label_values(&[rung.as_str(), outcome.as_str()]);
            }
        }
        Ok(Metrics {
            steps,
            rung: gauge(
                "moored_recovery_rung",
                "The highest rung used against the present trouble, 1 to 7; 0 without.",
            )?,
            paged: gauge(
                "moored_recovery_paged",
                "1 while recovery has given up and called the operator.",
            )?,
            trouble: gauges("moored_recovery_trouble", "1 while the session has this trouble.")?,
            next_maintenance: float(
                "moored_next_maintenance_seconds",
                "Until the next maintenance window; 0 within one.",
            )?,
            active: gauges(
                "moored_maintenance_active",
                "1 within a maintenance window of this kind.",
            )?,
            weekly_login: float(
                "moored_weekly_login_seconds",
                "Until somebody must log in to the gateway.",
            )?,
            second_factor: gauge(
                "moored_gateway_2fa_pending",
                "1 while the gateway is thought to wait for the second factor.",
            )?,
            blackout: gauge(
                "moored_order_blackout",
                "1 while orders that add risk are held back for the gateway's restart.",
            )?,
        })
    }

    /// Counts a step.
    pub fn count(&self, step: &Step) {
        let labels = [step.rung.as_str(), step.outcome.as_str()];
        self.steps.with_label_values(&labels).inc();
    }

    /// Shows how things stand.
    pub fn show(&self, at: Timestamp, status: &RecoveryStatus) {
        self.rung.set(status.rung.map_or(0, |rung| rung.number().into()));
        self.paged.set(status.paged.is_some().into());
        let present = status.trouble.as_ref().map(|trouble| trouble.kind);
        for trouble in Trouble::ALL {
            let gauge = self.trouble.with_label_values(&[trouble.as_str()]);
            gauge.set((present == Some(trouble.as_str())).into());
        }
        let calendar = &status.maintenance;
        for kind in WindowKind::ALL {
            let active = calendar.active.iter().any(|window| window.kind == kind);
            self.active.with_label_values(&[kind.as_str()]).set(active.into());
        }
        let next = calendar.next.first().filter(|_| calendar.active.is_empty());
        self.next_maintenance
            .set(next.map_or(0.0, |window| window.from.since(at).as_secs_f64()));
        let login = calendar.weekly_login();
        self.weekly_login
            .set(login.map_or(0.0, |login| login.since(at).as_secs_f64()));
        self.second_factor.set(status.login.is_some().into());
        self.blackout.set(calendar.blackout_until.is_some().into());
    }
}
