//! The policy of a port until the controller has answered. Pure.

use mesh_decide::authorize::{Authentication, Authorization, NetworkRule};

use super::server::{everywhere, resource_labels};
use crate::config::{DefaultPolicy, Inbound};
use crate::snapshot::{InboundProtocol, ServerPolicy};

/// What the environment says of `port`.
pub(super) fn default_policy(config: &Inbound, port: u16) -> ServerPolicy {
    let policy = config.default_policy;
    let name = policy.name();
    ServerPolicy {
        revision: 0,
        protocol: if config.opaque_ports.contains(port) {
            InboundProtocol::Opaque
        } else {
            InboundProtocol::Detect(config.detect_timeout)
        },
        authorizations: authorization(config, policy, port).into_iter().collect(),
        routes: Vec::new(),
        labels: resource_labels("srv", "", "default", name),
    }
}

fn authorization(config: &Inbound, policy: DefaultPolicy, port: u16) -> Option<Authorization> {
    let networks = match policy {
        DefaultPolicy::Deny => return None,
        DefaultPolicy::ClusterAuthenticated | DefaultPolicy::ClusterUnauthenticated => {
            cluster(config)
        }
        DefaultPolicy::AllAuthenticated
        | DefaultPolicy::AllUnauthenticated
        | DefaultPolicy::Audit => everywhere(),
    };
    let authenticated = matches!(
        policy,
        DefaultPolicy::AllAuthenticated | DefaultPolicy::ClusterAuthenticated
    );
    let authentication = if authenticated || config.identity_ports.contains(port) {
        // The suffix without parts matches every identity.
        Authentication::TlsIdentities {
            exact: Vec::new(),
            suffixes: vec![Vec::new()],
        }
    } else if config.tls_ports.contains(port) {
        Authentication::TlsUnauthenticated
    } else {
        Authentication::Unauthenticated
    };
    Some(Authorization {
        networks,
        authentication,
        labels: resource_labels("authz", "", "default", policy.name()),
        name: policy.name().into(),
    })
}

fn cluster(config: &Inbound) -> Vec<NetworkRule> {
    let rule = |network: &_| NetworkRule {
        network: *network,
        except: Vec::new(),
    };
    config.cluster_networks.iter().map(rule).collect()
}

#[cfg(test)]
mod tests {
    use mesh_decide::authorize::{ClientTls, authorize};

    use super::*;
    use crate::config::tests::with;

    const IDENTITY: ClientTls<'_> = ClientTls::Established(Some("web.shop.example"));
    const TLS: ClientTls<'_> = ClientTls::Established(None);

    /// Which of plaintext, TLS and an identity gets in, from the cluster and from elsewhere.
    fn allowed(changes: &[(&str, &str)], port: u16) -> [[bool; 3]; 2] {
        let policy = default_policy(&with(changes).unwrap().inbound, port);
        ["10.1.2.3", "203.0.113.7"].map(|client| {
            let client = client.parse().unwrap();
            [ClientTls::None, TLS, IDENTITY]
                .map(|tls| authorize(&policy.authorizations, client, tls).is_some())
        })
    }

    #[test]
    fn each_default_lets_in_whom_its_name_says() {
        let cluster = ("POLICY_CLUSTER_NETWORKS", "10.0.0.0/8");
        let [nobody, known, anybody] = [[false; 3], [false, false, true], [true; 3]];
        for (name, from_cluster, from_elsewhere) in [
            ("deny", nobody, nobody),
            ("all-authenticated", known, known),
            ("all-unauthenticated", anybody, anybody),
            ("cluster-authenticated", known, nobody),
            ("cluster-unauthenticated", anybody, nobody),
            ("audit", anybody, anybody),
        ] {
            let found = allowed(&[cluster, ("INBOUND_DEFAULT_POLICY", name)], 80);
            assert_eq!(found, [from_cluster, from_elsewhere], "{name}");
        }
    }

    #[test]
    fn single_ports_may_ask_for_more() {
        let changes = [
            ("INBOUND_PORTS_REQUIRE_IDENTITY", "81"),
            ("INBOUND_PORTS_REQUIRE_TLS", "82"),
        ];
        assert_eq!(allowed(&changes, 80)[0], [true, true, true]);
        assert_eq!(allowed(&changes, 81)[0], [false, false, true]);
        assert_eq!(allowed(&changes, 82)[0], [false, true, true]);
    }

    #[test]
    fn opaque_ports_are_not_detected() {
        let changes = [("INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION", "3306")];
        let config = with(&changes).unwrap().inbound;
        let protocol = |port| default_policy(&config, port).protocol;
        assert_eq!(protocol(3306), InboundProtocol::Opaque);
        assert_eq!(protocol(80), InboundProtocol::Detect(config.detect_timeout));
    }
}
