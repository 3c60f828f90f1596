//! Paths: every reading of one is judged alike, or it is refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mesh_decide::path::{Ambiguous, canonical, judge, of};

fuzz_target!(|bytes: &[u8]| {
    let Some((&seed, target)) = bytes.split_first() else {
        return;
    };
    let path = of(target);
    assert!(!path.contains(&b'?') && !path.is_empty());
    let Some(plain) = canonical(path) else {
        assert_eq!(judge(path, |_| ()), Err(Ambiguous));
        return;
    };
    assert_eq!(
        canonical(&plain).as_deref(),
        Some(&*plain),
        "not idempotent"
    );
    let segments = || plain.split(|byte| *byte == b'/');
    assert!(!segments().any(|segment| segment == b".." || segment == b"."));
    let is_private = |path: &[u8]| path.starts_with(b"/admin");
    let Ok(verdict) = judge(path, is_private) else {
        return;
    };
    assert_eq!(verdict, is_private(&plain));
    // However it is encoded, it is judged as it is or not at all.
    let encoded = encode(path, seed);
    assert!([Ok(verdict), Err(Ambiguous)].contains(&judge(&encoded, is_private)));
});

/// Percent-encodes some of the bytes, a few of them twice.
fn encode(path: &[u8], seed: u8) -> Vec<u8> {
    let mut encoded = Vec::new();
    let mut state = u32::from(seed) | 0x100;
    for (at, byte) in path.iter().enumerate() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match state >> 29 {
            _ if at == 0 => encoded.push(*byte),
            0 => encoded.extend_from_slice(format!("%{byte:02x}").as_bytes()),
            1 => encoded.extend_from_slice(format!("%25{byte:02X}").as_bytes()),
            _ => encoded.push(*byte),
        }
    }
    encoded
}
