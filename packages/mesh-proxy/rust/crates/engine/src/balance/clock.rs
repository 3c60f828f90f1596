//! Instants as 32-bit numbers, for atomics.

use std::sync::OnceLock;

use mesh_decide::ewma::Millis;
use tokio::time::Instant;

/// Milliseconds since the first call in this process.
pub(super) fn millis(now: Instant) -> Millis {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = START.get_or_init(|| now);
    now.saturating_duration_since(*start).as_millis() as Millis
}

/// Whether `moment` is not after `now`; right as long as they are less than 24 days apart.
pub(super) fn reached(moment: Millis, now: Millis) -> bool {
    now.wrapping_sub(moment) < Millis::MAX / 2
}
