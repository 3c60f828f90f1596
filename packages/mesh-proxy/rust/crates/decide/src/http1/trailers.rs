//! Trailer sections.

use bytes::Bytes;

use super::{MAX_TRAILER_FIELDS, Malformed};
use crate::fields::{Fields, Lines};

/// Parses a whole section with its blank line.
pub fn parse(section: Bytes) -> Result<Fields, Malformed> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_TRAILER_FIELDS];
    match httparse::parse_headers(&section, &mut headers) {
        Ok(httparse::Status::Complete((_, found))) => {
            Ok(Fields::Lines(Lines::parsed(section.clone(), found)))
        }
        Ok(httparse::Status::Partial) | Err(_) => Err(Malformed::Trailers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_fields_and_nothing_else() {
        let fields = parse(Bytes::from_static(b"Sum: 1\r\n\r\n")).unwrap();
        assert_eq!(
            fields.get(&http::HeaderName::from_static("sum")),
            Some(&b"1"[..])
        );
        for bad in [
            "nocolon\r\n\r\n",
            "a b: c\r\n\r\n",
            "a: b\0\r\n\r\n",
            "a: b\r\n c\r\n\r\n",
        ] {
            assert!(
                parse(Bytes::from_static(bad.as_bytes())).is_err(),
                "{bad:?}"
            );
        }
    }
}
