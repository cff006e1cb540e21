//! The suite: the real daemon, the real simulated gateway, real components, real sockets. One binary; one file a chapter.

mod crash;
mod crash_books;
mod crash_sweep;
mod dashboard;
mod hostile;
mod ledger_failures;
mod operator;
mod orders;
mod planes;
mod recovery;
mod refusals;
mod rig;
mod service;
mod session;
mod streams;
mod trading;
mod truth;
