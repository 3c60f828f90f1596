//! Which of the names that decide about a message are there, so that most questions are answered
//! without looking through its fields.

/// A set of names. It may have more than are there, never less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(u16);

use crate::case;
use crate::constant::same;

const NAMES: [&[u8]; 13] = [
    b"connection",
    b"content-length",
    b"content-type",
    b"cookie",
    b"expect",
    b"grpc-status",
    b"host",
    b"keep-alive",
    b"proxy-connection",
    b"te",
    b"transfer-encoding",
    b"upgrade",
    b"x-forwarded-client-cert",
];

/// Every name with which proxies talk.
const OURS: Marks = Marks(1 << NAMES.len());

/// Names of fields that concern one connection (RFC 9110 §7.6.1).
pub(super) const HOP_BY_HOP: Marks = Marks(
    mark(b"connection")
        | mark(b"keep-alive")
        | mark(b"proxy-connection")
        | mark(b"te")
        | mark(b"transfer-encoding")
        | mark(b"upgrade"),
);

const fn mark(name: &[u8]) -> u16 {
    let mut at = 0;
    while !same(NAMES[at], name) {
        at += 1;
    }
    1 << at
}

impl Marks {
    /// The mark of a name in any case; none for a name that has none.
    pub(super) fn of(name: &[u8]) -> Self {
        const fn candidates(length: usize) -> &'static [u8] {
            match length {
                2 => &[9],
                4 => &[6],
                6 => &[3, 4],
                7 => &[11],
                10 => &[0, 7],
                11 => &[5],
                12 => &[2],
                14 => &[1],
                16 => &[8],
                17 => &[10],
                23 => &[12],
                _ => &[],
            }
        }
        if crate::headers::is_ours(name) {
            return OURS;
        }
        for at in candidates(name.len()) {
            if case::same(NAMES[usize::from(*at)], name) {
                return Self(1 << at);
            }
        }
        Self(0)
    }

    /// The marks of names with which proxies talk.
    pub(super) fn ours() -> Self {
        OURS
    }

    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// All fields of a name are gone.
    pub(super) fn remove(&mut self, gone: Self) {
        // One of ours says nothing about the others.
        if gone != OURS {
            self.0 &= !gone.0;
        }
    }

    /// Whether a field with one of `others` may be there.
    pub(super) fn may_have(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// Whether a field whose name has the mark `name`, or none, may be there.
    pub(super) fn may_have_name(self, name: Self) -> bool {
        name.0 == 0 || self.may_have(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_mark_of_its_own_in_any_case() {
        let mut seen = Marks::default();
        for name in NAMES {
            let mark = Marks::of(&name.to_ascii_uppercase());
            assert!(mark != Marks(0) && !seen.may_have(mark));
            seen.add(mark);
        }
        assert_eq!(Marks::of(b"L5d_client-id"), OURS);
        for other in [&b"accept"[..], b"", b"hos", b"user-agent", b"l5d"] {
            assert_eq!(Marks::of(other), Marks(0));
        }
    }
}
