//! The suite: the real daemon, the real simulated gateway, real components, real sockets. One binary; one file a chapter.

mod crash;
mod dashboard;
mod operator;
mod rig;
mod session;
mod trading;
