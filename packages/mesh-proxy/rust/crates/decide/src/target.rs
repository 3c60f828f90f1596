//! Whom a request names as its destination, and whom a proxy must never reach for somebody else.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU16;
use std::sync::Arc;

use crate::authority;

/// The longest DNS name in its text form, without the root's dot (RFC 1035 §2.3.4).
const LONGEST_NAME: usize = 253;
/// The longest label of a DNS name.
const LONGEST_LABEL: usize = 63;

/// Whom somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    Address(SocketAddr),
    Name(Name),
}

/// A DNS name with a port. In lower case and without the root's dot, so that one destination has
/// one spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    host: Arc<str>,
    port: NonZeroU16,
}

/// Why text is no destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It is not a host with a port, or has two readings.
    Authority,
    /// It has no port.
    NoPort,
    /// Its host is neither an address nor a DNS name.
    Host,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authority => "it is not HOST:PORT",
            Self::NoPort => "it has no port",
            Self::Host => "its host is neither an address nor a DNS name",
        })
    }
}

impl std::error::Error for Malformed {}

impl Target {
    /// Reads `HOST:PORT`.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn parse(text: &[u8]) -> Result<Self, Malformed> {
        if !authority::is_valid(text) {
            return Err(Malformed::Authority);
        }
        let port = authority::port_of(text).and_then(NonZeroU16::new);
        let port = port.ok_or(Malformed::NoPort)?;
        let text = std::str::from_utf8(text).map_err(|_| Malformed::Authority)?;
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(address.into());
        }
        let (host, _) = text.rsplit_once(':').ok_or(Malformed::NoPort)?;
        Name::new(host, port).map(Self::Name)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        match self {
            Self::Address(address) => address.port(),
            Self::Name(name) => name.port(),
        }
    }
}

impl From<SocketAddr> for Target {
    /// An IPv4 address that is mapped into IPv6 is that IPv4 address.
    fn from(address: SocketAddr) -> Self {
        let ip = address.ip().to_canonical();
        Self::Address(SocketAddr::new(ip, address.port()))
    }
}

impl From<Name> for Target {
    fn from(name: Name) -> Self {
        Self::Name(name)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl Name {
    /// A name that could be looked up in DNS.
    ///
    /// # Errors
    /// When it could not, or is an address in disguise.
    pub fn new(host: &str, port: NonZeroU16) -> Result<Self, Malformed> {
        let host = host.strip_suffix('.').unwrap_or(host);
        // Resolvers of the C library read `0x7f.1` and `2130706433` as 127.0.0.1 (RFC 3696 §2).
        let last = host.rsplit('.').next().unwrap_or_default();
        let numeric = last.bytes().all(|byte| byte.is_ascii_digit())
            || last.to_ascii_lowercase().starts_with("0x");
        let is_name = host.len() <= LONGEST_NAME && host.split('.').all(is_label);
        if !is_name || numeric {
            return Err(Malformed::Host);
        }
        Ok(Self {
            host: host.to_ascii_lowercase().into(),
            port,
        })
    }

    /// The name without its port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port.get()
    }

    /// Whether the name is one of `suffixes` or below it. The empty suffix matches every name.
    pub fn is_within<S: AsRef<str>>(&self, suffixes: &[S]) -> bool {
        suffixes.iter().any(|suffix| {
            let suffix = suffix.as_ref();
            let above = self.host.strip_suffix(suffix);
            above.is_some_and(|above| above.is_empty() || suffix.is_empty() || above.ends_with('.'))
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

fn is_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LONGEST_LABEL).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(inner)
}

/// Whether a proxy must not connect there because a name or a request says so: loopback is the
/// pod's own inside, and link-local addresses are the machine's (clouds give out credentials at
/// 169.254.169.254 and fd00:ec2::254).
pub fn is_off_limits(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    if ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() {
        return true;
    }
    match ip {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast() || ip.octets()[0] == 0,
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip == CLOUD_METADATA,
    }
}

/// Where one large cloud serves its metadata over IPv6: no link-local address, but used as one.
const CLOUD_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<String, Malformed> {
        Target::parse(text.as_bytes()).map(|destination| destination.to_string())
    }

    #[test]
    fn one_destination_has_one_spelling() {
        for text in ["Web.Shop.svc:80", "web.shop.svc.:80", "web.shop.svc:80"] {
            assert_eq!(parse(text).as_deref(), Ok("web.shop.svc:80"));
        }
        assert_eq!(parse("10.0.0.1:80").as_deref(), Ok("10.0.0.1:80"));
        assert_eq!(parse("[::ffff:10.0.0.1]:80").as_deref(), Ok("10.0.0.1:80"));
        assert_eq!(parse("[fd00::1]:80").as_deref(), Ok("[fd00::1]:80"));
    }

    #[test]
    fn what_is_no_destination_says_why() {
        for (text, why) in [
            ("", Malformed::Authority),
            ("web", Malformed::NoPort),
            ("web:0", Malformed::Authority),
            ("web:80, db:80", Malformed::Authority),
            ("http://web:80", Malformed::Authority),
            ("user@web:80", Malformed::Authority),
            ("web..shop:80", Malformed::Host),
            ("we%62:80", Malformed::Host),
            ("-web:80", Malformed::Host),
            ("2130706433:80", Malformed::Host),
            ("127.1:80", Malformed::Host),
            ("0x7f.1:80", Malformed::Host),
            ("127.0.0.0x1:80", Malformed::Host),
        ] {
            assert_eq!(parse(text), Err(why), "{text}");
        }
        let long = format!("{}:80", "a.".repeat(128));
        assert_eq!(parse(&long), Err(Malformed::Host));
    }

    #[test]
    fn suffixes_end_at_dots() {
        let port = NonZeroU16::MIN;
        let name = Name::new("web.shop.svc.cluster.local", port).unwrap();
        assert!(name.is_within(&["svc.cluster.local"]));
        assert!(name.is_within(&["web.shop.svc.cluster.local"]));
        assert!(name.is_within(&[""]));
        assert!(!name.is_within(&["vc.cluster.local", "example"]));
        assert!(!name.is_within::<&str>(&[]));
    }

    #[test]
    fn the_pods_inside_and_the_machine_are_off_limits() {
        for ip in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "fe80::1",
            "ff02::1",
            "fd00:ec2::254",
        ] {
            assert!(is_off_limits(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["10.0.0.1", "192.168.0.1", "fd00::1", "2001:db8::1"] {
            assert!(!is_off_limits(ip.parse().unwrap()), "{ip}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Ok(destination) = Target::parse(&bytes) {
                let again = destination.to_string();
                prop_assert_eq!(Target::parse(again.as_bytes()), Ok(destination));
            }
        }

        #[test]
        fn a_name_survives(host in "[a-z]([a-z0-9-]{0,8}[a-z0-9])?(\\.[a-z]{1,5}){0,3}", port: NonZeroU16) {
            let name = Name::new(&host, port).unwrap();
            prop_assert_eq!(Target::parse(name.to_string().as_bytes()), Ok(Target::Name(name)));
        }
    }
}
