//! What the control plane wants answered in place of a backend.

use std::sync::Arc;

/// The answer to requests that have no backend: a reference to nothing, or denied egress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The HTTP status.
    pub http: u16,
    /// The gRPC status code, for gRPC clients.
    pub grpc: u8,
    /// One line for logs and `l5d-proxy-error`.
    pub why: Arc<str>,
}

/// The gRPC code `INTERNAL`.
const INTERNAL: u8 = 13;
/// The last code that gRPC defines, `UNAUTHENTICATED`.
const LAST_CODE: u32 = 16;

impl Failure {
    /// An HTTP status from 200 to 599; any other is answered as 500.
    pub fn http(status: u32, why: &str) -> Self {
        let status = u16::try_from(status).ok();
        let http = status.filter(|status| (200..600).contains(status));
        let http = http.unwrap_or(500);
        Self {
            http,
            grpc: grpc_code(http),
            why: why.into(),
        }
    }

    /// A gRPC status code; one that gRPC does not define, or no error, is answered as `INTERNAL`.
    pub fn grpc(code: u32, why: &str) -> Self {
        let defined = (1..=LAST_CODE).contains(&code);
        let code = u8::try_from(code).ok().filter(|_| defined);
        Self {
            http: 500,
            grpc: code.unwrap_or(INTERNAL),
            why: why.into(),
        }
    }
}

/// The code with which the proxy itself answers gRPC clients where others get `status`.
fn grpc_code(status: u16) -> u8 {
    match status {
        403 => 7,
        404 => 5,
        429 => 8,
        502 | 503 => 14,
        504 => 4,
        _ => INTERNAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_answered_is_answered() {
        let http = |status| {
            (
                Failure::http(status, "").http,
                Failure::http(status, "").grpc,
            )
        };
        assert_eq!(http(403), (403, 7));
        assert_eq!(http(504), (504, 4));
        for nonsense in [0, 100, 600, u32::MAX] {
            assert_eq!(http(nonsense), (500, INTERNAL));
        }
        let grpc = |code| Failure::grpc(code, "").grpc;
        assert_eq!(grpc(7), 7);
        for nonsense in [0, 17, u32::MAX] {
            assert_eq!(grpc(nonsense), INTERNAL);
        }
    }
}
