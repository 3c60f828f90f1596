//! The content of a message, as it is read.

use std::task::{Context, Poll};

use super::{library, own};
use crate::http::body::{BodyError, Frame};

/// The reading end of a message's content.
#[derive(Debug)]
pub enum Body {
    #[doc(hidden)]
    Own(own::Body),
    #[doc(hidden)]
    Library(library::Body),
}

impl Body {
    /// Whether nothing has been read of it.
    pub fn is_untouched(&self) -> bool {
        match self {
            Self::Own(body) => body.is_untouched(),
            Self::Library(body) => body.is_untouched(),
        }
    }

    /// The next piece; the credit of the one before goes back to the peer.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, BodyError>> {
        match self {
            Self::Own(body) => body.poll_frame(cx),
            Self::Library(body) => body.poll_frame(cx),
        }
    }
}
