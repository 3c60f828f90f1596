//! What a client speaks, judged by its first bytes.
//!
//! The answer does not depend on how the bytes are cut into segments: as long as they could still
//! become HTTP or TLS, more of them are waited for. A short first segment is never taken for an
//! opaque protocol.

use mesh_wire::vocabulary::limits;

use crate::client_hello::{self, Hello};

/// Enough for a decision: a longer first line is HTTP's to refuse.
pub const MAX_PREFIX: usize = limits::DETECT_FIRST_LINE_BYTES.size();

const PREFACE: &[u8] = b"PRI * HTTP/2.0";
/// The longest method in use has 17 letters; a longer word is another protocol.
const MAX_METHOD: usize = limits::DETECT_METHOD_BYTES.size();
/// Empty lines before a request that are waited through (RFC 9112 §2.2 asks for at least one).
const MAX_EMPTY_LINES: usize = limits::DETECT_EMPTY_LINES.size();
/// The methods of which, and of a space, the beginning of a request is believed when no more comes.
const METHODS: [&[u8]; 9] = [
    b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH",
];

/// A protocol that first bytes can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    Http1,
    Http2,
    /// TLS, with the server name that the client asks for.
    Tls(Option<Box<str>>),
    /// Anything else.
    Opaque,
}

impl Protocol {
    /// The value of the label `protocol`.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Http1 => "http/1",
            Self::Http2 => "http/2",
            Self::Tls(_) => "tls",
            Self::Opaque => "opaq",
        }
    }
}

/// Judges the first bytes; None if more are needed. Once there is an answer, more bytes do not
/// change it.
pub fn detect(bytes: &[u8]) -> Option<Protocol> {
    match client_hello::inspect(bytes) {
        Hello::Yes(name) => Some(Protocol::Tls(name)),
        Hello::NeedMore => None,
        Hello::No => detect_http(bytes),
    }
}

/// As [`detect`], where TLS counts as opaque: on a connection whose TLS ends here.
pub fn detect_http(bytes: &[u8]) -> Option<Protocol> {
    let preface = bytes.len().min(PREFACE.len());
    if bytes[..preface] == PREFACE[..preface] {
        return (preface == PREFACE.len()).then_some(Protocol::Http2);
    }
    match request_line(bytes) {
        Line::Open if bytes.len() >= MAX_PREFIX => Some(Protocol::Http1),
        Line::Open => None,
        Line::Request => Some(Protocol::Http1),
        Line::Other => Some(Protocol::Opaque),
    }
}

/// As [`detect`], where only TLS is of interest: on ports whose protocol is declared.
pub fn detect_tls(bytes: &[u8]) -> Option<Protocol> {
    match client_hello::inspect(bytes) {
        Hello::NeedMore => None,
        Hello::Yes(name) => Some(Protocol::Tls(name)),
        Hello::No => Some(Protocol::Opaque),
    }
}

/// The answer when the client sends no more: its time is up, or it has closed its side.
///
/// What has begun like a request of a well-known method stays HTTP, so that a slow client cannot
/// slip a request past the HTTP policy as opaque bytes.
pub fn settle(bytes: &[u8]) -> Protocol {
    if let Some(protocol) = detect(bytes) {
        return protocol;
    }
    let line = skip_empty_lines(bytes).unwrap_or_default();
    let method = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    if method.len() < line.len() && METHODS.contains(&method) {
        Protocol::Http1
    } else {
        Protocol::Opaque
    }
}

enum Line {
    /// It could become a request.
    Open,
    /// A request, well-formed or not: the HTTP parser says.
    Request,
    Other,
}

/// Judges `METHOD SP TARGET SP HTTP/x.y`.
///
/// A line that begins with a method and ends like that is a request even if the middle is wrong:
/// as opaque bytes it would reach a lenient server without having been judged.
fn request_line(bytes: &[u8]) -> Line {
    let Some(line) = skip_empty_lines(bytes) else {
        return Line::Other;
    };
    let method = line.iter().take_while(|byte| is_token(**byte)).count();
    if method > MAX_METHOD {
        return Line::Other;
    }
    let Some(after) = line.get(method) else {
        return Line::Open;
    };
    if method == 0 || *after != b' ' {
        return Line::Other;
    }
    let rest = &line[method + 1..];
    match rest.iter().position(|byte| *byte == b'\n') {
        Some(end) if ends_with_version(&rest[..end]) => Line::Request,
        Some(_) => Line::Other,
        None if rest.iter().all(|byte| is_text(*byte)) => Line::Open,
        None => Line::Other,
    }
}

/// What follows empty lines; None if there are too many of them or a stray CR.
fn skip_empty_lines(mut bytes: &[u8]) -> Option<&[u8]> {
    for _ in 0..=MAX_EMPTY_LINES {
        bytes = match bytes {
            [b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..] => rest,
            [b'\r'] => return Some(&[]),
            [b'\r', ..] => return None,
            _ => return Some(bytes),
        };
    }
    None
}

fn ends_with_version(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let Some((before, version)) = line.split_last_chunk::<8>() else {
        return false;
    };
    let [name @ .., major, b'.', minor] = version else {
        return false;
    };
    name == b"HTTP/"
        && major.is_ascii_digit()
        && minor.is_ascii_digit()
        && before.iter().all(|byte| is_text(*byte))
}

/// A character of a method (RFC 9110 §5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Anything that a careless client might put into a request line; no control characters.
fn is_text(byte: u8) -> bool {
    byte >= b' ' && byte != 0x7f || byte == b'\t' || byte == b'\r'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_hello::tests::hello;
    use proptest::prelude::*;

    #[test]
    fn requests_are_http_as_soon_as_their_first_line_is_whole() {
        for line in [
            "GET / HTTP/1.1\r\n",
            "GET / HTTP/1.0\n",
            "VERSION-CONTROL /x HTTP/1.1\r\n",
            "M-SEARCH * HTTP/1.1\r\n",
            "\r\nPOST /caf\u{e9} HTTP/1.1\r\n",
            "CONNECT a:1 HTTP/1.1\r\n",
        ] {
            assert_eq!(detect(line.as_bytes()), Some(Protocol::Http1), "{line:?}");
        }
        assert_eq!(
            detect(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            Some(Protocol::Http2)
        );
    }

    #[test]
    fn a_malformed_request_is_http_too_because_only_there_it_is_refused() {
        for line in [
            "GET  / HTTP/1.1\r\n",
            "GET / x HTTP/1.1\r\n",
            "GET /\tHTTP/1.1\r\n",
            "GET / HTTP/9.9\r\n",
        ] {
            assert_eq!(detect(line.as_bytes()), Some(Protocol::Http1), "{line:?}");
        }
    }

    #[test]
    fn other_protocols_are_opaque_at_once() {
        for bytes in [
            &b"*1\r\n$4\r\nPING\r\n"[..],        // redis
            b"PING\r\n",                         // redis inline, NATS
            b"set key 0 0 5\r\n",                // memcached
            b"\x00\x00\x00\x08\x04\xd2\x16\x2f", // PostgreSQL
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n",
            b"GET /index.html\r\n", // HTTP/0.9
            b"EHLO mail.example\r\n",
            b"\x05\x01\x00",                    // SOCKS
            b"CONNECT {\"verbose\":false}\r\n", // NATS
            b"{\"method\": \"login\"}\n",
        ] {
            assert_eq!(detect(bytes), Some(Protocol::Opaque), "{bytes:?}");
        }
    }

    #[test]
    fn a_client_that_falls_silent_in_a_request_speaks_http_and_in_other_text_does_not() {
        for bytes in ["GET ", "POST /a", "\r\nDELETE /x HTTP/"] {
            assert_eq!(settle(bytes.as_bytes()), Protocol::Http1, "{bytes:?}");
        }
        for bytes in ["", "G", "GET", "HELLO ", "PRI * H", "\r\n"] {
            assert_eq!(settle(bytes.as_bytes()), Protocol::Opaque, "{bytes:?}");
        }
    }

    #[test]
    fn a_request_line_without_end_is_left_to_http() {
        let mut line = b"GET /".to_vec();
        line.resize(MAX_PREFIX - 1, b'a');
        assert_eq!(detect(&line), None);
        line.push(b'a');
        assert_eq!(detect(&line), Some(Protocol::Http1));
    }

    #[test]
    fn tls_shows_its_name_and_is_opaque_inside_tls() {
        let bytes = hello("web.example", 1_200, 700);
        assert_eq!(
            detect(&bytes),
            Some(Protocol::Tls(Some("web.example".into())))
        );
        assert_eq!(detect_http(&bytes), Some(Protocol::Opaque));
    }

    fn first_bytes() -> impl Strategy<Value = Vec<u8>> {
        let known = prop::sample::select(vec![
            b"GET / HTTP/1.1\r\n".to_vec(),
            b"\r\n\r\nGET / HTTP/1.1\r\n".to_vec(),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            b"PRIVMSG #a :HTTP/2.0\r\n".to_vec(),
            b"SET key HTTP/1.1 value\r\n".to_vec(),
            hello("web.example", 30, 60),
        ]);
        let tail = prop::collection::vec(any::<u8>(), 0..40);
        let text = "[A-Z]{0,6}[ -~\r\n]{0,40}".prop_map(String::into_bytes);
        prop_oneof![
            (known, tail).prop_map(|(head, tail)| [head, tail].concat()),
            text,
            prop::collection::vec(any::<u8>(), 0..100),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_first_answer_stands_however_the_bytes_are_cut(bytes in first_bytes()) {
            for look in [detect, detect_http, detect_tls] {
                let mut settled = None;
                for cut in 0..=bytes.len() {
                    let answer = look(&bytes[..cut]);
                    if settled.is_some() {
                        prop_assert_eq!(&answer, &settled);
                    }
                    settled = answer;
                }
            }
        }

        #[test]
        fn no_prefix_of_a_request_is_opaque(
            method in "[A-Z]{1,10}", target in "/[!-~]{0,40}", cut in 0usize..60
        ) {
            let line = format!("{method} {target} HTTP/1.1\r\n");
            let answer = detect(&line.as_bytes()[..cut.min(line.len())]);
            prop_assert_ne!(answer, Some(Protocol::Opaque));
        }
    }
}
