//! The header or trailer fields of one message, in the form in which they arrived.
//!
//! Fields stay slices of the head that was read, so that a proxied message costs no allocation per
//! field and HTTP/1's names keep their case; where the `h2` crate reads a head they stay the map
//! that it made.

mod marks;

use bytes::{Bytes, BytesMut};
use http::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};

use self::marks::Marks;
use crate::case;

/// Header or trailer fields.
#[derive(Clone, Debug)]
pub enum Fields {
    Lines(Lines),
    Map(HeaderMap),
}

/// Fields as they lie in one block of bytes.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    block: Bytes,
    lines: Vec<Line>,
    added: Vec<(HeaderName, HeaderValue)>,
    marks: Marks,
    /// Whether HTTP/2 cut `Cookie` into several fields.
    crumbled: bool,
}

/// Where a field's name and value lie in the block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub name: Range,
    pub value: Range,
}

/// The first byte and the one behind the last.
pub(crate) type Range = (u32, u32);

impl Lines {
    /// The fields that httparse found in `block`.
    pub fn parsed(block: Bytes, headers: &[httparse::Header<'_>]) -> Self {
        let base = block.as_ptr() as usize;
        let range = |part: &[u8]| {
            let start = part.as_ptr() as usize - base;
            debug_assert!(
                start + part.len() <= block.len(),
                "a field outside its head"
            );
            (start as u32, (start + part.len()) as u32)
        };
        let mut marks = Marks::default();
        let lines = headers
            .iter()
            .map(|header| {
                marks.add(Marks::of(header.name.as_bytes()));
                Line {
                    name: range(header.name.as_bytes()),
                    // An empty value may be a slice of nothing, elsewhere in memory.
                    value: match header.value {
                        [] => (0, 0),
                        value => range(value),
                    },
                }
            })
            .collect();
        Self {
            block,
            lines,
            added: Vec::new(),
            marks,
            crumbled: false,
        }
    }

    /// The fields of an HTTP/2 head, whose names and values lie in `block`. `crumbled`: `Cookie` is
    /// there more than once (RFC 9113 §8.2.3).
    pub(crate) fn assembled(block: Bytes, lines: Vec<Line>, crumbled: bool) -> Self {
        let mut marks = Marks::default();
        for line in &lines {
            let (start, end) = line.name;
            marks.add(Marks::of(&block[start as usize..end as usize]));
        }
        Self {
            block,
            lines,
            added: Vec::new(),
            marks,
            crumbled,
        }
    }

    fn part(&self, (start, end): Range) -> &[u8] {
        &self.block[start as usize..end as usize]
    }

    /// The field of a number, those that were added behind the others.
    fn at(&self, number: usize) -> Option<(&[u8], &[u8])> {
        if let Some(line) = self.lines.get(number) {
            return Some((self.part(line.name), self.part(line.value)));
        }
        let (name, value) = self.added.get(number - self.lines.len())?;
        Some((name.as_str().as_bytes(), value.as_bytes()))
    }

    /// Whether a field may be there: false is certain.
    fn may_have(&self, name: &HeaderName) -> bool {
        self.marks
            .may_have_name(Marks::of(name.as_str().as_bytes()))
    }

    fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let own = self
            .lines
            .iter()
            .map(|line| (self.part(line.name), self.part(line.value)));
        let added = self
            .added
            .iter()
            .map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
        own.chain(added)
    }

    fn retain(&mut self, mut keep: impl FnMut(&[u8]) -> bool) {
        let block = &self.block;
        self.lines
            .retain(|line| keep(&block[line.name.0 as usize..line.name.1 as usize]));
        self.added
            .retain(|(name, _)| keep(name.as_str().as_bytes()));
    }

    fn to_map(&self) -> Result<HeaderMap, InvalidField> {
        let mut map = HeaderMap::with_capacity(self.lines.len() + self.added.len() + 2);
        for line in &self.lines {
            let name = HeaderName::from_bytes(self.part(line.name)).map_err(|_| InvalidField)?;
            let value = self
                .block
                .slice(line.value.0 as usize..line.value.1 as usize);
            let value = HeaderValue::from_maybe_shared(value).map_err(|_| InvalidField)?;
            map.append(name, value);
        }
        for (name, value) in &self.added {
            map.append(name.clone(), value.clone());
        }
        Ok(map)
    }
}

/// A field that one version of HTTP can carry and another cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidField;

impl Default for Fields {
    fn default() -> Self {
        Self::Lines(Lines::default())
    }
}

impl Fields {
    /// The first value of a field.
    pub fn get(&self, name: &HeaderName) -> Option<&[u8]> {
        match self {
            Self::Lines(lines) if !lines.may_have(name) => None,
            Self::Lines(lines) => lines
                .iter()
                .find(|(own, _)| same(own, name))
                .map(|(_, value)| value),
            Self::Map(map) => map.get(name).map(HeaderValue::as_bytes),
        }
    }

    /// All values of a field, in order.
    pub fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        match self {
            Self::Lines(lines) if lines.may_have(name) => Values::Lines {
                lines,
                name,
                next: 0,
            },
            Self::Lines(_) => Values::None,
            Self::Map(map) => Values::Map(map.get_all(name).iter()),
        }
    }

    /// Every field, name and value.
    pub fn for_each(&self, mut visit: impl FnMut(&[u8], &[u8])) {
        match self {
            Self::Lines(lines) => lines.iter().for_each(|(name, value)| visit(name, value)),
            Self::Map(map) => map
                .iter()
                .for_each(|(name, value)| visit(name.as_str().as_bytes(), value.as_bytes())),
        }
    }

    /// Whether a field is there.
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.get(name).is_some()
    }

    /// Removes all values of a field.
    pub fn remove(&mut self, name: &HeaderName) {
        match self {
            Self::Lines(lines) => {
                let mark = Marks::of(name.as_str().as_bytes());
                if lines.marks.may_have_name(mark) {
                    lines.retain(|own| !same(own, name));
                    lines.marks.remove(mark);
                }
            }
            Self::Map(map) => {
                map.remove(name);
            }
        }
    }

    /// Removes the field and returns its first value.
    pub fn take(&mut self, name: &HeaderName) -> Option<Bytes> {
        let value = self.get(name).map(Bytes::copy_from_slice);
        if value.is_some() {
            self.remove(name);
        }
        value
    }

    /// Keeps the fields whose name, in any case, `keep` accepts.
    pub fn retain(&mut self, mut keep: impl FnMut(&[u8]) -> bool) {
        match self {
            Self::Lines(lines) => lines.retain(keep),
            Self::Map(map) => {
                let gone: Vec<HeaderName> = map
                    .keys()
                    .filter(|name| !keep(name.as_str().as_bytes()))
                    .cloned()
                    .collect();
                for name in gone {
                    map.remove(name);
                }
            }
        }
    }

    /// Whether fields may be there that concern one connection only; false is certain.
    pub fn may_have_hop_by_hop(&self) -> bool {
        match self {
            Self::Lines(lines) => lines.marks.may_have(marks::HOP_BY_HOP),
            Self::Map(_) => true,
        }
    }

    /// Whether fields may be there with which proxies talk; false is certain.
    pub fn may_have_ours(&self) -> bool {
        match self {
            Self::Lines(lines) => lines.marks.may_have(Marks::ours()),
            Self::Map(_) => true,
        }
    }

    /// Adds a value.
    pub fn append(&mut self, name: HeaderName, value: HeaderValue) {
        match self {
            Self::Lines(lines) => {
                lines.marks.add(Marks::of(name.as_str().as_bytes()));
                lines.added.push((name, value));
            }
            Self::Map(map) => {
                map.append(name, value);
            }
        }
    }

    /// Makes `value` the field's only value.
    pub fn set(&mut self, name: HeaderName, value: HeaderValue) {
        match self {
            Self::Lines(_) => {
                self.remove(&name);
                self.append(name, value);
            }
            Self::Map(map) => {
                map.insert(name, value);
            }
        }
    }

    /// The fields for an HTTP/2 message, names in lower case.
    pub fn to_map(&self) -> Result<HeaderMap, InvalidField> {
        match self {
            Self::Lines(lines) => lines.to_map(),
            Self::Map(map) => Ok(map.clone()),
        }
    }

    /// [`Self::to_map`] where the fields are not needed any more.
    pub fn into_map(self) -> Result<HeaderMap, InvalidField> {
        match self {
            Self::Lines(lines) => lines.to_map(),
            Self::Map(map) => Ok(map),
        }
    }

    /// Writes the fields as HTTP/1 lines, without the blank line. A `Cookie` that HTTP/2 cut up
    /// becomes one again (RFC 9113 §8.2.3).
    pub fn write(&self, out: &mut BytesMut) {
        if !self.is_crumbled() {
            return self.for_each(|name, value| write_line(out, name, value));
        }
        let mut joined = false;
        self.for_each(|name, value| {
            if !same(name, &COOKIE) {
                write_line(out, name, value);
            } else if !std::mem::replace(&mut joined, true) {
                let crumbs: Vec<&[u8]> = self.get_all(&COOKIE).collect();
                write_line(out, name, &crumbs.join(&b"; "[..]));
            }
        });
    }

    /// Whether HTTP/2 cut `Cookie` into several fields. An HTTP/1 client that sends several keeps
    /// them.
    fn is_crumbled(&self) -> bool {
        match self {
            Self::Lines(lines) => lines.crumbled,
            Self::Map(map) => map.get_all(COOKIE).iter().nth(1).is_some(),
        }
    }
}

/// The values of one field.
enum Values<'a> {
    None,
    Lines {
        lines: &'a Lines,
        name: &'a HeaderName,
        next: usize,
    },
    Map(http::header::ValueIter<'a, HeaderValue>),
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        match self {
            Self::None => None,
            Self::Map(values) => values.next().map(HeaderValue::as_bytes),
            Self::Lines { lines, name, next } => loop {
                let (own, value) = lines.at(*next)?;
                *next += 1;
                if same(own, name) {
                    return Some(value);
                }
            },
        }
    }
}

/// Writes one field line.
pub fn write_line(out: &mut BytesMut, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

fn same(own: &[u8], name: &HeaderName) -> bool {
    case::same(own, name.as_str().as_bytes())
}

/// The members of comma-separated lists (RFC 9110 §5.6.1), without white space and empty members.
pub fn members<'a>(values: impl Iterator<Item = &'a [u8]>) -> impl Iterator<Item = &'a [u8]> {
    values
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{ACCEPT, HOST};

    fn lines(block: &'static str) -> Fields {
        let block = Bytes::from_static(block.as_bytes());
        let mut headers = [httparse::EMPTY_HEADER; 8];
        let parsed = httparse::parse_headers(&block, &mut headers).unwrap();
        let found = parsed.unwrap().1.to_vec();
        Fields::Lines(Lines::parsed(block.clone(), &found))
    }

    fn written(fields: &Fields) -> String {
        let mut out = BytesMut::new();
        fields.write(&mut out);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn lines_keep_their_case_and_order() {
        let mut fields = lines("X-One: 1\r\nHOST:  a \r\nEmpty:\r\nx-one: 2\r\n\r\n");
        assert_eq!(
            written(&fields),
            "X-One: 1\r\nHOST: a\r\nEmpty: \r\nx-one: 2\r\n"
        );
        fields.set(HOST, HeaderValue::from_static("b"));
        assert_eq!(
            written(&fields),
            "X-One: 1\r\nEmpty: \r\nx-one: 2\r\nhost: b\r\n"
        );
        fields.remove(&HeaderName::from_static("x-one"));
        assert_eq!(written(&fields), "Empty: \r\nhost: b\r\n");
    }

    #[test]
    fn what_is_added_is_found_and_what_is_removed_is_gone() {
        let mut fields = lines("Accept: a\r\nL5D-One: 1\r\nl5d-two: 2\r\n\r\n");
        assert!(fields.may_have_ours() && !fields.may_have_hop_by_hop());
        fields.remove(&HeaderName::from_static("l5d-one"));
        let two = HeaderName::from_static("l5d-two");
        assert!(fields.may_have_ours() && fields.contains(&two));
        assert!(!fields.contains(&HOST));
        fields.append(HOST, HeaderValue::from_static("web"));
        assert_eq!(fields.get(&HOST), Some(&b"web"[..]));
        fields.remove(&HOST);
        assert_eq!(fields.get_all(&HOST).count(), 0);
    }

    #[test]
    fn both_forms_answer_alike() {
        let lines = lines("Accept: a, b\r\nHost: web\r\naccept: c\r\n\r\n");
        let map = Fields::Map(lines.clone().into_map().unwrap());
        for mut fields in [lines, map] {
            assert_eq!(fields.get(&HOST), Some(&b"web"[..]));
            assert_eq!(fields.get_all(&ACCEPT).count(), 2);
            let listed: Vec<_> = members(fields.get_all(&ACCEPT)).collect();
            assert_eq!(listed, [b"a", b"b", b"c"]);
            fields.retain(|name| !name.eq_ignore_ascii_case(b"accept"));
            assert!(!fields.contains(&ACCEPT));
            assert_eq!(fields.take(&HOST).as_deref(), Some(&b"web"[..]));
            assert_eq!(written(&fields), "");
        }
    }
}
