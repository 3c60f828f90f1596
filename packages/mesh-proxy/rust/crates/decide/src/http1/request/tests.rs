use super::*;
use crate::http1::scan::{LineEnds, Scanner};

/// A head as a client sends it, found and parsed.
fn read(input: &[u8]) -> Result<Option<Head>, Malformed> {
    match Scanner::head(LineEnds::Strict).end(input)? {
        None => Ok(None),
        Some(end) => parse(Bytes::copy_from_slice(&input[..end])).map(Some),
    }
}

fn good(input: &str) -> Head {
    read(input.as_bytes()).unwrap().unwrap()
}

fn fault_of(input: &str) -> Malformed {
    read(input.as_bytes()).expect_err(input)
}

#[test]
fn a_head_is_taken_apart() {
    let head = good("POST /a?b=c HTTP/1.1\r\nHost: Web:80\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(head.method, Method::POST);
    assert_eq!(head.target, "/a?b=c");
    assert_eq!(head.path(), "/a?b=c");
    assert_eq!(head.authority, "Web:80");
    assert_eq!(head.framing, Framing::Length(5));
    assert!(head.keep_alive && !head.upgrade && !head.expects_continue);
}

#[test]
fn keep_alive_follows_version_and_connection() {
    let keep_alive = |version: &str, connection: &str| {
        good(&format!("GET / {version}\r\nHost: a\r\n{connection}\r\n")).keep_alive
    };
    assert!(keep_alive("HTTP/1.1", ""));
    assert!(!keep_alive("HTTP/1.1", "Connection: close\r\n"));
    assert!(!keep_alive("HTTP/1.1", "Connection: x, CLOSE\r\n"));
    assert!(!keep_alive("HTTP/1.0", ""));
    assert!(keep_alive("HTTP/1.0", "Connection: keep-alive\r\n"));
}

#[test]
fn an_upgrade_needs_both_fields() {
    let upgrade =
        |fields: &str| good(&format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).upgrade;
    assert!(upgrade(
        "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    ));
    assert!(!upgrade("Upgrade: websocket\r\n"));
    assert!(!upgrade("Connection: upgrade\r\n"));
    assert!(!upgrade("Connection: upgrade\r\nUpgrade:\r\n"));
}

#[test]
fn fault_36_http2_is_not_switched_to() {
    for protocols in ["h2c", "H2C", "websocket, h2c", "HTTP/2.0", "h2"] {
        let head = format!(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n\
             Upgrade: {protocols}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
        );
        assert!(!good(&head).upgrade, "{protocols}");
    }
}

#[test]
fn the_forms_of_a_target() {
    let absolute = good("GET HTTP://Web/x?y HTTP/1.1\r\nHost: web\r\n\r\n");
    assert_eq!(absolute.authority, "Web");
    assert_eq!(absolute.path(), "/x?y");
    let bare = good("GET http://web:80 HTTP/1.1\r\nHost: web:80\r\n\r\n");
    assert_eq!(bare.path(), "/");
    assert_eq!(
        good("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").form,
        Form::Asterisk
    );
    let connect = good("CONNECT web:443 HTTP/1.1\r\nHost: web:443\r\n\r\n");
    assert_eq!(
        (connect.form, &connect.authority[..]),
        (Form::Authority, &b"web:443"[..])
    );
    assert!(good("GET / HTTP/1.0\r\n\r\n").authority.is_empty());
}

#[test]
fn fault_18_one_request_names_one_host() {
    for head in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: user@a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n",
        "GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:443 HTTP/1.1\r\nHost: b:443\r\n\r\n",
    ] {
        assert_eq!(fault_of(head), Malformed::Host, "{head:?}");
    }
}

#[test]
fn targets_that_no_method_allows() {
    for target in [
        "*",
        "web:80",
        "ftp://web/",
        "http:///x",
        "http://web?x",
        "/a#b",
        "x/y",
        "/\u{fc}",
    ] {
        let head = format!("GET {target} HTTP/1.1\r\nHost: web\r\n\r\n");
        assert_eq!(fault_of(&head), Malformed::Target, "{head:?}");
    }
    assert_eq!(
        fault_of("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Malformed::Target
    );
    let long = format!(
        "GET /{} HTTP/1.1\r\nHost: a\r\n\r\n",
        "x".repeat(MAX_TARGET)
    );
    assert_eq!(fault_of(&long), Malformed::TargetTooLong);
}

#[test]
fn limits_have_their_own_status() {
    let fields = "A: b\r\n".repeat(MAX_FIELDS);
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
    assert_eq!(fault_of(&many).status(), 431);
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nA: {}", "x".repeat(1 << 20));
    assert_eq!(fault_of(&long).status(), 431);
}

#[test]
fn fault_13_lines_with_two_readings_are_refused() {
    for head in [
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\rHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost\t: a\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: y\0z\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: y\x0bz\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX\x0b: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET / http/1.1\r\nHost: a\r\n\r\n",
        "GET /\r\nHost: a\r\n\r\n",
        "G\0T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let fault = fault_of(head);
        assert!(matches!(fault.status(), 400 | 505), "{head:?}: {fault:?}");
    }
}

proptest::proptest! {
    /// What is let through reads the same when it is written out and read again.
    #[test]
    fn a_head_that_passes_is_canonical_after_one_writing(
        head in "(GET|POST|CONNECT|OPTIONS) (/|\\*|/a%2[fF]?b|http://a/|a:1) HTTP/1.[01]\r\n\
                 (Host: ?a\r\n|host:a:1\r\n|Content-Length: ?[0-9+ ]{0,3}\r\n|\
                 Transfer-Encoding: (chunked|x)\r\n|X:[ -~]{0,4}\r\n){0,4}\r\n"
    ) {
        if let Ok(Some(first)) = read(head.as_bytes()) {
            let mut out = BytesMut::new();
            write_line(&mut out, &first.method, &first.target, first.version);
            first.fields.write(&mut out);
            out.extend_from_slice(b"\r\n");
            let second = read(&out).unwrap().unwrap();
            proptest::prop_assert_eq!(first.target, second.target);
            proptest::prop_assert_eq!(first.framing, second.framing);
            proptest::prop_assert_eq!(first.authority, second.authority);
        }
    }

    #[test]
    fn no_bytes_make_the_parser_panic(input in proptest::collection::vec(0u8.., 0..200)) {
        let _ = read(&input);
    }
}
