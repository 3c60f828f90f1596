//! The forms that values take. Every parser is total: any text gives a value or a reason.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use mesh_decide::authorize::Network;

/// The longest duration taken: what is longer cannot be added to a clock safely.
const MAX_DURATION: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// HTTP/2 windows are 31 bits wide (RFC 9113 §6.9.1).
const MAX_WINDOW: u32 = (1 << 31) - 1;

/// An integer with `ms`, `s`, `m`, `h` or `d`; a bare `0` is allowed.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    const FORM: &str = "expected an integer with ms, s, m, h or d, such as 10s";
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .ok_or(FORM.to_owned())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| FORM.to_owned())?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(FORM.to_owned()),
    };
    number
        .checked_mul(milliseconds)
        .map(Duration::from_millis)
        .filter(|duration| *duration <= MAX_DURATION)
        .ok_or_else(|| "longer than ten years".to_owned())
}

/// `true` or `false`.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

/// A decimal number that is not negative.
pub(super) fn integer<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("expected a decimal number, not negative".to_owned());
    }
    text.parse().map_err(|_| "too large".to_owned())
}

/// An integer of at least one.
pub(super) fn positive(text: &str) -> Result<usize, String> {
    match integer(text)? {
        0 => Err("must be at least 1".to_owned()),
        number => Ok(number),
    }
}

/// An HTTP/2 flow-control window, in bytes.
pub(super) fn window(text: &str) -> Result<u32, String> {
    match integer(text)? {
        size if size <= MAX_WINDOW => Ok(size),
        _ => Err(format!("a window is at most {MAX_WINDOW} bytes")),
    }
}

/// The largest HTTP/2 frame, in bytes (RFC 9113 §6.5.2).
pub(super) fn frame_size(text: &str) -> Result<u32, String> {
    match integer(text)? {
        size @ 16_384..=16_777_215 => Ok(size),
        _ => Err("a frame size is 16384 to 16777215 bytes".to_owned()),
    }
}

/// A decimal number from 0 to 1.
pub(super) fn ratio(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|ratio| (0.0..=1.0).contains(ratio))
        .ok_or_else(|| "expected a decimal number from 0 to 1".to_owned())
}

/// One of the words, without regard to case.
pub(super) fn choice<'w>(text: &str, words: &[&'w str]) -> Result<&'w str, String> {
    words
        .iter()
        .find(|word| word.eq_ignore_ascii_case(text))
        .copied()
        .ok_or_else(|| format!("expected one of {}", words.join(", ")))
}

/// `IP:PORT`.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "expected IP:PORT, such as 127.0.0.1:4140 or [::1]:4140".to_owned())
}

/// One or two comma-separated `IP:PORT`, no two of the same family.
pub(super) fn addresses(text: &str) -> Result<Vec<SocketAddr>, String> {
    let addresses = list(text, address)?;
    match addresses.as_slice() {
        [_] => Ok(addresses),
        [first, second] if first.is_ipv4() != second.is_ipv4() => Ok(addresses),
        _ => Err("expected at most two addresses, one IPv4 and one IPv6".to_owned()),
    }
}

/// Comma-separated IP addresses.
pub(super) fn ips(text: &str) -> Result<BTreeSet<IpAddr>, String> {
    let ip = |item: &str| {
        item.parse::<IpAddr>()
            .map(|ip| ip.to_canonical())
            .map_err(|_| format!("{item:?} is not an IP address"))
    };
    Ok(list(text, ip)?.into_iter().collect())
}

/// Comma-separated `ADDRESS/LENGTH`; a bare address is itself alone.
pub(super) fn networks(text: &str) -> Result<Vec<Network>, String> {
    list(text, network)
}

fn network(text: &str) -> Result<Network, String> {
    let wrong = || format!("{text:?} is not ADDRESS/LENGTH, such as 10.0.0.0/8");
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        Some(prefix) => integer::<u8>(prefix).map_err(|_| wrong())?,
        None => width,
    };
    if prefix > width {
        return Err(format!("{text:?}: the length is at most {width}"));
    }
    Ok(Network { address, prefix })
}

/// Comma-separated DNS suffixes in lower case without the final dot; `.` matches every name.
pub(super) fn suffixes(text: &str) -> Result<Vec<Box<str>>, String> {
    list(text, |item| {
        if item == "." {
            return Ok("".into());
        }
        let name = item.strip_suffix('.').unwrap_or(item);
        let name = name.strip_prefix('.').unwrap_or(name);
        if is_dns_name(name) {
            Ok(name.to_ascii_lowercase().into())
        } else {
            Err(format!("{item:?} is not a DNS suffix"))
        }
    })
}

/// Whether `name` could be looked up in DNS: labels of 1 to 63 letters, digits, `-` and `_`.
pub(super) fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// Comma-separated items, with optional space around them; empty items are refused.
pub(super) fn list<T>(
    text: &str,
    item: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    text.split(',')
        .map(str::trim)
        .map(|part| {
            if part.is_empty() {
                Err("has an empty item between commas".to_owned())
            } else {
                item(part)
            }
        })
        .collect()
}
