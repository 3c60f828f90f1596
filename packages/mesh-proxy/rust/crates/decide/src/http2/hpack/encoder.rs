//! Writing header blocks.

use super::table::{OVERHEAD, Table};
use super::{TABLE, integer};
use crate::case;
use crate::http2::names::{self, Policy};

/// Whether fields go into the dynamic table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexing {
    /// Those that come for the second time.
    Repeated,
    /// None, so that the connection needs no table.
    Off,
}

/// The writing end of a connection's compression state.
#[derive(Debug)]
pub struct Encoder {
    indexing: Indexing,
    table: Table<()>,
    /// Fields that were sent; made with the first of them.
    seen: Vec<Seen>,
    /// The smallest and the last size that the peer is yet to be told (RFC 7541 §4.2).
    untold: Option<(u32, u32)>,
}

/// A field that was sent at least once.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    print: u32,
    /// The table's number of the entry; 0: it was not yet stored.
    number: u32,
}

/// Slots for fields that were seen. A field displaces another that falls on its slot.
const SLOTS: usize = 128;

/// A shorter secret could be guessed (RFC 7541 §7.1.3).
const SHORT_SECRET: usize = 20;

/// How a literal is flagged, and how many bits its name's index has.
type Literal = (u8, u32);
const STORED: Literal = (0x40, 6);
const UNSTORED: Literal = (0x00, 4);
const NEVER_STORED: Literal = (0x10, 4);

impl Encoder {
    /// An encoder for a peer that has sent no settings yet.
    pub fn new(indexing: Indexing) -> Self {
        Self {
            indexing,
            table: Table::new(TABLE),
            seen: Vec::new(),
            untold: None,
        }
    }

    /// Takes over the peer's SETTINGS_HEADER_TABLE_SIZE. This end uses no more than 4096 bytes of
    /// it. The next block tells the size, the smallest in between too.
    pub fn set_limit(&mut self, limit: u32) {
        let size = limit.min(TABLE);
        if size == self.table.max() {
            return;
        }
        let smallest = self.untold.map_or(size, |(smallest, _)| smallest.min(size));
        self.untold = Some((smallest, size));
        self.table.resize(size);
    }

    /// Begins a block.
    pub(in crate::http2) fn begin(&mut self, out: &mut Vec<u8>) {
        if let Some((smallest, last)) = self.untold.take() {
            if smallest < last {
                integer::write(out, 0x20, 5, smallest);
            }
            integer::write(out, 0x20, 5, last);
        }
    }

    /// Writes an entry of the static table.
    pub(in crate::http2) fn indexed(out: &mut Vec<u8>, index: u8) {
        out.push(0x80 | index);
    }

    /// Writes a field. Its name becomes lower case; white space at the value's ends, which HTTP/2
    /// forbids, goes. A field of HTTP/1 alone is left out.
    pub(in crate::http2) fn field(&mut self, out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
        let value = value.trim_ascii();
        let (index, policy) = match names::find(name) {
            Some(known) => (known.index, known.policy),
            None => (0, Policy::Repeated),
        };
        let literal = match policy {
            Policy::Dropped => return,
            Policy::Trailers if !value.eq_ignore_ascii_case(b"trailers") => return,
            Policy::Secret => NEVER_STORED,
            Policy::SecretIfShort if value.len() < SHORT_SECRET => NEVER_STORED,
            Policy::Fleeting => UNSTORED,
            Policy::Repeated | Policy::Trailers | Policy::SecretIfShort => {
                return self.repeated(out, index, name, value);
            }
        };
        write_literal(out, literal, index, name, value);
    }

    /// Stores a field in the table when it comes for the second time: what comes once would only
    /// displace what comes often.
    fn repeated(&mut self, out: &mut Vec<u8>, index: u8, name: &[u8], value: &[u8]) {
        let size = name.len() + value.len() + OVERHEAD;
        if self.indexing == Indexing::Off || size > self.table.max() as usize / 4 {
            write_literal(out, UNSTORED, index, name, value);
            return;
        }
        if self.seen.is_empty() {
            self.seen = vec![Seen::default(); SLOTS];
        }
        let print = fingerprint(name, value);
        let seen = &mut self.seen[print as usize % SLOTS];
        if seen.print != print {
            *seen = Seen { print, number: 0 };
            write_literal(out, UNSTORED, index, name, value);
            return;
        }
        let age = self.table.age(seen.number);
        if seen.number != 0
            && let Some((own, known, ())) = self.table.get(age)
            && known == value
            && case::same(own, name)
        {
            integer::write(out, 0x80, 7, (super::STATIC.len() + 1 + age) as u32);
            return;
        }
        write_literal(out, STORED, index, name, value);
        let name: Vec<u8> = name.to_ascii_lowercase();
        seen.number = self.table.insert(&name, value, ());
    }
}

fn write_literal(out: &mut Vec<u8>, (flags, bits): Literal, index: u8, name: &[u8], value: &[u8]) {
    integer::write(out, flags, bits, u32::from(index));
    if index == 0 {
        integer::write(out, 0, 7, name.len() as u32);
        out.extend(name.iter().map(u8::to_ascii_lowercase));
    }
    integer::write(out, 0, 7, value.len() as u32);
    out.extend_from_slice(value);
}

/// A number that two different fields rarely share: their lengths and the bytes at their ends, the
/// name's without regard to case. Who shares one anyhow is found out by comparison.
fn fingerprint(name: &[u8], value: &[u8]) -> u32 {
    const CASE: u64 = 0x2020_2020_2020_2020;
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let (name_start, name_end) = ends(name);
    let (value_start, value_end) = ends(value);
    let lengths = (name.len() as u64) << 32 | value.len() as u64;
    let words = [name_start | CASE, name_end | CASE, value_start, value_end];
    let mixed = words.into_iter().fold(lengths, |mixed, word| {
        (mixed.rotate_left(5) ^ word).wrapping_mul(FACTOR)
    });
    (mixed >> 32) as u32
}

/// The first and the last eight bytes, which overlap in short strings.
fn ends(bytes: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (
            u32::from_le_bytes(*first).into(),
            u32::from_le_bytes(*last).into(),
        );
    }
    let word = bytes
        .iter()
        .fold(0, |word, byte| word << 8 | u64::from(*byte));
    (word, 0)
}

#[cfg(test)]
mod tests;
