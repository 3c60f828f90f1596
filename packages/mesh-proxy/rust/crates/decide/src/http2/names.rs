//! The field names that mean something to HTTP/2 or to header compression.

use super::hpack::STATIC;
use crate::case;
use crate::constant::same;

/// What a name means in a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Method,
    Scheme,
    Authority,
    Path,
    Protocol,
    Status,
    /// A pseudo field that is not defined.
    UnknownPseudo,
    Host,
    ContentLength,
    Cookie,
    Te,
    /// Of one HTTP/1 connection only (RFC 9113 §8.2.2).
    Connection,
    Ordinary,
    /// No lower-case token.
    Invalid,
}

/// How the encoder treats a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// Into the dynamic table when it comes for the second time.
    Repeated,
    /// Never into it: values that hardly ever come again.
    Fleeting,
    /// Never into anybody's table (RFC 7541 §7.1.3): secrets that a guesser could find by the size
    /// of what is sent.
    Secret,
    /// [`Self::Secret`] if it is short enough to guess, else [`Self::Repeated`].
    SecretIfShort,
    /// Sent only if its value is `trailers` (RFC 9113 §8.2.2).
    Trailers,
    /// Not sent at all: HTTP/1's own.
    Dropped,
}

/// A known name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub name: &'static str,
    /// The static table's first entry with this name; 0: there is none.
    pub index: u8,
    pub role: Role,
    pub policy: Policy,
}

/// Looks a name up, in any case.
pub(super) fn find(name: &[u8]) -> Option<&'static Known> {
    let at = SLOTS[slot(name)?];
    let known = KNOWN.get(usize::from(at))?;
    case::same(known.name.as_bytes(), name).then_some(known)
}

/// The meaning of a name as HTTP/2 carries it, in lower case.
pub(super) fn role(name: &[u8]) -> Role {
    match find(name) {
        Some(known) if known.name.as_bytes() == name => known.role,
        Some(_) => Role::Invalid,
        None if name.first() == Some(&b':') => Role::UnknownPseudo,
        None if is_lower_token(name) => Role::Ordinary,
        None => Role::Invalid,
    }
}

/// The meaning of the name of a static entry, counted from 0.
pub(super) fn of_static(place: usize) -> Role {
    ROLES[place]
}

const ROLES: [Role; STATIC.len()] = {
    let mut roles = [Role::Ordinary; STATIC.len()];
    let mut place = 0;
    while place < STATIC.len() {
        let mut at = 0;
        while !same(STATIC[place].0.as_bytes(), KNOWN[at].name.as_bytes()) {
            at += 1;
        }
        roles[place] = KNOWN[at].role;
        place += 1;
    }
    roles
};

/// Whether a name is a token (RFC 9110 §5.6.2) without capital letters.
fn is_lower_token(name: &[u8]) -> bool {
    let bad = |byte: &u8| !TOKEN[usize::from(*byte)];
    !name.is_empty() && !name.iter().any(bad)
}

const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8, b'a'..=b'z' | b'0'..=b'9' | b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~');
        byte += 1;
    }
    table
};

const fn known(name: &'static str, role: Role, policy: Policy) -> Known {
    let mut index = 0;
    while index < STATIC.len() {
        if same(STATIC[index].0.as_bytes(), name.as_bytes()) {
            return Known {
                name,
                index: index as u8 + 1,
                role,
                policy,
            };
        }
        index += 1;
    }
    Known {
        name,
        index: 0,
        role,
        policy,
    }
}

const KNOWN: [Known; 68] = [
    known(":authority", Role::Authority, Policy::Repeated),
    known(":method", Role::Method, Policy::Repeated),
    known(":path", Role::Path, Policy::Fleeting),
    known(":protocol", Role::Protocol, Policy::Repeated),
    known(":scheme", Role::Scheme, Policy::Repeated),
    known(":status", Role::Status, Policy::Repeated),
    known("accept", Role::Ordinary, Policy::Repeated),
    known("accept-charset", Role::Ordinary, Policy::Repeated),
    known("accept-encoding", Role::Ordinary, Policy::Repeated),
    known("accept-language", Role::Ordinary, Policy::Repeated),
    known("accept-ranges", Role::Ordinary, Policy::Repeated),
    known(
        "access-control-allow-origin",
        Role::Ordinary,
        Policy::Repeated,
    ),
    known("age", Role::Ordinary, Policy::Fleeting),
    known("allow", Role::Ordinary, Policy::Repeated),
    known("authorization", Role::Ordinary, Policy::Secret),
    known("cache-control", Role::Ordinary, Policy::Repeated),
    known("connection", Role::Connection, Policy::Dropped),
    known("content-disposition", Role::Ordinary, Policy::Repeated),
    known("content-encoding", Role::Ordinary, Policy::Repeated),
    known("content-language", Role::Ordinary, Policy::Repeated),
    known("content-length", Role::ContentLength, Policy::Fleeting),
    known("content-location", Role::Ordinary, Policy::Fleeting),
    known("content-range", Role::Ordinary, Policy::Fleeting),
    known("content-type", Role::Ordinary, Policy::Repeated),
    known("cookie", Role::Cookie, Policy::SecretIfShort),
    known("date", Role::Ordinary, Policy::Fleeting),
    known("etag", Role::Ordinary, Policy::Fleeting),
    known("expect", Role::Ordinary, Policy::Repeated),
    known("expires", Role::Ordinary, Policy::Fleeting),
    known("from", Role::Ordinary, Policy::Repeated),
    known("grpc-timeout", Role::Ordinary, Policy::Fleeting),
    known("host", Role::Host, Policy::Repeated),
    known("http2-settings", Role::Ordinary, Policy::Dropped),
    known("if-match", Role::Ordinary, Policy::Fleeting),
    known("if-modified-since", Role::Ordinary, Policy::Fleeting),
    known("if-none-match", Role::Ordinary, Policy::Fleeting),
    known("if-range", Role::Ordinary, Policy::Fleeting),
    known("if-unmodified-since", Role::Ordinary, Policy::Fleeting),
    known("keep-alive", Role::Connection, Policy::Dropped),
    known("last-modified", Role::Ordinary, Policy::Fleeting),
    known("link", Role::Ordinary, Policy::Repeated),
    known("location", Role::Ordinary, Policy::Fleeting),
    known("max-forwards", Role::Ordinary, Policy::Repeated),
    known("proxy-authenticate", Role::Ordinary, Policy::Repeated),
    known("proxy-authorization", Role::Ordinary, Policy::Secret),
    known("proxy-connection", Role::Connection, Policy::Dropped),
    known("range", Role::Ordinary, Policy::Fleeting),
    known("referer", Role::Ordinary, Policy::Repeated),
    known("refresh", Role::Ordinary, Policy::Repeated),
    known("retry-after", Role::Ordinary, Policy::Repeated),
    known("server", Role::Ordinary, Policy::Repeated),
    known("set-cookie", Role::Ordinary, Policy::Secret),
    known(
        "strict-transport-security",
        Role::Ordinary,
        Policy::Repeated,
    ),
    known("te", Role::Te, Policy::Trailers),
    known("traceparent", Role::Ordinary, Policy::Fleeting),
    known("transfer-encoding", Role::Connection, Policy::Dropped),
    known("upgrade", Role::Connection, Policy::Dropped),
    known("user-agent", Role::Ordinary, Policy::Repeated),
    known("vary", Role::Ordinary, Policy::Repeated),
    known("via", Role::Ordinary, Policy::Repeated),
    known("www-authenticate", Role::Ordinary, Policy::Repeated),
    known("x-api-key", Role::Ordinary, Policy::Secret),
    known("x-auth-token", Role::Ordinary, Policy::Secret),
    known("x-b3-parentspanid", Role::Ordinary, Policy::Fleeting),
    known("x-b3-spanid", Role::Ordinary, Policy::Fleeting),
    known("x-b3-traceid", Role::Ordinary, Policy::Fleeting),
    known("x-correlation-id", Role::Ordinary, Policy::Fleeting),
    known("x-request-id", Role::Ordinary, Policy::Fleeting),
];

/// No known name.
const NONE: u8 = u8::MAX;

/// The place of each known name: none shares its slot with another, so that a lookup is one
/// comparison. The compiler checks it.
static SLOTS: [u8; 256] = {
    let mut slots = [NONE; 256];
    let mut at = 0;
    while at < KNOWN.len() {
        let Some(slot) = slot(KNOWN[at].name.as_bytes()) else {
            panic!("a known name is empty")
        };
        assert!(slots[slot] == NONE, "two known names share a slot");
        slots[slot] = at as u8;
        at += 1;
    }
    slots
};

/// A name's slot. The factors were found by trying; capital letters count as small ones.
const fn slot(name: &[u8]) -> Option<usize> {
    let [first, .., last] = name else {
        return None;
    };
    let middle = name[name.len() / 2];
    let sum = (name.len() * 105)
        .wrapping_add((*first | 0x20) as usize * 186)
        .wrapping_add((*last | 0x20) as usize * 75)
        .wrapping_add((middle | 0x20) as usize * 10);
    Some(sum % 256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        for known in &KNOWN {
            let upper = known.name.to_ascii_uppercase();
            assert_eq!(find(upper.as_bytes()).unwrap().name, known.name);
        }
        for unknown in ["", "x", "hosts", "hose", "content-lenght"] {
            assert!(find(unknown.as_bytes()).is_none(), "{unknown}");
        }
    }

    #[test]
    fn every_static_name_is_known_with_its_first_index() {
        for (index, (name, _)) in STATIC.iter().enumerate() {
            let known = find(name.as_bytes()).unwrap();
            assert!(usize::from(known.index) <= index + 1);
            assert_eq!(STATIC[usize::from(known.index) - 1].0, *name);
        }
    }

    #[test]
    fn names_are_lower_case_tokens() {
        assert_eq!(role(b"x-one"), Role::Ordinary);
        assert_eq!(role(b":path"), Role::Path);
        assert_eq!(role(b":paths"), Role::UnknownPseudo);
        for bad in [
            &b""[..],
            b"X-One",
            b"Host",
            b"a b",
            b"a:",
            b"a\0",
            b"\xff",
            b"a\r",
            b"(a)",
            b"a\"",
        ] {
            assert_eq!(role(bad), Role::Invalid, "{bad:?}");
        }
    }
}
