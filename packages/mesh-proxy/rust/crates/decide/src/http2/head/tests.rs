use super::*;
use crate::http2::frame::{Frame, FrameHead, HEAD};
use crate::http2::hpack::{Decoder, Encoder, Indexing};
use bytes::BytesMut;
use http::header::{CONTENT_LENGTH, COOKIE, HOST, HeaderName, HeaderValue};

/// A block of literals without indexing.
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        out.push(0);
        for part in [name, value] {
            assert!(part.len() < 127);
            out.push(part.len() as u8);
            out.extend_from_slice(part.as_bytes());
        }
    }
    out
}

const GET: [(&str, &str); 4] = [
    (":method", "GET"),
    (":scheme", "http"),
    (":path", "/a?b=%2F"),
    (":authority", "web:80"),
];

fn with(pseudo: &[(&'static str, &'static str)], more: &[(&'static str, &'static str)]) -> Vec<u8> {
    block(&[pseudo, more].concat())
}

fn parsed(block: &[u8]) -> Result<RequestHead, Refused> {
    request(&mut Decoder::new(4096), block, &Limits::default(), false)
}

fn refused(block: &[u8]) -> Malformed {
    match parsed(block) {
        Err(Refused::Message(malformed)) => malformed,
        other => panic!("not refused as a message: {other:?}"),
    }
}

fn answered(block: &[u8]) -> Result<ResponseHead, Refused> {
    response(&mut Decoder::new(4096), block, &Limits::default())
}

#[test]
fn a_request_is_taken_apart() {
    let head = parsed(&with(
        &GET,
        &[
            ("accept", "*/*"),
            ("te", "trailers"),
            ("content-length", "5"),
        ],
    ));
    let head = head.unwrap();
    assert_eq!(head.method, Method::GET);
    assert_eq!(head.scheme, Scheme::Http);
    assert_eq!(&head.authority[..], b"web:80");
    assert_eq!(&head.path[..], b"/a?b=%2F");
    assert_eq!(head.content_length, Some(5));
    assert_eq!(head.fields.get(&http::header::ACCEPT), Some(&b"*/*"[..]));
}

#[test]
fn fault_18_host_and_authority_agree() {
    let no_authority = &GET[..3];
    let head = parsed(&with(no_authority, &[("host", "web")])).unwrap();
    assert_eq!(&head.authority[..], b"web");
    assert!(!head.fields.contains(&HOST));
    assert!(parsed(&with(&GET, &[("host", "WEB:80")])).is_ok());
    assert!(
        parsed(no_authority_only().as_slice())
            .unwrap()
            .authority
            .is_empty()
    );
    for hosts in [
        &[("host", "other")][..],
        &[("host", "web:80"), ("host", "web:80")],
        &[("host", "")],
        &[("host", "a,b")],
    ] {
        assert_eq!(refused(&with(&GET, hosts)), Malformed::Host, "{hosts:?}");
    }
    for authority in ["", "user@web", "a,b", "web:0"] {
        let fields = [GET[0], GET[1], GET[2], (":authority", authority)];
        assert_eq!(refused(&block(&fields)), Malformed::Host, "{authority:?}");
    }
}

fn no_authority_only() -> Vec<u8> {
    block(&GET[..3])
}

#[test]
fn pseudo_fields_come_first_once_and_known() {
    for fields in [
        vec![GET[0], GET[1], ("a", "b"), GET[2]],
        vec![GET[0], GET[0], GET[1], GET[2]],
        [&GET[..], &[(":status", "200")]].concat(),
        [&GET[..], &[(":version", "2")]].concat(),
        [&GET[..], &[(":", "2")]].concat(),
    ] {
        assert_eq!(
            refused(&block(&fields)),
            Malformed::PseudoField,
            "{fields:?}"
        );
    }
    for left_out in 0..3 {
        let mut fields = GET.to_vec();
        fields.remove(left_out);
        assert_eq!(
            refused(&block(&fields)),
            Malformed::Incomplete,
            "{fields:?}"
        );
    }
}

#[test]
fn fault_19_paths_are_whole_and_legal() {
    for path in [
        "",
        "a",
        "//web",
        "/a#b",
        "/a b",
        "/\u{fc}",
        "*",
        "http://web/",
        "/a\\b",
    ] {
        let fields = [GET[0], GET[1], (":path", path)];
        match path {
            "//web" | "/a\\b" => {
                assert_eq!(&parsed(&block(&fields)).unwrap().path[..], path.as_bytes())
            }
            _ => assert_eq!(refused(&block(&fields)), Malformed::Path, "{path:?}"),
        }
    }
    let options = [(":method", "OPTIONS"), GET[1], (":path", "*")];
    assert_eq!(&parsed(&block(&options)).unwrap().path[..], b"*");
}

#[test]
fn connect_names_a_port_and_nothing_else() {
    let connect = [(":method", "CONNECT"), (":authority", "web:443")];
    let head = parsed(&block(&connect)).unwrap();
    assert!(head.path.is_empty() && head.scheme == Scheme::Other);
    for bad in [
        &[connect[0]][..],
        &[connect[0], connect[1], GET[1]],
        &[connect[0], connect[1], GET[2]],
    ] {
        assert_eq!(refused(&block(bad)), Malformed::Incomplete, "{bad:?}");
    }
    let no_port = [connect[0], (":authority", "web")];
    assert_eq!(refused(&block(&no_port)), Malformed::Host);
}

#[test]
fn extended_connect_must_be_offered() {
    let fields = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "https"),
        (":path", "/chat"),
        (":authority", "web"),
    ];
    assert_eq!(refused(&block(&fields)), Malformed::ExtendedConnect);
    let offered = |fields: &[(&str, &str)]| {
        let mut decoder = Decoder::new(4096);
        request(&mut decoder, &block(fields), &Limits::default(), true)
    };
    let head = offered(&fields).unwrap();
    assert_eq!(head.protocol.as_deref(), Some(&b"websocket"[..]));
    assert_eq!(&head.path[..], b"/chat");
    assert!(offered(&fields[..4]).is_err());
    let get = [&GET[..], &[(":protocol", "websocket")]].concat();
    assert!(offered(&get).is_err());
}

#[test]
fn fault_13_fields_of_http1_connections_and_bad_fields_are_refused() {
    for (name, value, wanted) in [
        ("connection", "close", Malformed::ConnectionField),
        ("transfer-encoding", "chunked", Malformed::ConnectionField),
        ("keep-alive", "1", Malformed::ConnectionField),
        ("upgrade", "h2c", Malformed::ConnectionField),
        ("proxy-connection", "x", Malformed::ConnectionField),
        ("te", "gzip", Malformed::ConnectionField),
        ("Accept", "x", Malformed::FieldName),
        ("X-Own", "x", Malformed::FieldName),
        ("a b", "x", Malformed::FieldName),
        ("", "x", Malformed::FieldName),
        ("a", "x\0", Malformed::FieldValue),
        ("a", "x\r\ny: z", Malformed::FieldValue),
        ("a", " x", Malformed::FieldValue),
        ("content-length", "+5", Malformed::ContentLength),
        ("content-length", "5,5", Malformed::ContentLength),
        ("content-length", "", Malformed::ContentLength),
    ] {
        let fields = [&GET[..], &[(name, value)]].concat();
        assert_eq!(refused(&block(&fields)), wanted, "{name}: {value:?}");
    }
    let twice = with(&GET, &[("content-length", "5"), ("content-length", "5")]);
    assert_eq!(refused(&twice), Malformed::ContentLength);
}

#[test]
fn responses_have_one_status() {
    let head = answered(&block(&[(":status", "404"), ("server", "x")])).unwrap();
    assert_eq!(
        (head.status, head.content_length),
        (StatusCode::NOT_FOUND, None)
    );
    for status in ["", "99", "20", "2000", "abc", "101", "+20"] {
        assert!(
            answered(&block(&[(":status", status)])).is_err(),
            "{status}"
        );
    }
    assert!(answered(&block(&[("server", "x")])).is_err());
    assert!(answered(&block(&[(":path", "/"), (":status", "200")])).is_err());
    let repeated = [
        (":status", "200"),
        ("content-length", "5"),
        ("content-length", "5"),
    ];
    let head = answered(&block(&repeated)).unwrap();
    assert_eq!(head.fields.get_all(&CONTENT_LENGTH).count(), 1);
    let differing = [
        (":status", "200"),
        ("content-length", "5"),
        ("content-length", "6"),
    ];
    assert!(answered(&block(&differing)).is_err());
}

#[test]
fn trailers_have_no_pseudo_fields() {
    let read = |fields: &[(&str, &str)]| {
        trailers(&mut Decoder::new(4096), &block(fields), &Limits::default())
    };
    let fields = read(&[("grpc-status", "0")]).unwrap();
    let name = HeaderName::from_static("grpc-status");
    assert_eq!(fields.get(&name), Some(&b"0"[..]));
    assert!(read(&[(":status", "200")]).is_err());
    assert!(read(&[("connection", "close")]).is_err());
}

#[test]
fn cookie_crumbs_are_joined_for_http1() {
    let head = parsed(&with(
        &GET,
        &[("cookie", "a=1"), ("accept", "x"), ("cookie", "b=2")],
    ))
    .unwrap();
    assert_eq!(head.fields.get_all(&COOKIE).count(), 2);
    let map = Fields::Map(head.fields.to_map().unwrap());
    let mut out = BytesMut::new();
    head.fields.write(&mut out);
    assert_eq!(out, "cookie: a=1; b=2\r\naccept: x\r\n");
    out.clear();
    map.write(&mut out);
    assert_eq!(out, "cookie: a=1; b=2\r\naccept: x\r\n");
}

#[test]
fn fault_29_an_oversized_head_is_refused_and_the_next_one_read() {
    let limits = Limits {
        list_size: 1000,
        fields: 20,
        name: 50,
        ..Limits::default()
    };
    let mut decoder = Decoder::new(4096);
    let mut read = |block: &[u8]| request(&mut decoder, block, &limits, false);
    let big = [&block(&GET)[..], &[0x40, 1, b'x', 100], &[b'y'; 100]].concat();
    assert!(read(&big).is_ok());
    // The indexed field ten thousand times: the block of a bomb.
    let bomb = [&block(&GET)[..], &[0xbe; 10_000]].concat();
    assert_eq!(
        read(&bomb).unwrap_err(),
        Refused::Message(Malformed::HeadTooLong)
    );
    let crumbs = [&block(&GET)[..], &[0x60, 0].repeat(25)].concat();
    assert_eq!(
        read(&crumbs).unwrap_err(),
        Refused::Message(Malformed::TooManyFields)
    );
    let name = [&block(&GET)[..], &[0, 51], &[b'n'; 51], &[0]].concat();
    assert_eq!(
        read(&name).unwrap_err(),
        Refused::Message(Malformed::NameTooLong)
    );
    // What the refused ones stored is in the table.
    let next = [&block(&GET)[..], &[0xbe]].concat();
    assert!(read(&next).unwrap().fields.contains(&COOKIE));
}

#[test]
fn a_skipped_block_keeps_the_tables_in_step() {
    let mut decoder = Decoder::new(4096);
    skip(&mut decoder, &[0x40, 1, b'x', 1, b'y']).unwrap();
    let next = [&block(&GET)[..], &[0xbe]].concat();
    let head = request(&mut decoder, &next, &Limits::default(), false).unwrap();
    assert!(head.fields.contains(&HeaderName::from_static("x")));
    assert!(skip(&mut decoder, &[0x80]).is_err());
}

fn sent(out: &[u8]) -> (FrameHead, &[u8]) {
    let (head, payload) = out.split_first_chunk::<HEAD>().unwrap();
    let head = FrameHead::parse(head);
    match Frame::parse(head, payload).unwrap() {
        Frame::Headers { fragment, .. } => (head, fragment),
        other => panic!("{other:?}"),
    }
}

const CARRIER: Carrier = Carrier {
    stream: 1,
    end_stream: false,
    max_frame_size: 16_384,
};

#[test]
fn requests_go_there_and_back() {
    let (mut encoder, mut decoder) = (Encoder::new(Indexing::Repeated), Decoder::new(4096));
    for (method, path, authority) in [
        (Method::GET, "/", "web"),
        (Method::PUT, "/a", ""),
        (Method::CONNECT, "", "web:443"),
        (Method::OPTIONS, "*", "web"),
        (Method::GET, "/", "web"),
        (Method::from_bytes(b"BREW").unwrap(), "/", "web"),
    ] {
        let mut fields = Fields::default();
        fields.append(HOST, HeaderValue::from_static("forged"));
        fields.append(COOKIE, HeaderValue::from_static("a=1"));
        let line = RequestLine {
            method: &method,
            scheme: Scheme::Https,
            authority: authority.as_bytes(),
            path: path.as_bytes(),
            protocol: None,
        };
        let mut out = Vec::new();
        write_request(&mut out, &mut encoder, CARRIER, &line, &fields);
        let (_, block) = sent(&out);
        let head = request(&mut decoder, block, &Limits::default(), false).unwrap();
        assert_eq!(head.method, method);
        assert_eq!(&head.path[..], path.as_bytes());
        assert_eq!(&head.authority[..], authority.as_bytes());
        assert_eq!(head.fields.get_all(&COOKIE).count(), 1);
    }
}

#[test]
fn responses_and_trailers_go_there_and_back() {
    let (mut encoder, mut decoder) = (Encoder::new(Indexing::Repeated), Decoder::new(4096));
    for status in [200, 204, 206, 304, 400, 404, 500, 100, 418, 599] {
        let status = StatusCode::from_u16(status).unwrap();
        let mut fields = Fields::default();
        fields.append(CONTENT_LENGTH, HeaderValue::from_static("7"));
        let mut out = Vec::new();
        write_response(&mut out, &mut encoder, CARRIER, status, &fields);
        let (_, block) = sent(&out);
        let head = response(&mut decoder, block, &Limits::default()).unwrap();
        assert_eq!((head.status, head.content_length), (status, Some(7)));
    }
    let mut fields = Fields::default();
    let name = HeaderName::from_static("grpc-status");
    fields.append(name.clone(), HeaderValue::from_static("0"));
    let mut out = Vec::new();
    write_trailers(&mut out, &mut encoder, CARRIER, &fields);
    let (head, block) = sent(&out);
    assert_eq!(head.flags.0, 0x5);
    let read = trailers(&mut decoder, block, &Limits::default()).unwrap();
    assert_eq!(read.get(&name), Some(&b"0"[..]));
}
