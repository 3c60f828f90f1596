//! Heads become frames.

use http::{Method, StatusCode};

use super::Scheme;
use crate::case;
use crate::fields::Fields;
use crate::http2::frame;
use crate::http2::hpack::Encoder;

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

/// Indexes of whole fields in the static table (RFC 7541 appendix A).
mod index {
    pub const GET: u8 = 2;
    pub const POST: u8 = 3;
    pub const ROOT: u8 = 4;
    pub const HTTP: u8 = 6;
    pub const HTTPS: u8 = 7;
    /// Statuses, beginning with index 8.
    pub const STATUSES: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
    pub const FIRST_STATUS: u8 = 8;
}

/// Writes a request's head as HEADERS and CONTINUATION frames. Names become lower case; `Host` and
/// what concerns one HTTP/1 connection (RFC 9113 §8.2.2) are left out.
pub fn write_request(
    out: &mut Vec<u8>,
    encoder: &mut Encoder,
    carrier: Carrier,
    line: &RequestLine<'_>,
    fields: &Fields,
) {
    write(out, carrier, |out| {
        encoder.begin(out);
        write_line(out, encoder, line);
        fields.for_each(|name, value| {
            if !case::same(name, b"host") {
                encoder.field(out, name, value);
            }
        });
    });
}

fn write_line(out: &mut Vec<u8>, encoder: &mut Encoder, line: &RequestLine<'_>) {
    match *line.method {
        Method::GET => Encoder::indexed(out, index::GET),
        Method::POST => Encoder::indexed(out, index::POST),
        _ => encoder.field(out, b":method", line.method.as_str().as_bytes()),
    }
    if let Some(protocol) = line.protocol {
        encoder.field(out, b":protocol", protocol);
    }
    if *line.method != Method::CONNECT || line.protocol.is_some() {
        Encoder::indexed(
            out,
            match line.scheme {
                Scheme::Https => index::HTTPS,
                Scheme::Http | Scheme::Other => index::HTTP,
            },
        );
        match line.path {
            b"/" | b"" => Encoder::indexed(out, index::ROOT),
            path => encoder.field(out, b":path", path),
        }
    }
    if !line.authority.is_empty() {
        encoder.field(out, b":authority", line.authority);
    }
}

/// Writes a response's head, as [`write_request`] does.
pub fn write_response(
    out: &mut Vec<u8>,
    encoder: &mut Encoder,
    carrier: Carrier,
    status: StatusCode,
    fields: &Fields,
) {
    write(out, carrier, |out| {
        encoder.begin(out);
        let known = |known: &u16| *known == status.as_u16();
        match index::STATUSES.iter().position(known) {
            Some(place) => Encoder::indexed(out, index::FIRST_STATUS + place as u8),
            None => encoder.field(out, b":status", status.as_str().as_bytes()),
        }
        fields.for_each(|name, value| encoder.field(out, name, value));
    });
}

/// Writes trailers, as [`write_request`] does, with END_STREAM whatever `carrier` says (RFC 9113
/// §8.1).
pub fn write_trailers(out: &mut Vec<u8>, encoder: &mut Encoder, carrier: Carrier, fields: &Fields) {
    let carrier = Carrier {
        end_stream: true,
        ..carrier
    };
    write(out, carrier, |out| {
        encoder.begin(out);
        fields.for_each(|name, value| encoder.field(out, name, value));
    });
}

fn write(out: &mut Vec<u8>, carrier: Carrier, encode: impl FnOnce(&mut Vec<u8>)) {
    let Carrier {
        stream,
        end_stream,
        max_frame_size,
    } = carrier;
    frame::write_headers(out, stream, end_stream, max_frame_size, encode);
}
