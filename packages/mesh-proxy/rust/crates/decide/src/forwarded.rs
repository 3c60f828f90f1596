//! The gateways that a request has passed: `Forwarded` (RFC 7239).

use std::borrow::Cow;

/// Whether one of the field's values names `id` as a proxy that has passed the request on, in
/// `by`. Values that are no list of pairs are read as far as that makes sense: whoever wants to
/// hide that a request has passed here gains a longer way only.
pub fn has_passed<'a>(mut values: impl Iterator<Item = &'a [u8]>, id: &str) -> bool {
    values.any(|value| {
        Pairs { rest: value }.any(|(name, value)| {
            name.eq_ignore_ascii_case(b"by") && value.eq_ignore_ascii_case(id.as_bytes())
        })
    })
}

/// The element of a gateway that passes a request on for a client, over mutual TLS.
pub fn element(by: &str, client: &str, host: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(40 + by.len() + client.len() + host.len());
    for (name, value) in [
        (&b"by="[..], by.as_bytes()),
        (b";for=", client.as_bytes()),
        (b";host=", host),
    ] {
        out.extend_from_slice(name);
        write(&mut out, value);
    }
    out.extend_from_slice(b";proto=https");
    out
}

fn write(out: &mut Vec<u8>, value: &[u8]) {
    if !value.is_empty() && value.iter().all(is_token) {
        out.extend_from_slice(value);
        return;
    }
    out.push(b'"');
    for byte in value {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

fn is_token(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte)
}

/// The pairs of all elements, without quotes.
struct Pairs<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], Cow<'a, [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.rest.iter().position(|byte| !separates(byte))?;
            self.rest = &self.rest[start..];
            let end = self
                .rest
                .iter()
                .position(|byte| *byte == b'=' || separates(byte));
            let (name, after) = self.rest.split_at(end.unwrap_or(self.rest.len()));
            self.rest = after;
            let Some((b'=', value)) = after.split_first() else {
                continue;
            };
            let (value, after) = match value.split_first() {
                Some((b'"', quoted)) => unquote(quoted),
                _ => {
                    let end = value.iter().position(separates).unwrap_or(value.len());
                    let (value, after) = value.split_at(end);
                    (Cow::Borrowed(value), after)
                }
            };
            self.rest = after;
            return Some((name, value));
        }
    }
}

fn separates(byte: &u8) -> bool {
    matches!(byte, b',' | b';' | b' ' | b'\t')
}

/// A quoted string behind its first quote, and what follows it. Without a second one it ends with
/// the field.
fn unquote(text: &[u8]) -> (Cow<'_, [u8]>, &[u8]) {
    let end = text.iter().position(|byte| matches!(byte, b'"' | b'\\'));
    match end.map(|end| (end, text[end])) {
        None => (Cow::Borrowed(text), &[]),
        Some((end, b'"')) => (Cow::Borrowed(&text[..end]), &text[end + 1..]),
        Some(_) => unescape(text),
    }
}

fn unescape(text: &[u8]) -> (Cow<'_, [u8]>, &[u8]) {
    let mut value = Vec::new();
    let mut bytes = text.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return (value.into(), &text[at + 1..]),
            b'\\' => value.extend(bytes.next().map(|(_, byte)| *byte)),
            byte => value.push(*byte),
        }
    }
    (value.into(), &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "gateway.mc.serviceaccount.identity.linkerd.cluster.local";

    fn passed(values: &[&str]) -> bool {
        has_passed(values.iter().map(|value| value.as_bytes()), ID)
    }

    #[test]
    fn a_gateway_finds_itself_in_every_form() {
        for value in [
            format!("by={ID}"),
            format!("for=a;By=\"{ID}\";proto=https"),
            format!("by=other;for=\"a,b;by=x\\\"\", BY={}", ID.to_uppercase()),
            format!("for=\"unfinished\\\\\" ,by={ID}"),
            format!("garbage;;,=;by={ID}"),
        ] {
            assert!(passed(&[&value]), "{value}");
            assert!(passed(&["by=first", &value]), "{value}");
        }
    }

    #[test]
    fn others_and_quoted_names_are_not_it() {
        for value in [
            "".to_owned(),
            "by".to_owned(),
            format!("for={ID}"),
            format!("by=x{ID}"),
            format!("for=\"by={ID}\""),
            format!("host=\"a\\\";by={ID}\""),
        ] {
            assert!(!passed(&[&value]), "{value}");
        }
    }

    #[test]
    fn an_element_names_who_and_for_whom() {
        let element = element("gw.example", "client", b"web.shop:80");
        let expected = b"by=gw.example;for=client;host=\"web.shop:80\";proto=https";
        assert_eq!(element, expected);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(by in "[ -~]{0,20}", client in "[ -~]{0,20}", host in "[ -~]{0,20}") {
            let element = element(&by, &client, host.as_bytes());
            let pairs: Vec<_> = Pairs { rest: &element }.collect();
            let values: Vec<_> = pairs.iter().map(|(_, value)| value.to_vec()).collect();
            prop_assert_eq!(values, [by.into_bytes(), client.into_bytes(), host.into_bytes(), b"https".to_vec()]);
        }

        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            has_passed([&bytes[..]].into_iter(), ID);
        }
    }
}
