//! Reading header blocks.

use super::STATIC;
use super::table::Table;
use super::{huffman, integer};
use crate::http2::names::{self, Role};
use crate::http2::{ErrorCode, Violation};

/// What was found out about a field when it was first read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http2) struct Class {
    pub role: Role,
    /// Whether the value is one that a field may have.
    pub sound: bool,
}

/// Takes the fields of a block, in order.
pub(in crate::http2) trait Sink {
    fn field(&mut self, name: &[u8], value: &[u8], class: Class);
}

/// The reading end of a connection's compression state.
#[derive(Debug)]
pub struct Decoder {
    table: Table<Class>,
    /// The largest dynamic table that this end's settings allow.
    limit: u32,
    /// Strings that came Huffman-coded, while they are looked at.
    name: Vec<u8>,
    value: Vec<u8>,
}

/// How much room for strings a decoder keeps from block to block.
const KEPT: usize = 4096;

impl Decoder {
    /// A decoder that allows the peer a dynamic table of `limit` bytes: the value of this end's
    /// SETTINGS_HEADER_TABLE_SIZE, 4096 where it announces none.
    pub fn new(limit: u32) -> Self {
        Self {
            table: Table::new(limit),
            limit,
            name: Vec::new(),
            value: Vec::new(),
        }
    }

    /// Takes over a changed SETTINGS_HEADER_TABLE_SIZE, when the peer has acknowledged it. After a
    /// smaller one the peer's next block must begin with a size update (RFC 7541 §4.2).
    pub fn set_limit(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// Reads a whole block. After an error the table is no longer that of the peer.
    pub(in crate::http2) fn decode(
        &mut self,
        block: &[u8],
        sink: &mut impl Sink,
    ) -> Result<(), Violation> {
        let mut input = block;
        self.size_updates(&mut input)?;
        while let Some((&first, rest)) = input.split_first() {
            input = rest;
            match first {
                0x80.. => self.indexed(&mut input, first, sink)?,
                0x40.. => self.literal(&mut input, first, 6, sink)?,
                0x20.. => return Err(broken("a table size update after a field")),
                _ => self.literal(&mut input, first, 4, sink)?,
            }
        }
        self.name.shrink_to(KEPT);
        self.value.shrink_to(KEPT);
        Ok(())
    }

    /// RFC 7541 §4.2: two updates at most, at the beginning, the last of them within the limit.
    fn size_updates(&mut self, input: &mut &[u8]) -> Result<(), Violation> {
        let mut updates = 0;
        while let Some((&first @ 0x20..=0x3f, rest)) = input.split_first() {
            *input = rest;
            let size = integer::read(input, first, 5).ok_or(BAD_INTEGER)?;
            updates += 1;
            if updates > 2 {
                return Err(broken("more than two table size updates"));
            }
            if size > self.limit {
                return Err(broken("a table size above the limit"));
            }
            self.table.resize(size);
        }
        if self.table.max() > self.limit {
            return Err(broken("no table size update after a lower limit"));
        }
        Ok(())
    }

    fn indexed(
        &mut self,
        input: &mut &[u8],
        first: u8,
        sink: &mut impl Sink,
    ) -> Result<(), Violation> {
        let index = integer::read(input, first, 7).ok_or(BAD_INTEGER)? as usize;
        let place = index.checked_sub(1).ok_or(BAD_INDEX)?;
        if let Some((name, value)) = STATIC.get(place) {
            let class = Class {
                role: names::of_static(place),
                sound: true,
            };
            sink.field(name.as_bytes(), value.as_bytes(), class);
        } else {
            let entry = self.table.get(place - STATIC.len());
            let (name, value, class) = entry.ok_or(BAD_INDEX)?;
            sink.field(name, value, class);
        }
        Ok(())
    }

    fn literal(
        &mut self,
        input: &mut &[u8],
        first: u8,
        bits: u32,
        sink: &mut impl Sink,
    ) -> Result<(), Violation> {
        let stored = first & 0x40 != 0;
        let index = integer::read(input, first, bits).ok_or(BAD_INTEGER)? as usize;
        let (name, role) = match index.checked_sub(1) {
            None => {
                let name = string(input, &mut self.name)?;
                (name, names::role(name))
            }
            Some(place) if place < STATIC.len() => {
                (STATIC[place].0.as_bytes(), names::of_static(place))
            }
            Some(place) => {
                let entry = self.table.get(place - STATIC.len());
                let (name, _, class) = entry.ok_or(BAD_INDEX)?;
                // The new entry may evict the one that names it (RFC 7541 §4.4).
                self.name.clear();
                self.name.extend_from_slice(name);
                (&self.name[..], class.role)
            }
        };
        let value = string(input, &mut self.value)?;
        let class = Class {
            role,
            sound: is_sound(value),
        };
        sink.field(name, value, class);
        if stored {
            self.table.insert(name, value, class);
        }
        Ok(())
    }
}

/// Reads a string (RFC 7541 §5.2), into `room` if it is Huffman-coded.
fn string<'block: 'text, 'text>(
    input: &mut &'block [u8],
    room: &'text mut Vec<u8>,
) -> Result<&'text [u8], Violation> {
    let (&first, rest) = input.split_first().ok_or(CUT_OFF)?;
    *input = rest;
    let length = integer::read(input, first, 7).ok_or(BAD_INTEGER)? as usize;
    let (string, rest) = input.split_at_checked(length).ok_or(CUT_OFF)?;
    *input = rest;
    if first & 0x80 == 0 {
        return Ok(string);
    }
    room.clear();
    huffman::decode(string, room).map_err(|_| broken("a string that is no Huffman code"))?;
    Ok(room)
}

/// Whether a value has no control bytes and no white space at its ends (RFC 9113 §8.2.1, RFC 9110
/// §5.5).
fn is_sound(value: &[u8]) -> bool {
    // Without an early exit the compiler looks at many bytes at once.
    let visible = |byte: &u8| (*byte >= 0x20) & (*byte != 0x7f) | (*byte == b'\t');
    let ends = [value.first(), value.last()];
    !ends.contains(&Some(&b' '))
        && !ends.contains(&Some(&b'\t'))
        && value.iter().fold(true, |sound, byte| sound & visible(byte))
}

const fn broken(reason: &'static str) -> Violation {
    Violation::connection(ErrorCode::COMPRESSION_ERROR, reason)
}

const BAD_INTEGER: Violation = broken("an integer that is cut off or too large");
const BAD_INDEX: Violation = broken("an index outside the tables");
const CUT_OFF: Violation = broken("a field that is cut off");

#[cfg(test)]
mod tests;
