//! The policy of a port, from the wire. Pure.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use mesh_decide::authorize::{Authentication, Authorization, Network, NetworkRule};
use mesh_wire::http_route::{HttpRouteMatch, path_match};
use mesh_wire::http_types::http_method;
use mesh_wire::inbound::authn::{Permit, permit_mesh_tls};
use mesh_wire::inbound::proxy_protocol::Kind;
use mesh_wire::inbound::{Authn, Authz, GrpcRoute, HttpRoute, Server};
use mesh_wire::meta;

use crate::control::wire::{self, Malformed};
use crate::metrics::LabelSet;
use crate::snapshot::{InboundProtocol, InboundRoute, Labels, ServerPolicy};

/// The path of a route that nothing matches: paths begin with a slash or are `*`.
const NOTHING: &str = "";

/// The policy that `server` describes.
///
/// # Errors
/// When it says something impossible; half a policy would let in whom the other half keeps out.
pub(super) fn policy(server: &Server, detect: Duration) -> Result<ServerPolicy, Malformed> {
    let kind = server.protocol.as_ref().and_then(|it| it.kind.as_ref());
    let (protocol, routes) = match kind {
        Some(Kind::Detect(it)) => {
            let timeout = wire::duration(it.timeout).unwrap_or(detect);
            (
                InboundProtocol::Detect(timeout),
                http_routes(&it.http_routes)?,
            )
        }
        Some(Kind::Http1(http)) => (InboundProtocol::Http1, http_routes(&http.routes)?),
        Some(Kind::Http2(http)) => (InboundProtocol::Http2, http_routes(&http.routes)?),
        Some(Kind::Grpc(grpc)) => (InboundProtocol::Grpc, grpc_routes(&grpc.routes)?),
        Some(Kind::Opaque(_)) => (InboundProtocol::Opaque, Vec::new()),
        Some(Kind::Tls(_)) => (InboundProtocol::Tls, Vec::new()),
        None => return Err(Malformed::new("a server has no protocol")),
    };
    Ok(ServerPolicy {
        revision: server.mesh_revision,
        protocol,
        authorizations: authorizations(&server.authorizations)?,
        routes,
        labels: map_labels("srv", &server.labels),
    })
}

fn http_routes(routes: &[HttpRoute]) -> Result<Vec<InboundRoute>, Malformed> {
    let route = |route: &HttpRoute| {
        let rules = route.rules.iter().map(|rule| rule.matches.as_slice());
        Ok(InboundRoute {
            meta: wire::resource(route.metadata.as_ref()),
            exact_paths: exact_paths(rules, route.hosts.is_empty()),
            authorizations: authorizations(&route.authorizations)?,
            labels: labels("route", route.metadata.as_ref()),
        })
    };
    routes.iter().map(route).collect()
}

fn grpc_routes(routes: &[GrpcRoute]) -> Result<Vec<InboundRoute>, Malformed> {
    let route = |route: &GrpcRoute| {
        let everything = route.hosts.is_empty()
            && (route.rules.is_empty() || route.rules.iter().any(|rule| rule.matches.is_empty()));
        let exact_paths = if everything {
            Vec::new()
        } else {
            vec![NOTHING.into()]
        };
        Ok(InboundRoute {
            meta: wire::resource(route.metadata.as_ref()),
            exact_paths,
            authorizations: authorizations(&route.authorizations)?,
            labels: labels("route", route.metadata.as_ref()),
        })
    };
    routes.iter().map(route).collect()
}

/// The exact paths that a route's rules match; empty when they match every request.
///
/// A match that is not understood matches nothing: its route may only let in more than others do.
fn exact_paths<'w>(
    rules: impl ExactSizeIterator<Item = &'w [HttpRouteMatch]>,
    any_host: bool,
) -> Vec<Box<str>> {
    if !any_host {
        return vec![NOTHING.into()];
    }
    if rules.len() == 0 {
        return Vec::new();
    }
    let mut paths = Vec::new();
    for matches in rules {
        if matches.is_empty() {
            return Vec::new();
        }
        for found in matches {
            match path(found) {
                Path::Every => return Vec::new(),
                Path::Exact(path) => paths.push(path.into()),
                Path::NotUnderstood => paths.push(NOTHING.into()),
            }
        }
    }
    paths
}

enum Path<'w> {
    Every,
    /// This path with the method GET.
    Exact(&'w str),
    NotUnderstood,
}

fn path(found: &HttpRouteMatch) -> Path<'_> {
    if !found.headers.is_empty() || !found.query_params.is_empty() {
        return Path::NotUnderstood;
    }
    let method = found.method.as_ref().map(|method| &method.r#type);
    let get = http_method::Type::Registered(http_method::Registered::Get as i32);
    let path = found.path.as_ref().and_then(|path| path.kind.as_ref());
    match (path, method) {
        (None, None) => Path::Every,
        (Some(path_match::Kind::Prefix(prefix)), None) if prefix == "/" => Path::Every,
        (Some(path_match::Kind::Exact(path)), Some(method)) if *method == Some(get) => {
            Path::Exact(path)
        }
        _ => Path::NotUnderstood,
    }
}

fn authorizations(authorizations: &[Authz]) -> Result<Vec<Authorization>, Malformed> {
    authorizations.iter().map(authorization).collect()
}

fn authorization(authz: &Authz) -> Result<Authorization, Malformed> {
    let networks = authz.networks.iter().map(|network| {
        let net = network
            .net
            .ok_or_else(|| Malformed::new("a network is missing"))?;
        let except = network.except.iter().map(|net| wire::network(*net));
        Ok(NetworkRule {
            network: wire::network(net)?,
            except: except.collect::<Result<_, _>>()?,
        })
    });
    let labels = if authz.metadata.is_some() {
        labels("authz", authz.metadata.as_ref())
    } else {
        map_labels("authz", &authz.labels)
    };
    Ok(Authorization {
        networks: networks.collect::<Result<_, _>>()?,
        authentication: authentication(authz.authentication.as_ref())?,
        labels,
        name: name(authz),
    })
}

fn authentication(authn: Option<&Authn>) -> Result<Authentication, Malformed> {
    let clients = match authn.and_then(|authn| authn.permit.as_ref()) {
        Some(Permit::Unauthenticated(_)) => return Ok(Authentication::Unauthenticated),
        Some(Permit::MeshTls(tls)) => tls.clients.as_ref(),
        None => return Err(Malformed::new("an authorization permits nothing")),
    };
    match clients {
        Some(permit_mesh_tls::Clients::Unauthenticated(_)) => {
            Ok(Authentication::TlsUnauthenticated)
        }
        Some(permit_mesh_tls::Clients::Identities(permit)) => Ok(Authentication::TlsIdentities {
            exact: permit
                .identities
                .iter()
                .map(|identity| identity.name.as_str().into())
                .collect(),
            suffixes: permit
                .suffixes
                .iter()
                .map(|suffix| {
                    suffix
                        .parts
                        .iter()
                        .map(|part| part.as_str().into())
                        .collect()
                })
                .collect(),
        }),
        None => Err(Malformed::new("an authorization has no clients")),
    }
}

fn name(authz: &Authz) -> Arc<str> {
    match authz.metadata.as_ref().and_then(|it| it.kind.as_ref()) {
        Some(meta::metadata::Kind::Default(name)) => name.as_str().into(),
        Some(meta::metadata::Kind::Resource(resource)) => resource.name.as_str().into(),
        None => authz.labels.get("name").map_or("", String::as_str).into(),
    }
}

/// `PREFIX_group`, `PREFIX_kind`, `PREFIX_name` of a resource.
fn labels(prefix: &str, metadata: Option<&meta::Metadata>) -> Labels {
    let (group, kind, name) = match metadata.and_then(|it| it.kind.as_ref()) {
        Some(meta::metadata::Kind::Resource(it)) => (&*it.group, &*it.kind, &*it.name),
        Some(meta::metadata::Kind::Default(name)) => ("", "default", name.as_str()),
        None => ("", "default", "unnamed"),
    };
    resource_labels(prefix, group, kind, name)
}

pub(super) fn resource_labels(prefix: &str, group: &str, kind: &str, name: &str) -> Labels {
    LabelSet::new()
        .with(&format!("{prefix}_group"), group)
        .with(&format!("{prefix}_kind"), kind)
        .with(&format!("{prefix}_name"), name)
        .finish()
}

/// The same from a map, as the server's own labels come.
fn map_labels(prefix: &str, labels: &HashMap<String, String>) -> Labels {
    let label = |name: &str| labels.get(name).map_or("", String::as_str);
    resource_labels(prefix, label("group"), label("kind"), label("name"))
}

/// Networks that hold every address.
pub(super) fn everywhere() -> Vec<NetworkRule> {
    use std::net::{Ipv4Addr, Ipv6Addr};
    [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()]
        .map(|address| NetworkRule {
            network: Network { address, prefix: 0 },
            except: Vec::new(),
        })
        .to_vec()
}

#[cfg(test)]
mod tests;
