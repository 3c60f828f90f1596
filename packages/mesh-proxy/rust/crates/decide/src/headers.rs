//! Which fields a proxy passes on: those that concern one connection stay behind, and those with
//! which proxies talk to each other are deleted wherever they could have been forged.

use bytes::Bytes;
use http::header::{CONNECTION, HeaderName, HeaderValue, TE};

use crate::case;
use crate::fields::{Fields, members};
use crate::http1::Version;

/// Fields that concern the connection, whether `Connection` lists them or not (RFC 9110 §7.6.1).
const HOP_BY_HOP: [&[u8]; 6] = [
    b"connection",
    b"keep-alive",
    b"proxy-connection",
    b"te",
    b"transfer-encoding",
    b"upgrade",
];

/// End-to-end fields that a client could have deleted on the way to the application by listing them
/// in `Connection` (CVE-2024-45410); such a listing is ignored.
const PROTECTED: [&[u8]; 10] = [
    b"authorization",
    b"content-encoding",
    b"content-length",
    b"content-type",
    b"cookie",
    b"forwarded",
    b"grpc-timeout",
    b"host",
    b"via",
    b"x-real-ip",
];

/// Removes what concerns only the connection on which the message came. `te: trailers` stays,
/// because gRPC servers insist on it and it promises nothing that we do not keep.
pub fn strip_hop_by_hop(fields: &mut Fields) {
    if !fields.may_have_hop_by_hop() {
        return;
    }
    let listed = listed(fields);
    let trailers =
        members(fields.get_all(&TE)).any(|member| member.eq_ignore_ascii_case(b"trailers"));
    fields.retain(|name| {
        !is_one_of(name, &HOP_BY_HOP) && !listed.iter().any(|own| case::same(own, name))
    });
    if trailers {
        fields.append(TE, HeaderValue::from_static("trailers"));
    }
}

/// The fields that `Connection` names and that may go.
fn listed(fields: &Fields) -> Vec<Bytes> {
    members(fields.get_all(&CONNECTION))
        .filter(|name| !is_one_of(name, &HOP_BY_HOP) && !is_protected(name))
        .filter(|name| !name.eq_ignore_ascii_case(b"close"))
        .map(Bytes::copy_from_slice)
        .collect()
}

fn is_protected(name: &[u8]) -> bool {
    is_one_of(name, &PROTECTED) || starts_with(name, b"x-forwarded-") || is_ours(name)
}

fn is_one_of(name: &[u8], names: &[&[u8]]) -> bool {
    names.iter().any(|other| case::same(name, other))
}

fn starts_with(name: &[u8], prefix: &[u8]) -> bool {
    name.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether a field is one with which proxies talk. With an underscore too: many applications see
/// `l5d_client_id` and `l5d-client-id` as one.
pub fn is_ours(name: &[u8]) -> bool {
    matches!(name, [b'l' | b'L', b'5', b'd' | b'D', b'-' | b'_', ..])
}

/// Removes every field with which proxies talk.
pub fn strip_ours(fields: &mut Fields) {
    if fields.may_have_ours() {
        fields.retain(|name| !is_ours(name));
    }
}

/// Removes every field with which proxies talk except `kept`.
pub fn strip_ours_except(fields: &mut Fields, kept: &HeaderName) {
    if fields.may_have_ours() {
        fields.retain(|name| !is_ours(name) || name.eq_ignore_ascii_case(kept.as_str().as_bytes()));
    }
}

/// Whether a trailer may pass: not what frames, routes, authenticates or modifies a message
/// (RFC 9110 §6.5.1), because a server that merges trailers into the head would obey it.
pub fn may_trail(name: &[u8]) -> bool {
    const FORBIDDEN: [&[u8]; 17] = [
        b"authorization",
        b"cache-control",
        b"content-encoding",
        b"content-length",
        b"content-range",
        b"content-type",
        b"cookie",
        b"expect",
        b"host",
        b"max-forwards",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"range",
        b"set-cookie",
        b"trailer",
        b"www-authenticate",
        b"forwarded",
    ];
    !is_one_of(name, &HOP_BY_HOP)
        && !is_one_of(name, &FORBIDDEN)
        && !starts_with(name, b"x-forwarded-")
        && !is_ours(name)
}

/// The HTTP/1 message that travels as HTTP/2 between two proxies: `l5d-orig-proto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrigProto {
    pub version: Version,
    /// Whether the request's target was a whole URI.
    pub absolute_form: bool,
}

impl OrigProto {
    /// The field's value.
    pub fn value(self) -> HeaderValue {
        HeaderValue::from_static(match (self.version, self.absolute_form) {
            (Version::Http11, false) => "HTTP/1.1",
            (Version::Http11, true) => "HTTP/1.1; absolute-form",
            (Version::Http10, false) => "HTTP/1.0",
            (Version::Http10, true) => "HTTP/1.0; absolute-form",
        })
    }

    /// Tells a client's proxy that a response is HTTP/1's.
    pub fn mark(self, response: &mut Fields) {
        let version = Self {
            absolute_form: false,
            ..self
        };
        response.set(HeaderName::from_static("l5d-orig-proto"), version.value());
    }

    /// Reads a value; None if it names no version of HTTP/1.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let mut parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let version = match parts.next()? {
            b"HTTP/1.1" => Version::Http11,
            b"HTTP/1.0" => Version::Http10,
            _ => return None,
        };
        Some(Self {
            version,
            absolute_form: parts.any(|part| part == b"absolute-form"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn fields(pairs: &[(&'static str, &'static str)]) -> Fields {
        let mut fields = Fields::Map(HeaderMap::new());
        for (name, value) in pairs {
            fields.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        fields
    }

    fn names(fields: &Fields) -> Vec<String> {
        let mut names = Vec::new();
        fields.for_each(|name, _| names.push(String::from_utf8_lossy(name).into_owned()));
        names
    }

    #[test]
    fn what_concerns_the_connection_stays_behind() {
        let mut sent = fields(&[
            ("connection", "keep-alive, X-Private"),
            ("connection", "upgrade"),
            ("keep-alive", "timeout=5"),
            ("upgrade", "h2c"),
            ("x-private", "1"),
            ("accept", "*/*"),
        ]);
        strip_hop_by_hop(&mut sent);
        assert_eq!(names(&sent), ["accept"]);
    }

    #[test]
    fn te_trailers_stays_alone() {
        let mut sent = fields(&[("te", "gzip, Trailers")]);
        strip_hop_by_hop(&mut sent);
        assert_eq!(sent.get(&TE), Some(&b"trailers"[..]));
    }

    #[test]
    fn trusted_fields_cannot_be_listed_away() {
        let mut sent = fields(&[
            (
                "connection",
                "l5d-client-id, x-forwarded-for, authorization, host",
            ),
            ("l5d-client-id", "a"),
            ("x-forwarded-for", "b"),
            ("authorization", "c"),
            ("host", "d"),
        ]);
        strip_hop_by_hop(&mut sent);
        assert_eq!(names(&sent).len(), 4);
    }

    #[test]
    fn fault_24_every_form_of_our_fields_goes() {
        let mut sent = fields(&[
            ("l5d-client-id", "a"),
            ("l5d-client-id", "b"),
            ("l5d_client_id", "c"),
            ("l5d-dst-override", "d"),
            ("l5d-anything-new", "e"),
            ("l5dx", "f"),
        ]);
        strip_ours(&mut sent);
        assert_eq!(names(&sent), ["l5dx"]);
    }

    #[test]
    fn fault_14_trailers_that_would_act_as_heads_do_not_pass() {
        for name in [
            "Content-Length",
            "host",
            "Authorization",
            "l5d-client-id",
            "Transfer-Encoding",
        ] {
            assert!(!may_trail(name.as_bytes()), "{name}");
        }
        assert!(may_trail(b"grpc-status") && may_trail(b"digest"));
    }

    #[test]
    fn orig_proto_goes_there_and_back() {
        for version in [Version::Http10, Version::Http11] {
            for absolute_form in [false, true] {
                let proto = OrigProto {
                    version,
                    absolute_form,
                };
                assert_eq!(OrigProto::parse(proto.value().as_bytes()), Some(proto));
            }
        }
        assert_eq!(OrigProto::parse(b"HTTP/2.0"), None);
    }
}
