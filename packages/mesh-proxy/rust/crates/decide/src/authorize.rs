//! Whether a client may reach a server: networks and identities.

use std::net::IpAddr;
use std::sync::Arc;

/// One reason to let a client in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// The client's address must be in one of them.
    pub networks: Vec<NetworkRule>,
    pub authentication: Authentication,
    /// `authz_group`, `authz_kind`, `authz_name` as rendered labels.
    pub labels: Arc<str>,
    /// The rule's name, for logs; `audit` marks a connection that is let in and reported.
    pub name: Arc<str>,
}

/// A network and the parts of it that do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkRule {
    pub network: Network,
    pub except: Vec<Network>,
}

/// Addresses that share their first `prefix` bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    pub address: IpAddr,
    pub prefix: u8,
}

/// What a client must have proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// Nothing, not even TLS.
    Unauthenticated,
    /// Mesh TLS, with or without a client certificate.
    TlsUnauthenticated,
    /// A client certificate whose identity is one of these or ends with one of the suffixes.
    /// A suffix of no parts matches every identity.
    TlsIdentities {
        exact: Vec<Arc<str>>,
        suffixes: Vec<Vec<Arc<str>>>,
    },
}

/// What is known of a client's transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientTls<'a> {
    /// Plaintext, or TLS that was not ended here.
    None,
    /// Mesh TLS ended here; the identity if the client presented a certificate.
    Established(Option<&'a str>),
}

impl Network {
    /// Whether `address` lies in the network; IPv4-mapped IPv6 addresses count as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => same_prefix(
                u32::from(network).into(),
                u32::from(address).into(),
                self.prefix,
                32,
            ),
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                same_prefix(network.into(), address.into(), self.prefix, 128)
            }
            _ => false,
        }
    }
}

fn same_prefix(left: u128, right: u128, prefix: u8, width: u32) -> bool {
    let shift = width.saturating_sub(u32::from(prefix));
    shift >= 128 || (left >> shift) == (right >> shift)
}

impl NetworkRule {
    fn contains(&self, address: IpAddr) -> bool {
        self.network.contains(address) && !self.except.iter().any(|net| net.contains(address))
    }
}

impl Authentication {
    fn accepts(&self, tls: ClientTls<'_>) -> bool {
        match (self, tls) {
            (Self::Unauthenticated, _) => true,
            (_, ClientTls::None) => false,
            (Self::TlsUnauthenticated, ClientTls::Established(_)) => true,
            (Self::TlsIdentities { .. }, ClientTls::Established(None)) => false,
            (Self::TlsIdentities { exact, suffixes }, ClientTls::Established(Some(id))) => {
                exact.iter().any(|name| **name == *id)
                    || suffixes.iter().any(|parts| has_suffix(id, parts))
            }
        }
    }
}

/// Whether the last labels of `identity` are `parts`, with at least one label before them.
fn has_suffix(identity: &str, parts: &[Arc<str>]) -> bool {
    let mut rest = identity;
    for part in parts.iter().rev() {
        let Some(before) = rest
            .strip_suffix(&**part)
            .and_then(|rest| rest.strip_suffix('.'))
        else {
            return false;
        };
        rest = before;
    }
    !rest.is_empty()
}

/// The first authorization that lets the client in, in the given order.
pub fn authorize<'a>(
    authorizations: &'a [Authorization],
    client: IpAddr,
    tls: ClientTls<'_>,
) -> Option<&'a Authorization> {
    authorizations.iter().find(|authorization| {
        authorization
            .networks
            .iter()
            .any(|network| network.contains(client))
            && authorization.authentication.accepts(tls)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(authentication: Authentication) -> Authorization {
        let network = Network {
            address: "10.0.0.0".parse().unwrap(),
            prefix: 8,
        };
        let except = vec![Network {
            address: "10.9.0.0".parse().unwrap(),
            prefix: 16,
        }];
        Authorization {
            networks: vec![NetworkRule { network, except }],
            authentication,
            labels: "".into(),
            name: "test".into(),
        }
    }

    fn allowed(authentication: Authentication, client: &str, tls: ClientTls<'_>) -> bool {
        authorize(&[rule(authentication)], client.parse().unwrap(), tls).is_some()
    }

    #[test]
    fn a_network_holds_its_addresses_but_not_its_exceptions() {
        let open = || Authentication::Unauthenticated;
        assert!(allowed(open(), "10.1.2.3", ClientTls::None));
        assert!(allowed(open(), "::ffff:10.1.2.3", ClientTls::None));
        assert!(!allowed(open(), "10.9.2.3", ClientTls::None));
        assert!(!allowed(open(), "11.1.2.3", ClientTls::None));
        assert!(!allowed(open(), "fd00::1", ClientTls::None));
    }

    #[test]
    fn an_identity_is_needed_where_identities_are_named() {
        let named = || Authentication::TlsIdentities {
            exact: vec!["web.shop.example".into()],
            suffixes: vec![vec!["bank".into(), "example".into()]],
        };
        let tls = |id| ClientTls::Established(id);
        assert!(allowed(named(), "10.0.0.1", tls(Some("web.shop.example"))));
        assert!(allowed(named(), "10.0.0.1", tls(Some("till.bank.example"))));
        assert!(!allowed(named(), "10.0.0.1", tls(Some("bank.example"))));
        assert!(!allowed(
            named(),
            "10.0.0.1",
            tls(Some("riverbank.example"))
        ));
        assert!(!allowed(named(), "10.0.0.1", tls(None)));
        assert!(!allowed(named(), "10.0.0.1", ClientTls::None));
    }

    #[test]
    fn a_suffix_without_parts_matches_every_identity_but_needs_one() {
        let any = || Authentication::TlsIdentities {
            exact: vec![],
            suffixes: vec![vec![]],
        };
        assert!(allowed(
            any(),
            "10.0.0.1",
            ClientTls::Established(Some("x"))
        ));
        assert!(!allowed(any(), "10.0.0.1", ClientTls::Established(None)));
    }

    #[test]
    fn tls_without_a_certificate_is_enough_where_only_tls_is_asked_for() {
        let tls = || Authentication::TlsUnauthenticated;
        assert!(allowed(tls(), "10.0.0.1", ClientTls::Established(None)));
        assert!(!allowed(tls(), "10.0.0.1", ClientTls::None));
    }

    #[test]
    fn without_authorizations_nobody_gets_in() {
        assert!(authorize(&[], "10.0.0.1".parse().unwrap(), ClientTls::None).is_none());
    }
}
