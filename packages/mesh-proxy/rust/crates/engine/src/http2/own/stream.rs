//! One stream, as its task holds it.

use super::core::Shared;

/// A stream; when the last handle on it is gone, the connection forgets it.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) shared: Shared,
    pub(super) number: u32,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.shared.borrow().forget(self.number);
    }
}
