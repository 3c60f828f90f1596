//! Judging a request's path by rules that name paths.
//!
//! Servers differ in what they make of a path: some decode it twice, some read a backslash as a
//! slash, some drop what follows a semicolon. The request is forwarded byte for byte, so the proxy
//! cannot know which reading the application has. It judges the path as it came and in the
//! canonical form that the most generous server would see; where the two verdicts differ, whoever
//! wrote the path may be trying to be judged by one and served by the other (CVE-2021-29492).

use std::borrow::Cow;

use mesh_wire::vocabulary::limits;

/// Decodings of a path until nothing is encoded any more; nobody honest needs as many.
const MAX_DECODINGS: usize = limits::PATH_DECODINGS.size();

/// The raw and the canonical form of a path would be judged differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ambiguous;

/// The path of a request's target without its query; `/` where it is empty.
pub fn of(target: &[u8]) -> &[u8] {
    let end = target.iter().position(|byte| *byte == b'?');
    match &target[..end.unwrap_or(target.len())] {
        [] => b"/",
        path => path,
    }
}

/// The verdict on `path`, the same for every reading of it.
///
/// # Errors
/// When `verdict` says different things about the path as it came and its canonical form.
pub fn judge<V: PartialEq>(path: &[u8], verdict: impl Fn(&[u8]) -> V) -> Result<V, Ambiguous> {
    let raw = verdict(path);
    match canonical(path) {
        Some(Cow::Borrowed(_)) => Ok(raw),
        Some(Cow::Owned(canonical)) if verdict(&canonical) == raw => Ok(raw),
        Some(Cow::Owned(_)) | None => Err(Ambiguous),
    }
}

/// The path as the most generous server reads it: decoded as often as it can be, backslashes as
/// slashes, without parameters, empty segments, `.` and `..`, and cut off where a decoded `?`, `#`
/// or NUL would end it. None if it is encoded more often than [`MAX_DECODINGS`].
pub fn canonical(path: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !is_suspicious(path) {
        return Some(Cow::Borrowed(path));
    }
    let decoded = decode_all(path)?;
    let end = decoded
        .iter()
        .position(|byte| matches!(byte, b'?' | b'#' | 0));
    let resolved = resolve(&decoded[..end.unwrap_or(decoded.len())]);
    Some(match resolved == path {
        true => Cow::Borrowed(path),
        false => Cow::Owned(resolved),
    })
}

/// Whether the canonical form could differ at all; most paths are done with here.
fn is_suspicious(path: &[u8]) -> bool {
    let mut before = 0;
    for byte in path {
        match byte {
            b'%' | b'\\' | b';' | b'#' | 0 => return true,
            b'/' | b'.' if before == b'/' => return true,
            _ => before = *byte,
        }
    }
    path.first() != Some(&b'/')
}

fn decode_all(path: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = path.to_vec();
    for _ in 0..MAX_DECODINGS {
        let next = shorten(&decode(&decoded));
        if next == decoded {
            return Some(decoded);
        }
        decoded = next;
    }
    None
}

/// Decodes `%XX` once; what is no such thing stays.
fn decode(path: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|it| u8::try_from(it).ok())
    };
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if let (b'%', [high, low, after @ ..]) = (first, tail)
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            decoded.push(high << 4 | low);
            rest = after;
        } else {
            decoded.push(*first);
        }
    }
    decoded
}

/// Replaces ASCII in two bytes, which UTF-8 forbids and lax decoders take (`%c0%af` for a slash).
fn shorten(path: &[u8]) -> Vec<u8> {
    let mut short = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (0xc0 | 0xc1, [next @ 0x80..=0xbf, after @ ..]) => {
                short.push((first & 1) << 6 | next & 0x3f);
                rest = after;
            }
            _ => short.push(*first),
        }
    }
    short
}

/// Takes out parameters, empty segments, `.` and `..` (RFC 3986 §5.2.4); a slash at the end stays.
fn resolve(path: &[u8]) -> Vec<u8> {
    let mut segments: Vec<&[u8]> = Vec::new();
    let mut open = true;
    for segment in path.split(|byte| matches!(byte, b'/' | b'\\')) {
        let name = segment.split(|byte| *byte == b';').next();
        open = true;
        match name.unwrap_or_default() {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            name => {
                segments.push(name);
                open = false;
            }
        }
    }
    let mut resolved = Vec::with_capacity(path.len() + 1);
    for segment in &segments {
        resolved.push(b'/');
        resolved.extend_from_slice(segment);
    }
    if open {
        resolved.push(b'/');
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(path: &str) -> Option<String> {
        let canonical = canonical(path.as_bytes())?;
        Some(String::from_utf8_lossy(&canonical).into_owned())
    }

    #[test]
    fn fault_19_every_reading_has_one_canonical_form() {
        for (path, expected) in [
            ("/admin", "/admin"),
            ("/admin/", "/admin/"),
            ("", "/"),
            ("//admin", "/admin"),
            ("/./admin", "/admin"),
            ("/a/../admin", "/admin"),
            ("/../../admin", "/admin"),
            ("/%2e%2e/admin", "/admin"),
            ("/a/%2E%2e/admin", "/admin"),
            ("/%61dmin", "/admin"),
            ("/%2Fadmin", "/admin"),
            ("/a%2f..%2fadmin", "/admin"),
            ("/%5Cadmin", "/admin"),
            ("/a\\..\\admin", "/admin"),
            ("\\admin", "/admin"),
            ("/%252Fadmin", "/admin"),
            ("/%25252e/admin", "/admin"),
            ("/admin;x=1", "/admin"),
            ("/a;x=1/..;y/admin", "/admin"),
            ("/admin%3Fx", "/admin"),
            ("/admin%23x", "/admin"),
            ("/admin%00.html", "/admin"),
            ("/%c0%afadmin", "/admin"),
            ("/%c0%ae%c0%ae/admin", "/admin"),
            ("/admin/.", "/admin/"),
            ("/x/admin/..", "/x/"),
            ("/100%", "/100%"),
            ("/%zz", "/%zz"),
            ("/a..b/.c", "/a..b/.c"),
        ] {
            assert_eq!(text(path).as_deref(), Some(expected), "{path}");
        }
        assert_eq!(text("/%2525252525252fadmin"), None);
    }

    #[test]
    fn the_query_is_no_part_of_a_path() {
        assert_eq!(of(b"/a?b=/../c"), b"/a");
        assert_eq!(of(b"?b"), b"/");
    }

    /// `path` in some of the ways to write it.
    fn encodings(path: String) -> impl Strategy<Value = String> {
        let ways = prop::collection::vec(0u8..9, path.len());
        ways.prop_map(move |ways| {
            let mut written = String::new();
            for (byte, way) in path.bytes().zip(ways) {
                let plain = char::from(byte);
                match (way, byte) {
                    (0, _) => written.push_str(&format!("%{byte:02x}")),
                    (1, _) => written.push_str(&format!("%{byte:02X}")),
                    (2, _) => written.push_str(&format!("%25{byte:02x}")),
                    (3, b'/') => written.push('\\'),
                    (4, b'/') => written.push_str("//"),
                    (5, b'/') => written.push_str("/./"),
                    (6, b'/') => written.push_str("/x/../"),
                    (7, b'/') => written.push_str(";p=1/"),
                    (8, b'/') => written.push_str("%c0%af"),
                    _ => written.push(plain),
                }
            }
            written
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn fault_19_an_encoding_is_judged_as_the_path_or_refused(
            (path, written) in "(/[a-c.]{1,4}){1,3}/?"
                .prop_filter("canonical", |path| !is_suspicious(path.as_bytes()))
                .prop_flat_map(|path| (Just(path.clone()), encodings(path))),
            rule in "(/[a-c.]{1,4}){1,3}/?",
        ) {
            let verdict = |seen: &[u8]| [rule.as_bytes(), path.as_bytes()].contains(&seen);
            let (plain, other) = (verdict(path.as_bytes()), judge(written.as_bytes(), verdict));
            prop_assert!(other == Ok(plain) || other == Err(Ambiguous), "{} {:?}", written, other);
        }

        #[test]
        fn a_canonical_form_is_its_own(path in prop::collection::vec(
            prop::sample::select(b"ab/.%25\\;cf0?#\0".to_vec()), 0..40)
        ) {
            if let Some(once) = canonical(&path) {
                let twice = canonical(&once);
                prop_assert_eq!(twice.as_deref(), Some(&*once));
            }
        }
    }
}
