//! A host with an optional port, as requests name it.

/// Whether `authority` is a host name, an IPv4 address or a bracketed IPv6 address, with an
/// optional port from 1 to 65535. User information, lists and bytes outside ASCII are refused: two
/// servers could read them as two hosts.
pub fn is_valid(authority: &[u8]) -> bool {
    let Some((host, port)) = split(authority) else {
        return false;
    };
    let port_is_valid = port.is_none_or(|port| parse_port(port).is_some());
    port_is_valid && (is_name(host) || is_ipv6(host))
}

/// The port, where one is given.
pub fn port_of(authority: &[u8]) -> Option<u16> {
    let (_, port) = split(authority)?;
    parse_port(port?)
}

fn split(authority: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let end = match authority.first()? {
        b'[' => authority.iter().position(|byte| *byte == b']')? + 1,
        _ => authority
            .iter()
            .position(|byte| *byte == b':')
            .unwrap_or(authority.len()),
    };
    match &authority[end..] {
        [] => Some((authority, None)),
        [b':', port @ ..] => Some((&authority[..end], Some(port))),
        _ => None,
    }
}

fn parse_port(port: &[u8]) -> Option<u16> {
    if port.is_empty() || port.len() > 5 || !port.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = port.iter().map(|digit| u32::from(digit - b'0'));
    let port = u16::try_from(digits.fold(0, |number, digit| number * 10 + digit)).ok()?;
    (port != 0).then_some(port)
}

/// Letters, digits and what registered names hold besides (RFC 3986 §3.2.2), without delimiters
/// that lists and shells would read.
fn is_name(host: &[u8]) -> bool {
    !host.is_empty() && host.iter().copied().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    // A match, unlike a search in a list, is one test of a bit.
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'_' | b'~' | b'%' | b'!' | b'$' | b'&' | b'\''
        )
        || matches!(byte, b'(' | b')' | b'*' | b'+' | b';' | b'=')
}

fn is_ipv6(host: &[u8]) -> bool {
    let inner = host
        .strip_prefix(b"[")
        .and_then(|host| host.strip_suffix(b"]"));
    inner
        .and_then(|inner| std::str::from_utf8(inner).ok())
        .is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_with_and_without_ports() {
        for good in [
            "web",
            "web:80",
            "WEB.shop.",
            "10.0.0.1:65535",
            "[::1]",
            "[fd00::2]:8080",
            "a_b",
            "a-b.c",
        ] {
            assert!(is_valid(good.as_bytes()), "{good}");
        }
        assert_eq!(port_of(b"web:80"), Some(80));
        assert_eq!(port_of(b"web"), None);
    }

    #[test]
    fn fault_18_what_has_two_readings_is_no_host() {
        for bad in [
            "",
            ":80",
            "web:",
            "web:0",
            "web:65536",
            "web:+80",
            "web:080808",
            "a,b",
            "a b",
            "user@web",
            "user:pass@web",
            "[::1",
            "[::1]x",
            "[web]",
            "::1",
            "web/",
            "b\u{fc}cher",
            "web:80:80",
            "a\\b",
            "a\"b",
        ] {
            assert!(!is_valid(bad.as_bytes()), "{bad}");
        }
    }
}
