//! What `GET /v1/recovery` and `GET /v1/maintenance` answer.

use serde::{Deserialize, Serialize};

/// `GET /v1/recovery`: what is wrong with the session and what was done about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// Whether the ladder may act at all.
    pub enabled: bool,
    /// What is wrong now; empty if nothing is.
    pub trouble: String,
    /// In words.
    pub trouble_text: String,
    /// Since when.
    pub trouble_since_at: Option<String>,
    /// The highest rung used against it; empty if none was.
    pub rung: String,
    /// Since when the operator is called.
    pub paged_at: Option<String>,
    /// Why.
    pub paged_reason: String,
    /// Why orders that add risk are held back; empty when they are not.
    pub restraints: Vec<String>,
    /// How each rung stands, from the bottom.
    pub rungs: Vec<RecoveryRung>,
    /// The latest steps taken and refused, oldest first.
    pub steps: Vec<RecoveryStep>,
}

/// One rung of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryRung {
    /// Its name.
    pub rung: String,
    /// Times used in the last 24 hours.
    pub used: u32,
    /// How often it may be used in 24 hours.
    pub cap: u32,
    /// Until when it rests.
    pub resting_until: Option<String>,
    /// Why it cannot be used; empty if it can.
    pub unusable: String,
}

/// One step taken or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryStep {
    /// When.
    pub at: Option<String>,
    /// Which rung.
    pub rung: String,
    /// `done`, `failed`, `refused`.
    pub outcome: String,
    /// Against what.
    pub why: String,
    /// What was answered, or why it was refused.
    pub detail: String,
}

/// `GET /v1/maintenance`: when trouble is expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Maintenance {
    /// The windows we are in.
    pub active: Vec<MaintenanceWindow>,
    /// The next ones, soonest first.
    pub next: Vec<MaintenanceWindow>,
    /// When the gateway next restarts itself.
    pub auto_restart_at: Option<String>,
    /// Until when orders that add risk are held back for it.
    pub blackout_until: Option<String>,
    /// When the gateway is next started from cold.
    pub cold_restart_at: Option<String>,
    /// When IB next forgets the login.
    pub token_expiry_at: Option<String>,
    /// Seconds until somebody must log in.
    pub weekly_login_s: Option<f64>,
    /// `2fa-wait` while the gateway is thought to wait for the second factor, else empty.
    pub login: String,
    /// Since when.
    pub login_since_at: Option<String>,
    /// Why it is thought so.
    pub login_reason: String,
}

/// One window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MaintenanceWindow {
    /// Its name.
    pub name: String,
    /// `reset`, `autorestart`, `weekend`, `coldrestart`, `user`.
    pub kind: String,
    /// What it means.
    pub meaning: String,
    /// When it begins.
    pub from_at: Option<String>,
    /// When it ends.
    pub to_at: Option<String>,
    /// Seconds until it begins; zero within it.
    pub begins_in_s: f64,
    /// Seconds until it ends.
    pub ends_in_s: f64,
}
