//! The header that opens a connection between proxies.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mesh_decide::transport_header::{Header, MAX_LENGTH};

fuzz_target!(|bytes: &[u8]| {
    match Header::decode(bytes) {
        Ok(Some((header, length))) => {
            assert!(length <= bytes.len() && length <= MAX_LENGTH);
            assert_eq!(
                Header::decode(&bytes[..length]),
                Ok(Some((header.clone(), length)))
            );
            // Shorter, it was waited for; what we would write is read as the same.
            assert_eq!(Header::decode(&bytes[..length - 1]), Ok(None));
            let written = header.encode();
            assert_eq!(Header::decode(&written), Ok(Some((header, written.len()))));
        }
        Ok(None) => assert!(bytes.len() < MAX_LENGTH),
        // More bytes change nothing.
        Err(malformed) => assert_eq!(Header::decode(&[bytes, b"more"].concat()), Err(malformed)),
    }
});
