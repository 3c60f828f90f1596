//! The proxy's engine: accepts redirected connections, secures them, balances and measures them.

pub mod balance;
pub mod snapshot;
