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
