//! Why a message was refused.

/// A fault in an HTTP/1 message. A request with one is answered and its connection closed; a
/// response with one becomes a 502. Nothing of the message reaches the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Malformed {
    /// A line feed without carriage return, or the reverse.
    LineEnding,
    /// A request or status line that is none.
    StartLine,
    /// A protocol version other than HTTP/1.0 and HTTP/1.1.
    Version,
    /// A field line with a bad name or value, white space before the colon, or a folded value.
    FieldLine,
    /// A request target that its method does not allow, or one with bytes that no URI has.
    Target,
    TargetTooLong,
    HeadTooLong,
    TooManyFields,
    /// `Host` missing, repeated, no host name with an optional port, or in conflict with the target.
    Host,
    /// `Content-Length` repeated or not a plain decimal number.
    ContentLength,
    /// `Transfer-Encoding` repeated, in HTTP/1.0, or anything but `chunked`.
    TransferEncoding,
    /// Both `Content-Length` and `Transfer-Encoding`.
    TwoLengths,
    /// Content where the method allows none.
    UnexpectedContent,
    /// A chunk size that is no hexadecimal number of at most 16 digits, an overlong extension, or
    /// a chunk without its line end.
    Chunk,
    /// A trailer section with a bad field line, or one that is too long.
    Trailers,
    /// `101 Switching Protocols` that nobody asked for.
    UnaskedUpgrade,
    /// More interim responses than any honest server sends.
    TooManyInterim,
}

impl Malformed {
    /// The status of the answer to a request with this fault.
    pub fn status(self) -> u16 {
        match self {
            Self::Version => 505,
            Self::TargetTooLong => 414,
            Self::HeadTooLong | Self::TooManyFields => 431,
            _ => 400,
        }
    }

    /// One word for logs, labels and the response's reason.
    pub fn reason(self) -> &'static str {
        match self {
            Self::LineEnding => "line_ending",
            Self::StartLine => "start_line",
            Self::Version => "version",
            Self::FieldLine => "field_line",
            Self::Target => "target",
            Self::TargetTooLong => "target_too_long",
            Self::HeadTooLong => "head_too_long",
            Self::TooManyFields => "too_many_fields",
            Self::Host => "host",
            Self::ContentLength => "content_length",
            Self::TransferEncoding => "transfer_encoding",
            Self::TwoLengths => "two_lengths",
            Self::UnexpectedContent => "unexpected_content",
            Self::Chunk => "chunk",
            Self::Trailers => "trailers",
            Self::UnaskedUpgrade => "unasked_upgrade",
            Self::TooManyInterim => "too_many_interim_responses",
        }
    }
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "malformed HTTP/1 message: {}", self.reason())
    }
}

impl std::error::Error for Malformed {}
