//! HTTP/2 request heads: what is accepted has one reading, over HTTP/2 again and over HTTP/1.
#![no_main]

use bytes::BytesMut;
use http::Method;
use http::header::{CONTENT_LENGTH, COOKIE, EXPECT, HOST};
use libfuzzer_sys::fuzz_target;
use mesh_decide::authority;
use mesh_decide::fields::write_line;
use mesh_decide::headers;
use mesh_decide::http1::framing::Framing;
use mesh_decide::http1::{self, MAX_HEAD, Version};
use mesh_decide::http2::frame::HEAD;
use mesh_decide::http2::head::{self, Carrier, Limits, RequestHead, RequestLine};
use mesh_decide::http2::hpack::{Decoder, Encoder, Indexing, TABLE};
use mesh_fuzz::to_vec;

fuzz_target!(|bytes: &[u8]| {
    let (extended, block) = match bytes {
        [first, block @ ..] => (first & 1 == 1, block),
        [] => return,
    };
    let limits = Limits::default();
    let Ok(head) = head::request(&mut Decoder::new(TABLE), block, &limits, extended) else {
        return;
    };
    obeys_policy(&head, extended);
    over_http2(&head);
    if head.method != Method::CONNECT {
        over_http1(&head);
    }
});

fn obeys_policy(head: &RequestHead, extended: bool) {
    assert!(head.authority.is_empty() || authority::is_valid(&head.authority));
    assert!(head.protocol.is_none() || extended && head.method == Method::CONNECT);
    let slash = head.path.starts_with(b"/");
    assert!(slash || head.path.is_empty() || &head.path[..] == b"*");
    assert!(head.fields.get_all(&CONTENT_LENGTH).count() <= 1);
    assert!(!head.fields.contains(&HOST));
    for (name, value) in to_vec(&head.fields) {
        let forbidden = [
            &b"connection"[..],
            b"transfer-encoding",
            b"upgrade",
            b"keep-alive",
        ];
        assert!(!forbidden.contains(&&name[..]));
        assert!(
            !name
                .iter()
                .any(|byte| byte.is_ascii_uppercase() || *byte <= b' ')
        );
        assert!(!value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
    }
}

fn over_http2(head: &RequestHead) {
    let line = RequestLine {
        method: &head.method,
        scheme: head.scheme,
        authority: &head.authority,
        path: &head.path,
        protocol: head.protocol.as_deref(),
    };
    let mut out = Vec::new();
    let carrier = Carrier {
        stream: 1,
        end_stream: true,
        max_frame_size: 1 << 24,
    };
    let mut encoder = Encoder::new(Indexing::Off);
    head::write_request(&mut out, &mut encoder, carrier, &line, &head.fields);
    let mut decoder = Decoder::new(TABLE);
    let again = head::request(&mut decoder, &out[HEAD..], &Limits::default(), true)
        .expect("what was accepted is accepted again");
    assert_eq!(again.method, head.method);
    assert_eq!(again.authority, head.authority);
    assert_eq!(again.path, head.path);
    assert_eq!(again.protocol, head.protocol);
    assert_eq!(again.content_length, head.content_length);
    assert_eq!(sent(&again), sent(head));
}

/// The fields as any HTTP/2 message carries them.
fn sent(head: &RequestHead) -> Vec<(Vec<u8>, Vec<u8>)> {
    let dropped = |(name, _): &(Vec<u8>, Vec<u8>)| name == b"http2-settings";
    let mut fields = to_vec(&head.fields);
    fields.retain(|field| !dropped(field));
    fields
}

/// A server that speaks HTTP/1 must see the same request, and the same end of it.
fn over_http1(head: &RequestHead) {
    let mut fields = head.fields.clone();
    headers::strip_hop_by_hop(&mut fields);
    let mut out = BytesMut::new();
    http1::request::write_line(&mut out, &head.method, &head.path, Version::Http11);
    write_line(&mut out, b"host", &head.authority);
    fields.write(&mut out);
    out.extend_from_slice(b"\r\n");
    if out.len() > MAX_HEAD || to_vec(&fields).len() >= http1::MAX_FIELDS {
        return;
    }
    let read = http1::request::parse(out.freeze()).expect("a request that HTTP/1 can carry");
    assert_eq!(read.method, head.method);
    assert_eq!(read.target, head.path);
    assert_eq!(read.authority, head.authority);
    assert!(read.fields.get_all(&COOKIE).count() <= 1);
    assert!(!read.upgrade && (read.fields.contains(&EXPECT) || !read.expects_continue));
    let framing = match head.content_length {
        None | Some(0) => Framing::None,
        Some(length) => Framing::Length(length),
    };
    assert_eq!(read.framing, framing);
}
