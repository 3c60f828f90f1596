//! Header blocks of our own: what is sent is what arrives, whatever the peer says about its table.
#![no_main]

use arbitrary::Arbitrary;
use http::header::{HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use mesh_decide::fields::Fields;
use mesh_decide::http2::frame::HEAD;
use mesh_decide::http2::head::{self, Carrier, Limits, Refused};
use mesh_decide::http2::hpack::{Decoder, Encoder, Indexing, TABLE};
use mesh_fuzz::to_vec;

#[derive(Arbitrary, Debug)]
struct Section {
    limit: Option<u16>,
    fields: Vec<(Name, Value)>,
}

#[derive(Arbitrary, Debug)]
enum Name {
    Known(u8),
    Own(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Value {
    Short(u8),
    Own(Vec<u8>),
}

const KNOWN: [&str; 8] = [
    "cookie",
    "authorization",
    "date",
    "accept-encoding",
    "te",
    "connection",
    "content-type",
    "x-request-id",
];

fuzz_target!(|sections: Vec<Section>| {
    let mut encoder = Encoder::new(Indexing::Repeated);
    let mut decoder = Decoder::new(TABLE);
    for section in sections {
        if let Some(limit) = section.limit.map(u32::from) {
            decoder.set_limit(limit);
            encoder.set_limit(limit);
        }
        let fields = fields(section.fields);
        let mut out = Vec::new();
        let carrier = Carrier {
            stream: 1,
            end_stream: true,
            max_frame_size: 1 << 24,
        };
        head::write_trailers(&mut out, &mut encoder, carrier, &fields);
        let wanted: Vec<_> = to_vec(&fields)
            .into_iter()
            .map(|(name, value)| (name, value.trim_ascii().to_vec()))
            .filter(|(name, value)| match &name[..] {
                b"te" => value.eq_ignore_ascii_case(b"trailers"),
                b"connection" | b"upgrade" | b"keep-alive" => false,
                b"transfer-encoding" | b"proxy-connection" | b"http2-settings" => false,
                _ => true,
            })
            .collect();
        match head::trailers(&mut decoder, &out[HEAD..], &Limits::default()) {
            Ok(read) => assert_eq!(to_vec(&read), wanted),
            // `Content-Length` that is no number, or too much of everything.
            Err(Refused::Message(_)) => {}
            Err(refused) => panic!("our own block is refused: {refused:?}"),
        }
    }
});

fn fields(named: Vec<(Name, Value)>) -> Fields {
    let mut fields = Fields::default();
    for (name, value) in named {
        let name = match name {
            Name::Known(which) => KNOWN[usize::from(which) % KNOWN.len()].into(),
            Name::Own(bytes) => bytes,
        };
        let value = match value {
            Value::Short(byte) => vec![b'a' + byte % 4],
            Value::Own(bytes) => bytes,
        };
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(&name),
            HeaderValue::from_bytes(&value),
        ) {
            fields.append(name, value);
        }
    }
    fields
}
