//! Reading header blocks.

/// The reading end of a connection's compression state.
#[derive(Debug)]
pub struct Decoder {
    /// The largest dynamic table that this end's settings allow.
    limit: u32,
}

impl Decoder {
    /// A decoder that allows the peer a dynamic table of `limit` bytes: the value of this end's
    /// SETTINGS_HEADER_TABLE_SIZE, 4096 where it announces none.
    pub fn new(limit: u32) -> Self {
        Self { limit }
    }

    /// Takes over a changed SETTINGS_HEADER_TABLE_SIZE, when the peer has acknowledged it. After a smaller one
    /// the peer's next block must begin with a size update (RFC 7541 §4.2).
    pub fn set_limit(&mut self, limit: u32) {
        self.limit = limit;
    }
}
