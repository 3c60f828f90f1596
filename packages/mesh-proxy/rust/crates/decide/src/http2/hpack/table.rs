//! The dynamic table (RFC 7541 §2.3.2 and §4).

use std::collections::VecDeque;

/// What an entry costs beside its name and value (RFC 7541 §4.1).
pub(super) const OVERHEAD: usize = 32;

/// The newest fields that one end sent, each with what was found out about it.
#[derive(Debug)]
pub(super) struct Table<T> {
    /// Names and values of all entries, oldest first, after what was evicted.
    bytes: Vec<u8>,
    /// Newest first.
    entries: VecDeque<Entry<T>>,
    /// In the sense of RFC 7541 §4.1.
    size: usize,
    max: usize,
    /// How many entries there have been, wrapping.
    inserted: u32,
}

#[derive(Debug)]
struct Entry<T> {
    start: u32,
    name: u32,
    value: u32,
    note: T,
}

impl<T> Entry<T> {
    fn size(&self) -> usize {
        (self.name + self.value) as usize + OVERHEAD
    }
}

impl<T: Copy> Table<T> {
    /// An empty table; it allocates with its first entry.
    pub fn new(max: u32) -> Self {
        Self {
            bytes: Vec::new(),
            entries: VecDeque::new(),
            size: 0,
            max: max as usize,
            inserted: 0,
        }
    }

    /// The most that [`Self`] may hold.
    pub fn max(&self) -> u32 {
        self.max as u32
    }

    /// Changes the most that it may hold.
    pub fn resize(&mut self, max: u32) {
        self.max = max as usize;
        self.evict(self.max);
    }

    /// The name, value and note of an entry; 0 is the newest.
    pub fn get(&self, age: usize) -> Option<(&[u8], &[u8], T)> {
        let entry = self.entries.get(age)?;
        let field = &self.bytes[entry.start as usize..][..(entry.name + entry.value) as usize];
        let (name, value) = field.split_at(entry.name as usize);
        Some((name, value, entry.note))
    }

    /// Adds a field. One that is larger than the table only empties it (RFC 7541 §4.4). Returns its
    /// number, for [`Self::age`].
    pub fn insert(&mut self, name: &[u8], value: &[u8], note: T) -> u32 {
        self.inserted = self.inserted.wrapping_add(1);
        let length = name.len() + value.len();
        let size = length + OVERHEAD;
        self.evict(self.max.saturating_sub(size));
        if size <= self.max {
            self.make_room(length);
            self.entries.push_front(Entry {
                start: self.bytes.len() as u32,
                name: name.len() as u32,
                value: value.len() as u32,
                note,
            });
            self.bytes.extend_from_slice(name);
            self.bytes.extend_from_slice(value);
            self.size += size;
        }
        self.inserted
    }

    /// How many entries are newer than the one with this number, which may be gone.
    pub fn age(&self, number: u32) -> usize {
        self.inserted.wrapping_sub(number) as usize
    }

    fn evict(&mut self, left: usize) {
        while self.size > left
            && let Some(entry) = self.entries.pop_back()
        {
            self.size -= entry.size();
        }
        if self.entries.is_empty() {
            self.bytes.clear();
        }
    }

    /// Drops the bytes of evicted entries when there are as many as the table may hold, so that each byte
    /// is moved once at most.
    fn make_room(&mut self, length: usize) {
        let Some(oldest) = self.entries.back() else {
            return;
        };
        let gone = oldest.start;
        if self.bytes.len() + length > 2 * self.max && gone > 0 {
            self.bytes.drain(..gone as usize);
            for entry in &mut self.entries {
                entry.start -= gone;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(table: &Table<u8>) -> Vec<u8> {
        (0..)
            .map_while(|age| table.get(age))
            .map(|it| it.2)
            .collect()
    }

    #[test]
    fn the_oldest_make_room() {
        let mut table = Table::new(3 * 34);
        for note in 0..5 {
            let number = table.insert(&[note], &[note], note);
            assert_eq!(table.age(number), 0);
        }
        assert_eq!(names(&table), [4, 3, 2]);
        assert_eq!(table.get(2).unwrap().0, [2]);
        table.resize(40);
        assert_eq!(names(&table), [4]);
        table.resize(1000);
        assert_eq!(names(&table), [4]);
        table.insert(&[0; 500], &[0; 469], 9);
        assert!(names(&table).is_empty());
    }

    #[test]
    fn fault_29_memory_stays_within_twice_the_size() {
        let mut table = Table::new(4096);
        for round in 0..10_000_u32 {
            let value = vec![round as u8; (round % 700) as usize];
            table.insert(b"name", &value, round);
            assert_eq!(table.get(0).unwrap().1, value);
            assert!(table.bytes.len() <= 2 * 4096 && table.size <= 4096);
        }
        let oldest = names_u32(&table).last().copied().unwrap();
        assert_eq!(table.age(oldest + 1), names_u32(&table).len() - 1);
    }

    fn names_u32(table: &Table<u32>) -> Vec<u32> {
        (0..)
            .map_while(|age| table.get(age))
            .map(|it| it.2)
            .collect()
    }
}
