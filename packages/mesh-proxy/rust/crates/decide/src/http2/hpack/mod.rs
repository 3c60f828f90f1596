//! Header compression (RFC 7541).

mod decoder;
mod encoder;

pub use decoder::Decoder;
pub use encoder::{Encoder, Indexing};
