use std::net::SocketAddr;

use mesh_decide::target::Name;
use mesh_wire::destination::WeightedAddr;
use mesh_wire::outbound::{Backend as WireBackend, ProxyProtocol, Queue, backend, proxy_protocol};
use mesh_wire::{meta, opaque_route as opaque};

use super::super::backend::{Forwards, Watch};
use super::*;
use crate::config::QueueLimits;
use crate::control::wire::to_wire;
use crate::snapshot::{Endpoints, Snapshot};

/// Remembers which paths and names were asked for.
#[derive(Default)]
struct Paths(Vec<String>);

impl Watch for Paths {
    fn endpoints(&mut self, path: &str) -> Snapshot<Endpoints> {
        self.0.push(path.to_owned());
        Snapshot::fixed(Endpoints::Pending)
    }

    fn addresses(&mut self, name: &Name) -> Snapshot<Endpoints> {
        self.0.push(format!("dns {name}"));
        Snapshot::fixed(Endpoints::Pending)
    }
}

const DETECT: Duration = Duration::from_secs(10);
const HTTP: QueueLimits = QueueLimits {
    capacity: 10,
    failfast: Duration::from_secs(3),
};
const TCP: QueueLimits = QueueLimits {
    capacity: 20,
    failfast: Duration::from_secs(4),
};
const PATH: &str = "web.shop.svc.cluster.local:80";

fn decide(
    profile: Option<&DestinationProfile>,
    policy: Option<&OutboundPolicy>,
) -> Result<(Routing, Vec<String>), Malformed> {
    decide_for("10.0.0.9:80", profile, policy)
}

fn decide_for(
    target: &str,
    profile: Option<&DestinationProfile>,
    policy: Option<&OutboundPolicy>,
) -> Result<(Routing, Vec<String>), Malformed> {
    let answers = Answers {
        target: &Target::parse(target.as_bytes()).unwrap(),
        profile,
        policy,
    };
    let mut paths = Paths::default();
    let mut backends = Backends {
        watch: &mut paths,
        forwards: &mut Forwards::default(),
        http: HTTP,
        tcp: TCP,
    };
    let routing = routing(&answers, DETECT, &mut backends)?;
    Ok((routing, paths.0))
}

fn service(name: &str) -> Option<meta::Metadata> {
    let resource = meta::Resource {
        group: "core".to_owned(),
        kind: "Service".to_owned(),
        name: name.to_owned(),
        namespace: "shop".to_owned(),
        port: 80,
        ..meta::Resource::default()
    };
    Some(meta::Metadata {
        kind: Some(meta::metadata::Kind::Resource(resource)),
    })
}

fn balancer() -> WireBackend {
    use backend::{BalanceP2c, EndpointDiscovery, endpoint_discovery};
    let destination = endpoint_discovery::DestinationGet {
        path: PATH.to_owned(),
    };
    WireBackend {
        metadata: service("web"),
        queue: None,
        kind: Some(backend::Kind::Balancer(BalanceP2c {
            discovery: Some(EndpointDiscovery {
                kind: Some(endpoint_discovery::Kind::Dst(destination)),
            }),
            load: None,
        })),
    }
}

fn http(backend: WireBackend) -> WireHttp {
    use http_route::{Distribution, RouteBackend, distribution};
    let first = distribution::FirstAvailable {
        backends: vec![RouteBackend {
            backend: Some(backend),
            ..RouteBackend::default()
        }],
    };
    WireHttp {
        metadata: service("web"),
        rules: vec![http_route::Rule {
            backends: Some(Distribution {
                kind: Some(distribution::Kind::FirstAvailable(first)),
            }),
            ..http_route::Rule::default()
        }],
        ..WireHttp::default()
    }
}

fn policy(kind: proxy_protocol::Kind) -> OutboundPolicy {
    OutboundPolicy {
        metadata: service("web"),
        protocol: Some(ProxyProtocol { kind: Some(kind) }),
        mesh_revision: 7,
    }
}

fn http1() -> OutboundPolicy {
    policy(proxy_protocol::Kind::Http1(proxy_protocol::Http1 {
        routes: vec![http(balancer())],
        failure_accrual: None,
    }))
}

#[test]
fn a_policy_names_parent_revision_and_backends() {
    let (routing, paths) = decide(None, Some(&http1())).unwrap();
    assert_eq!(routing.revision, 7);
    assert_eq!(&*routing.authority, PATH);
    assert_eq!(paths, [PATH]);
    assert!(matches!(&routing.parent, ResourceRef::Resource { name, .. } if &**name == "web"));
    let Protocol::Http1(routes) = routing.protocol else {
        panic!("{:?}", routing.protocol)
    };
    let Distribution::FirstAvailable(backends) = &routes[0].rules[0].backends else {
        panic!("{routes:?}")
    };
    assert!(matches!(&backends[0].kind, BackendKind::Balance { .. }));
    assert_eq!(backends[0].queue.limits(), HTTP);
}

#[test]
fn a_backend_says_who_may_wait_and_where_it_does_not_the_configuration_counts() {
    let queue = |queue| {
        let backend = WireBackend {
            queue,
            ..balancer()
        };
        let policy = policy(proxy_protocol::Kind::Http1(proxy_protocol::Http1 {
            routes: vec![http(backend)],
            ..proxy_protocol::Http1::default()
        }));
        let (routing, _) = decide(None, Some(&policy)).unwrap();
        let Protocol::Http1(routes) = routing.protocol else {
            panic!("{:?}", routing.protocol)
        };
        match &routes[0].rules[0].backends {
            Distribution::FirstAvailable(backends) => backends[0].queue.limits(),
            other => panic!("{other:?}"),
        }
    };
    let said = QueueLimits {
        capacity: 7,
        failfast: Duration::from_secs(5),
    };
    let wire = Queue {
        capacity: 7,
        failfast_timeout: said.failfast.try_into().ok(),
    };
    assert_eq!(queue(Some(wire)), said);
    assert_eq!(queue(Some(Queue::default())), HTTP);
    assert_eq!(queue(None), HTTP);
}

#[test]
fn an_opaque_profile_wins_over_the_policys_protocol() {
    let profile = DestinationProfile {
        opaque_protocol: true,
        ..DestinationProfile::default()
    };
    let (routing, paths) = decide(Some(&profile), Some(&http1())).unwrap();
    assert!(matches!(routing.protocol, Protocol::Opaque(routes) if routes.len() == 1));
    assert_eq!(paths, [PATH]);
}

#[test]
fn without_a_policy_traffic_goes_to_the_profiles_endpoint_else_where_it_was_going() {
    let target = |profile: Option<&DestinationProfile>| {
        let (routing, _) = decide(profile, None).unwrap();
        let Protocol::Detect {
            timeout, opaque, ..
        } = routing.protocol
        else {
            panic!("{:?}", routing.protocol)
        };
        assert_eq!(timeout, DETECT);
        match opaque[0].backends.as_ref().unwrap() {
            Distribution::FirstAvailable(backends) => match &backends[0].kind {
                BackendKind::Forward(endpoint) => endpoint.addr,
                kind => panic!("{kind:?}"),
            },
            distribution => panic!("{distribution:?}"),
        }
    };
    let elsewhere: SocketAddr = "10.0.0.77:8080".parse().unwrap();
    let profile = DestinationProfile {
        endpoint: Some(WeightedAddr {
            addr: Some(to_wire(elsewhere)),
            weight: 1,
            ..WeightedAddr::default()
        }),
        ..DestinationProfile::default()
    };
    assert_eq!(target(Some(&profile)), elsewhere);
    assert_eq!(target(None), "10.0.0.9:80".parse().unwrap());
}

#[test]
fn a_name_without_policy_goes_where_its_service_is_or_else_where_dns_says() {
    let profile = DestinationProfile {
        fully_qualified_name: "web.shop.svc.cluster.local".to_owned(),
        ..DestinationProfile::default()
    };
    let (routing, asked) = decide_for("web.shop:80", Some(&profile), None).unwrap();
    assert_eq!(asked, [PATH]);
    assert!(!routing.is_by_dns());
    assert_eq!(&*routing.authority, PATH);
    let (routing, asked) = decide_for("example.org:443", None, None).unwrap();
    assert_eq!(asked, ["dns example.org:443"]);
    assert!(routing.is_by_dns());
    assert_eq!(&*routing.authority, "example.org:443");
}

#[test]
fn a_forbidden_opaque_route_says_which_route_forbids() {
    let rule = opaque_route::Rule {
        filters: vec![opaque_route::Filter {
            kind: Some(opaque_route::filter::Kind::Forbidden(opaque::Forbidden {})),
        }],
        ..opaque_route::Rule::default()
    };
    let default = meta::metadata::Kind::Default("undefined-port".to_owned());
    let route = WireOpaque {
        metadata: Some(meta::Metadata {
            kind: Some(default),
        }),
        rules: vec![rule],
    };
    let kind = proxy_protocol::Kind::Opaque(proxy_protocol::Opaque {
        routes: vec![route],
    });
    let (routing, _) = decide(None, Some(&policy(kind))).unwrap();
    let Protocol::Opaque(routes) = routing.protocol else {
        panic!("{:?}", routing.protocol)
    };
    let refusal = routes[0].backends.as_ref().unwrap_err();
    assert!(refusal.contains("undefined-port"), "{refusal}");
}

/// The backends of the first rule of a policy for HTTP/2 with one route.
fn backends_of(route: WireHttp) -> Distribution {
    let kind = proxy_protocol::Kind::Http2(proxy_protocol::Http2 {
        routes: vec![route],
        failure_accrual: None,
    });
    let (routing, _) = decide(None, Some(&policy(kind))).unwrap();
    match routing.protocol {
        Protocol::Http2(routes) => routes[0].rules[0].backends.clone(),
        protocol => panic!("{protocol:?}"),
    }
}

fn injector(status: u32) -> http_route::Filter {
    http_route::Filter {
        kind: Some(http_route::filter::Kind::FailureInjector(
            mesh_wire::http_route::HttpFailureInjector {
                status,
                message: "no such Service".to_owned(),
                ratio: None,
            },
        )),
    }
}

/// A reference to a Service that does not exist, as a stock controller describes it.
fn invalid() -> http_route::RouteBackend {
    http_route::RouteBackend {
        backend: Some(WireBackend {
            kind: None,
            ..balancer()
        }),
        filters: vec![injector(500)],
        ..http_route::RouteBackend::default()
    }
}

#[test]
fn an_invalid_backend_fails_its_own_share_only() {
    use http_route::{RouteBackend, WeightedRouteBackend, distribution};
    let valid = RouteBackend {
        backend: Some(balancer()),
        ..RouteBackend::default()
    };
    let weighted = [(invalid(), 1), (valid, 3), (RouteBackend::default(), 0)];
    let backends = weighted.map(|(backend, weight)| WeightedRouteBackend {
        backend: Some(backend),
        weight,
    });
    let random = distribution::RandomAvailable {
        backends: backends.into(),
    };
    let mut route = http(balancer());
    route.rules[0].backends = Some(http_route::Distribution {
        kind: Some(distribution::Kind::RandomAvailable(random)),
    });
    let Distribution::Random(backends) = backends_of(route) else {
        panic!("not weighted")
    };
    let weights: Vec<_> = backends.iter().map(|(_, weight)| *weight).collect();
    assert_eq!(weights, [1, 3, 0]);
    let kinds: Vec<_> = backends.iter().map(|(backend, _)| &backend.kind).collect();
    assert!(
        matches!(kinds[0], BackendKind::Fail(failure) if &*failure.why == "no such Service"),
        "{kinds:?}"
    );
    assert!(matches!(kinds[1], BackendKind::Balance { .. }), "{kinds:?}");
    assert!(matches!(kinds[2], BackendKind::Fail(_)), "{kinds:?}");
}

#[test]
fn a_filter_of_the_rule_answers_with_its_own_status() {
    let mut route = http(balancer());
    route.rules[0].filters = vec![http_route::Filter::default(), injector(403)];
    let Distribution::FirstAvailable(backends) = backends_of(route) else {
        panic!("not one backend")
    };
    let failure = crate::snapshot::Failure::http(403, "no such Service");
    assert!(matches!(&backends[0].kind, BackendKind::Fail(found) if *found == failure));
}

#[test]
fn a_backend_of_a_later_kind_spoils_neither_the_policy_nor_the_process() {
    let unknown = WireBackend {
        kind: None,
        ..balancer()
    };
    let Distribution::FirstAvailable(backends) = backends_of(http(unknown)) else {
        panic!("not one backend")
    };
    assert!(matches!(&backends[0].kind, BackendKind::Fail(_)));
    let nothing = OutboundPolicy::default();
    assert!(decide(None, Some(&nothing)).is_err());
}
