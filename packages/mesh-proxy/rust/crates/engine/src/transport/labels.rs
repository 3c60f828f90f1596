//! The labels of connections, in the order of the classic metrics.

use std::net::SocketAddr;

use super::TlsStatus;
use crate::metrics::{Direction, LabelSet};
use crate::snapshot::Endpoint;

/// Labels of the connection to an endpoint.
///
/// `authority` is the logical name of the destination, empty if it has none.
pub fn endpoint(endpoint: &Endpoint, authority: &str, tls: &TlsStatus) -> LabelSet {
    let mut labels = LabelSet::new();
    if !authority.is_empty() {
        labels.push("authority", authority);
    }
    let labels = secured(target(labels, endpoint.addr), Direction::Outbound, tls);
    labels.join(&endpoint.labels)
}

/// Labels of a connection that was accepted for `target`, or made to the pod's application.
pub fn connection(direction: Direction, address: SocketAddr, tls: &TlsStatus) -> LabelSet {
    secured(target(LabelSet::new(), address), direction, tls)
}

fn target(labels: LabelSet, address: SocketAddr) -> LabelSet {
    labels
        .with("target_addr", address)
        .with("target_ip", address.ip())
        .with("target_port", address.port())
}

/// Adds `tls` and what belongs to it; the peer is the client of an inbound connection, the server
/// of an outbound one.
pub fn secured(mut labels: LabelSet, direction: Direction, tls: &TlsStatus) -> LabelSet {
    match tls {
        TlsStatus::Established(identity) => {
            labels.push("tls", "true");
            let key = match direction {
                Direction::Inbound => "client_id",
                Direction::Outbound => "server_id",
            };
            if let Some(identity) = identity {
                labels.push(key, identity);
            }
        }
        TlsStatus::Plaintext(reason) => {
            labels.push("tls", "no_identity");
            labels.push("no_tls_reason", reason);
        }
        TlsStatus::Opaque(name) => {
            labels.push("tls", "opaque");
            if let Some(name) = name {
                labels.push("sni", name);
            }
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_say_who_is_at_the_other_end_or_why_nobody_knows() {
        let address = "10.0.0.1:80".parse().unwrap();
        let render = |direction, tls| connection(direction, address, &tls).finish().to_string();
        let target = "target_addr=\"10.0.0.1:80\",target_ip=\"10.0.0.1\",target_port=\"80\"";
        let identity = || TlsStatus::Established(Some("web.shop".into()));
        assert_eq!(
            render(Direction::Inbound, identity()),
            format!("{target},tls=\"true\",client_id=\"web.shop\"")
        );
        assert_eq!(
            render(Direction::Outbound, identity()),
            format!("{target},tls=\"true\",server_id=\"web.shop\"")
        );
        assert_eq!(
            render(Direction::Inbound, TlsStatus::Plaintext("port_skipped")),
            format!("{target},tls=\"no_identity\",no_tls_reason=\"port_skipped\"")
        );
        assert_eq!(
            render(
                Direction::Inbound,
                TlsStatus::Opaque(Some("x.example".into()))
            ),
            format!("{target},tls=\"opaque\",sni=\"x.example\"")
        );
    }
}
