//! Choosing among backends and endpoints.
//!
//! There is no queue and no task: whoever has work picks an endpoint, and waits (bounded by the
//! failfast time) only while none may be used.

mod clock;
mod load;
mod pending;
mod pick;

pub use load::Load;
pub use pending::Pending;
pub use pick::{Unavailable, backend, pick, pick_at};
