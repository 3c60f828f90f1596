//! What a request's pseudo fields say together (RFC 9113 §8.3.1 and §8.5).

use http::Method;

use super::{RequestLine, Scheme};
use crate::authority;
use crate::http1::MAX_TARGET;
use crate::http2::Malformed;

/// The values of a request's pseudo fields and of its `Host`.
pub(super) struct Target<'a> {
    pub scheme: Option<&'a [u8]>,
    pub authority: Option<&'a [u8]>,
    pub path: Option<&'a [u8]>,
    pub protocol: Option<&'a [u8]>,
    pub host: Option<&'a [u8]>,
}

impl Target<'_> {
    /// Judges them; `extended_connect` says whether RFC 8441 was offered.
    pub fn judge(&self, method: &Method, extended_connect: bool) -> Result<Scheme, Malformed> {
        self.judge_authority()?;
        let connect = *method == Method::CONNECT;
        if self.protocol.is_some() && !(connect && extended_connect) {
            return Err(Malformed::ExtendedConnect);
        }
        if connect && self.protocol.is_none() {
            return self.judge_connect();
        }
        let (Some(named), Some(path)) = (self.scheme, self.path) else {
            return Err(Malformed::Incomplete);
        };
        if connect && self.authority.is_none() {
            return Err(Malformed::Incomplete);
        }
        judge_path(method, path)?;
        scheme(named)
    }

    /// A tunnel's target is a host and a port, and nothing else.
    fn judge_connect(&self) -> Result<Scheme, Malformed> {
        match (self.scheme, self.path, self.authority) {
            (None, None, Some(own)) if authority::port_of(own).is_some() => Ok(Scheme::Other),
            (None, None, Some(_)) => Err(Malformed::Host),
            _ => Err(Malformed::Incomplete),
        }
    }

    /// `:authority` and `Host` must not say different things; a server might heed either.
    fn judge_authority(&self) -> Result<(), Malformed> {
        let valid = |own: Option<&[u8]>| own.is_none_or(authority::is_valid);
        let agree = match (self.authority, self.host) {
            (Some(own), Some(host)) => own.eq_ignore_ascii_case(host),
            _ => true,
        };
        // An HTTP/1.0 or HTTP/1.1 client may send an empty `Host` (RFC 9112 §3.2).
        let host = self.host.filter(|host| !host.is_empty());
        match agree && valid(self.authority) && valid(host) {
            true => Ok(()),
            false => Err(Malformed::Host),
        }
    }
}

/// Whether a request can be written so that a strict reader takes it for what it is.
pub fn is_expressible(line: &RequestLine<'_>) -> bool {
    let authority = line.authority.is_empty() || authority::is_valid(line.authority);
    let target = match *line.method == Method::CONNECT {
        true => authority::port_of(line.authority).is_some() && line.path.is_empty(),
        false => judge_path(line.method, line.path).is_ok(),
    };
    authority && target
}

fn judge_path(method: &Method, path: &[u8]) -> Result<(), Malformed> {
    if path.len() > MAX_TARGET {
        return Err(Malformed::TargetTooLong);
    }
    let form = match path {
        [b'/', ..] => true,
        b"*" => *method == Method::OPTIONS,
        _ => false,
    };
    // A fragment is never sent (RFC 9110 §7.1); what a server makes of one differs.
    let legal = |byte: &u8| (0x21..0x7f).contains(byte) & (*byte != b'#');
    match form && path.iter().fold(true, |all, byte| all & legal(byte)) {
        true => Ok(()),
        false => Err(Malformed::Path),
    }
}

fn scheme(named: &[u8]) -> Result<Scheme, Malformed> {
    let legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    match named {
        b"http" => Ok(Scheme::Http),
        b"https" => Ok(Scheme::Https),
        _ if named.eq_ignore_ascii_case(b"http") => Ok(Scheme::Http),
        _ if named.eq_ignore_ascii_case(b"https") => Ok(Scheme::Https),
        [first, rest @ ..] if first.is_ascii_alphabetic() && rest.iter().all(legal) => {
            Ok(Scheme::Other)
        }
        _ => Err(Malformed::Scheme),
    }
}
