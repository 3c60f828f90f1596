//! Outstanding work, latency and health of one endpoint, shared by all workers.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use mesh_decide::ewma::{Millis, PeakEwma, cost};
use tokio::time::Instant;

use super::clock;
use crate::config::Backoff;

/// How much of an endpoint's silence counts as its latency, at most.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);

/// In place of a number of failures: connecting would lead back here, now and always.
const LEADS_BACK: u32 = u32::MAX;

/// Outstanding work and latency estimate of one endpoint, and whether it can be connected to.
#[derive(Debug, Default)]
pub struct Load {
    /// A packed [`PeakEwma`].
    latency: AtomicU64,
    /// Requests without an answer, and connections.
    pending: AtomicU32,
    /// Requests without an answer.
    unanswered: AtomicU32,
    /// When the endpoint last answered, or was first asked after a pause.
    progress: AtomicU32,
    /// Failed connection attempts in a row.
    failures: AtomicU32,
    /// When the first of them failed.
    failing_since: AtomicU32,
    /// When the last of them failed.
    failed_at: AtomicU32,
    /// When it may be tried again.
    retry_at: AtomicU32,
}

impl Load {
    pub(super) fn asked(&self, now: Instant) {
        self.pending.fetch_add(1, Relaxed);
        if self.unanswered.fetch_add(1, Relaxed) == 0 {
            self.progress.store(clock::millis(now), Relaxed);
        }
    }

    pub(super) fn settled(&self) {
        self.pending.fetch_sub(1, Relaxed);
        self.unanswered.fetch_sub(1, Relaxed);
    }

    pub(super) fn opened(&self) {
        self.pending.fetch_add(1, Relaxed);
    }

    pub(super) fn closed(&self) {
        self.pending.fetch_sub(1, Relaxed);
    }

    /// Takes a latency sample into account.
    pub fn observe(&self, sample: Duration, now: Instant, decay: Duration) {
        let now = clock::millis(now);
        self.progress.store(now, Relaxed);
        let update = |bits| {
            let next = PeakEwma::from_bits(bits).observe(sample, now, decay);
            Some(next.to_bits())
        };
        // Always succeeds: the closure never declines.
        let _ = self.latency.fetch_update(Relaxed, Relaxed, update);
    }

    /// Outstanding requests and connections.
    pub fn pending(&self) -> u32 {
        self.pending.load(Relaxed)
    }

    /// What one more piece of work would cost here.
    ///
    /// An endpoint that owes answers and gives none costs at least its silence: an estimate alone
    /// would sink meanwhile and draw more work to an endpoint that has stopped.
    pub(super) fn cost(&self, weight: u32, times: Times, now: Millis) -> f64 {
        let latency = PeakEwma::from_bits(self.latency.load(Relaxed));
        let pending = self.pending();
        // A new endpoint gets one piece of work to show what it can do: behind others that answer
        // faster than the default it would never get any.
        if pending == 0 && latency.is_unknown() {
            return 0.0;
        }
        let estimate = latency.estimate(times.default_rtt, now, times.decay);
        cost(estimate.max(self.silence(now)), pending, weight)
    }

    fn silence(&self, now: Millis) -> Duration {
        if self.unanswered.load(Relaxed) == 0 {
            return Duration::ZERO;
        }
        let since = self.progress.load(Relaxed);
        if !clock::reached(since, now) {
            return Duration::ZERO;
        }
        Duration::from_millis(now.wrapping_sub(since).into()).min(LONGEST_SILENCE)
    }

    /// Whether a connection may be tried, or probably exists.
    pub(super) fn available(&self, now: Millis) -> bool {
        match self.failures.load(Relaxed) {
            0 => true,
            LEADS_BACK => false,
            _ => clock::reached(self.retry_at.load(Relaxed), now),
        }
    }

    /// Says that connecting would lead back into this proxy: the endpoint is never picked again.
    pub fn leads_back(&self) {
        self.failures.store(LEADS_BACK, Relaxed);
    }

    /// Whether it would.
    pub(super) fn is_loop(&self) -> bool {
        self.failures.load(Relaxed) == LEADS_BACK
    }

    /// Claims the one attempt that a failing endpoint gets when its pause is over: until `until` it
    /// is not available to others. True at once for an endpoint that does not fail.
    pub(super) fn claim(&self, now: Millis, until: Millis) -> bool {
        if self.failures.load(Relaxed) == 0 {
            return true;
        }
        let retry_at = self.retry_at.load(Relaxed);
        clock::reached(retry_at, now)
            && self
                .retry_at
                .compare_exchange(retry_at, until, Relaxed, Relaxed)
                .is_ok()
    }

    /// When a failing endpoint began to fail, and when it may be tried again.
    pub(super) fn failing(&self) -> Option<(Millis, Millis)> {
        (self.failures.load(Relaxed) > 0).then(|| {
            let since = self.failing_since.load(Relaxed);
            (since, self.retry_at.load(Relaxed))
        })
    }

    /// Says that an attempt to connect, begun at `begun`, failed: the endpoint is left alone for a
    /// while, the longer the more often it happens in a row. Attempts that were under way together
    /// count once: a hundred requests that wait for one endpoint are not a hundred failures.
    pub fn connect_failed(&self, begun: Instant, now: Instant, backoff: &Backoff) {
        let (begun, now) = (clock::millis(begun), clock::millis(now));
        let failures = self.failures.load(Relaxed);
        if failures == LEADS_BACK {
            return;
        } else if failures == 0 {
            self.failing_since.store(now, Relaxed);
        } else if clock::reached(begun, self.failed_at.load(Relaxed)) {
            return;
        }
        self.failed_at.store(now, Relaxed);
        let pause = pause(backoff, failures, fastrand::f64());
        let retry_at = now.wrapping_add(pause.as_millis() as Millis);
        self.retry_at.store(retry_at, Relaxed);
        self.failures
            .store((failures + 1).min(LEADS_BACK - 1), Relaxed);
    }

    /// Says that connecting succeeded.
    pub fn connected(&self) {
        if self.failures.load(Relaxed) != 0 {
            self.failures.store(0, Relaxed);
        }
    }
}

/// The times of a balancer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) default_rtt: Duration,
    pub(super) decay: Duration,
}

/// The pause after `failures` failures before this one; `chance` is from 0 to 1.
fn pause(backoff: &Backoff, failures: u32, chance: f64) -> Duration {
    let doubled = backoff.min.saturating_mul(1 << failures.min(31));
    doubled
        .min(backoff.max)
        .mul_f64(1.0 + backoff.jitter * chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times = Times {
        default_rtt: Duration::from_millis(30),
        decay: Duration::from_secs(10),
    };
    const BACKOFF: Backoff = Backoff {
        min: Duration::from_millis(100),
        max: Duration::from_secs(1),
        jitter: 0.0,
    };

    #[test]
    fn an_endpoint_that_stops_answering_gets_dearer() {
        let (load, start) = (Load::default(), Instant::now());
        let cost = |after: u64| {
            let now = clock::millis(start + Duration::from_millis(after));
            load.cost(10_000, TIMES, now)
        };
        load.observe(Duration::from_millis(1), start, TIMES.decay);
        load.asked(start);
        assert!(cost(0) < cost(500) && cost(500) < cost(2_000));
        load.observe(
            Duration::from_millis(1),
            start + Duration::from_secs(2),
            TIMES.decay,
        );
        load.settled();
        assert!(cost(2_000) <= cost(0));
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_one_success_ends_them() {
        let (load, start) = (Load::default(), Instant::now());
        let at = |after: u64| clock::millis(start + Duration::from_millis(after));
        let mut now = start;
        for expected in [100, 200, 400, 800, 1_000, 1_000] {
            load.connect_failed(now, now, &BACKOFF);
            let (since, retry_at) = load.failing().unwrap();
            assert_eq!(since, at(0));
            assert_eq!(retry_at.wrapping_sub(clock::millis(now)), expected);
            assert!(!load.available(retry_at - 1) && load.available(retry_at));
            now += Duration::from_millis(expected.into());
        }
        load.connected();
        assert!(load.available(at(0)) && load.failing().is_none());
    }

    #[test]
    fn a_new_endpoint_is_tried_once_before_it_is_known() {
        let (known, new, start) = (Load::default(), Load::default(), Instant::now());
        let now = clock::millis(start);
        known.observe(Duration::from_micros(100), start, TIMES.decay);
        assert!(new.cost(10_000, TIMES, now) < known.cost(10_000, TIMES, now));
        new.asked(start);
        assert!(new.cost(10_000, TIMES, now) > known.cost(10_000, TIMES, now));
    }

    #[test]
    fn attempts_under_way_together_fail_once() {
        let (load, start) = (Load::default(), Instant::now());
        let at = |after: u64| start + Duration::from_millis(after);
        for ended in 5..50 {
            load.connect_failed(at(1), at(ended), &BACKOFF);
        }
        let (_, retry_at) = load.failing().unwrap();
        assert!(clock::reached(retry_at, clock::millis(at(105))));
        load.connect_failed(at(106), at(107), &BACKOFF);
        assert!(!load.available(clock::millis(at(206))));
    }

    #[test]
    fn only_one_tries_a_failing_endpoint_when_its_pause_is_over() {
        let (load, start) = (Load::default(), Instant::now());
        let at = |after: u64| clock::millis(start + Duration::from_millis(after));
        assert!(load.claim(at(0), at(1_000)) && load.claim(at(0), at(1_000)));
        load.connect_failed(start, start, &BACKOFF);
        assert!(!load.claim(at(50), at(1_050)));
        assert!(load.claim(at(100), at(1_100)));
        assert!(!load.claim(at(101), at(1_101)) && !load.available(at(101)));
        assert!(
            load.claim(at(1_100), at(2_100)),
            "the one who tried has gone away"
        );
    }
}
