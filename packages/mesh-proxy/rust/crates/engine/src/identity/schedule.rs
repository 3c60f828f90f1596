//! When to renew.

use std::time::{Duration, SystemTime};

/// How long after `now` a certificate is renewed: at 70 % of its remaining life, but not sooner
/// than `min` and not later than `max`.
pub(super) fn renew_after(
    now: SystemTime,
    valid_until: SystemTime,
    min: Duration,
    max: Duration,
) -> Duration {
    let remaining = valid_until.duration_since(now).unwrap_or_default();
    (remaining / 10 * 7).clamp(min, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewal_is_at_70_percent_within_the_bounds() {
        let seconds = Duration::from_secs;
        let now = SystemTime::UNIX_EPOCH + seconds(1_000_000);
        let after = |life| renew_after(now, now + life, seconds(10), seconds(86_400));
        assert_eq!(after(seconds(86_400)), seconds(60_480));
        assert_eq!(after(seconds(5)), seconds(10));
        assert_eq!(after(seconds(100 * 86_400)), seconds(86_400));
        let expired = renew_after(now, now - seconds(1), seconds(10), seconds(86_400));
        assert_eq!(expired, seconds(10));
    }
}
