use super::*;
use crate::http2::hpack::{Class, Decoder, Sink};
use proptest::prelude::*;

type Field = (Vec<u8>, Vec<u8>);

struct Fields(Vec<Field>);

impl Sink for Fields {
    fn field(&mut self, name: &[u8], value: &[u8], _: Class) {
        self.0.push((name.to_vec(), value.to_vec()));
    }
}

fn encoded(encoder: &mut Encoder, fields: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    encoder.begin(&mut out);
    for (name, value) in fields {
        encoder.field(&mut out, name, value);
    }
    out
}

fn decoded(decoder: &mut Decoder, block: &[u8]) -> Vec<Field> {
    let mut fields = Fields(Vec::new());
    decoder.decode(block, &mut fields).unwrap();
    fields.0
}

#[test]
fn what_comes_again_shrinks_to_one_byte() {
    let mut encoder = Encoder::new(Indexing::Repeated);
    let mut decoder = Decoder::new(TABLE);
    let field = (&b"User-Agent"[..], &b"curl/8.0"[..]);
    let sizes: Vec<usize> = (0..4)
        .map(|_| {
            let block = encoded(&mut encoder, &[field]);
            let fields = decoded(&mut decoder, &block);
            assert_eq!(fields, [(b"user-agent".to_vec(), b"curl/8.0".to_vec())]);
            block.len()
        })
        .collect();
    assert_eq!(sizes, [11, 10, 1, 1]);
}

#[test]
fn secrets_and_fleeting_values_are_never_stored() {
    let mut encoder = Encoder::new(Indexing::Repeated);
    for (name, value, flags) in [
        (&b"authorization"[..], &b"Bearer abc"[..], 0x10),
        (b"Cookie", b"id=1", 0x10),
        (b"set-cookie", b"session=0123456789abcdef0123456789", 0x10),
        (b":path", b"/items?page=2", 0x00),
        (b"content-length", b"17", 0x00),
        (b"date", b"Mon, 21 Oct 2013 20:13:21 GMT", 0x00),
    ] {
        for _ in 0..3 {
            let block = encoded(&mut encoder, &[(name, value)]);
            assert_eq!(block[0] & 0xf0, flags, "{name:?}");
        }
    }
    let long = b"preferences=0123456789abcdef";
    let sizes: Vec<_> = (0..3)
        .map(|_| encoded(&mut encoder, &[(b"cookie", long)]).len())
        .collect();
    assert_eq!(sizes[2], 1);
}

#[test]
fn without_indexing_nothing_is_kept() {
    let mut encoder = Encoder::new(Indexing::Off);
    let field = (&b"user-agent"[..], &b"curl"[..]);
    let first = encoded(&mut encoder, &[field]);
    assert_eq!(encoded(&mut encoder, &[field]), first);
    assert!(encoder.seen.is_empty());
}

#[test]
fn http1s_own_fields_are_never_written() {
    let mut encoder = Encoder::new(Indexing::Repeated);
    for name in [
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Transfer-Encoding",
        "Upgrade",
        "HTTP2-Settings",
        "TE",
    ] {
        assert!(encoded(&mut encoder, &[(name.as_bytes(), b"chunked")]).is_empty());
    }
    assert!(!encoded(&mut encoder, &[(b"TE", b"Trailers")]).is_empty());
}

#[test]
fn the_peer_is_told_the_smallest_and_the_last_size() {
    let mut encoder = Encoder::new(Indexing::Repeated);
    encoder.set_limit(65_536);
    assert!(encoded(&mut encoder, &[]).is_empty());
    encoder.set_limit(100);
    encoder.set_limit(0);
    encoder.set_limit(200);
    assert_eq!(encoded(&mut encoder, &[]), [0x20, 0x3f, 0xa9, 0x01]);
    assert!(encoded(&mut encoder, &[]).is_empty());
    encoder.set_limit(0);
    let field = (&b"x-one"[..], &b"1"[..]);
    let sizes: Vec<_> = (0..3)
        .map(|_| encoded(&mut encoder, &[field]).len())
        .collect();
    assert_eq!(sizes, [10, 9, 9]);
}

fn names() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[a-zA-Z-]{1,4}".prop_map(String::into_bytes),
        prop::sample::select(vec![
            "Cookie",
            "accept",
            "Date",
            "authorization",
            ":path",
            "te"
        ])
        .prop_map(|name| name.as_bytes().to_vec()),
    ]
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof!["[ab]{0,2}", "[a-z]{0,40}", "x{900,1100}"].prop_map(String::into_bytes)
}

proptest! {
    /// Whatever is sent in whatever order, the peer reads the same, with any size of its table that it
    /// changes at any time.
    #[test]
    fn what_is_encoded_is_decoded(
        heads in prop::collection::vec(
            (prop::option::of(0u32..6000), prop::collection::vec((names(), values()), 0..12)),
            0..30,
        ),
    ) {
        let mut encoder = Encoder::new(Indexing::Repeated);
        let mut decoder = Decoder::new(TABLE);
        for (limit, fields) in heads {
            if let Some(limit) = limit {
                decoder.set_limit(limit);
                encoder.set_limit(limit);
            }
            let sent: Vec<(&[u8], &[u8])> = fields.iter().map(|(n, v)| (&n[..], &v[..])).collect();
            let block = encoded(&mut encoder, &sent);
            let wanted: Vec<Field> = fields
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
                .filter(|(name, _)| name != b"te")
                .collect();
            prop_assert_eq!(decoded(&mut decoder, &block), wanted);
        }
    }
}
