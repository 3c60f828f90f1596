use std::net::IpAddr;

use mesh_decide::authorize::{ClientTls, authorize};
use mesh_wire::http_route::PathMatch;
use mesh_wire::http_types::HttpMethod;
use mesh_wire::inbound::{ProxyProtocol, authn, http_route, proxy_protocol};
use mesh_wire::net::{IpAddress, IpNetwork, ip_address};

use super::*;

const DETECT: Duration = Duration::from_secs(10);

fn open_to(network: IpNetwork) -> Authz {
    Authz {
        networks: vec![mesh_wire::inbound::Network {
            net: Some(network),
            except: Vec::new(),
        }],
        authentication: Some(Authn {
            permit: Some(Permit::Unauthenticated(authn::PermitUnauthenticated {})),
        }),
        metadata: Some(meta::Metadata {
            kind: Some(meta::metadata::Kind::Default("all".to_owned())),
        }),
        ..Authz::default()
    }
}

fn ten() -> IpNetwork {
    IpNetwork {
        ip: Some(IpAddress {
            ip: Some(ip_address::Ip::Ipv4(0x0a00_0000)),
        }),
        prefix_len: 8,
    }
}

fn server(authorizations: Vec<Authz>, routes: Vec<HttpRoute>) -> Server {
    let detect = proxy_protocol::Detect {
        http_routes: routes,
        ..proxy_protocol::Detect::default()
    };
    Server {
        protocol: Some(ProxyProtocol {
            kind: Some(Kind::Detect(detect)),
        }),
        authorizations,
        labels: [("kind", "default"), ("name", "all-unauthenticated")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        ..Server::default()
    }
}

fn exact(path: &str, method: Option<i32>) -> HttpRouteMatch {
    HttpRouteMatch {
        path: Some(PathMatch {
            kind: Some(path_match::Kind::Exact(path.to_owned())),
        }),
        method: method.map(|method| HttpMethod {
            r#type: Some(http_method::Type::Registered(method)),
        }),
        ..HttpRouteMatch::default()
    }
}

fn route(matches: Vec<HttpRouteMatch>) -> HttpRoute {
    HttpRoute {
        rules: vec![http_route::Rule {
            matches,
            ..http_route::Rule::default()
        }],
        ..HttpRoute::default()
    }
}

#[test]
fn a_server_says_who_may_come_and_is_named_in_labels() {
    let policy = policy(&server(vec![open_to(ten())], vec![]), DETECT).unwrap();
    assert_eq!(policy.protocol, InboundProtocol::Detect(DETECT));
    let labels = r#"srv_group="",srv_kind="default",srv_name="all-unauthenticated""#;
    assert_eq!(&*policy.labels, labels);
    let from = |ip: &str| {
        let ip: IpAddr = ip.parse().unwrap();
        authorize(&policy.authorizations, ip, ClientTls::None).map(|authz| authz.name.to_string())
    };
    assert_eq!(from("10.1.2.3"), Some("all".to_owned()));
    assert_eq!(from("11.1.2.3"), None);
}

#[test]
fn probe_paths_and_the_route_for_everything_are_told_apart() {
    let get = Some(http_method::Registered::Get as i32);
    let routes = vec![
        route(vec![exact("/ready", get), exact("/live", get)]),
        route(vec![]),
        HttpRoute::default(),
    ];
    let policy = policy(&server(vec![], routes), DETECT).unwrap();
    let paths: Vec<Vec<&str>> = policy
        .routes
        .iter()
        .map(|route| route.exact_paths.iter().map(|path| &**path).collect())
        .collect();
    assert_eq!(paths, [vec!["/ready", "/live"], vec![], vec![]]);
}

#[test]
fn a_match_that_is_not_understood_matches_nothing_rather_than_everything() {
    let with_header = HttpRouteMatch {
        headers: vec![mesh_wire::http_route::HeaderMatch::default()],
        ..exact("/admin", Some(http_method::Registered::Get as i32))
    };
    let post = exact("/x", Some(http_method::Registered::Post as i32));
    for found in [with_header, post, exact("/any-method", None)] {
        let policy = policy(&server(vec![], vec![route(vec![found])]), DETECT).unwrap();
        assert_eq!(policy.routes[0].exact_paths, ["".into()]);
    }
}

#[test]
fn half_a_policy_is_no_policy() {
    let nobody = Authz {
        authentication: None,
        ..open_to(ten())
    };
    let too_long = open_to(IpNetwork {
        prefix_len: 33,
        ..ten()
    });
    for authz in [nobody, too_long] {
        assert!(policy(&server(vec![open_to(ten()), authz], vec![]), DETECT).is_err());
    }
    assert!(policy(&Server::default(), DETECT).is_err());
}
