//! The routing of one destination, from the answers about it. Pure.

use std::sync::Arc;
use std::time::Duration;

use mesh_decide::server_name::SniMatch;
use mesh_decide::target::Target;
use mesh_wire::destination::DestinationProfile;
use mesh_wire::outbound::proxy_protocol::Kind;
use mesh_wire::outbound::{
    GrpcRoute, HttpRoute as WireHttp, OpaqueRoute as WireOpaque, OutboundPolicy, TlsRoute,
    grpc_route, http_route, opaque_route, tls_route,
};
use mesh_wire::tls_route as tls_route_match;

use super::backend::Backends;
use super::failure::failure;
use crate::control::wire::{self, Malformed};
use crate::snapshot::{
    Backend, BackendKind, Distribution, HttpRoute, HttpRule, OpaqueRoute, Protocol, ResourceRef,
    Routing,
};

/// What is known about a destination.
pub(super) struct Answers<'a> {
    pub(super) target: &'a Target,
    /// None where there is no profile.
    pub(super) profile: Option<&'a DestinationProfile>,
    /// None where the policy controller knows nothing of the destination.
    pub(super) policy: Option<&'a OutboundPolicy>,
}

/// The routing that follows from `answers`.
///
/// Without a policy, traffic goes to the profile's endpoint, and without that to where it was
/// going; a name's to the endpoints of the profile's service, and without one to where DNS says.
/// A profile that says opaque wins over the policy's protocol.
///
/// # Errors
/// When the policy says something impossible.
pub(super) fn routing(
    answers: &Answers<'_>,
    detect_timeout: Duration,
    backends: &mut Backends<'_>,
) -> Result<Routing, Malformed> {
    let opaque = answers
        .profile
        .is_some_and(|profile| profile.opaque_protocol);
    let (parent, revision, protocol) = match answers.policy {
        Some(policy) => (
            wire::resource(policy.metadata.as_ref()),
            policy.mesh_revision,
            protocol(policy, detect_timeout, backends)?,
        ),
        None => fallback(answers, detect_timeout, backends)?,
    };
    let protocol = if opaque {
        as_opaque(protocol)
    } else {
        protocol
    };
    let authority = authority(answers, &protocol);
    Ok(Routing {
        revision,
        protocol,
        parent,
        authority,
    })
}

fn protocol(
    policy: &OutboundPolicy,
    detect_timeout: Duration,
    backends: &mut Backends<'_>,
) -> Result<Protocol, Malformed> {
    let kind = policy.protocol.as_ref().and_then(|it| it.kind.as_ref());
    Ok(match kind {
        Some(Kind::Detect(detect)) => {
            let http1 = detect.http1.as_ref().map_or(&[][..], |http| &http.routes);
            let http2 = detect.http2.as_ref().map_or(&[][..], |http| &http.routes);
            let opaque = detect.opaque.as_ref().map_or(&[][..], |it| &it.routes);
            // Both lists say the same: the version is not a criterion of routes.
            let http = if http1.is_empty() { http2 } else { http1 };
            Protocol::Detect {
                timeout: wire::duration(detect.timeout).unwrap_or(detect_timeout),
                http: http_routes(http, backends)?,
                opaque: opaque_routes(opaque, backends)?,
            }
        }
        Some(Kind::Http1(http)) => Protocol::Http1(http_routes(&http.routes, backends)?),
        Some(Kind::Http2(http)) => Protocol::Http2(http_routes(&http.routes, backends)?),
        Some(Kind::Grpc(grpc)) => Protocol::Http2(grpc_routes(&grpc.routes, backends)?),
        Some(Kind::Opaque(opaque)) => Protocol::Opaque(opaque_routes(&opaque.routes, backends)?),
        Some(Kind::Tls(tls)) => Protocol::Tls(tls_routes(&tls.routes, backends)?),
        None => return Err(Malformed::new("an outbound policy has no protocol")),
    })
}

fn http_routes(
    routes: &[WireHttp],
    backends: &mut Backends<'_>,
) -> Result<Arc<[HttpRoute]>, Malformed> {
    let mut rule = |rule: &http_route::Rule| {
        // A filter that answers comes before all backends.
        let backends = match failure(&rule.filters) {
            Some(failure) => backends.answer(failure),
            None => backends.distribution(rule.backends.as_ref().into())?,
        };
        Ok(HttpRule { backends })
    };
    let mut route = |route: &WireHttp| {
        Ok(HttpRoute {
            meta: wire::resource(route.metadata.as_ref()),
            rules: route
                .rules
                .iter()
                .map(&mut rule)
                .collect::<Result<_, _>>()?,
        })
    };
    routes.iter().map(&mut route).collect()
}

fn grpc_routes(
    routes: &[GrpcRoute],
    backends: &mut Backends<'_>,
) -> Result<Arc<[HttpRoute]>, Malformed> {
    let mut rule = |rule: &grpc_route::Rule| {
        // A filter that answers comes before all backends.
        let backends = match failure(&rule.filters) {
            Some(failure) => backends.answer(failure),
            None => backends.distribution(rule.backends.as_ref().into())?,
        };
        Ok(HttpRule { backends })
    };
    let mut route = |route: &GrpcRoute| {
        Ok(HttpRoute {
            meta: wire::resource(route.metadata.as_ref()),
            rules: route
                .rules
                .iter()
                .map(&mut rule)
                .collect::<Result<_, _>>()?,
        })
    };
    routes.iter().map(&mut route).collect()
}

fn opaque_routes(
    routes: &[WireOpaque],
    backends: &mut Backends<'_>,
) -> Result<Arc<[OpaqueRoute]>, Malformed> {
    let mut route = |route: &WireOpaque| {
        use opaque_route::filter::Kind;
        let refused = route.rules.iter().flat_map(|rule| &rule.filters);
        let refused = refused.filter_map(|filter| filter.kind.as_ref()).next();
        let distribution = || route.rules.first().and_then(|rule| rule.backends.as_ref());
        let meta = wire::resource(route.metadata.as_ref());
        let backends = match refused {
            Some(Kind::Forbidden(_)) => Err(refusal("forbids the connection", &meta)),
            Some(Kind::Invalid(_)) => Err(refusal("is invalid", &meta)),
            None => Ok(backends.distribution(distribution().into())?),
        };
        Ok(OpaqueRoute {
            meta,
            snis: Vec::new(),
            backends,
        })
    };
    routes.iter().map(&mut route).collect()
}

fn tls_routes(
    routes: &[TlsRoute],
    backends: &mut Backends<'_>,
) -> Result<Arc<[OpaqueRoute]>, Malformed> {
    let mut route = |route: &TlsRoute| {
        use tls_route::filter::Kind;
        let refused = route.rules.iter().flat_map(|rule| &rule.filters);
        let refused = refused.filter_map(|filter| filter.kind.as_ref()).next();
        let distribution = || route.rules.first().and_then(|rule| rule.backends.as_ref());
        let meta = wire::resource(route.metadata.as_ref());
        let backends = match refused {
            Some(Kind::Forbidden(_)) => Err(refusal("forbids the connection", &meta)),
            Some(Kind::Invalid(_)) => Err(refusal("is invalid", &meta)),
            None => Ok(backends.distribution(distribution().into())?),
        };
        Ok(OpaqueRoute {
            meta,
            snis: snis(&route.snis)?,
            backends,
        })
    };
    routes.iter().map(&mut route).collect()
}

/// A criterion that says nothing would make a route that takes one name into one that takes all.
fn snis(criteria: &[tls_route_match::SniMatch]) -> Result<Vec<SniMatch>, Malformed> {
    use tls_route_match::sni_match::Match;
    let criterion = |criterion: &tls_route_match::SniMatch| match &criterion.r#match {
        Some(Match::Exact(name)) => Ok(SniMatch::exact(name)),
        Some(Match::Suffix(suffix)) => {
            let labels = suffix.reverse_labels.iter();
            Ok(SniMatch::below(labels.map(String::as_str)))
        }
        None => Err(Malformed::new("a TLS route has an empty server name match")),
    };
    criteria.iter().map(criterion).collect()
}

fn refusal(what: &str, route: &ResourceRef) -> Arc<str> {
    match route {
        ResourceRef::Default(name) => format!("the route {name} {what}").into(),
        ResourceRef::Resource {
            kind,
            name,
            namespace,
            ..
        } => format!("the {kind} {namespace}/{name} {what}").into(),
    }
}

/// Where traffic goes that the policy controller does not know.
fn default_distribution(
    answers: &Answers<'_>,
    backends: &mut Backends<'_>,
) -> Result<(&'static str, Distribution), Malformed> {
    let profile = answers.profile;
    if let Some(addr) = profile.and_then(|profile| profile.endpoint.as_ref()) {
        let endpoint = backends.forwards.get(addr)?;
        return Ok(("endpoint", backends.forward("endpoint", endpoint)));
    }
    let service = profile.map_or("", |profile| &profile.fully_qualified_name);
    Ok(match answers.target {
        Target::Address(address) => {
            let endpoint = backends.forwards.plain(*address);
            ("fallback", backends.forward("fallback", endpoint))
        }
        Target::Name(name) if service.is_empty() => (Routing::BY_DNS, backends.resolved(name)),
        Target::Name(name) => {
            let path = format!("{service}:{}", name.port());
            ("profile", backends.balanced(&path))
        }
    })
}

/// The routing of a destination that the policy controller does not know.
fn fallback(
    answers: &Answers<'_>,
    detect_timeout: Duration,
    backends: &mut Backends<'_>,
) -> Result<(ResourceRef, u64, Protocol), Malformed> {
    let (name, distribution) = default_distribution(answers, backends)?;
    let meta = ResourceRef::Default(name.into());
    let http = HttpRoute {
        meta: meta.clone(),
        rules: vec![HttpRule {
            backends: distribution.clone(),
        }],
    };
    let opaque = OpaqueRoute {
        meta: meta.clone(),
        snis: Vec::new(),
        backends: Ok(distribution),
    };
    let protocol = Protocol::Detect {
        timeout: detect_timeout,
        http: [http].into(),
        opaque: [opaque].into(),
    };
    let revision = answers.profile.map_or(0, |profile| profile.mesh_revision);
    Ok((meta, revision, protocol))
}

/// The same backends, spoken to in bytes.
fn as_opaque(protocol: Protocol) -> Protocol {
    match protocol {
        Protocol::Detect { opaque, .. } => Protocol::Opaque(opaque),
        Protocol::Http1(routes) | Protocol::Http2(routes) => {
            let route = |route: &HttpRoute| {
                let backends = route.rules.first().map(|rule| rule.backends.clone());
                OpaqueRoute {
                    meta: route.meta.clone(),
                    snis: Vec::new(),
                    backends: Ok(backends.unwrap_or(Distribution::Empty)),
                }
            };
            Protocol::Opaque(routes.iter().map(route).collect())
        }
        // TLS is not looked into either way, but for the name that chooses its route.
        Protocol::Opaque(_) | Protocol::Tls(_) => protocol,
    }
}

/// The logical name: the profile's, else the path of the first balancer.
fn authority(answers: &Answers<'_>, protocol: &Protocol) -> Arc<str> {
    let name = answers
        .profile
        .map_or("", |profile| &profile.fully_qualified_name);
    if !name.is_empty() {
        return format!("{name}:{}", answers.target.port()).into();
    }
    let distribution = match protocol {
        Protocol::Detect { http: routes, .. }
        | Protocol::Http1(routes)
        | Protocol::Http2(routes) => routes
            .iter()
            .flat_map(|route| &route.rules)
            .map(|rule| &rule.backends)
            .next(),
        Protocol::Opaque(routes) | Protocol::Tls(routes) => {
            routes.iter().find_map(|route| route.backends.as_ref().ok())
        }
    };
    let path = |backend: &Arc<Backend>| match &backend.kind {
        BackendKind::Balance { path, .. } => Some(path.clone()),
        BackendKind::Forward(_) | BackendKind::Fail(_) => None,
    };
    let found = match distribution {
        Some(Distribution::FirstAvailable(backends)) => backends.iter().find_map(path),
        Some(Distribution::Random(backends)) => backends.iter().find_map(|(it, _)| path(it)),
        Some(Distribution::Empty) | None => None,
    };
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests;
