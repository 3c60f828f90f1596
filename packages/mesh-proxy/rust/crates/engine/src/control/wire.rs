//! Values of the wire as ours.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use mesh_decide::authorize::Network;
use mesh_wire::{meta, net};

use crate::snapshot::ResourceRef;

/// A message that says something impossible; the text names the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Malformed {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// An IP address.
pub(crate) fn ip(address: Option<net::IpAddress>) -> Result<IpAddr, Malformed> {
    match address.and_then(|address| address.ip) {
        Some(net::ip_address::Ip::Ipv4(number)) => Ok(Ipv4Addr::from(number).into()),
        Some(net::ip_address::Ip::Ipv6(halves)) => {
            let number = u128::from(halves.first) << 64 | u128::from(halves.last);
            Ok(Ipv6Addr::from(number).into())
        }
        None => Err(Malformed::new("an address is missing")),
    }
}

/// An address with a port, which is not 0.
pub(crate) fn socket_address(address: Option<net::TcpAddress>) -> Result<SocketAddr, Malformed> {
    let address = address.ok_or_else(|| Malformed::new("an address is missing"))?;
    Ok(SocketAddr::new(ip(address.ip)?, port(address.port)?))
}

/// A port, which is not 0.
pub(crate) fn port(number: u32) -> Result<u16, Malformed> {
    u16::try_from(number)
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(|| Malformed(format!("{number} is not a port")))
}

/// An address as the wire has it.
pub(crate) fn to_wire(address: SocketAddr) -> net::TcpAddress {
    let ip = match address.ip() {
        IpAddr::V4(ip) => net::ip_address::Ip::Ipv4(ip.into()),
        IpAddr::V6(ip) => {
            let number = u128::from(ip);
            net::ip_address::Ip::Ipv6(net::IPv6 {
                #[allow(clippy::cast_possible_truncation)]
                first: (number >> 64) as u64,
                #[allow(clippy::cast_possible_truncation)]
                last: number as u64,
            })
        }
    };
    net::TcpAddress {
        ip: Some(net::IpAddress { ip: Some(ip) }),
        port: address.port().into(),
    }
}

/// A network.
pub(crate) fn network(network: net::IpNetwork) -> Result<Network, Malformed> {
    let address = ip(network.ip)?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let prefix = u8::try_from(network.prefix_len)
        .ok()
        .filter(|prefix| *prefix <= width)
        .ok_or_else(|| Malformed(format!("{address}/{} is no network", network.prefix_len)))?;
    Ok(Network { address, prefix })
}

/// What is longer cannot be added to every clock.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// A duration that is not negative; what is longer than a year counts as a year.
pub(crate) fn duration(value: Option<prost_types::Duration>) -> Option<Duration> {
    let value = Duration::try_from(value?).ok()?;
    Some(value.min(LONGEST))
}

/// The resource that a message is about.
pub(crate) fn resource(metadata: Option<&meta::Metadata>) -> ResourceRef {
    match metadata.and_then(|metadata| metadata.kind.as_ref()) {
        None => ResourceRef::Default("unnamed".into()),
        Some(meta::metadata::Kind::Default(name)) => ResourceRef::Default(name.as_str().into()),
        Some(meta::metadata::Kind::Resource(resource)) => ResourceRef::Resource {
            group: resource.group.as_str().into(),
            kind: resource.kind.as_str().into(),
            name: resource.name.as_str().into(),
            namespace: resource.namespace.as_str().into(),
            section: resource.section.as_str().into(),
            port: u16::try_from(resource.port).unwrap_or_default(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn addresses_survive_the_wire(ip: IpAddr, port in 1_u16..) {
            let address = SocketAddr::new(ip, port);
            prop_assert_eq!(socket_address(Some(to_wire(address))), Ok(address));
        }
    }

    #[test]
    fn an_ipv4_address_is_its_ordinary_number() {
        let wire = to_wire("10.77.0.2:80".parse().unwrap());
        let ip = wire.ip.unwrap().ip.unwrap();
        assert_eq!(ip, net::ip_address::Ip::Ipv4(0x0a4d_0002));
    }

    #[test]
    fn durations_are_bounded_and_not_negative() {
        let of = |seconds, nanos| duration(Some(prost_types::Duration { seconds, nanos }));
        assert_eq!(of(3, 500_000_000), Some(Duration::from_millis(3500)));
        assert_eq!(of(i64::MAX, 0), Some(LONGEST));
        assert_eq!(of(-1, 0), None);
        assert_eq!(duration(None), None);
    }

    #[test]
    fn what_is_impossible_is_refused() {
        let address = to_wire("10.0.0.1:80".parse().unwrap());
        for port in [0, 65_536] {
            assert!(socket_address(Some(net::TcpAddress { port, ..address })).is_err());
        }
        assert!(socket_address(None).is_err());
        let prefix_len = 33;
        assert!(
            network(net::IpNetwork {
                ip: address.ip,
                prefix_len
            })
            .is_err()
        );
    }
}
