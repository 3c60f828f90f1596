//! Heads and trailers: header blocks that obey RFC 9113 §8.

mod content_length;
mod reading;
mod target;
mod writing;

pub use content_length::ContentLength;
pub use reading::{request, response, skip, trailers};
pub use target::is_expressible;
pub use writing::{Carrier, RequestLine, write_request, write_response, write_trailers};

use bytes::Bytes;
use http::{Method, StatusCode};
use mesh_wire::vocabulary::limits;

use super::{Malformed, Violation};
use crate::fields::Fields;

/// What one head may cost. Cookie crumbs count like any other field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Names, values and 32 bytes more per field (RFC 9113 §6.5.2); what is announced as
    /// SETTINGS_MAX_HEADER_LIST_SIZE.
    pub list_size: u32,
    /// Fields, without pseudo fields.
    pub fields: u32,
    /// Bytes of one field's name.
    pub name: u32,
    /// Bytes of the compressed block. A longer one ends the connection: nobody decodes it.
    pub block: usize,
    /// CONTINUATION frames of one block. More end the connection.
    pub continuations: u32,
}

impl Limits {
    /// The limits that go with a SETTINGS_MAX_HEADER_LIST_SIZE.
    pub const fn with_list_size(list_size: u32) -> Self {
        let block = limits::HTTP2_HEADER_BLOCK_BYTES.size();
        let twice = (list_size as usize).saturating_mul(2);
        Self {
            list_size,
            fields: limits::HTTP2_FIELDS.number(),
            name: limits::HTTP2_FIELD_NAME_BYTES.number(),
            block: if block > twice { block } else { twice },
            continuations: limits::HTTP2_CONTINUATIONS.number(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::with_list_size(limits::HTTP2_HEADER_LIST_BYTES.number())
    }
}

/// Why a header block is no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The compression state is lost, and with it the connection.
    Connection(Violation),
    /// Only this message is lost; the compression state is in step.
    Message(Malformed),
}

impl From<Violation> for Refused {
    fn from(violation: Violation) -> Self {
        Self::Connection(violation)
    }
}

impl From<Malformed> for Refused {
    fn from(malformed: Malformed) -> Self {
        Self::Message(malformed)
    }
}

/// A request's head.
#[derive(Clone, Debug)]
pub struct RequestHead {
    pub method: Method,
    pub scheme: Scheme,
    /// `:authority`, or else `Host` (which is not among the fields); empty where the client named
    /// neither.
    pub authority: Bytes,
    /// Path and query, byte for byte; empty for a plain CONNECT.
    pub path: Bytes,
    /// `:protocol` of an extended CONNECT (RFC 8441).
    pub protocol: Option<Bytes>,
    pub fields: Fields,
    pub content_length: Option<u64>,
}

/// A target's scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
    /// Any other, which a proxy treats like `http`; also where CONNECT has none.
    Other,
}

/// A response's head.
#[derive(Clone, Debug)]
pub struct ResponseHead {
    pub status: StatusCode,
    pub fields: Fields,
    pub content_length: Option<u64>,
}

#[cfg(test)]
mod tests;
