//! Response heads.

use std::mem::MaybeUninit;

use bytes::{Bytes, BytesMut};
use http::StatusCode;

use super::request::Connection;
use super::{MAX_FIELDS, Malformed, Version, fault};
use crate::fields::{Fields, Lines};

/// A response head, taken apart.
#[derive(Clone, Debug)]
pub struct Head {
    pub status: StatusCode,
    /// The reason phrase, as it came.
    pub phrase: Bytes,
    pub version: Version,
    pub fields: Fields,
    /// Whether the server leaves the connection open for another request.
    pub keep_alive: bool,
}

/// Parses a whole head: everything up to and with the blank line.
pub fn parse(block: Bytes) -> Result<Head, Malformed> {
    let mut slots = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut parsed = httparse::Response::new(&mut []);
    let mut config = httparse::ParserConfig::default();
    // RFC 9112 §5.1: a proxy removes white space before the colon of a response's field.
    config.allow_spaces_after_header_name_in_responses(true);
    match config.parse_response_with_uninit_headers(&mut parsed, &block, &mut slots) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(Malformed::StartLine),
        Err(error) => return Err(fault(error)),
    }
    let version = Version::from_minor(parsed.version)?;
    let status = parsed
        .code
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or(Malformed::StartLine)?;
    let phrase = match parsed.reason {
        None | Some("") => Bytes::new(),
        Some(phrase) => block.slice_ref(phrase.as_bytes()),
    };
    let fields = Fields::Lines(Lines::parsed(block.clone(), parsed.headers));
    let mut connection = Connection::default();
    connection.read(&fields);
    Ok(Head {
        status,
        phrase,
        version,
        keep_alive: !connection.close && (version == Version::Http11 || connection.keep_alive),
        fields,
    })
}

/// Writes a status line. Without a phrase of its own a known status gets the usual one.
pub fn write_line(out: &mut BytesMut, status: StatusCode, phrase: &[u8]) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.extend_from_slice(b" ");
    if phrase.is_empty() {
        let usual = status.canonical_reason().unwrap_or_default();
        out.extend_from_slice(usual.as_bytes());
    } else {
        out.extend_from_slice(phrase);
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::SERVER;

    fn parsed(block: &'static str) -> Result<Head, Malformed> {
        parse(Bytes::from_static(block.as_bytes()))
    }

    #[test]
    fn a_head_is_taken_apart() {
        let head = parsed("HTTP/1.1 404 Not Here\r\nServer: x\r\n\r\n").unwrap();
        assert_eq!(head.status, 404);
        assert_eq!(&head.phrase[..], b"Not Here");
        assert_eq!(head.fields.get(&SERVER), Some(&b"x"[..]));
        assert!(head.keep_alive);
    }

    #[test]
    fn connection_close_is_heard_in_both_versions() {
        assert!(
            !parsed("HTTP/1.1 200 OK\r\nConnection: Close\r\n\r\n")
                .unwrap()
                .keep_alive
        );
        assert!(!parsed("HTTP/1.0 200 OK\r\n\r\n").unwrap().keep_alive);
        assert!(
            parsed("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n")
                .unwrap()
                .keep_alive
        );
    }

    #[test]
    fn old_servers_are_understood() {
        assert_eq!(parsed("HTTP/1.0 200\n\n").unwrap().status, 200);
        let spaced = parsed("HTTP/1.1 200 OK\r\nServer : x\r\n\r\n").unwrap();
        assert_eq!(spaced.fields.get(&SERVER), Some(&b"x"[..]));
    }

    #[test]
    fn what_is_no_response_is_refused() {
        for block in [
            "HTTP/1.1 99 OK\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/2.0 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n",
            "220 mail.example ESMTP\r\n\r\n",
        ] {
            assert!(parsed(block).is_err(), "{block:?}");
        }
    }

    #[test]
    fn a_known_status_without_phrase_gets_its_usual_one() {
        let mut out = BytesMut::new();
        write_line(&mut out, StatusCode::NOT_FOUND, b"");
        write_line(&mut out, StatusCode::OK, b"Fine");
        assert_eq!(out, "HTTP/1.1 404 Not Found\r\nHTTP/1.1 200 Fine\r\n");
    }
}
