//! Flow control (RFC 9113 §5.2).

use super::super::MAX_WINDOW;

/// What this end may still send.
#[derive(Clone, Copy, Debug)]
pub(super) struct SendWindow {
    /// Below zero after the peer has made its initial window smaller (RFC 9113 §6.9.2).
    left: i64,
}

impl SendWindow {
    pub(super) fn new(size: u32) -> Self {
        Self { left: size.into() }
    }

    /// Bytes that may be sent now.
    pub(super) fn room(self) -> usize {
        self.left.max(0) as usize
    }

    /// Bytes are sent, no more than there is [room](Self::room).
    pub(super) fn sent(&mut self, length: usize) {
        debug_assert!(length <= self.room());
        self.left -= length as i64;
    }

    /// Adds what the peer has granted, or takes away by what it has made its initial window smaller;
    /// false if the window would become larger than RFC 9113 §6.9.1 allows.
    #[must_use]
    pub(super) fn grant(&mut self, change: i64) -> bool {
        self.left += change;
        self.left <= i64::from(MAX_WINDOW)
    }
}

/// What the peer may still send. It is told about credit in few large steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReceiveWindow {
    left: u32,
    /// Taken on by the reader; the peer does not know yet.
    owed: u32,
    /// Up to how much the peer may send ahead.
    size: u32,
    /// What `size` may grow to.
    greatest: u32,
}

impl ReceiveWindow {
    /// `announced` is what the peer knows; the window may grow up to `greatest`.
    pub(super) fn new(announced: u32, greatest: u32) -> Self {
        Self {
            left: announced,
            owed: 0,
            size: announced,
            greatest: greatest.max(announced),
        }
    }

    /// Takes a frame's payload into account; false if it was not allowed. `lenience` is allowed
    /// beyond the window.
    #[must_use]
    pub(super) fn receive(&mut self, length: u32, lenience: u32) -> bool {
        if length > self.left.saturating_add(lenience) {
            return false;
        }
        self.left = self.left.saturating_sub(length);
        true
    }

    /// The reader has taken bytes on. Gives the increment to tell the peer, if it is time to.
    /// `keeps_up`: the reader has nothing more to read, so that the window alone holds the peer up:
    /// then it grows, as long as the peer has used up most of it.
    pub(super) fn release(&mut self, length: u32, keeps_up: bool) -> Option<u32> {
        self.owed += length;
        if keeps_up && self.left < self.size / 4 && self.size < self.greatest {
            let size = self.size.saturating_mul(2).min(self.greatest);
            self.owed += size - self.size;
            self.size = size;
        }
        if self.owed < self.size / 2 {
            return None;
        }
        let increment = std::mem::take(&mut self.owed);
        self.left += increment;
        Some(increment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_may_be_negative_but_not_overflow() {
        let mut window = SendWindow::new(10);
        window.sent(10);
        assert!(window.grant(-5));
        assert_eq!(window.room(), 0);
        assert!(window.grant(6));
        assert_eq!(window.room(), 1);
        assert!(window.grant(i64::from(MAX_WINDOW) - 1));
        assert!(!window.grant(1));
    }

    #[test]
    fn the_peer_is_told_in_large_steps() {
        let mut window = ReceiveWindow::new(1000, 1000);
        assert!(window.receive(600, 0));
        assert_eq!(window.release(499, true), None);
        assert_eq!(window.release(1, true), Some(500));
        assert!(!window.receive(901, 0));
        assert!(window.receive(901, 1));
    }

    #[test]
    fn a_window_grows_when_it_holds_up_a_fast_reader_only() {
        let mut slow = ReceiveWindow::new(1000, 4000);
        assert!(slow.receive(1000, 0));
        assert_eq!(slow.release(1000, false), Some(1000));

        let mut fast = ReceiveWindow::new(1000, 3000);
        assert!(fast.receive(1000, 0));
        assert_eq!(fast.release(1000, true), Some(2000));
        assert!(fast.receive(2000, 0));
        assert_eq!(
            fast.release(2000, true),
            Some(3000),
            "no more than the greatest"
        );
        assert!(fast.receive(3000, 0));
        assert_eq!(fast.release(3000, true), Some(3000));
    }
}
