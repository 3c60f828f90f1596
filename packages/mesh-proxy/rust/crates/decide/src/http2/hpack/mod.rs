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

/// The dynamic table that both ends start with (RFC 9113 §6.5.2).
pub const DEFAULT_TABLE: u32 = 4096;
