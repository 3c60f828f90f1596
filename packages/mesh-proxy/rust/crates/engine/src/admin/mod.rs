//! The admin server: probes, metrics, log level, shutdown. It runs on the control thread, so that
//! a saturated data path still answers probes.

mod access;
mod control;
mod environment;
mod json;
mod places;
mod respond;
mod server;

pub use server::{Admin, serve};
