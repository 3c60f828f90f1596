//! How long an endpoint takes to answer, estimated so that slowness shows at once.

use std::time::Duration;

/// Milliseconds since an arbitrary start; wraps after 49 days, which only ages an estimate wrongly.
pub type Millis = u32;

/// Peak-EWMA latency estimate of one endpoint: jumps up at once, sinks with time.
///
/// It fits in 64 bits, so that workers can share one without a lock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PeakEwma {
    /// 0 means that nothing was observed.
    micros: f32,
    updated: Millis,
}

impl PeakEwma {
    /// The estimate after `sample`, seen at `now`; never below the decayed value of what it was.
    pub fn observe(self, sample: Duration, now: Millis, decay: Duration) -> Self {
        let sample = (sample.as_micros() as f32).max(1.0);
        let weight = self.weight(now, decay);
        let micros = if sample >= self.micros {
            sample
        } else {
            self.micros * weight + sample * (1.0 - weight)
        };
        Self {
            micros,
            updated: now,
        }
    }

    /// The estimate at `now`, `default` before the first sample. It sinks while nothing is observed,
    /// so that an endpoint which was slow once is tried again.
    pub fn estimate(self, default: Duration, now: Millis, decay: Duration) -> Duration {
        if self.is_unknown() {
            return default;
        }
        Duration::from_micros((self.micros * self.weight(now, decay)) as u64)
    }

    /// Whether nothing was observed yet.
    pub fn is_unknown(self) -> bool {
        self.micros == 0.0
    }

    /// What is left at `now` of the weight of the old estimate.
    fn weight(self, now: Millis, decay: Duration) -> f32 {
        let elapsed = now.wrapping_sub(self.updated);
        // Workers read the clock before they meet here: the newer reading may come first.
        let elapsed = if elapsed > Millis::MAX / 2 {
            0
        } else {
            elapsed
        };
        let decay = (decay.as_millis() as f32).max(1.0);
        (-(elapsed as f32) / decay).exp()
    }

    pub fn to_bits(self) -> u64 {
        u64::from(self.micros.to_bits()) << 32 | u64::from(self.updated)
    }

    pub fn from_bits(bits: u64) -> Self {
        Self {
            micros: f32::from_bits((bits >> 32) as u32),
            updated: bits as u32,
        }
    }
}

/// What one more piece of work would cost on an endpoint; the lower, the better.
///
/// Outstanding work counts less where the weight is larger (10,000 is ordinary), so that under load
/// endpoints carry work in proportion to their weights.
pub fn cost(estimate: Duration, pending: u32, weight: u32) -> f64 {
    let share = 10_000.0 / f64::from(weight.max(1));
    let micros = (estimate.as_micros() as f64).max(1.0);
    micros * (1.0 + f64::from(pending) * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DECAY: Duration = Duration::from_secs(10);
    const DEFAULT: Duration = Duration::from_millis(30);

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn near(left: Duration, right: Duration) -> bool {
        left.abs_diff(right) < Duration::from_millis(1)
    }

    #[test]
    fn an_unknown_endpoint_costs_the_default() {
        assert_eq!(PeakEwma::default().estimate(DEFAULT, 5, DECAY), DEFAULT);
    }

    #[test]
    fn a_peak_counts_at_once_and_is_forgotten_slowly() {
        let calm = PeakEwma::default().observe(ms(10), 0, DECAY);
        let peak = calm.observe(ms(500), 100, DECAY);
        assert!(near(peak.estimate(DEFAULT, 100, DECAY), ms(500)));
        let after = peak.observe(ms(10), 1_100, DECAY);
        let estimate = after.estimate(DEFAULT, 1_100, DECAY);
        assert!(estimate > ms(440) && estimate < ms(460), "{estimate:?}");
        assert!(peak.estimate(DEFAULT, 60_100, DECAY) < ms(2));
    }

    #[test]
    fn a_clock_read_a_moment_earlier_forgets_nothing() {
        let state = PeakEwma::default().observe(ms(10), 1_000, DECAY);
        assert!(near(state.estimate(DEFAULT, 999, DECAY), ms(10)));
        assert!(near(
            state
                .observe(ms(1), 999, DECAY)
                .estimate(DEFAULT, 999, DECAY),
            ms(10)
        ));
    }

    #[test]
    fn work_weighs_less_on_a_heavier_endpoint() {
        assert!(cost(ms(10), 4, 20_000) < cost(ms(10), 4, 10_000));
        assert!(cost(ms(10), 0, 20_000) == cost(ms(10), 0, 10_000));
        assert!(cost(ms(10), 1, 10_000) > cost(ms(15), 0, 10_000));
    }

    proptest! {
        #[test]
        fn never_below_the_decayed_estimate_nor_above_the_highest_sample(
            samples in prop::collection::vec((1u64..10_000, 0u32..5_000), 1..40)
        ) {
            let (mut state, mut now, mut highest) = (PeakEwma::default(), 0, Duration::ZERO);
            for (sample, gap) in samples {
                now += gap;
                let before = state.estimate(Duration::ZERO, now, DECAY);
                state = state.observe(ms(sample), now, DECAY);
                highest = highest.max(ms(sample));
                let after = state.estimate(DEFAULT, now, DECAY);
                prop_assert!(after + ms(1) >= before && after <= highest + ms(1));
                prop_assert_eq!(PeakEwma::from_bits(state.to_bits()), state);
            }
        }
    }
}
