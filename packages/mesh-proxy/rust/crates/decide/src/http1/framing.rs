//! How long a message's content is (RFC 9112 §6).

use http::Method;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};

use super::{Malformed, Version};
use crate::case;
use crate::fields::Fields;

/// How the end of a message's content is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is no content.
    None,
    Length(u64),
    Chunked,
    /// The content ends with the connection; responses only.
    UntilClose,
}

/// What a message's fields say about its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    length: Length,
    transfer: Transfer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Absent,
    Given(u64),
    /// Several fields that agree.
    Repeated(u64),
    Bad,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transfer {
    Absent,
    Chunked,
    /// Another coding, several, or more than one field.
    Other,
}

impl Lengths {
    /// Reads `Content-Length` and `Transfer-Encoding`.
    pub fn of(fields: &Fields) -> Self {
        let (mut length, mut transfer) = (Length::Absent, Transfer::Absent);
        fields.for_each(|name, value| {
            if is(name, &CONTENT_LENGTH) {
                length = length.and(decimal(value));
            } else if is(name, &TRANSFER_ENCODING) {
                transfer = match transfer {
                    Transfer::Absent if value.eq_ignore_ascii_case(b"chunked") => Transfer::Chunked,
                    _ => Transfer::Other,
                };
            }
        });
        Self { length, transfer }
    }

    /// The framing of a request. Whatever two servers could read differently is refused.
    pub fn request(self, version: Version, method: &Method) -> Result<Framing, Malformed> {
        let framing = match (self.transfer, self.length) {
            (Transfer::Absent, Length::Absent) => Framing::None,
            (Transfer::Absent, Length::Given(0)) => Framing::None,
            (Transfer::Absent, Length::Given(length)) => Framing::Length(length),
            (Transfer::Absent, _) => return Err(Malformed::ContentLength),
            (Transfer::Chunked, Length::Absent) if version == Version::Http11 => Framing::Chunked,
            (_, Length::Absent) => return Err(Malformed::TransferEncoding),
            _ => return Err(Malformed::TwoLengths),
        };
        // Nothing says what the content of a CONNECT would mean (RFC 9110 §9.3.6); a server may
        // take it for the tunnel's first bytes.
        if *method == Method::CONNECT && framing != Framing::None {
            return Err(Malformed::UnexpectedContent);
        }
        Ok(framing)
    }

    /// The framing of a final response to a request with `method`; tunnels are the caller's.
    ///
    /// Servers are trusted with one sloppiness each: equal repeated lengths count once, and
    /// `Transfer-Encoding` wins over `Content-Length` (RFC 9112 §6.3) but the connection is then
    /// not used again; `reusable` says so.
    pub fn response(
        self,
        version: Version,
        method: &Method,
        status: u16,
    ) -> Result<Response, Malformed> {
        if *method == Method::HEAD || has_no_content(status) {
            return Ok(Response::reusable(Framing::None));
        }
        match (self.transfer, self.length) {
            (Transfer::Other, _) => Err(Malformed::TransferEncoding),
            (Transfer::Chunked, _) if version == Version::Http10 => {
                Err(Malformed::TransferEncoding)
            }
            (Transfer::Chunked, Length::Absent) => Ok(Response::reusable(Framing::Chunked)),
            (Transfer::Chunked, _) => Ok(Response {
                framing: Framing::Chunked,
                reusable: false,
            }),
            (Transfer::Absent, Length::Bad) => Err(Malformed::ContentLength),
            (Transfer::Absent, Length::Given(0) | Length::Repeated(0)) => {
                Ok(Response::reusable(Framing::None))
            }
            (Transfer::Absent, Length::Given(length) | Length::Repeated(length)) => {
                Ok(Response::reusable(Framing::Length(length)))
            }
            (Transfer::Absent, Length::Absent) => Ok(Response {
                framing: Framing::UntilClose,
                reusable: false,
            }),
        }
    }
}

/// A response's framing, and whether the connection can serve another request after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    pub framing: Framing,
    pub reusable: bool,
}

impl Response {
    fn reusable(framing: Framing) -> Self {
        Self {
            framing,
            reusable: true,
        }
    }
}

/// Whether responses with this status never have content, whatever their fields say.
pub fn has_no_content(status: u16) -> bool {
    matches!(status, 100..=199 | 204 | 304)
}

impl Length {
    fn and(self, more: Option<u64>) -> Self {
        match (self, more) {
            (Self::Absent, Some(length)) => Self::Given(length),
            (Self::Given(length) | Self::Repeated(length), Some(more)) if length == more => {
                Self::Repeated(length)
            }
            _ => Self::Bad,
        }
    }
}

fn is(name: &[u8], wanted: &http::HeaderName) -> bool {
    case::same(name, wanted.as_str().as_bytes())
}

/// A decimal number without sign, white space, leading zeros or overflow.
pub(crate) fn decimal(value: &[u8]) -> Option<u64> {
    if value.len() > 1 && value[0] == b'0' || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut digits = value.iter().map(|digit| u64::from(digit - b'0'));
    let first = digits.next()?;
    digits.try_fold(first, |number, digit| {
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{HeaderMap, HeaderName, HeaderValue};

    fn lengths(fields: &[(&'static str, &'static str)]) -> Lengths {
        let mut all = Fields::Map(HeaderMap::new());
        for (name, value) in fields {
            all.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        Lengths::of(&all)
    }

    const CL: &str = "content-length";
    const TE: &str = "transfer-encoding";

    fn request(fields: &[(&'static str, &'static str)]) -> Result<Framing, Malformed> {
        lengths(fields).request(Version::Http11, &Method::POST)
    }

    fn response(
        fields: &[(&'static str, &'static str)],
        status: u16,
    ) -> Result<(Framing, bool), Malformed> {
        lengths(fields)
            .response(Version::Http11, &Method::GET, status)
            .map(|response| (response.framing, response.reusable))
    }

    #[test]
    fn one_clear_length_is_taken() {
        assert_eq!(request(&[]), Ok(Framing::None));
        assert_eq!(request(&[(CL, "0")]), Ok(Framing::None));
        assert_eq!(request(&[(CL, "5")]), Ok(Framing::Length(5)));
        assert_eq!(request(&[(TE, "Chunked")]), Ok(Framing::Chunked));
        assert_eq!(
            request(&[(CL, "18446744073709551615")]),
            Ok(Framing::Length(u64::MAX))
        );
    }

    #[test]
    fn fault_13_a_request_with_two_readings_is_refused() {
        for value in [
            "+5",
            "-5",
            "0x5",
            "5 ,5",
            "5,5",
            "05",
            "00",
            "",
            "5 5",
            "18446744073709551616",
        ] {
            assert_eq!(
                request(&[(CL, value)]),
                Err(Malformed::ContentLength),
                "{value:?}"
            );
        }
        assert_eq!(
            request(&[(CL, "5"), (CL, "5")]),
            Err(Malformed::ContentLength)
        );
        assert_eq!(
            request(&[(CL, "5"), (CL, "6")]),
            Err(Malformed::ContentLength)
        );
        assert_eq!(
            request(&[(CL, "5"), (TE, "chunked")]),
            Err(Malformed::TwoLengths)
        );
        for value in [
            "xchunked",
            "chunked, identity",
            "identity",
            "gzip, chunked",
            "chunked;a=b",
            "",
        ] {
            assert_eq!(
                request(&[(TE, value)]),
                Err(Malformed::TransferEncoding),
                "{value:?}"
            );
        }
        assert_eq!(
            request(&[(TE, "chunked"), (TE, "chunked")]),
            Err(Malformed::TransferEncoding)
        );
        assert_eq!(
            lengths(&[(TE, "chunked")]).request(Version::Http10, &Method::POST),
            Err(Malformed::TransferEncoding)
        );
    }

    #[test]
    fn fault_17_statuses_and_methods_without_content() {
        assert_eq!(response(&[(CL, "5")], 204), Ok((Framing::None, true)));
        assert_eq!(response(&[(TE, "chunked")], 304), Ok((Framing::None, true)));
        let head = lengths(&[(CL, "5")]).response(Version::Http11, &Method::HEAD, 200);
        assert_eq!(head, Ok(Response::reusable(Framing::None)));
        let connect = lengths(&[(CL, "5")]).request(Version::Http11, &Method::CONNECT);
        assert_eq!(connect, Err(Malformed::UnexpectedContent));
    }

    #[test]
    fn a_response_without_length_ends_with_its_connection() {
        assert_eq!(response(&[], 200), Ok((Framing::UntilClose, false)));
        assert_eq!(response(&[(CL, "0")], 200), Ok((Framing::None, true)));
    }

    #[test]
    fn a_sloppy_response_is_read_in_the_one_way_the_rfc_gives() {
        assert_eq!(
            response(&[(CL, "5"), (CL, "5")], 200),
            Ok((Framing::Length(5), true))
        );
        assert_eq!(
            response(&[(CL, "5"), (CL, "6")], 200),
            Err(Malformed::ContentLength)
        );
        let both = [(CL, "5"), (TE, "chunked")];
        assert_eq!(response(&both, 200), Ok((Framing::Chunked, false)));
        assert_eq!(
            response(&[(TE, "gzip")], 200),
            Err(Malformed::TransferEncoding)
        );
    }
}
