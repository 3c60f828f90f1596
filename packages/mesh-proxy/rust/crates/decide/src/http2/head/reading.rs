//! Header blocks become heads, in one pass and with two or three allocations.

use bytes::Bytes;
use http::{Method, StatusCode};

use super::target::Target;
use super::{Limits, Refused, RequestHead, ResponseHead};
use crate::fields::{Fields, Line, Lines, Range};
use crate::http1::framing::decimal;
use crate::http2::hpack::{Class, Decoder, Sink};
use crate::http2::names::Role;
use crate::http2::{Malformed, Violation};

/// Decodes the head of a request. `extended_connect`: whether this end announced
/// SETTINGS_ENABLE_CONNECT_PROTOCOL.
pub fn request(
    decoder: &mut Decoder,
    block: &[u8],
    limits: &Limits,
    extended_connect: bool,
) -> Result<RequestHead, Refused> {
    let mut parts = Parts::new(Kind::Request, limits, block.len());
    decoder.decode(block, &mut parts)?;
    parts.check()?;
    let method = parts.method.ok_or(Malformed::Incomplete)?;
    let method = Method::from_bytes(part(&parts.bytes, method)).map_err(|_| Malformed::Method)?;
    let text = |range: Option<Range>| range.map(|range| part(&parts.bytes, range));
    let target = Target {
        scheme: text(parts.scheme),
        authority: text(parts.authority),
        path: text(parts.path),
        protocol: text(parts.protocol),
        host: text(parts.host),
    };
    let scheme = target.judge(&method, extended_connect)?;
    let block = Bytes::from(parts.bytes);
    let slice =
        |range: Option<Range>| range.map(|(start, end)| block.slice(start as usize..end as usize));
    Ok(RequestHead {
        method,
        scheme,
        authority: slice(parts.authority.or(parts.host)).unwrap_or_default(),
        path: slice(parts.path).unwrap_or_default(),
        protocol: slice(parts.protocol),
        fields: Fields::Lines(Lines::assembled(
            block.clone(),
            parts.lines,
            parts.crumbs > 1,
        )),
        content_length: parts.content_length,
    })
}

/// Decodes the head of a response, interim ones (1xx) too.
pub fn response(
    decoder: &mut Decoder,
    block: &[u8],
    limits: &Limits,
) -> Result<ResponseHead, Refused> {
    let mut parts = Parts::new(Kind::Response, limits, block.len());
    decoder.decode(block, &mut parts)?;
    parts.check()?;
    let status = parts.status.ok_or(Malformed::Incomplete)?;
    let status = StatusCode::from_bytes(part(&parts.bytes, status));
    let content_length = parts.content_length;
    match status {
        // HTTP/2 has no 101 (RFC 9113 §8.6).
        Ok(status) if status != StatusCode::SWITCHING_PROTOCOLS => Ok(ResponseHead {
            status,
            fields: parts.fields(),
            content_length,
        }),
        _ => Err(Malformed::Status.into()),
    }
}

/// Decodes trailers: a head without pseudo fields.
pub fn trailers(decoder: &mut Decoder, block: &[u8], limits: &Limits) -> Result<Fields, Refused> {
    let mut parts = Parts::new(Kind::Trailers, limits, block.len());
    decoder.decode(block, &mut parts)?;
    parts.check()?;
    Ok(parts.fields())
}

/// Decodes a block whose message nobody wants any more, to keep the compression state in step
/// (RFC 9113 §4.3): of a refused stream, or of one that was reset.
pub fn skip(decoder: &mut Decoder, block: &[u8]) -> Result<(), Violation> {
    decoder.decode(block, &mut Nobody)
}

struct Nobody;

impl Sink for Nobody {
    fn field(&mut self, _: &[u8], _: &[u8], _: Class) {}
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Request,
    Response,
    Trailers,
}

/// A head while it is decoded. After the first fault nothing more is stored.
struct Parts<'a> {
    kind: Kind,
    limits: &'a Limits,
    /// Names and values, one behind the other.
    bytes: Vec<u8>,
    lines: Vec<Line>,
    method: Option<Range>,
    scheme: Option<Range>,
    authority: Option<Range>,
    path: Option<Range>,
    protocol: Option<Range>,
    status: Option<Range>,
    host: Option<Range>,
    content_length: Option<u64>,
    /// `Cookie` fields.
    crumbs: u32,
    /// In the sense of RFC 9113 §6.5.2.
    size: u32,
    /// Fields that are no pseudo fields.
    fields: u32,
    fault: Option<Malformed>,
}

/// What a field costs beside its name and value (RFC 9113 §6.5.2).
const OVERHEAD: u32 = 32;

/// Room for the fields of an ordinary head.
const LINES: usize = 24;

fn part(bytes: &[u8], (start, end): Range) -> &[u8] {
    &bytes[start as usize..end as usize]
}

impl<'a> Parts<'a> {
    fn new(kind: Kind, limits: &'a Limits, block: usize) -> Self {
        // Indexed fields make a head several times as long as its block.
        const FACTOR: usize = 4;
        const LEAST: usize = 512;
        const MOST: usize = 4096;
        Self {
            kind,
            limits,
            bytes: Vec::with_capacity((FACTOR * block).clamp(LEAST, MOST.max(block))),
            lines: Vec::with_capacity(LINES),
            method: None,
            scheme: None,
            authority: None,
            path: None,
            protocol: None,
            status: None,
            host: None,
            content_length: None,
            crumbs: 0,
            size: 0,
            fields: 0,
            fault: None,
        }
    }

    fn check(&self) -> Result<(), Malformed> {
        self.fault.map_or(Ok(()), Err)
    }

    fn fields(self) -> Fields {
        let block = Bytes::from(self.bytes);
        Fields::Lines(Lines::assembled(block, self.lines, self.crumbs > 1))
    }

    fn take(&mut self, name: &[u8], value: &[u8], class: Class) -> Result<(), Malformed> {
        let length = (name.len() + value.len()).try_into().unwrap_or(u32::MAX);
        self.size = self.size.saturating_add(OVERHEAD).saturating_add(length);
        if self.size > self.limits.list_size {
            return Err(Malformed::HeadTooLong);
        }
        if name.len() > self.limits.name as usize {
            return Err(Malformed::NameTooLong);
        }
        if !class.sound {
            return Err(Malformed::FieldValue);
        }
        let pseudo = match class.role {
            Role::Method => &mut self.method,
            Role::Scheme => &mut self.scheme,
            Role::Authority => &mut self.authority,
            Role::Path => &mut self.path,
            Role::Protocol => &mut self.protocol,
            Role::Status => &mut self.status,
            Role::UnknownPseudo => return Err(Malformed::PseudoField),
            role => return self.field(name, value, role),
        };
        let wanted = match self.kind {
            Kind::Request => class.role != Role::Status,
            Kind::Response => class.role == Role::Status,
            Kind::Trailers => false,
        };
        if self.fields > 0 || !wanted || pseudo.is_some() {
            return Err(Malformed::PseudoField);
        }
        *pseudo = Some(store(&mut self.bytes, value));
        Ok(())
    }

    /// An ordinary field.
    fn field(&mut self, name: &[u8], value: &[u8], role: Role) -> Result<(), Malformed> {
        self.fields += 1;
        if self.fields > self.limits.fields {
            return Err(Malformed::TooManyFields);
        }
        match role {
            Role::Invalid => return Err(Malformed::FieldName),
            Role::Connection => return Err(Malformed::ConnectionField),
            Role::Te if !value.eq_ignore_ascii_case(b"trailers") => {
                return Err(Malformed::ConnectionField);
            }
            Role::Host if self.kind == Kind::Request => {
                if self.host.is_some() {
                    return Err(Malformed::Host);
                }
                self.host = Some(store(&mut self.bytes, value));
                return Ok(());
            }
            Role::ContentLength => {
                let length = decimal(value).ok_or(Malformed::ContentLength)?;
                match self.content_length.replace(length) {
                    None => {}
                    // A server is trusted with this sloppiness, and its repetition ends here.
                    Some(same) if same == length && self.kind == Kind::Response => return Ok(()),
                    Some(_) => return Err(Malformed::ContentLength),
                }
            }
            Role::Cookie => self.crumbs += 1,
            _ => {}
        }
        let name = store(&mut self.bytes, name);
        let value = store(&mut self.bytes, value);
        self.lines.push(Line { name, value });
        Ok(())
    }
}

fn store(bytes: &mut Vec<u8>, part: &[u8]) -> Range {
    let start = bytes.len() as u32;
    bytes.extend_from_slice(part);
    (start, bytes.len() as u32)
}

impl Sink for Parts<'_> {
    fn field(&mut self, name: &[u8], value: &[u8], class: Class) {
        if self.fault.is_some() {
            return;
        }
        if let Err(fault) = self.take(name, value, class) {
            self.fault = Some(fault);
            self.bytes = Vec::new();
            self.lines = Vec::new();
        }
    }
}
