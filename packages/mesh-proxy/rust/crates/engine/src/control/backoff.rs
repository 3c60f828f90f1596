//! Pauses between attempts.

use std::time::Duration;

/// Exponential back-off with full jitter: each pause is anything up to a ceiling that doubles.
///
/// Full jitter spreads a thousand proxies that lost the same controller over the whole interval,
/// and half of them are back in half of it.
#[derive(Clone, Debug)]
pub struct FullJitter {
    first: Duration,
    most: Duration,
    ceiling: Duration,
}

/// No pause is shorter: an immediate answer must not become a loop.
const SHORTEST: Duration = Duration::from_millis(10);

impl FullJitter {
    /// Ceilings from `first`, doubling, to `most`.
    pub fn new(first: Duration, most: Duration) -> Self {
        Self {
            first,
            most,
            ceiling: first,
        }
    }

    /// Between attempts to reach the control plane: one that is back is followed within 2 s, its
    /// first answers included.
    pub fn control() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_millis(1500))
    }

    /// The next pause; `random` is from 0 to 1.
    pub fn next(&mut self, random: f64) -> Duration {
        let pause = self.ceiling.mul_f64(random.clamp(0.0, 1.0));
        self.ceiling = (self.ceiling * 2).min(self.most);
        pause.max(SHORTEST)
    }

    /// Sleeps for the next pause.
    pub async fn pause(&mut self) {
        tokio::time::sleep(self.next(fastrand::f64())).await;
    }

    /// Begins again with the first ceiling.
    pub fn reset(&mut self) {
        self.ceiling = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_double_up_to_the_most_and_begin_again() {
        let mut backoff = FullJitter::control();
        let pauses: Vec<_> = (0..7).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1500, 1500, 1500]);
        assert_eq!(backoff.next(0.0), SHORTEST);
        backoff.reset();
        assert_eq!(backoff.next(0.5).as_millis(), 50);
    }
}
