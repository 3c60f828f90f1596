//! HTTP/1 request heads: cut anywhere they are the same, written again they are the same, and sent
//! on over HTTP/2 they are the same.
#![no_main]

use bytes::{Bytes, BytesMut};
use http::header::HOST;
use libfuzzer_sys::fuzz_target;
use mesh_decide::fields::Fields;
use mesh_decide::headers;
use mesh_decide::http1::framing::Framing;
use mesh_decide::http1::request::{self, Form, Head};
use mesh_decide::http1::scan::LineEnds;
use mesh_decide::http1::{MAX_FIELDS, MAX_HEAD};
use mesh_decide::http2::Malformed;
use mesh_decide::http2::frame::HEAD;
use mesh_decide::http2::head::{self, Carrier, Limits, Refused, RequestLine, Scheme};
use mesh_decide::http2::hpack::{Decoder, Encoder, Indexing, TABLE};
use mesh_fuzz::{scanned, to_vec};

fuzz_target!(|bytes: &[u8]| {
    let Ok(Some(end)) = scanned(bytes, LineEnds::Strict) else {
        return;
    };
    assert!(end <= MAX_HEAD);
    let Ok(head) = request::parse(Bytes::copy_from_slice(&bytes[..end])) else {
        return;
    };
    assert!(to_vec(&head.fields).len() <= MAX_FIELDS);
    assert!(head.framing != Framing::UntilClose, "a request without end");
    written_again(&head);
    over_http2(head);
});

fn written_again(head: &Head) {
    let mut out = BytesMut::new();
    request::write_line(&mut out, &head.method, &head.target, head.version);
    head.fields.write(&mut out);
    out.extend_from_slice(b"\r\n");
    let again = request::parse(out.freeze()).expect("what was accepted is accepted again");
    assert_eq!(again.method, head.method);
    assert_eq!(again.target, head.target);
    assert_eq!(again.authority, head.authority);
    assert_eq!(again.framing, head.framing);
    assert_eq!(again.keep_alive, head.keep_alive);
    assert_eq!(again.upgrade, head.upgrade);
    assert_eq!(to_vec(&again.fields), to_vec(&head.fields));
}

fn over_http2(mut head: Head) {
    headers::strip_hop_by_hop(&mut head.fields);
    head.fields.remove(&HOST);
    let line = RequestLine {
        method: &head.method,
        scheme: Scheme::Http,
        authority: &head.authority,
        path: &head.path(),
        protocol: None,
    };
    let mut out = Vec::new();
    let carrier = Carrier {
        stream: 1,
        end_stream: true,
        max_frame_size: 1 << 20,
    };
    let mut encoder = Encoder::new(Indexing::Repeated);
    head::write_request(&mut out, &mut encoder, carrier, &line, &head.fields);
    let limits = Limits::default();
    let received = head::request(&mut Decoder::new(TABLE), &out[HEAD..], &limits, false);
    let received = match received {
        Ok(received) => received,
        Err(Refused::Message(Malformed::NameTooLong | Malformed::HeadTooLong)) => return,
        Err(refused) => panic!("refused over HTTP/2: {refused:?}"),
    };
    assert_eq!(received.method, head.method);
    assert_eq!(received.authority, head.authority);
    assert_eq!(received.path, head.path());
    assert!(head.form != Form::Authority || received.path.is_empty());
    match head.framing {
        Framing::Length(length) => assert_eq!(received.content_length, Some(length)),
        Framing::Chunked => assert_eq!(received.content_length, None),
        Framing::None | Framing::UntilClose => {}
    }
    assert_eq!(lower(&received.fields), lower(&head.fields));
}

fn lower(fields: &Fields) -> Vec<(Vec<u8>, Vec<u8>)> {
    let lower = |(name, value): (Vec<u8>, Vec<u8>)| (name.to_ascii_lowercase(), value);
    to_vec(fields).into_iter().map(lower).collect()
}
