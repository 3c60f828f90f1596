//! Heads and trailers: header blocks that obey RFC 9113 §8.

use bytes::Bytes;
use http::{Method, StatusCode};

use super::hpack::{Decoder, Encoder};
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

impl Default for Limits {
    fn default() -> Self {
        Self {
            list_size: 128 * 1024,
            fields: 128,
            name: 1024,
            block: 256 * 1024,
            continuations: 32,
        }
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

/// Decodes the head of a request. `extended_connect`: whether this end announced
/// SETTINGS_ENABLE_CONNECT_PROTOCOL.
pub fn request(
    decoder: &mut Decoder,
    block: &[u8],
    limits: &Limits,
    extended_connect: bool,
) -> Result<RequestHead, Refused> {
    todo!()
}

/// Decodes the head of a response, interim ones (1xx) too.
pub fn response(
    decoder: &mut Decoder,
    block: &[u8],
    limits: &Limits,
) -> Result<ResponseHead, Refused> {
    todo!()
}

/// Decodes trailers: a head without pseudo fields.
pub fn trailers(decoder: &mut Decoder, block: &[u8], limits: &Limits) -> Result<Fields, Refused> {
    todo!()
}

/// Decodes a block whose message nobody wants any more, to keep the compression state in step
/// (RFC 9113 §4.3): of a refused stream, or of one that was reset.
pub fn skip(decoder: &mut Decoder, block: &[u8]) -> Result<(), Violation> {
    todo!()
}

/// What a request to be written says before its fields.
#[derive(Clone, Copy, Debug)]
pub struct RequestLine<'a> {
    pub method: &'a Method,
    pub scheme: Scheme,
    /// Left out if empty.
    pub authority: &'a [u8],
    /// Empty for a plain CONNECT, which then has neither scheme nor path.
    pub path: &'a [u8],
    /// Of an extended CONNECT.
    pub protocol: Option<&'a [u8]>,
}

/// The frames that carry a head.
#[derive(Clone, Copy, Debug)]
pub struct Carrier {
    pub stream: u32,
    pub end_stream: bool,
    /// The peer's SETTINGS_MAX_FRAME_SIZE.
    pub max_frame_size: u32,
}

/// Writes a request's head as HEADERS and CONTINUATION frames. Names become lower case; `Host` and what
/// concerns one HTTP/1 connection (RFC 9113 §8.2.2) are left out.
pub fn write_request(
    out: &mut Vec<u8>,
    encoder: &mut Encoder,
    carrier: Carrier,
    line: &RequestLine<'_>,
    fields: &Fields,
) {
    todo!()
}

/// Writes a response's head, as [`write_request`] does.
pub fn write_response(
    out: &mut Vec<u8>,
    encoder: &mut Encoder,
    carrier: Carrier,
    status: StatusCode,
    fields: &Fields,
) {
    todo!()
}

/// Writes trailers, as [`write_request`] does, with END_STREAM.
pub fn write_trailers(out: &mut Vec<u8>, encoder: &mut Encoder, carrier: Carrier, fields: &Fields) {
    todo!()
}

/// Compares the content with what `Content-Length` declared (RFC 9113 §8.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentLength {
    left: Option<u64>,
}

impl ContentLength {
    /// For a message with content.
    pub fn declared(length: Option<u64>) -> Self {
        Self { left: length }
    }

    /// For a response that never has content, whatever it declares: to HEAD, 204, 304.
    pub fn no_content() -> Self {
        Self { left: Some(0) }
    }

    /// Counts the content of a DATA frame.
    pub fn received(&mut self, length: usize) -> Result<(), Malformed> {
        if let Some(left) = &mut self.left {
            *left = left
                .checked_sub(length as u64)
                .ok_or(Malformed::ContentLength)?;
        }
        Ok(())
    }

    /// Judges the end of the stream.
    pub fn ended(self) -> Result<(), Malformed> {
        match self.left {
            None | Some(0) => Ok(()),
            Some(_) => Err(Malformed::ContentLength),
        }
    }
}
