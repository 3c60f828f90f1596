//! Why a connection, or a stream on it, has ended.

use std::fmt;
use std::io;
use std::sync::Arc;

use mesh_decide::http2::{ErrorCode, Violation};

use crate::http::body::BodyError;

/// Why a connection, or a stream on it, has ended.
#[derive(Clone, Debug)]
pub enum Error {
    /// One end has reset the stream.
    Reset(ErrorCode),
    /// The peer takes no new streams, or not this one any more.
    GoAway(ErrorCode),
    /// The peer has broken a rule, and the connection ends.
    Violation(Violation),
    /// The connection could not be read or written.
    Io(Arc<io::Error>),
    /// The peer did not say a word in time.
    Silent,
    /// The connection has ended without a word about the stream.
    Closed,
}

impl Error {
    /// Whether the stream was reset, and not the whole connection lost.
    pub fn is_reset(&self) -> bool {
        matches!(self, Self::Reset(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reset(code) => write!(f, "the stream was reset: {code}"),
            Self::GoAway(code) => write!(f, "the peer ends the connection: {code}"),
            Self::Violation(violation) => write!(f, "{violation}"),
            Self::Io(error) => write!(f, "{error}"),
            Self::Silent => f.write_str("the peer does not answer"),
            Self::Closed => f.write_str("the connection has ended"),
        }
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl From<Error> for BodyError {
    fn from(error: Error) -> Self {
        match error {
            Error::Reset(code) | Error::GoAway(code) => Self::Reset(code),
            Error::Violation(violation) => Self::Reset(violation.code),
            Error::Io(error) => Self::Io(io::Error::new(error.kind(), error)),
            Error::Silent | Error::Closed => Self::Incomplete,
        }
    }
}
