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

/// The code of a `grpc-status` field, which is a plain decimal number; None if it is not, or is
/// not the only one. Numbers that mean nothing are UNKNOWN, as gRPC has it, and clients.
pub fn grpc_status<'v>(mut values: impl Iterator<Item = &'v [u8]>) -> Option<u16> {
    const UNKNOWN: u16 = 2;
    const LAST: u16 = 16;
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = std::str::from_utf8(value).ok()?.parse();
    Some(code.ok().filter(|code| *code <= LAST).unwrap_or(UNKNOWN))
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
    fn a_grpc_status_is_one_number() {
        let of = |values: &[&'static [u8]]| grpc_status(values.iter().copied());
        assert_eq!(of(&[b"14"]), Some(14));
        assert_eq!(of(&[b"17"]), Some(2));
        assert_eq!(of(&[b"99999999"]), Some(2));
        for bad in [&b""[..], b"+1", b" 1", b"UNAVAILABLE"] {
            assert_eq!(of(&[bad]), None);
        }
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[b"0", b"14"]), None);
    }

    #[test]
    fn grpc_web_is_not_grpc() {
        assert!(is_grpc(b"application/grpc"));
        assert!(is_grpc(b"Application/gRPC+proto"));
        assert!(!is_grpc(b"application/grpc-web"));
        assert!(!is_grpc(b"text/plain"));
    }
}
