//! Whether a response succeeded, and which calls are gRPC's.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mesh_decide::classify::{Classification, classify, grpc_status, is_grpc};

fuzz_target!(|input: (u16, &[u8])| {
    let (status, bytes) = input;
    let code = grpc_status(std::iter::once(bytes));
    if let Some(code) = code {
        let text = std::str::from_utf8(bytes).expect("digits");
        // Numbers that mean nothing are UNKNOWN.
        let known = text.parse().ok().filter(|number: &u16| *number <= 16);
        assert_eq!(code, known.unwrap_or(2));
        // The HTTP status of a gRPC call says nothing.
        assert_eq!(classify(status, Some(code)), classify(200, Some(code)));
    }
    // Two statuses are none.
    assert_eq!(grpc_status([bytes, bytes].into_iter()), None);
    let failed = classify(status, None) == Classification::Failure;
    assert_eq!(failed, status >= 500);
    if is_grpc(bytes) {
        assert!(bytes.to_ascii_lowercase().starts_with(b"application/grpc"));
        assert!(is_grpc(&[bytes, b"; charset=utf-8"].concat()) || bytes.len() == 16);
    }
});
