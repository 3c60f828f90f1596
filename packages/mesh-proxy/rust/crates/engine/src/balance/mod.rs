//! Choosing among backends and endpoints.
//!
//! There is no task and nothing is handed over: whoever has work picks an endpoint, and waits
//! (bounded in number and by the failfast time) only while none may be used.

mod clock;
mod load;
mod pending;
mod pick;
mod queue;

pub use load::Load;
pub use pending::Pending;
pub use pick::{Unavailable, backend, pick, pick_at};
pub use queue::Queue;
