//! HTTP/2 response heads.
#![no_main]

use bytes::BytesMut;
use http::header::CONTENT_LENGTH;
use libfuzzer_sys::fuzz_target;
use mesh_decide::headers;
use mesh_decide::http1::{self, MAX_FIELDS};
use mesh_decide::http2::frame::HEAD;
use mesh_decide::http2::head::{self, Carrier, Limits};
use mesh_decide::http2::hpack::{Decoder, Encoder, Indexing, TABLE};
use mesh_fuzz::to_vec;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let Ok(head) = head::response(&mut Decoder::new(TABLE), bytes, &limits) else {
        return;
    };
    assert!(head.status.as_u16() >= 100 && head.status != 101);
    assert!(head.fields.get_all(&CONTENT_LENGTH).count() <= 1);
    let mut out = Vec::new();
    let carrier = Carrier {
        stream: 1,
        end_stream: false,
        max_frame_size: 1 << 24,
    };
    let mut encoder = Encoder::new(Indexing::Repeated);
    head::write_response(&mut out, &mut encoder, carrier, head.status, &head.fields);
    let again = head::response(&mut Decoder::new(TABLE), &out[HEAD..], &limits)
        .expect("what was accepted is accepted again");
    assert_eq!(again.status, head.status);
    assert_eq!(again.content_length, head.content_length);

    let mut fields = head.fields;
    headers::strip_hop_by_hop(&mut fields);
    let mut out = BytesMut::new();
    http1::response::write_line(&mut out, head.status, b"");
    fields.write(&mut out);
    out.extend_from_slice(b"\r\n");
    if out.len() <= http1::MAX_HEAD && to_vec(&fields).len() <= MAX_FIELDS {
        let read = http1::response::parse(out.freeze()).expect("a response that HTTP/1 can carry");
        assert_eq!(read.status, head.status);
    }
});
