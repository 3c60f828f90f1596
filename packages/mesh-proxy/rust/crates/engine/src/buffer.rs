//! Read buffers, borrowed from a pool of this thread for as long as they hold bytes.
//!
//! A connection waits for readability without a buffer: ten thousand idle connections hold none.
//! A stream that fills its buffer gets a larger one, since a system call costs the same for either.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

use mesh_wire::vocabulary::limits;

/// The size of an ordinary buffer, in bytes.
pub const SIZE: usize = 64 * 1024;

/// The size of a buffer for a stream that has filled an ordinary one, in bytes.
pub const WIDE: usize = 256 * 1024;

/// How many unused buffers of each size a thread keeps; a burst's others go back to the allocator.
const KEPT: usize = 32;
const KEPT_WIDE: usize = 4;

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool::new()) };
}

/// How much a stream reads at once: more after it filled its buffer, less once it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    #[default]
    Ordinary,
    Wide,
}

impl Width {
    /// The width of the next read, after one of this width found `length` bytes.
    pub fn after(self, length: usize) -> Self {
        if length < SIZE {
            Self::Ordinary
        } else {
            Self::Wide
        }
    }
}

/// Bytes with unspecified contents; they return to their thread's pool on drop.
#[derive(Debug)]
pub struct Buffer(Box<[u8]>);

/// Takes a buffer of [`SIZE`] bytes from this thread's pool, or a new one.
pub fn take() -> Buffer {
    take_of(Width::Ordinary)
}

/// Takes a buffer of a width; while too many wide ones are in use, an ordinary one.
pub fn take_of(width: Width) -> Buffer {
    Buffer(POOL.with_borrow_mut(|pool| pool.take(width)))
}

/// Gives this thread's unused buffers back to the allocator.
pub(crate) fn trim() {
    POOL.with_borrow_mut(|pool| {
        pool.ordinary = Vec::new();
        pool.wide = Vec::new();
    });
}

struct Pool {
    ordinary: Vec<Box<[u8]>>,
    wide: Vec<Box<[u8]>>,
    /// Wide buffers in use, so that many slow receivers do not hold one each.
    lent_wide: usize,
}

impl Pool {
    const fn new() -> Self {
        Self {
            ordinary: Vec::new(),
            wide: Vec::new(),
            lent_wide: 0,
        }
    }

    fn take(&mut self, width: Width) -> Box<[u8]> {
        if width == Width::Wide && self.lent_wide < limits::RELAY_WIDE_BUFFERS.size() {
            self.lent_wide += 1;
            let pooled = self.wide.pop();
            return pooled.unwrap_or_else(|| vec![0; WIDE].into_boxed_slice());
        }
        let pooled = self.ordinary.pop();
        pooled.unwrap_or_else(|| vec![0; SIZE].into_boxed_slice())
    }

    fn put(&mut self, bytes: Box<[u8]>) {
        let (pool, kept) = if bytes.len() == SIZE {
            (&mut self.ordinary, KEPT)
        } else {
            self.lent_wide -= 1;
            (&mut self.wide, KEPT_WIDE)
        };
        if pool.len() < kept {
            pool.push(bytes);
        }
    }
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
        let _ = POOL.try_with(|pool| pool.borrow_mut().put(bytes));
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
        let kept = || POOL.with_borrow(|pool| (pool.ordinary.len(), pool.wide.len()));
        assert_eq!(kept(), (KEPT, 0));
        trim();
        assert_eq!(kept(), (0, 0));
    }

    #[test]
    fn a_full_read_widens_the_next_and_a_short_one_narrows_it() {
        let width = Width::default().after(SIZE);
        assert_eq!((width, take_of(width).len()), (Width::Wide, WIDE));
        assert_eq!(width.after(SIZE), Width::Wide);
        assert_eq!(width.after(SIZE - 1), Width::Ordinary);
    }

    #[test]
    fn beyond_the_limit_wide_buffers_are_ordinary_ones() {
        let limit = limits::RELAY_WIDE_BUFFERS.size();
        let mut lent: Vec<_> = (0..=limit).map(|_| take_of(Width::Wide)).collect();
        let sizes = |lent: &[Buffer]| lent.iter().filter(|one| one.len() == WIDE).count();
        assert_eq!(sizes(&lent), limit);
        lent.clear();
        assert_eq!(take_of(Width::Wide).len(), WIDE);
    }
}
