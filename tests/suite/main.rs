//! The suite: the real daemon, the real simulated gateway, real components, real sockets. One binary; one file a chapter.

mod crash;
mod dashboard;
mod hostile;
mod operator;
mod orders;
mod refusals;
mod rig;
mod service;
mod session;
mod trading;
mod truth;
