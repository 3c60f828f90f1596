//! What several targets ask.

use std::fmt::Debug;

use mesh_decide::fields::Fields;
use mesh_decide::http1::Malformed;
use mesh_decide::http1::scan::{LineEnds, Scanner};

/// Asserts that an answer about the first bytes of a stream stands whatever comes after them.
pub fn prefixes_agree<T: PartialEq + Debug>(bytes: &[u8], answer: impl Fn(&[u8]) -> Option<T>) {
    let whole = answer(bytes);
    // Long inputs are cut at some places only: quadratic time would be lost to few inputs.
    let step = bytes.len() / 64 + 1;
    for end in (0..bytes.len()).step_by(step) {
        if let Some(early) = answer(&bytes[..end]) {
            assert_eq!(Some(early), whole, "after {end} bytes");
        }
    }
}

/// Where a section of field lines ends, found in one piece; asserts that it is found in the same place
/// byte by byte.
pub fn scanned(bytes: &[u8], line_ends: LineEnds) -> Result<Option<usize>, Malformed> {
    let whole = Scanner::head(line_ends).end(bytes);
    let mut scanner = Scanner::head(line_ends);
    let mut found = Ok(None);
    for end in 1..=bytes.len() {
        found = scanner.end(&bytes[..end]);
        if found != Ok(None) {
            break;
        }
    }
    assert_eq!(found, whole, "it depends on the segments");
    whole
}

/// All fields, in order.
pub fn to_vec(fields: &Fields) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all = Vec::new();
    fields.for_each(|name, value| all.push((name.to_vec(), value.to_vec())));
    all
}
