//! Read buffers, borrowed from a pool of this thread for as long as they hold bytes.
//!
//! A connection waits for readability without a buffer: ten thousand idle connections hold none.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// The size of every buffer: larger ones gained little when measured, smaller ones cost system calls.
pub const SIZE: usize = 64 * 1024;

/// How many unused buffers a thread keeps (2 MiB); a burst's others go back to the allocator.
const KEPT: usize = 32;

thread_local! {
    static POOL: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer of [`SIZE`] bytes with unspecified contents; it returns to its thread's pool on drop.
#[derive(Debug)]
pub struct Buffer(Box<[u8]>);

/// Takes a buffer from this thread's pool, or a new one.
pub fn take() -> Buffer {
    let pooled = POOL.with_borrow_mut(Vec::pop);
    Buffer(pooled.unwrap_or_else(|| vec![0; SIZE].into_boxed_slice()))
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.0);
        // While a thread ends its pool may be gone already; then the buffer is just freed.
        let _ = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            if pool.len() < KEPT {
                pool.push(bytes);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_returned_buffer_is_used_again_and_a_burst_is_given_back() {
        let first = take();
        let address = first.as_ptr();
        drop(first);
        assert_eq!(take().as_ptr(), address);

        let burst: Vec<_> = (0..2 * KEPT).map(|_| take()).collect();
        drop(burst);
        assert_eq!(POOL.with_borrow(Vec::len), KEPT);
    }
}
