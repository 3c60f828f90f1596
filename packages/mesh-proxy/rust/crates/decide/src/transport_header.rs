//! The header that opens a connection between proxies: which port is meant, and what it speaks.
//!
//! On the wire: an ASCII preface, a 32-bit big-endian length, and a protobuf message.

use std::fmt;
use std::num::NonZeroU16;

use bytes::{BufMut, Bytes, BytesMut};
use mesh_wire::transport_header as wire;
use mesh_wire::vocabulary::limits;
use mesh_wire::vocabulary::refusals;
use prost::Message;

/// What every header begins with.
pub const PREFACE: &[u8] = b"transport.l5d.io/v1\r\n\r\n";

/// The longest message that is read: a port and a DNS name need less than 300 bytes.
pub const MAX_MESSAGE: usize = limits::TRANSPORT_HEADER_BYTES.size();

/// Preface and length.
const FIXED: usize = PREFACE.len() + 4;

/// The longest header.
pub const MAX_LENGTH: usize = FIXED + MAX_MESSAGE;

/// What is spoken on the connection after its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Session {
    /// Any bytes.
    Opaque,
    Http1,
    Http2,
}

/// A transport header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The port that the client means.
    pub port: NonZeroU16,
    /// The host that a gateway shall reach; None on ordinary connections.
    pub name: Option<String>,
    pub session: Session,
    /// How many gateways have passed the connection on.
    pub gateways: u32,
}

/// Why bytes are not a transport header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// They do not begin with the preface.
    Preface,
    /// The message would be longer than [`MAX_MESSAGE`].
    Length(u32),
    /// The message is not the protobuf that it should be.
    Message,
    /// The port is not one of 1 to 65535.
    Port(i32),
}

impl Malformed {
    /// One word for metrics and logs.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Preface => refusals::NO_PREFACE.name,
            Self::Length(_) => refusals::TOO_LONG.name,
            Self::Message => refusals::NOT_PROTOBUF.name,
            Self::Port(_) => refusals::BAD_PORT.name,
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preface => formatter.write_str("the connection does not begin with the preface"),
            Self::Length(length) => {
                write!(
                    formatter,
                    "its length is {length}, the limit is {MAX_MESSAGE}"
                )
            }
            Self::Message => formatter.write_str("its message cannot be decoded"),
            Self::Port(port) => write!(formatter, "its port is {port}"),
        }
    }
}

impl std::error::Error for Malformed {}

impl Header {
    /// The header as it goes on the wire.
    pub fn encode(&self) -> Bytes {
        let message = wire::Header {
            port: self.port.get().into(),
            name: self.name.clone().unwrap_or_default(),
            session_protocol: kind(self.session)
                .map(|kind| wire::SessionProtocol { kind: Some(kind) }),
            mesh_gateways: self.gateways,
        };
        let length = message.encoded_len();
        let mut out = BytesMut::with_capacity(FIXED + length);
        out.put_slice(PREFACE);
        out.put_u32(u32::try_from(length).expect("a name is far shorter than 4 GiB"));
        message
            .encode(&mut out)
            .expect("the buffer grows as it needs to");
        out.freeze()
    }

    /// Reads a header off the front of `bytes` and says how long it is; None if bytes are missing.
    ///
    /// # Errors
    /// As soon as the bytes cannot become a header any more.
    pub fn decode(bytes: &[u8]) -> Result<Option<(Self, usize)>, Malformed> {
        let compared = bytes.len().min(PREFACE.len());
        if bytes[..compared] != PREFACE[..compared] {
            return Err(Malformed::Preface);
        }
        let Some((length, rest)) = bytes
            .get(PREFACE.len()..)
            .and_then(|rest| rest.split_first_chunk())
        else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*length);
        if length as usize > MAX_MESSAGE {
            return Err(Malformed::Length(length));
        }
        let Some(message) = rest.get(..length as usize) else {
            return Ok(None);
        };
        let header = Self::from_message(message)?;
        Ok(Some((header, FIXED + message.len())))
    }

    fn from_message(message: &[u8]) -> Result<Self, Malformed> {
        let message = wire::Header::decode(message).map_err(|_| Malformed::Message)?;
        let port = u16::try_from(message.port)
            .ok()
            .and_then(NonZeroU16::new)
            .ok_or(Malformed::Port(message.port))?;
        Ok(Self {
            port,
            name: (!message.name.is_empty()).then_some(message.name),
            session: session(message.session_protocol),
            gateways: message.mesh_gateways,
        })
    }
}

fn kind(session: Session) -> Option<wire::session_protocol::Kind> {
    use wire::session_protocol::{Http1, Http2, Kind};
    match session {
        Session::Opaque => None,
        Session::Http1 => Some(Kind::Http1(Http1 {})),
        Session::Http2 => Some(Kind::Http2(Http2 {})),
    }
}

/// A session protocol that this version does not know is carried as bytes.
fn session(protocol: Option<wire::SessionProtocol>) -> Session {
    use wire::session_protocol::Kind;
    match protocol.and_then(|protocol| protocol.kind) {
        None => Session::Opaque,
        Some(Kind::Http1(_)) => Session::Http1,
        Some(Kind::Http2(_)) => Session::Http2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn raw(length: u32, message: &[u8]) -> Vec<u8> {
        [PREFACE, &length.to_be_bytes(), message].concat()
    }

    fn header(port: u16, name: Option<&str>, session: Session) -> Header {
        Header {
            port: NonZeroU16::new(port).unwrap(),
            name: name.map(str::to_owned),
            session,
            gateways: 0,
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_wire_convention() {
        assert_eq!(
            header(8080, None, Session::Opaque).encode(),
            raw(3, b"\x08\x90\x3f")
        );
        assert_eq!(
            header(80, Some("web"), Session::Http2).encode(),
            raw(11, b"\x08\x50\x12\x03web\x1a\x02\x12\x00")
        );
        assert_eq!(
            header(80, None, Session::Http1).encode(),
            raw(6, b"\x08\x50\x1a\x02\x0a\x00")
        );
    }

    #[test]
    fn fault_09_garbage_is_refused_as_soon_as_it_shows() {
        assert_eq!(Header::decode(b"G"), Err(Malformed::Preface));
        assert_eq!(
            Header::decode(b"transport.l5d.io/v2"),
            Err(Malformed::Preface)
        );
        assert_eq!(
            Header::decode(&raw(1_025, b"")),
            Err(Malformed::Length(1_025))
        );
        assert_eq!(
            Header::decode(&raw(u32::MAX, b"")),
            Err(Malformed::Length(u32::MAX))
        );
        assert_eq!(
            Header::decode(&raw(2, b"\xff\xff")),
            Err(Malformed::Message)
        );
        assert_eq!(Header::decode(&raw(0, b"")), Err(Malformed::Port(0)));
        assert_eq!(
            Header::decode(&raw(4, b"\x08\x80\x80\x04")),
            Err(Malformed::Port(65_536))
        );
    }

    #[test]
    fn an_unknown_session_protocol_is_carried_as_bytes() {
        let message = raw(6, b"\x08\x50\x1a\x02\x7a\x00");
        let (header, length) = Header::decode(&message).unwrap().unwrap();
        assert_eq!((header.session, length), (Session::Opaque, message.len()));
    }

    fn headers() -> impl Strategy<Value = Header> {
        let session = prop_oneof![
            Just(Session::Opaque),
            Just(Session::Http1),
            Just(Session::Http2)
        ];
        let name = prop::option::of("[a-z.]{1,200}");
        (1..=u16::MAX, name, session, any::<u32>()).prop_map(|(port, name, session, gateways)| {
            Header {
                gateways,
                ..header(port, name.as_deref(), session)
            }
        })
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded_and_nothing_behind_it(
            header in headers(), behind in prop::collection::vec(any::<u8>(), 0..50)
        ) {
            let mut bytes = header.encode().to_vec();
            let length = bytes.len();
            for cut in 0..length {
                prop_assert_eq!(Header::decode(&bytes[..cut]), Ok(None));
            }
            bytes.extend(behind);
            prop_assert_eq!(Header::decode(&bytes), Ok(Some((header, length))));
        }

        #[test]
        fn any_bytes_after_the_preface_are_survived(
            length in 0u32..1_200, message in prop::collection::vec(any::<u8>(), 0..1_200)
        ) {
            let bytes = raw(length, &message);
            if let Ok(Some((_, used))) = Header::decode(&bytes) {
                prop_assert_eq!(used, FIXED + length as usize);
            }
        }
    }
}
