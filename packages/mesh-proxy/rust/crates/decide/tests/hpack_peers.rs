//! Our header compression against an independent implementation of RFC 7541.

use http::header::{HeaderName, HeaderValue};
use loona_hpack::decoder::DecoderError;
use mesh_decide::fields::Fields;
use mesh_decide::http2::frame::HEAD;
use mesh_decide::http2::head::{self, Carrier, Limits};
use mesh_decide::http2::hpack::{Decoder, Encoder, Indexing, TABLE};
use proptest::prelude::*;

type Field = (Vec<u8>, Vec<u8>);

fn names() -> impl Strategy<Value = String> {
    const USUAL: [&str; 6] = [
        "accept-encoding",
        "date",
        "cookie",
        "vary",
        "authorization",
        "x-request-id",
    ];
    prop_oneof![
        "[a-z][a-z0-9_-]{0,11}",
        prop::sample::select(&USUAL[..]).prop_map(String::from),
    ]
    .prop_filter("fields of HTTP/1 alone", |name| {
        !["te", "upgrade", "connection"].contains(&&name[..])
    })
}

fn values() -> impl Strategy<Value = String> {
    prop_oneof!["[!-~]{0,3}", "[!-~]([ -~]{0,60}[!-~])?", "[ab]{1000}"]
}

fn sections() -> impl Strategy<Value = Vec<Vec<(String, String)>>> {
    prop::collection::vec(prop::collection::vec((names(), values()), 1..12), 1..20)
}

fn ours(decoder: &mut Decoder, block: &[u8]) -> Vec<Field> {
    let fields = head::trailers(decoder, block, &Limits::default()).unwrap();
    let mut all = Vec::new();
    fields.for_each(|name, value| all.push((name.to_vec(), value.to_vec())));
    all
}

proptest! {
    #[test]
    fn we_read_what_another_writes(sections in sections(), size in 0usize..5000) {
        let mut encoder = loona_hpack::Encoder::new();
        let mut decoder = Decoder::new(5000);
        encoder.set_max_table_size(size);
        for section in sections {
            let sent = section.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            let block = encoder.encode(sent);
            let wanted: Vec<Field> = section
                .iter()
                .map(|(name, value)| (name.clone().into_bytes(), value.clone().into_bytes()))
                .collect();
            prop_assert_eq!(ours(&mut decoder, &block), wanted);
        }
    }

    #[test]
    fn another_reads_what_we_write(
        sections in sections(), sizes in prop::collection::vec(0u32..5000, 20),
    ) {
        let mut encoder = Encoder::new(Indexing::Repeated);
        let mut decoder = loona_hpack::Decoder::new();
        decoder.set_max_allowed_table_size(TABLE as usize);
        for (section, size) in sections.into_iter().zip(sizes) {
            if size % 3 == 0 {
                encoder.set_limit(size);
            }
            let mut fields = Fields::default();
            for (name, value) in &section {
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                fields.append(name, HeaderValue::from_str(value).unwrap());
            }
            let mut out = Vec::new();
            let carrier = Carrier { stream: 1, end_stream: true, max_frame_size: 1 << 20 };
            head::write_trailers(&mut out, &mut encoder, carrier, &fields);
            let read = decoder.decode(&out[HEAD..]).unwrap();
            let wanted: Vec<Field> = section
                .into_iter()
                .map(|(name, value)| (name.into_bytes(), value.into_bytes()))
                .collect();
            prop_assert_eq!(read, wanted);
        }
    }

    /// Where both take a block, they take it for the same fields; ours is never the laxer one about
    /// what would make the tables differ.
    #[test]
    fn damaged_blocks_are_not_read_differently(
        sections in sections(), place: prop::sample::Index, byte: u8,
    ) {
        let mut encoder = loona_hpack::Encoder::new();
        let mut decoder = Decoder::new(TABLE);
        let mut other = loona_hpack::Decoder::new();
        other.set_max_allowed_table_size(TABLE as usize);
        for section in sections {
            let sent = section.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            let mut block = encoder.encode(sent);
            if !block.is_empty() {
                let place = place.index(block.len());
                block[place] = byte;
            }
            let theirs = other.decode(&block);
            match head::trailers(&mut decoder, &block, &Limits::default()) {
                Ok(fields) => {
                    let mut all = Vec::new();
                    fields.for_each(|name, value| all.push((name.to_vec(), value.to_vec())));
                    match theirs {
                        Ok(theirs) => prop_assert_eq!(all, theirs),
                        // It forbids a size update without a field behind it; RFC 7541 does not.
                        Err(theirs) => prop_assert_eq!(theirs, DecoderError::SizeUpdateAtEnd),
                    }
                }
                Err(head::Refused::Message(_)) => prop_assert!(theirs.is_ok()),
                Err(head::Refused::Connection(_)) => return Ok(()),
            }
        }
    }
}
