use super::super::huffman::tests::encode;
use super::*;
use proptest::prelude::*;

#[derive(Default)]
struct Fields(Vec<(String, String)>);

impl Sink for Fields {
    fn field(&mut self, name: &[u8], value: &[u8], _: Class) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.0.push((text(name), text(value)));
    }
}

fn decoded(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<(String, String)>, Violation> {
    let mut fields = Fields::default();
    decoder.decode(block, &mut fields).map(|()| fields.0)
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// Decodes `blocks` on one connection and compares with lines of `name: value`.
fn transcript(limit: u32, blocks: &[(&str, &str)]) {
    let mut decoder = Decoder::new(limit);
    for (block, wanted) in blocks {
        let fields = decoded(&mut decoder, &hex(block)).unwrap();
        let lines: Vec<_> = fields.iter().map(|(n, v)| format!("{n}: {v}")).collect();
        let wanted: Vec<_> = wanted.lines().map(str::trim).collect();
        assert_eq!(lines, wanted);
    }
}

const FIRST: &str = ":method: GET
    :scheme: http
    :path: /
    :authority: www.example.com";
const SECOND: &str = ":method: GET
    :scheme: http
    :path: /
    :authority: www.example.com
    cache-control: no-cache";
const THIRD: &str = ":method: GET
    :scheme: https
    :path: /index.html
    :authority: www.example.com
    custom-key: custom-value";

#[test]
fn single_fields_of_the_rfc() {
    // RFC 7541 §C.2.
    transcript(
        4096,
        &[
            (
                "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
                "custom-key: custom-header",
            ),
            ("be", "custom-key: custom-header"),
            ("040c 2f73 616d 706c 652f 7061 7468", ":path: /sample/path"),
            (
                "1008 7061 7373 776f 7264 0673 6563 7265 74",
                "password: secret",
            ),
            ("82", ":method: GET"),
        ],
    );
}

#[test]
fn requests_of_the_rfc() {
    // RFC 7541 §C.3 and §C.4, without and with Huffman coding.
    transcript(
        4096,
        &[
            ("8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", FIRST),
            ("8286 84be 5808 6e6f 2d63 6163 6865", SECOND),
            (
                "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
                THIRD,
            ),
        ],
    );
    transcript(
        4096,
        &[
            ("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", FIRST),
            ("8286 84be 5886 a8eb 1064 9cbf", SECOND),
            (
                "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
                THIRD,
            ),
        ],
    );
}

#[test]
fn responses_of_the_rfc_evict() {
    // RFC 7541 §C.6: a table of 256 bytes.
    transcript(
        256,
        &[
            (
                "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6
                 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
                ":status: 302
                 cache-control: private
                 date: Mon, 21 Oct 2013 20:13:21 GMT
                 location: https://www.example.com",
            ),
            (
                "4883 640e ffc1 c0bf",
                ":status: 307
                 cache-control: private
                 date: Mon, 21 Oct 2013 20:13:21 GMT
                 location: https://www.example.com",
            ),
            (
                "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab
                 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f
                 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
                ":status: 200
                 cache-control: private
                 date: Mon, 21 Oct 2013 20:13:22 GMT
                 location: https://www.example.com
                 content-encoding: gzip
                 set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
            ),
        ],
    );
}

#[test]
fn broken_blocks_are_refused() {
    for (block, what) in [
        ("80", "index 0"),
        ("be", "an index behind the tables"),
        ("ff8080808000", "an overlong index"),
        ("0004", "a name that is cut off"),
        ("00", "a literal without strings"),
        ("000161", "a literal without value"),
        ("0001617f", "a length that is cut off"),
        ("7f ff ff ff ff ff", "an endless integer"),
        ("0001 61 81 ff", "padding of eight bits"),
        ("82 20", "a size update after a field"),
        ("20 20 20", "three size updates"),
        ("3f e2 1f", "a size above the limit"),
    ] {
        let refused = decoded(&mut Decoder::new(4096), &hex(block));
        let code = refused.expect_err(what).code;
        assert_eq!(code, ErrorCode::COMPRESSION_ERROR, "{what}");
    }
    assert!(decoded(&mut Decoder::new(4096), &hex("20 3fe11f 82")).is_ok());
}

#[test]
fn fault_29_a_lower_limit_must_be_taken_up_at_once() {
    let mut decoder = Decoder::new(4096);
    decoder.set_limit(100);
    assert!(decoded(&mut decoder, &hex("82")).is_err());
    let mut decoder = Decoder::new(4096);
    decoder.set_limit(100);
    assert!(decoded(&mut decoder, &hex("3f45 82")).is_ok());
    // A higher one need not.
    decoder.set_limit(4096);
    assert!(decoded(&mut decoder, &hex("82")).is_ok());
}

#[test]
fn fault_29_table_size_updates_in_every_block_cost_nothing() {
    let mut decoder = Decoder::new(4096);
    let mut block = hex("20 3fe11f");
    for byte in 0..100 {
        block.extend([0x40, 1, b'a', 1, byte]);
    }
    for _ in 0..200 {
        assert_eq!(decoded(&mut decoder, &block).unwrap().len(), 100);
    }
}

#[test]
fn an_entry_may_evict_the_one_that_names_it() {
    let mut decoder = Decoder::new(64);
    let long = [&[0x40, 4][..], b"name", &[10], b"0123456789"].concat();
    decoded(&mut decoder, &long).unwrap();
    let by_name = [&[0x7e, 20][..], &[b'x'; 20]].concat();
    let fields = decoded(&mut decoder, &by_name).unwrap();
    assert_eq!(fields[0].0, "name");
    let fields = decoded(&mut decoder, &[0xbe]).unwrap();
    assert_eq!(fields[0], ("name".into(), "x".repeat(20)));
}

#[test]
fn values_are_judged_once() {
    for good in [&b""[..], b"a", b"a b\tc", b"\xff\x80"] {
        assert!(is_sound(good), "{good:?}");
    }
    for bad in [
        &b" a"[..],
        b"a ",
        b"\ta",
        b"a\t",
        b" ",
        b"a\0b",
        b"a\rb",
        b"\n",
        b"a\x7f",
    ] {
        assert!(!is_sound(bad), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_end_in_fields_or_an_error(blocks: Vec<Vec<u8>>) {
        let mut decoder = Decoder::new(256);
        for block in blocks {
            if decoded(&mut decoder, &block).is_err() {
                break;
            }
        }
        prop_assert!(decoder.name.capacity() <= 2 * KEPT);
    }

    #[test]
    fn huffman_coded_and_plain_strings_are_the_same(name: Vec<u8>, value: Vec<u8>) {
        let literal = |name: Vec<u8>, value: Vec<u8>, flag| {
            let mut block = vec![0];
            for string in [name, value] {
                integer::write(&mut block, flag, 7, string.len() as u32);
                block.extend(string);
            }
            block
        };
        let coded = literal(encode(&name), encode(&value), 0x80);
        let plain = literal(name, value, 0);
        let mut decoder = Decoder::new(0);
        prop_assert_eq!(decoded(&mut decoder, &coded), decoded(&mut decoder, &plain));
    }
}
