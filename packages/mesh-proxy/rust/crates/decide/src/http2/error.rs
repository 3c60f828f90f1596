//! How violations of the protocol are told to the peer.

use std::fmt;

/// A code of RST_STREAM and GOAWAY (RFC 9113 §7). Unknown codes are carried as they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(pub u32);

macro_rules! codes {
    ($($name:ident = $code:literal,)*) => {
        impl ErrorCode {
            $(pub const $name: Self = Self($code);)*

            /// The RFC's name; None for a code it does not define.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    NO_ERROR = 0x0,
    PROTOCOL_ERROR = 0x1,
    INTERNAL_ERROR = 0x2,
    FLOW_CONTROL_ERROR = 0x3,
    SETTINGS_TIMEOUT = 0x4,
    STREAM_CLOSED = 0x5,
    FRAME_SIZE_ERROR = 0x6,
    REFUSED_STREAM = 0x7,
    CANCEL = 0x8,
    COMPRESSION_ERROR = 0x9,
    CONNECT_ERROR = 0xa,
    ENHANCE_YOUR_CALM = 0xb,
    INADEQUATE_SECURITY = 0xc,
    HTTP_1_1_REQUIRED = 0xd,
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "error code {:#x}", self.0),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a violation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The connection, with GOAWAY (RFC 9113 §5.4.1).
    Connection,
    /// The stream, with RST_STREAM (RFC 9113 §5.4.2).
    Stream(u32),
}

/// A rule of the protocol that the peer broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    pub scope: Scope,
    pub code: ErrorCode,
    /// What was wrong, for logs and GOAWAY's debug data.
    pub reason: &'static str,
}

impl Violation {
    /// A violation that ends the connection.
    pub const fn connection(code: ErrorCode, reason: &'static str) -> Self {
        Self {
            scope: Scope::Connection,
            code,
            reason,
        }
    }

    /// A violation that ends one stream.
    pub const fn stream(stream: u32, code: ErrorCode, reason: &'static str) -> Self {
        Self {
            scope: Scope::Stream(stream),
            code,
            reason,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, reason, .. } = self;
        match self.scope {
            Scope::Connection => write!(f, "HTTP/2 connection error {code}: {reason}"),
            Scope::Stream(stream) => write!(f, "HTTP/2 stream {stream} error {code}: {reason}"),
        }
    }
}

impl std::error::Error for Violation {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_names_of_the_rfc() {
        assert_eq!(ErrorCode(0xb).to_string(), "ENHANCE_YOUR_CALM");
        assert_eq!(ErrorCode(0x99).to_string(), "error code 0x99");
        let violation = Violation::stream(3, ErrorCode::PROTOCOL_ERROR, "window increment of zero");
        assert_eq!(
            violation.to_string(),
            "HTTP/2 stream 3 error PROTOCOL_ERROR: window increment of zero"
        );
    }
}
