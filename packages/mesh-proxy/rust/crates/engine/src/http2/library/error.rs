//! The crate's errors, in our words.

use h2::Reason;
use mesh_decide::http2::ErrorCode;

use crate::http::body::BodyError;
use crate::http2::error::Error;

impl From<h2::Error> for Error {
    fn from(error: h2::Error) -> Self {
        match error.reason() {
            Some(reason) if error.is_reset() => Self::Reset(code(reason)),
            Some(reason) => Self::GoAway(code(reason)),
            None => match error.into_io() {
                Some(error) => error.into(),
                None => Self::Closed,
            },
        }
    }
}

impl From<h2::Error> for BodyError {
    fn from(error: h2::Error) -> Self {
        Error::from(error).into()
    }
}

pub(super) fn code(reason: Reason) -> ErrorCode {
    ErrorCode(reason.into())
}

pub(super) fn reason(code: ErrorCode) -> Reason {
    code.0.into()
}
