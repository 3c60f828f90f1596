//! How much of a peer's frames may cost time and bring nothing.

use std::time::Duration;

use mesh_wire::vocabulary::limits;

/// Frames that a peer may send without need, as a bucket that fills up again with time.
///
/// Settings, pings, priorities, empty frames, resets of requests in progress: each is cheap and
/// allowed, a flood of them is an attack (CVE-2019-9512 to 9518, CVE-2023-44487).
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    left: u32,
    /// When it was last filled up, since the connection began.
    filled: Duration,
}

const MOST: u32 = limits::HTTP2_CONTROL_FRAMES.number();
const PER_SECOND: u32 = limits::HTTP2_CONTROL_FRAME_RATE.number();

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            left: MOST,
            filled: Duration::ZERO,
        }
    }

    /// Fills up what the time since the last call allows.
    pub(super) fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.filled);
        let more = passed.as_millis() * u128::from(PER_SECOND) / 1000;
        if more > 0 {
            self.filled = now;
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            self.left = self.left.saturating_add(more).min(MOST);
        }
    }

    /// Allows frames more for a reason that this end has given the peer to send them.
    pub(super) fn earn(&mut self, frames: u32) {
        self.left = (self.left + frames).min(MOST);
    }

    /// Counts one frame; false if there were too many.
    #[must_use]
    pub(super) fn spend(&mut self) -> bool {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_refused_and_a_trickle_is_not() {
        let mut budget = Budget::new();
        for _ in 0..MOST {
            assert!(budget.spend());
        }
        assert!(!budget.spend());
        budget.fill(Duration::from_millis(1500));
        for _ in 0..PER_SECOND * 3 / 2 {
            assert!(budget.spend());
        }
        assert!(!budget.spend());
        budget.fill(Duration::from_secs(1_000_000));
        assert_eq!(budget.left, MOST);
    }
}
