//! A bound in the type that its place needs; all of it happens at compile time.

use std::time::Duration;

use crate::vocabulary::limits::{Limit, Unit};

impl Limit {
    /// A bound of bytes or things.
    pub const fn size(&self) -> usize {
        assert!(matches!(self.unit, Unit::Bytes | Unit::Count));
        self.value as usize
    }

    /// The same, where 32 bits are enough.
    pub const fn number(&self) -> u32 {
        assert!(matches!(self.unit, Unit::Bytes | Unit::Count));
        assert!(self.value <= u32::MAX as u64);
        self.value as u32
    }

    /// A bound of time.
    pub const fn time(&self) -> Duration {
        match self.unit {
            Unit::Milliseconds => Duration::from_millis(self.value),
            Unit::Seconds => Duration::from_secs(self.value),
            Unit::Bytes | Unit::Count => panic!("not a time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::limits;

    #[test]
    fn a_bound_is_read_in_its_unit() {
        const HEAD: usize = limits::HTTP1_HEAD_BYTES.size();
        const TIME: Duration = limits::HTTP1_HEAD_TIME.time();
        assert_eq!((HEAD, TIME), (65536, Duration::from_secs(30)));
        assert_eq!(limits::HTTP2_STRANGER_STREAMS.number(), 500);
        assert_eq!(limits::DETECT_QUIET_TIME.time(), Duration::from_millis(50));
    }
}
