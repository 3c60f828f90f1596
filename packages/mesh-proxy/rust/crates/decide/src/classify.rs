//! Whether a response counts as a success.

use std::fmt;

/// The label `classification`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Classification {
    Success,
    Failure,
}

impl Classification {
    /// The label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

impl fmt::Display for Classification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Judges a response that ended well: by its gRPC status if it has one, else by its HTTP status.
pub fn classify(status: u16, grpc_status: Option<u16>) -> Classification {
    let failed = match grpc_status {
        Some(code) => is_grpc_failure(code),
        None => status >= 500,
    };
    if failed {
        Classification::Failure
    } else {
        Classification::Success
    }
}

/// DEADLINE_EXCEEDED, PERMISSION_DENIED, INTERNAL, UNAVAILABLE and DATA_LOSS are the server's or
/// the network's fault; the others answer the caller.
fn is_grpc_failure(code: u16) -> bool {
    matches!(code, 4 | 7 | 13 | 14 | 15)
}

/// A `grpc-status` value: a plain decimal number.
pub fn grpc_status(value: &[u8]) -> Option<u16> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value)
        .ok()
        .filter(|_| digits)?
        .parse()
        .ok()
}

/// Whether a `content-type` is gRPC's.
pub fn is_grpc(content_type: &[u8]) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    content_type
        .get(..GRPC.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(GRPC))
        && matches!(
            content_type.get(GRPC.len()),
            None | Some(b'+' | b';' | b' ')
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_fails_from_500_on() {
        assert_eq!(classify(200, None), Classification::Success);
        assert_eq!(classify(499, None), Classification::Success);
        assert_eq!(classify(500, None), Classification::Failure);
    }

    #[test]
    fn a_grpc_status_wins() {
        let failures: Vec<u16> = (0..=16)
            .filter(|code| classify(200, Some(*code)) == Classification::Failure)
            .collect();
        assert_eq!(failures, [4, 7, 13, 14, 15]);
    }

    #[test]
    fn a_grpc_status_is_a_number() {
        assert_eq!(grpc_status(b"14"), Some(14));
        for bad in [&b""[..], b"+1", b" 1", b"UNAVAILABLE", b"99999999"] {
            assert_eq!(grpc_status(bad), None);
        }
    }

    #[test]
    fn grpc_web_is_not_grpc() {
        assert!(is_grpc(b"application/grpc"));
        assert!(is_grpc(b"Application/gRPC+proto"));
        assert!(!is_grpc(b"application/grpc-web"));
        assert!(!is_grpc(b"text/plain"));
    }
}
