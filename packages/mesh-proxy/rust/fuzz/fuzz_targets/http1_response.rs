//! HTTP/1 response heads and trailer sections.
#![no_main]

use bytes::{Bytes, BytesMut};
use http::Method;
use libfuzzer_sys::fuzz_target;
use mesh_decide::http1::framing::{Framing, Lengths, has_no_content};
use mesh_decide::http1::scan::LineEnds;
use mesh_decide::http1::{MAX_FIELDS, response, trailers};
use mesh_fuzz::{scanned, to_vec};

fuzz_target!(|bytes: &[u8]| {
    let Ok(Some(end)) = scanned(bytes, LineEnds::Lenient) else {
        return;
    };
    let block = Bytes::copy_from_slice(&bytes[..end]);
    if let Ok(fields) = trailers::parse(block.clone()) {
        assert!(to_vec(&fields).len() <= MAX_FIELDS);
    }
    let Ok(head) = response::parse(block) else {
        return;
    };
    let mut out = BytesMut::new();
    response::write_line(&mut out, head.status, &head.phrase);
    head.fields.write(&mut out);
    out.extend_from_slice(b"\r\n");
    // What goes on is held to the letter, however sloppy the server was.
    let written = out.freeze();
    assert_eq!(scanned(&written, LineEnds::Strict), Ok(Some(written.len())));
    let again = response::parse(written).expect("what was accepted is accepted again");
    assert_eq!(again.status, head.status);
    assert_eq!(to_vec(&again.fields), to_vec(&head.fields));
    let status = head.status.as_u16();
    for method in [Method::GET, Method::HEAD] {
        let lengths = Lengths::of(&head.fields);
        if let Ok(framed) = lengths.response(head.version, &method, status) {
            let empty = method == Method::HEAD || has_no_content(status);
            assert!(!empty || framed.framing == Framing::None);
            assert!(!framed.reusable || framed.framing != Framing::UntilClose);
        }
    }
});
