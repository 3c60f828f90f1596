//! Hosts with ports: what is valid has one reading.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mesh_decide::authority::{is_valid, port_of};

fuzz_target!(|bytes: &[u8]| {
    if !is_valid(bytes) {
        return;
    }
    let text = std::str::from_utf8(bytes).expect("ASCII");
    assert!(!text.contains([',', '@', '/', '?', '#', '\\', ' ', '"', '<', '>']));
    // The naive reading: what stands behind the last colon outside brackets.
    let outside = text.rsplit(']').next().unwrap_or_default();
    let port = outside.rsplit_once(':').map(|(_, port)| port);
    assert_eq!(port.map(str::parse), port_of(bytes).map(Ok));
    assert_ne!(port_of(bytes), Some(0));
    let upper = bytes.to_ascii_uppercase();
    assert!(is_valid(&upper) && port_of(&upper) == port_of(bytes));
    let host = text.strip_suffix(&format!(":{}", port.unwrap_or_default()));
    assert!(is_valid(host.unwrap_or(text).as_bytes()));
    for after in ["@x", ",x", " x", "/x", "\\x"] {
        assert!(!is_valid(format!("{text}{after}").as_bytes()));
    }
});
