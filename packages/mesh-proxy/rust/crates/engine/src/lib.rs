//! The proxy's engine: accepts redirected connections, secures them, balances and measures them.

pub mod balance;
pub mod buffer;
pub mod inbound;
pub mod outbound;
pub mod snapshot;
pub mod transport;
