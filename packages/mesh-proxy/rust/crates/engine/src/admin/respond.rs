//! Answers of the admin server.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

pub(super) type Answer = Response<Full<Bytes>>;

/// Plain text.
pub(super) fn text(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    typed(status, "text/plain; charset=utf-8", body)
}

/// A body of some media type.
pub(super) fn typed(
    status: StatusCode,
    media_type: &'static str,
    body: impl Into<Bytes>,
) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let media_type = HeaderValue::from_static(media_type);
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    answer
}

/// The method is wrong; `allowed` lists the right ones.
pub(super) fn not_allowed(allowed: &'static str) -> Answer {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, format!("use {allowed}\n"));
    let allowed = HeaderValue::from_static(allowed);
    answer.headers_mut().insert(header::ALLOW, allowed);
    answer
}

/// Metrics, compressed if the client takes that.
pub(super) fn metrics(request: &HeaderMap, metrics: String) -> Answer {
    const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
    if !accepts_gzip(request) {
        return typed(StatusCode::OK, MEDIA_TYPE, metrics);
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(metrics.len() / 8), Compression::fast());
    // Writing to a Vec cannot fail.
    let compressed = encoder.write_all(metrics.as_bytes());
    let Ok(compressed) = compressed.and_then(|()| encoder.finish()) else {
        return typed(StatusCode::OK, MEDIA_TYPE, metrics);
    };
    let mut answer = typed(StatusCode::OK, MEDIA_TYPE, compressed);
    let gzip = HeaderValue::from_static("gzip");
    answer.headers_mut().insert(header::CONTENT_ENCODING, gzip);
    answer
}

/// Whether gzip is among the accepted encodings and not excluded by `q=0` (RFC 9110 §12.5.3).
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut codings = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    codings.any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let gzip = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let excluded = parts.any(|part| {
            part.strip_prefix("q=")
                .is_some_and(|q| q.parse() == Ok(0.0_f32))
        });
        gzip && !excluded
    })
}

/// Whether the client takes JSON, or says nothing about what it takes.
pub(super) fn accepts_json(headers: &HeaderMap) -> bool {
    let Some(accept) = headers.get(header::ACCEPT) else {
        return true;
    };
    accept.to_str().is_ok_and(|accept| {
        accept.split(',').any(|range| {
            let media_type = range.split(';').next().unwrap_or_default().trim();
            matches!(media_type, "application/json" | "application/*" | "*/*")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        let accepts = |value: &'static str| {
            let value = (header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            accepts_gzip(&HeaderMap::from_iter([value]))
        };
        assert!(accepts("br, gzip"));
        assert!(accepts("GZIP;q=0.5"));
        assert!(!accepts("gzip;q=0"));
        assert!(!accepts("identity"));
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
