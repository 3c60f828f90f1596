//! Sockets: listeners, their options, and where a redirected connection was going.

mod accept;
mod listener;
mod options;
mod original_destination;

pub use accept::accept;
pub use listener::{BindError, Listeners};
pub use options::apply as apply_options;
pub use original_destination::original_destination;
