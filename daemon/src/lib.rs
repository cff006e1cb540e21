//! Moored: a headless trading daemon for Interactive Brokers.
//!
//! Floors, from the ground up; a module names only modules on lower floors, and edges never name each other:
//!
//! ```text
//! 7                          app                       (config and ctl beside it)
//! 6   gateway   recovery   plugin_host   ledger   admin   telemetry      edges
//! 5                        mailbox               (clock and crash_point beside it)
//! 4                         desk
//! 3                        orders
//! 2                         risk
//! 1                  market   portfolio
//! 0                        domain
//! ```
//!
//! Read the house in the order of the tick; start with [`desk`].

pub mod admin;
pub mod app;
pub mod clock;
pub mod config;
pub mod crash_point;
pub mod ctl;
pub mod desk;
pub mod domain;
pub mod gateway;
pub mod ledger;
pub mod mailbox;
pub mod market;
pub mod orders;
pub mod plugin_host;
pub mod portfolio;
pub mod recovery;
pub mod risk;
pub mod telemetry;
