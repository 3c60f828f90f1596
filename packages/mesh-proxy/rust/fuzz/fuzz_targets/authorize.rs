//! Who may reach a server, against a naive model.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use mesh_decide::authorize::{
    Authentication, Authorization, ClientTls, Network, NetworkRule, authorize,
};

#[derive(Arbitrary, Debug)]
struct Case {
    rules: Vec<Rule>,
    client: [u8; 4],
    tls: Option<Option<Vec<Label>>>,
}

#[derive(Arbitrary, Debug)]
struct Rule {
    networks: Vec<(Net, Vec<Net>)>,
    authentication: Proof,
}

#[derive(Arbitrary, Debug)]
struct Net {
    address: [u8; 4],
    prefix: u8,
}

#[derive(Arbitrary, Debug)]
enum Proof {
    None,
    Tls,
    Identities(Vec<Vec<Label>>, Vec<Vec<Label>>),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Label {
    A,
    B,
    AB,
}

impl Label {
    fn text(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::AB => "ab",
        }
    }
}

impl Net {
    fn network(&self) -> Network {
        Network {
            address: IpAddr::from(self.address),
            prefix: self.prefix % 33,
        }
    }

    /// Bit by bit.
    fn contains(&self, client: [u8; 4]) -> bool {
        let bits = |address: [u8; 4]| format!("{:032b}", u32::from_be_bytes(address));
        let prefix = usize::from(self.prefix % 33);
        bits(self.address)[..prefix] == bits(client)[..prefix]
    }
}

fn name(labels: &[Label]) -> String {
    labels
        .iter()
        .map(|label| label.text())
        .collect::<Vec<_>>()
        .join(".")
}

impl Rule {
    fn authorization(&self) -> Authorization {
        let authentication = match &self.authentication {
            Proof::None => Authentication::Unauthenticated,
            Proof::Tls => Authentication::TlsUnauthenticated,
            Proof::Identities(exact, suffixes) => Authentication::TlsIdentities {
                exact: exact.iter().map(|labels| name(labels).into()).collect(),
                suffixes: suffixes
                    .iter()
                    .map(|labels| labels.iter().map(|label| Arc::from(label.text())).collect())
                    .collect(),
            },
        };
        let rule = |(net, except): &(Net, Vec<Net>)| NetworkRule {
            network: net.network(),
            except: except.iter().map(Net::network).collect(),
        };
        Authorization {
            networks: self.networks.iter().map(rule).collect(),
            authentication,
            labels: Arc::from(""),
            name: Arc::from(""),
        }
    }

    fn admits(&self, client: [u8; 4], tls: &Option<Option<Vec<Label>>>) -> bool {
        let near = self.networks.iter().any(|(net, except)| {
            net.contains(client) && !except.iter().any(|net| net.contains(client))
        });
        near && match (&self.authentication, tls) {
            (Proof::None, _) => true,
            (Proof::Tls, tls) => tls.is_some(),
            (Proof::Identities(exact, suffixes), Some(Some(own))) => {
                let own = name(own);
                let below = |suffix: &Vec<Label>| match suffix.is_empty() {
                    true => !own.is_empty(),
                    false => {
                        own.len() > name(suffix).len() + 1
                            && own.ends_with(&format!(".{}", name(suffix)))
                    }
                };
                exact.iter().any(|labels| name(labels) == own) || suffixes.iter().any(below)
            }
            _ => false,
        }
    }
}

fuzz_target!(|case: Case| {
    let rules: Vec<_> = case.rules.iter().map(Rule::authorization).collect();
    let identity = case.tls.as_ref().and_then(|tls| tls.as_deref().map(name));
    let tls = match case.tls {
        None => ClientTls::None,
        Some(_) => ClientTls::Established(identity.as_deref()),
    };
    let wanted = case
        .rules
        .iter()
        .position(|rule| rule.admits(case.client, &case.tls));
    let v4 = Ipv4Addr::from(case.client);
    for client in [IpAddr::V4(v4), IpAddr::V6(v4.to_ipv6_mapped())] {
        let found = authorize(&rules, client, tls);
        let place = found.map(|found| rules.iter().position(|rule| std::ptr::eq(rule, found)));
        assert_eq!(place.flatten(), wanted);
    }
});
