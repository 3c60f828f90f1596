//! Header compression (RFC 7541).

mod decoder;
mod encoder;
mod huffman;
mod integer;
mod static_table;
mod table;

pub use decoder::Decoder;
pub(super) use decoder::{Class, Sink};
pub use encoder::{Encoder, Indexing};
pub(super) use static_table::STATIC;

use mesh_wire::vocabulary::limits;

/// The largest dynamic table that this end keeps; it is also the size with which both ends start
/// (RFC 9113 §6.5.2).
pub const TABLE: u32 = limits::HTTP2_HEADER_TABLE_BYTES.number();
