//! HTTP/1 without I/O: heads, framing, chunks. Stricter than the RFC asks where two readings of a
//! message exist, because a proxy whose reading differs from its neighbour's lets requests through
//! that nobody judged.

pub mod chunked;
pub mod framing;
mod malformed;
pub mod request;
pub mod response;
pub mod scan;
pub mod trailers;

pub use framing::Framing;
pub use malformed::Malformed;

use mesh_wire::vocabulary::limits;

/// The longest head: start line and fields.
pub const MAX_HEAD: usize = limits::HTTP1_HEAD_BYTES.size();
/// The longest request target.
pub const MAX_TARGET: usize = limits::HTTP1_TARGET_BYTES.size();
/// Field lines in one head.
pub const MAX_FIELDS: usize = limits::HTTP1_FIELDS.size();
/// The longest trailer section.
pub const MAX_TRAILERS: usize = limits::HTTP1_TRAILER_BYTES.size();
/// Field lines in one trailer section.
pub const MAX_TRAILER_FIELDS: usize = limits::HTTP1_TRAILER_FIELDS.size();

/// The versions of HTTP/1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    Http10,
    Http11,
}

impl Version {
    /// As it stands in start lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
        }
    }

    fn from_minor(minor: Option<u8>) -> Result<Self, Malformed> {
        match minor {
            Some(0) => Ok(Self::Http10),
            Some(1) => Ok(Self::Http11),
            _ => Err(Malformed::Version),
        }
    }
}

fn fault(error: httparse::Error) -> Malformed {
    match error {
        httparse::Error::HeaderName | httparse::Error::HeaderValue => Malformed::FieldLine,
        httparse::Error::TooManyHeaders => Malformed::TooManyFields,
        httparse::Error::NewLine => Malformed::LineEnding,
        httparse::Error::Version => Malformed::Version,
        httparse::Error::Status | httparse::Error::Token => Malformed::StartLine,
    }
}
