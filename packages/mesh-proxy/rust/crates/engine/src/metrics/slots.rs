//! A few values by number, found without a lock.

use std::sync::OnceLock;

/// Distinct keys of one table; servers send a handful of statuses, an attacker could send all.
const SLOTS: usize = 32;

/// An append-only table: the first [`SLOTS`] keys have values of their own, later ones share the
/// value of [`Slots::OTHER`].
#[derive(Debug)]
pub(super) struct Slots<T> {
    slots: Box<[Slot<T>]>,
}

type Slot<T> = OnceLock<Box<(u64, T)>>;

impl<T> Slots<T> {
    /// The key of the value that all later keys share.
    pub(super) const OTHER: u64 = u64::MAX;

    pub(super) fn new() -> Self {
        Self {
            slots: (0..=SLOTS).map(|_| OnceLock::new()).collect(),
        }
    }

    /// The value of `key`, made if it is new.
    pub(super) fn get(&self, key: u64, make: impl Fn() -> T) -> &T {
        let (last, slots) = self.slots.split_last().expect("there is at least one slot");
        for slot in slots {
            let (found, value) = &**slot.get_or_init(|| Box::new((key, make())));
            if *found == key {
                return value;
            }
        }
        &last.get_or_init(|| Box::new((Self::OTHER, make()))).1
    }

    /// All keys with their values, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        self.slots
            .iter()
            .filter_map(|slot| slot.get().map(|entry| (entry.0, &entry.1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Counter;

    #[test]
    fn keys_beyond_the_table_share_one_value() {
        let slots = Slots::new();
        for key in 0..100 {
            slots.get(key, Counter::default).increment();
        }
        assert_eq!(slots.iter().count(), SLOTS + 1);
        assert_eq!(slots.get(5, Counter::default).value(), 1);
        assert_eq!(slots.iter().last().unwrap().1.value(), 100 - SLOTS as u64);
    }
}
