//! The proxy's engine: accepts redirected connections, secures them, balances and measures them.

pub mod admin;
mod allocator;
pub mod balance;
pub mod buffer;
pub mod config;
pub mod context;
pub mod control;
pub mod discovery;
pub mod drain;
pub mod http;
pub mod http1;
pub mod http2;
pub mod identity;
pub mod inbound;
pub mod log;
pub mod metrics;
pub mod net;
pub mod outbound;
pub mod policy;
pub mod run;
pub mod snapshot;
mod survive;
pub mod tcp;
pub mod testing;
pub mod tls;
pub mod transport;
pub mod worker;
