//! Why a head was refused.

use std::fmt;

use crate::http1;

/// A head that breaks RFC 9113 §8. The connection's compression state is still in step, so that
/// nothing but its stream is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Malformed {
    /// A name that is no lower-case token.
    FieldName,
    /// A value with NUL, CR or LF, or with white space at an end.
    FieldValue,
    /// A field that only means something to one HTTP/1 connection.
    ConnectionField,
    /// A pseudo field after an ordinary one, twice, unknown, or of the other kind of message.
    PseudoField,
    /// A pseudo field that the message needs is missing, or one that its method excludes is there.
    Incomplete,
    Method,
    Scheme,
    /// An empty path, one that does not begin with a slash, or bytes that no URI has.
    Path,
    TargetTooLong,
    /// `:authority` or `Host` repeated, no host name with an optional port, or in conflict.
    Host,
    /// Extended CONNECT (RFC 8441), which was not offered.
    ExtendedConnect,
    Status,
    /// `Content-Length` repeated, no plain decimal number, or not what the content was.
    ContentLength,
    /// Together longer than the limit (RFC 9113 §6.5.2).
    HeadTooLong,
    TooManyFields,
    NameTooLong,
}

impl Malformed {
    /// The fault with which a request is answered, as one of HTTP/1 would be; None where the
    /// stream is reset with PROTOCOL_ERROR (RFC 9113 §8.1.1).
    pub fn answer(self) -> Option<http1::Malformed> {
        match self {
            Self::Host => Some(http1::Malformed::Host),
            Self::ContentLength => Some(http1::Malformed::ContentLength),
            Self::Path => Some(http1::Malformed::Target),
            Self::TargetTooLong => Some(http1::Malformed::TargetTooLong),
            Self::HeadTooLong | Self::NameTooLong => Some(http1::Malformed::HeadTooLong),
            Self::TooManyFields => Some(http1::Malformed::TooManyFields),
            _ => None,
        }
    }

    /// One word for logs.
    pub fn reason(self) -> &'static str {
        match self {
            Self::FieldName => "field_name",
            Self::FieldValue => "field_value",
            Self::ConnectionField => "connection_field",
            Self::PseudoField => "pseudo_field",
            Self::Incomplete => "incomplete",
            Self::Method => "method",
            Self::Scheme => "scheme",
            Self::Path => "path",
            Self::TargetTooLong => "target_too_long",
            Self::Host => "host",
            Self::ExtendedConnect => "extended_connect",
            Self::Status => "status",
            Self::ContentLength => "content_length",
            Self::HeadTooLong => "head_too_long",
            Self::TooManyFields => "too_many_fields",
            Self::NameTooLong => "name_too_long",
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed HTTP/2 message: {}", self.reason())
    }
}

impl std::error::Error for Malformed {}
