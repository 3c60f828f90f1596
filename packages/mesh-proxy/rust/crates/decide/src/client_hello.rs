//! Recognising a TLS ClientHello and the server name that it asks for.
//!
//! A hello may come in any number of TCP segments and of TLS records; with a post-quantum key share
//! it is larger than most first segments.

use std::borrow::Cow;

use mesh_wire::vocabulary::limits;

/// The longest hello that is looked into, over all its records.
pub const MAX_HELLO: usize = limits::DETECT_CLIENT_HELLO_BYTES.size();

/// A record of TLS carries at most this many bytes of plaintext (RFC 8446 §5.1).
const MAX_RECORD: usize = 1 << 14;
/// How much may be spent on record headers: a hello in tiny records is no honest one.
const MAX_RECORDS: usize = limits::DETECT_TLS_RECORDS.size();

const RECORD_HANDSHAKE: u8 = 22;
const MESSAGE_CLIENT_HELLO: u8 = 1;
const EXTENSION_SERVER_NAME: u16 = 0;
const NAME_HOST: u8 = 0;

/// What a connection's first bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hello {
    /// So far a ClientHello; more bytes are needed.
    NeedMore,
    /// Not the beginning of TLS.
    No,
    /// A ClientHello, with the server name it asks for.
    Yes(Option<Box<str>>),
}

/// Looks at the first bytes of a connection. Once the answer is not [`Hello::NeedMore`], more
/// bytes do not change it.
pub fn inspect(bytes: &[u8]) -> Hello {
    match Message::gather(bytes) {
        Err(NotTls) => Hello::No,
        Ok(Message::Partial) => Hello::NeedMore,
        Ok(Message::TooLong) => Hello::Yes(None),
        Ok(Message::Complete(body)) => match server_name(&body) {
            Some(name) => Hello::Yes(name.map(|name| name.to_ascii_lowercase().into())),
            None => Hello::No,
        },
    }
}

struct NotTls;

/// A handshake message, taken out of its records.
enum Message<'a> {
    Partial,
    /// A hello, but longer than anybody's.
    TooLong,
    /// Its body.
    Complete(Cow<'a, [u8]>),
}

impl<'a> Message<'a> {
    fn gather(mut bytes: &'a [u8]) -> Result<Self, NotTls> {
        let mut message = Cow::Borrowed(&[][..]);
        for _ in 0..MAX_RECORDS {
            let Some(record) = Record::read(bytes)? else {
                return Ok(Self::Partial);
            };
            if message.is_empty() {
                message = Cow::Borrowed(record.fragment);
            } else {
                message.to_mut().extend_from_slice(record.fragment);
            }
            if message[0] != MESSAGE_CLIENT_HELLO {
                return Err(NotTls);
            }
            if let Some(length) = message.get(1..4) {
                let end = 4
                    + usize::from(length[0]) * 65_536
                    + usize::from(u16::from_be_bytes([length[1], length[2]]));
                if end > MAX_HELLO {
                    return Ok(Self::TooLong);
                }
                if message.len() >= end {
                    return Ok(Self::Complete(body(message, end)));
                }
            }
            if !record.complete {
                return Ok(Self::Partial);
            }
            bytes = record.rest;
        }
        Ok(Self::TooLong)
    }
}

fn body(message: Cow<'_, [u8]>, end: usize) -> Cow<'_, [u8]> {
    match message {
        Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[4..end]),
        Cow::Owned(mut bytes) => {
            bytes.truncate(end);
            bytes.drain(..4);
            Cow::Owned(bytes)
        }
    }
}

/// The handshake record at the front of some bytes.
struct Record<'a> {
    /// Its content, as far as it is there; never empty.
    fragment: &'a [u8],
    complete: bool,
    rest: &'a [u8],
}

impl<'a> Record<'a> {
    /// None if not even one byte of the content is there.
    fn read(bytes: &'a [u8]) -> Result<Option<Self>, NotTls> {
        // Version 3.x; what x is says nothing (RFC 8446 §5.1), but no other version ever existed.
        let plausible = bytes
            .iter()
            .zip([RECORD_HANDSHAKE, 3])
            .all(|(is, want)| *is == want)
            && bytes.get(2).is_none_or(|minor| *minor <= 4);
        if !plausible {
            return Err(NotTls);
        }
        let Some((header, rest)) = bytes.split_first_chunk::<5>() else {
            return Ok(None);
        };
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        // Handshake records are never empty (RFC 8446 §5.1).
        if length == 0 || length > MAX_RECORD {
            return Err(NotTls);
        }
        if rest.is_empty() {
            return Ok(None);
        }
        let there = length.min(rest.len());
        let (fragment, rest) = rest.split_at(there);
        Ok(Some(Self {
            fragment,
            complete: there == length,
            rest,
        }))
    }
}

/// The host name in a ClientHello's body; the outer None if the body is malformed.
fn server_name(body: &[u8]) -> Option<Option<&str>> {
    let mut reader = Reader(body);
    reader.take(2 + 32)?; // version and random
    reader.vector8()?; // session
    reader.vector16()?; // cipher suites
    reader.vector8()?; // compression
    if reader.0.is_empty() {
        return Some(None);
    }
    let mut extensions = Reader(reader.vector16()?);
    while !extensions.0.is_empty() {
        let kind = extensions.u16()?;
        let content = extensions.vector16()?;
        if kind == EXTENSION_SERVER_NAME {
            return host(content);
        }
    }
    Some(None)
}

/// RFC 6066 §3. A name that is no host name counts as none.
fn host(content: &[u8]) -> Option<Option<&str>> {
    let mut names = Reader(Reader(content).vector16()?);
    while !names.0.is_empty() {
        let kind = names.take(1)?[0];
        let name = names.vector16()?;
        if kind == NAME_HOST {
            let name = std::str::from_utf8(name).ok();
            return Some(name.filter(|name| is_host(name)));
        }
    }
    Some(None)
}

/// Letters, digits, hyphens, underscores and dots, as in certificates' DNS names.
fn is_host(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.len() <= 253 && name.bytes().all(plain)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_be_bytes(*taken))
    }

    fn vector8(&mut self) -> Option<&'a [u8]> {
        let length = self.take(1)?[0];
        self.take(length.into())
    }

    fn vector16(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(length.into())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vector16(bytes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(bytes.len()).unwrap();
        [&length.to_be_bytes(), bytes].concat()
    }

    /// The body of a hello with the given extensions.
    fn message(extensions: &[u8]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.push(0);
        body.extend(vector16(&[0x13, 0x01]));
        body.extend([1, 0]);
        body.extend(vector16(extensions));
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[MESSAGE_CLIENT_HELLO], &length[1..], &body].concat()
    }

    fn server_name_extension(name: &[u8]) -> Vec<u8> {
        let entry = [&[NAME_HOST][..], &vector16(name)].concat();
        [&[0, 0][..], &vector16(&vector16(&entry))].concat()
    }

    fn records(message: &[u8], size: usize) -> Vec<u8> {
        let record = |part: &[u8]| [&[22, 3, 1][..], &vector16(part)].concat();
        message.chunks(size).flat_map(record).collect()
    }

    /// A hello for `name` behind `padding` bytes of another extension, in records of `size`.
    pub(crate) fn hello(name: &str, padding: usize, size: usize) -> Vec<u8> {
        let mut extensions = [&[0, 21][..], &vector16(&vec![0; padding])].concat();
        extensions.extend(server_name_extension(name.as_bytes()));
        records(&message(&extensions), size)
    }

    fn named(name: &str) -> Hello {
        Hello::Yes(Some(name.into()))
    }

    #[test]
    fn the_server_name_is_found_and_compared_in_lower_case() {
        assert_eq!(
            inspect(&hello("Web.Example", 0, 16_384)),
            named("web.example")
        );
    }

    #[test]
    fn a_hello_larger_than_a_segment_and_split_over_records_is_put_together() {
        assert_eq!(
            inspect(&hello("web.example", 1_500, 16_384)),
            named("web.example")
        );
        assert_eq!(
            inspect(&hello("web.example", 1_500, 100)),
            named("web.example")
        );
        assert_eq!(
            inspect(&hello("web.example", 0, 1_000)),
            named("web.example")
        );
    }

    #[test]
    fn a_hello_without_a_name_or_with_a_senseless_one_has_none() {
        assert_eq!(inspect(&records(&message(&[]), 16_384)), Hello::Yes(None));
        let odd = records(&message(&server_name_extension(b"a b")), 16_384);
        assert_eq!(inspect(&odd), Hello::Yes(None));
    }

    #[test]
    fn other_protocols_are_no_hello_from_the_first_byte_that_differs() {
        for bytes in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"\x16\x02",
            b"\x16\x03\x05",
            b"\x16\x03\x01\x00\x00",
            b"\x16\x03\x01\x40\x01",
            b"\x16\x03\x01\x00\x05\x02",
            b"\x17\x03\x03",
        ] {
            assert_eq!(inspect(bytes), Hello::No, "{bytes:?}");
        }
    }

    #[test]
    fn a_malformed_body_is_no_hello() {
        let mut bytes = hello("web.example", 0, 16_384);
        let session = 5 + 4 + 34;
        bytes[session] = 255;
        assert_eq!(inspect(&bytes), Hello::No);
    }

    #[test]
    fn an_endless_hello_is_not_waited_for() {
        let long = [22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff];
        assert_eq!(inspect(&long), Hello::Yes(None));
        let crumbs = records(&message(&[0; 1_000]), 1);
        assert_eq!(inspect(&crumbs), Hello::Yes(None));
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_answer_or_asks_for_more(
            padding in 0usize..3_000, size in 60usize..2_000, cut in 0usize..4_000
        ) {
            let bytes = hello("web.example", padding, size);
            let cut = cut.min(bytes.len());
            let expected = if cut == bytes.len() { named("web.example") } else { Hello::NeedMore };
            prop_assert_eq!(inspect(&bytes[..cut]), expected);
        }

        #[test]
        fn an_answer_stands_whatever_follows(
            mut bytes in prop::collection::vec(any::<u8>(), 0..200),
            tls in any::<bool>(),
        ) {
            if tls {
                bytes.splice(0..0, [22, 3, 1, 0, 100, 1, 0, 0, 90]);
            }
            let mut settled = Hello::NeedMore;
            for cut in 0..=bytes.len() {
                let answer = inspect(&bytes[..cut]);
                if settled != Hello::NeedMore {
                    prop_assert_eq!(&answer, &settled);
                }
                settled = answer;
            }
        }
    }
}
