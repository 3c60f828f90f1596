//! Responses that the proxy gives in place of the application.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use mesh_decide::classify::is_grpc;
use mesh_decide::fields::Fields;
use mesh_decide::http1::Malformed;
use mesh_wire::vocabulary::reasons::Reason;
use mesh_wire::vocabulary::{headers, reasons};

use super::message::{Length, Request, Response};
use crate::rejections::Id;
use crate::snapshot::Failure;

const PROXY_ERROR: HeaderName = HeaderName::from_static(headers::PROXY_ERROR.name);
const PROXY_CONNECTION: HeaderName = HeaderName::from_static(headers::PROXY_CONNECTION.name);
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Why the proxy answers itself, and how.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: &'static Reason,
    /// One line that says what exactly; for whom may know it.
    pub(crate) detail: String,
    /// The HTTP status, usually the reason's.
    http: u16,
    /// The gRPC status code, usually the reason's.
    grpc: u8,
}

impl Refusal {
    /// A refusal with its particulars.
    pub(crate) fn new(reason: &'static Reason, detail: impl std::fmt::Display) -> Self {
        Self {
            reason,
            detail: detail.to_string(),
            http: reason.http,
            grpc: reason.grpc,
        }
    }

    /// The answer that the control plane wants in place of a backend's.
    pub(crate) fn injected(failure: &Failure) -> Self {
        let reason = match failure.http {
            403 => &reasons::EGRESS_DENIED,
            _ => &reasons::INVALID_BACKEND,
        };
        Self {
            http: failure.http,
            grpc: failure.grpc,
            ..Self::new(reason, &failure.why)
        }
    }

    /// The answer to a request that cannot be read.
    pub(crate) fn malformed(fault: Malformed) -> Self {
        let reason = match fault {
            Malformed::ContentLength | Malformed::TransferEncoding | Malformed::TwoLengths => {
                &reasons::AMBIGUOUS_FRAMING
            }
            Malformed::Host => &reasons::AMBIGUOUS_HOST,
            Malformed::HeadTooLong | Malformed::TooManyFields => &reasons::HEADERS_TOO_LARGE,
            _ => &reasons::MALFORMED_REQUEST,
        };
        Self::new(reason, fault)
    }

    /// The same for what is no request: the precise status, where the reason's is a general one.
    pub(crate) fn unreadable(fault: Malformed) -> Self {
        Self {
            http: fault.status(),
            ..Self::malformed(fault)
        }
    }

    /// The HTTP status of the response to a request that is not gRPC.
    pub(crate) fn status(&self) -> u16 {
        self.http
    }

    /// The response. `tell` says whether the client may know more than the status; `hop` whether
    /// it is a proxy that should close the connection of its own client.
    pub(crate) fn response(&self, id: Id, grpc: bool, tell: bool, hop: bool) -> Response {
        let mut map = HeaderMap::with_capacity(4);
        let detail = header_text(&format!("{}: {} (id {id})", self.reason.name, self.detail));
        let status = if grpc {
            map.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
            map.insert(GRPC_STATUS, u16::from(self.grpc).into());
            let message = if tell {
                detail.clone()
            } else {
                HeaderValue::from_static(self.reason.name)
            };
            map.insert(GRPC_MESSAGE, message);
            StatusCode::OK
        } else {
            map.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            StatusCode::from_u16(self.http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        };
        if tell {
            map.insert(PROXY_ERROR, detail);
            if hop && self.reason.closes {
                map.insert(PROXY_CONNECTION, HeaderValue::from_static("close"));
            }
        }
        Response {
            status,
            phrase: Bytes::new(),
            fields: Fields::Map(map),
            length: Length::None,
        }
    }
}

/// Whether a request is gRPC, whose clients expect errors in their own form.
pub(crate) fn asks_grpc(request: &Request) -> bool {
    request.fields.get(&CONTENT_TYPE).is_some_and(is_grpc)
}

/// Text as a field can carry it: printable ASCII.
fn header_text(text: &str) -> HeaderValue {
    let plain: String = text
        .chars()
        .map(|character| match character {
            ' '..='~' => character,
            _ => '?',
        })
        .collect();
    HeaderValue::try_from(plain).unwrap_or(HeaderValue::from_static("unprintable"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_clients_get_a_status_in_their_own_form() {
        let refusal = Refusal::new(&reasons::FAILFAST, "no endpoint");
        let response = refusal.response(Id::default(), true, true, false);
        assert_eq!(response.status, 200);
        assert_eq!(response.fields.get(&GRPC_STATUS), Some(&b"4"[..]));
        assert_eq!(
            response.fields.get(&CONTENT_TYPE),
            Some(&b"application/grpc"[..])
        );
    }

    #[test]
    fn only_friends_are_told_why() {
        let refusal = Refusal::new(&reasons::CONNECT_FAILED, "no connection\nto 10.0.0.1");
        let stranger = refusal.response(Id::default(), false, false, true);
        assert_eq!(stranger.status, 502);
        assert!(!stranger.fields.contains(&PROXY_ERROR));
        let friend = refusal.response(Id::default(), false, true, true);
        assert_eq!(
            friend.fields.get(&PROXY_ERROR),
            Some(&b"connect_failed: no connection?to 10.0.0.1 (id 00000000-0)"[..])
        );
        assert_eq!(friend.fields.get(&PROXY_CONNECTION), Some(&b"close"[..]));
    }
}
