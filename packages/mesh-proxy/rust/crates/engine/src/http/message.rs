//! Heads of requests and responses, whatever version carries them.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Method, StatusCode};
use mesh_decide::fields::Fields;
use mesh_decide::http1;

use crate::rejections::RequestLine;

/// A request's head.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    /// Host and port as the client wrote them; empty where it named none.
    pub authority: Bytes,
    /// Path and query, byte for byte; empty for CONNECT.
    pub path: Bytes,
    pub form: Form,
    /// Whether the target's scheme is `https`, which says nothing about this hop.
    pub https: bool,
    /// The version that the application speaks, which may not be the one of this hop.
    pub version: Version,
    /// The protocols that the client asks to switch to; HTTP/1.1 only.
    pub upgrade: Option<Bytes>,
    pub fields: Fields,
    pub length: Length,
}

impl Request {
    /// Which request it is.
    pub(crate) fn line(&self) -> RequestLine<'_> {
        RequestLine {
            method: self.method.as_str(),
            authority: &self.authority,
            path: &self.path,
        }
    }
}

/// Where a request's target names the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Beside the path: `Host` or `:authority`.
    Origin,
    /// In the target itself, as proxies are asked.
    Absolute,
    /// The target is only the host: CONNECT.
    Authority,
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Http1(http1::Version),
    Http2,
}

impl Version {
    /// Whether this is HTTP/1.0, which knows neither chunks nor interim responses.
    pub fn is_http10(self) -> bool {
        self == Self::Http1(http1::Version::Http10)
    }
}

/// A response's head.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: StatusCode,
    /// HTTP/1's reason phrase; empty means the usual one.
    pub phrase: Bytes,
    pub fields: Fields,
    pub length: Length,
}

/// What a head says about its content's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// There is no content.
    None,
    /// So many bytes, as `Content-Length` says.
    Known(u64),
    Unknown,
}

impl Length {
    /// The length of a message whose end is not known from its head alone.
    pub(crate) fn declared(fields: &Fields) -> Self {
        let declared = fields
            .get(&CONTENT_LENGTH)
            .and_then(|value| std::str::from_utf8(value).ok())
            .and_then(|value| value.parse().ok());
        declared.map_or(Self::Unknown, Self::Known)
    }
}

impl From<http1::Framing> for Length {
    fn from(framing: http1::Framing) -> Self {
        match framing {
            http1::Framing::None => Self::None,
            http1::Framing::Length(length) => Self::Known(length),
            http1::Framing::Chunked | http1::Framing::UntilClose => Self::Unknown,
        }
    }
}
