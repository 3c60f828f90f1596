//! A TLS ClientHello and the name that it asks for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mesh_decide::client_hello::{Hello, MAX_HELLO, inspect};
use mesh_fuzz::prefixes_agree;

fuzz_target!(|bytes: &[u8]| {
    prefixes_agree(bytes, |bytes| match inspect(bytes) {
        Hello::NeedMore => None,
        known => Some(known),
    });
    let hello = inspect(bytes);
    if let Hello::Yes(Some(name)) = &hello {
        assert!(!name.bytes().any(|byte| byte.is_ascii_uppercase()));
        assert!(name.len() <= MAX_HELLO);
    }
    // A first record that is cut in two is the same message (RFC 8446 §5.1).
    if let Some(cut) = in_two_records(bytes)
        && matches!(hello, Hello::Yes(Some(_)))
    {
        assert!(matches!(inspect(&cut), Hello::Yes(_)));
        if bytes.len() < 1000 {
            assert_eq!(inspect(&cut), hello);
        }
    }
});

fn in_two_records(bytes: &[u8]) -> Option<Vec<u8>> {
    let (header, rest) = bytes.split_first_chunk::<5>()?;
    let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
    let (record, rest) = rest.split_at_checked(length)?;
    let (first, second) = record.split_at(length / 2);
    let mut cut = Vec::new();
    for part in [first, second].into_iter().filter(|part| !part.is_empty()) {
        cut.extend_from_slice(&header[..3]);
        cut.extend_from_slice(&(part.len() as u16).to_be_bytes());
        cut.extend_from_slice(part);
    }
    cut.extend_from_slice(rest);
    Some(cut)
}
