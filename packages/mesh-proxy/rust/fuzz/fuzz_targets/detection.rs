//! What the first bytes of a connection are: the same however they are cut into segments.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mesh_decide::detect::{self, Protocol};
use mesh_decide::first_speaker;
use mesh_fuzz::prefixes_agree;

fuzz_target!(|bytes: &[u8]| {
    prefixes_agree(bytes, detect::detect);
    prefixes_agree(bytes, detect::detect_http);
    prefixes_agree(bytes, detect::detect_tls);
    prefixes_agree(bytes, first_speaker::opening);
    // Bytes that are known for something are settled for the same.
    if let Some(protocol) = detect::detect(bytes) {
        assert_eq!(detect::settle(bytes), protocol);
    }
    // Without TLS, both agree; with it, the one that does not look for it sees opaque bytes.
    match detect::detect_tls(bytes) {
        Some(Protocol::Opaque) => assert_eq!(detect::detect(bytes), detect::detect_http(bytes)),
        Some(Protocol::Tls(_)) => {
            assert!(matches!(detect::detect_http(bytes), Some(Protocol::Opaque)));
        }
        _ => {}
    }
    assert!(bytes.len() < detect::MAX_PREFIX || detect::detect(bytes).is_some());
});
