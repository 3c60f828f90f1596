//! Request heads.

use std::mem::MaybeUninit;

use bytes::{Bytes, BytesMut};
use http::Method;
use http::header::{CONNECTION, EXPECT, HOST, UPGRADE};

use super::framing::{Framing, Lengths};
use super::{MAX_FIELDS, MAX_TARGET, Malformed, Version, fault};
use crate::authority;
use crate::case;
use crate::fields::{Fields, Lines, members};

/// A request head, taken apart.
#[derive(Clone, Debug)]
pub struct Head {
    pub method: Method,
    /// The request target, byte for byte.
    pub target: Bytes,
    pub form: Form,
    /// The host with its port as the client wrote it, from the target or else from `Host`; empty if
    /// neither names one.
    pub authority: Bytes,
    pub version: Version,
    pub fields: Fields,
    /// How the request's content is framed.
    pub framing: Framing,
    /// Whether the client leaves the connection open for another request.
    pub keep_alive: bool,
    /// Whether the client waits for `100 Continue` before it sends its content.
    pub expects_continue: bool,
    /// Whether the client asks to switch protocols.
    pub upgrade: bool,
}

/// The forms of a request target (RFC 9112 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A path with an optional query.
    Origin,
    /// A whole URI; `path` is where its path begins.
    Absolute { path: u16 },
    /// Host and port, of CONNECT.
    Authority,
    /// `*`, of OPTIONS.
    Asterisk,
}

impl Head {
    /// The target's path with its query; `/` stands for an absolute form that has none.
    pub fn path(&self) -> Bytes {
        match self.form {
            Form::Absolute { path } => match self.target.slice(usize::from(path)..) {
                path if path.is_empty() => Bytes::from_static(b"/"),
                path => path,
            },
            Form::Authority => Bytes::new(),
            Form::Origin | Form::Asterisk => self.target.clone(),
        }
    }
}

/// Parses a whole head: everything up to and with the blank line.
pub fn parse(block: Bytes) -> Result<Head, Malformed> {
    let mut slots = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut parsed = httparse::Request::new(&mut []);
    match parsed.parse_with_uninit_headers(&block, &mut slots) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(Malformed::StartLine),
        Err(error) => return Err(fault(error)),
    }
    let method = parsed.method.ok_or(Malformed::StartLine)?;
    let target = parsed.path.ok_or(Malformed::StartLine)?;
    let version = Version::from_minor(parsed.version)?;
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| Malformed::StartLine)?;
    let target = block.slice_ref(target.as_bytes());
    let fields = Fields::Lines(Lines::parsed(block.clone(), parsed.headers));
    assemble(method, target, version, fields)
}

fn assemble(
    method: Method,
    target: Bytes,
    version: Version,
    fields: Fields,
) -> Result<Head, Malformed> {
    let form = form(&method, &target)?;
    let authority = host(&target, form, version, &fields)?;
    let framing = Lengths::of(&fields).request(version, &method)?;
    let mut connection = Connection::default();
    connection.read(&fields);
    let http11 = version == Version::Http11;
    Ok(Head {
        keep_alive: !connection.close && (http11 || connection.keep_alive),
        expects_continue: http11
            && framing != Framing::None
            && fields
                .get(&EXPECT)
                .is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue")),
        upgrade: http11 && connection.upgrade && asks_upgrade(&fields),
        method,
        target,
        form,
        authority,
        version,
        fields,
        framing,
    })
}

/// Whether the client asks for a protocol that a tunnel may carry. HTTP/2 is none: inside a tunnel
/// nobody would judge its requests (CVE-2022-41721); a server that is not asked stays with HTTP/1.
fn asks_upgrade(fields: &Fields) -> bool {
    let mut protocols = members(fields.get_all(&UPGRADE)).peekable();
    protocols.peek().is_some()
        && protocols.all(|protocol| {
            let name = protocol
                .split(|byte| *byte == b'/')
                .next()
                .unwrap_or(protocol);
            !["h2c", "h2", "http"]
                .iter()
                .any(|http| name.eq_ignore_ascii_case(http.as_bytes()))
        })
}

/// What `Connection` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    pub close: bool,
    pub keep_alive: bool,
    pub upgrade: bool,
}

impl Connection {
    /// Takes up every member of every `Connection` field.
    pub fn read(&mut self, fields: &Fields) {
        for member in members(fields.get_all(&CONNECTION)) {
            self.close |= case::same(member, b"close");
            self.keep_alive |= case::same(member, b"keep-alive");
            self.upgrade |= case::same(member, b"upgrade");
        }
    }
}

fn form(method: &Method, target: &[u8]) -> Result<Form, Malformed> {
    if target.len() > MAX_TARGET {
        return Err(Malformed::TargetTooLong);
    }
    // A fragment is never sent (RFC 9110 §7.1); what a server makes of one differs.
    if target.iter().any(|byte| *byte == b'#' || *byte >= 0x80) {
        return Err(Malformed::Target);
    }
    match target {
        authority if *method == Method::CONNECT => match authority::port_of(authority) {
            Some(_) => Ok(Form::Authority),
            None => Err(Malformed::Target),
        },
        [b'/', ..] => Ok(Form::Origin),
        b"*" if *method == Method::OPTIONS => Ok(Form::Asterisk),
        _ => absolute(target),
    }
}

fn absolute(target: &[u8]) -> Result<Form, Malformed> {
    let after_scheme = ["http://", "https://"]
        .into_iter()
        .find(|scheme| {
            target
                .get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
        })
        .map(str::len)
        .ok_or(Malformed::Target)?;
    let length = target[after_scheme..]
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?'))
        .unwrap_or(target.len() - after_scheme);
    let path = after_scheme + length;
    // A query right after the host has no path that the far side could be given as it is.
    if length == 0 || target.get(path) == Some(&b'?') {
        return Err(Malformed::Target);
    }
    Ok(Form::Absolute { path: path as u16 })
}

/// The request's one authority. Refused is what two servers could read differently.
fn host(target: &Bytes, form: Form, version: Version, fields: &Fields) -> Result<Bytes, Malformed> {
    let mut hosts = fields.get_all(&HOST);
    let host = match (hosts.next(), hosts.next()) {
        (None, _) if version == Version::Http11 => return Err(Malformed::Host),
        (host, None) => host,
        _ => return Err(Malformed::Host),
    };
    if host.is_some_and(|host| !host.is_empty() && !authority::is_valid(host)) {
        return Err(Malformed::Host);
    }
    let own = match form {
        Form::Absolute { path } => {
            let start = target.windows(2).position(|pair| pair == b"//");
            start.map(|start| target.slice(start + 2..usize::from(path)))
        }
        Form::Authority => Some(target.clone()),
        Form::Origin | Form::Asterisk => None,
    };
    match (own, host) {
        (Some(own), _) if !authority::is_valid(&own) => Err(Malformed::Host),
        (Some(own), Some(host)) if !own.eq_ignore_ascii_case(host) => Err(Malformed::Host),
        (Some(own), _) => Ok(own),
        (None, Some(host)) => Ok(Bytes::copy_from_slice(host)),
        (None, None) => Ok(Bytes::new()),
    }
}

/// Writes a request line.
pub fn write_line(out: &mut BytesMut, method: &Method, target: &[u8], version: Version) {
    out.extend_from_slice(method.as_str().as_bytes());
    out.extend_from_slice(b" ");
    out.extend_from_slice(target);
    out.extend_from_slice(b" ");
    out.extend_from_slice(version.as_str().as_bytes());
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
