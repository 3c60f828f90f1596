//! The chunked coding: any cut gives the same content, and nothing but content.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mesh_decide::http1::Malformed;
use mesh_decide::http1::chunked::{Decoder, Step, size_line};

fuzz_target!(|bytes: &[u8]| {
    let whole = decoded(bytes, bytes.len().max(1));
    assert_eq!(decoded(bytes, 1), whole);
    assert_eq!(decoded(bytes, 7), whole);
    if let Ok(Some((content, _))) = whole {
        let coded = coded(&content);
        assert_eq!(decoded(&coded, 3), Ok(Some((content, coded.len()))));
    }
});

/// The content and the length of the coded body; None if it has no end.
type Decoded = Result<Option<(Vec<u8>, usize)>, Malformed>;

fn decoded(bytes: &[u8], segment: usize) -> Decoded {
    let mut decoder = Decoder::default();
    let mut content = Vec::new();
    let (mut done, mut there) = (0, 0);
    while there < bytes.len() {
        there = (there + segment).min(bytes.len());
        loop {
            let input = &bytes[done..there];
            match decoder.step(input)? {
                Step::More(read) => {
                    done += read;
                    break;
                }
                Step::Data { skip, length } => {
                    content.extend_from_slice(&input[skip..skip + length]);
                    done += skip + length;
                }
                Step::End { skip, length } => {
                    assert!(decoder.is_done());
                    return Ok(Some((content, done + skip + length)));
                }
            }
        }
    }
    Ok(None)
}

fn coded(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in content.chunks(100) {
        out.extend_from_slice(size_line(chunk.len(), &mut [0; 18]));
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}
