//! How long a connection is used.

use std::time::Duration;

/// How much earlier than its age a connection may end, as a share of the age: connections that were
/// made together must not be replaced together.
const JITTER: f64 = 0.1;

/// The age of one connection of many that may get `age` old; `chance` is from 0 to 1.
pub(crate) fn jittered(age: Duration, chance: f64) -> Duration {
    age.mul_f64(1.0 - JITTER * chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_ends_up_to_a_tenth_earlier() {
        let age = Duration::from_secs(100);
        assert_eq!(jittered(age, 0.0), age);
        assert_eq!(jittered(age, 0.5), Duration::from_secs(95));
        assert_eq!(jittered(age, 1.0), Duration::from_secs(90));
    }
}
