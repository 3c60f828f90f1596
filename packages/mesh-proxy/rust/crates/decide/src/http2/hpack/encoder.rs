//! Writing header blocks.

/// Whether fields go into the dynamic table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexing {
    /// Those that are likely to come again.
    Repeated,
    /// None, so that the connection needs no table.
    Off,
}

/// The writing end of a connection's compression state.
#[derive(Debug)]
pub struct Encoder {
    indexing: Indexing,
    limit: u32,
}

impl Encoder {
    /// An encoder for a peer that has sent no settings yet.
    pub fn new(indexing: Indexing) -> Self {
        Self {
            indexing,
            limit: 4096,
        }
    }

    /// Takes over the peer's SETTINGS_HEADER_TABLE_SIZE. The next block tells the size that this
    /// end uses, which is never above its own limit.
    pub fn set_limit(&mut self, limit: u32) {
        self.limit = limit;
    }
}
