//! One and two workers, from the redirect to the application, over both families.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mesh_decide::authorize::{Authentication, Authorization, Network, NetworkRule};
use mesh_engine::balance::Queue;
use mesh_engine::config::{Config, QueueLimits};
use mesh_engine::context::Context;
use mesh_engine::discovery::Discovery;
use mesh_engine::drain::Drain;
use mesh_engine::in_flight::Admission;
use mesh_engine::metrics::Registry;
use mesh_engine::net::Listeners;
use mesh_engine::policy::Policies;
use mesh_engine::rejections::Rejections;
use mesh_engine::snapshot::{
    Backend, BackendKind, Distribution, Endpoint, InboundProtocol, OpaqueRoute, PeerId, PeerTls,
    Protocol, ResourceRef, Routing, ServerPolicy, Snapshot,
};
use mesh_engine::testing::Authority;
use mesh_engine::worker;

use crate::namespace::in_namespace;
use crate::{ADDRESSES, RULES};

const CLIENT: &str = "client.shop.serviceaccount.identity.linkerd.cluster.local";
const SERVER: &str = "server.shop.serviceaccount.identity.linkerd.cluster.local";
const ROOT: &str = include_str!("../tcp/root.pem");

#[test]
fn one_worker_carries_connections_of_both_families() {
    in_namespace(&ADDRESSES, RULES, || carry(1));
}

#[test]
fn two_workers_carry_connections_of_both_families() {
    in_namespace(&ADDRESSES, RULES, || carry(2));
}

/// Fifty connections at once through two proxies, then a graceful end of both.
fn carry(workers: usize) {
    echo("[::]:8080");
    let authority = Authority::new();
    let server = context(&authority, SERVER, "[::]:4143", "127.0.0.1:5140");
    let mut client = context(&authority, CLIENT, "[::]:5143", "127.0.0.1:4140,[::1]:4140");
    let services = [
        ("10.44.0.9:80", "10.44.0.1:8080"),
        ("[fd44::9]:80", "[fd44::1]:8080"),
    ];
    client.discovery = Discovery::fixed(HashMap::from(services.map(|(service, endpoint)| {
        let routing = routing(endpoint.parse().unwrap());
        (service.parse().unwrap(), Snapshot::fixed(routing))
    })));
    let threads = [start(&server, workers), start(&client, workers)]
        .into_iter()
        .flatten();
    let clients: Vec<_> = (0..50_usize)
        .map(|index| {
            let service: SocketAddr = services[index % 2].0.parse().unwrap();
            thread::spawn(move || {
                let message = format!("connection {index}");
                assert_eq!(exchange(service, &message), message);
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    let opened = "tcp_open_total{direction=\"inbound\",peer=\"src\"";
    let text = server.metrics.render();
    let secured: u64 = text
        .lines()
        .filter(|line| line.starts_with(opened) && line.contains(CLIENT))
        .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum();
    assert_eq!(secured, 50, "{text}");
    client.drain.start();
    server.drain.start();
    for thread in threads {
        thread.join().unwrap();
    }
}

fn start(context: &Context, workers: usize) -> Vec<JoinHandle<()>> {
    let sets = Listeners::bind(&context.config, workers).unwrap();
    assert_eq!(sets.len(), workers);
    let run = |listeners| {
        let context = context.clone();
        thread::spawn(move || worker::run(context, listeners).unwrap())
    };
    sets.into_iter().map(run).collect()
}

fn exchange(service: SocketAddr, message: &str) -> String {
    let mut tcp = TcpStream::connect(service).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    tcp.write_all(message.as_bytes()).unwrap();
    tcp.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).unwrap();
    answer
}

fn echo(address: &str) {
    let listener = TcpListener::bind(address).unwrap();
    thread::spawn(move || {
        for tcp in listener.incoming() {
            let mut tcp = tcp.unwrap();
            thread::spawn(move || {
                let mut bytes = Vec::new();
                tcp.read_to_end(&mut bytes).unwrap();
                tcp.write_all(&bytes).unwrap();
            });
        }
    });
}

fn context(authority: &Authority, name: &str, inbound: &str, outbound: &str) -> Context {
    let environment = HashMap::from([
        ("DESTINATION_SVC_ADDR", "127.0.0.1:8086"),
        ("POLICY_SVC_ADDR", "127.0.0.1:8090"),
        ("POLICY_WORKLOAD", "{}"),
        ("IDENTITY_SVC_ADDR", "127.0.0.1:8080"),
        ("IDENTITY_LOCAL_NAME", name),
        ("IDENTITY_TOKEN_FILE", "/token"),
        ("IDENTITY_TRUST_ANCHORS", ROOT),
        ("INBOUND_LISTEN_ADDR", inbound),
        ("OUTBOUND_LISTEN_ADDRS", outbound),
        ("INBOUND_ACCEPT_KEEPALIVE", "10s"),
        ("INBOUND_ACCEPT_USER_TIMEOUT", "30s"),
        ("OUTBOUND_CONNECT_KEEPALIVE", "10s"),
        ("OUTBOUND_CONNECT_USER_TIMEOUT", "30s"),
    ]);
    let lookup = |name: &str| {
        let name = name.strip_prefix("LINKERD2_PROXY_")?;
        environment.get(name).map(|&value| value.to_owned())
    };
    let policy = Snapshot::fixed(ServerPolicy {
        revision: 1,
        protocol: InboundProtocol::Opaque,
        authorizations: vec![anybody()],
        routes: Vec::new(),
        labels: "".into(),
    });
    Context {
        config: Arc::new(Config::from_env(lookup).expect("a valid environment")),
        identity: authority.identity(name),
        discovery: Discovery::fixed(HashMap::new()),
        policies: Policies::fixed(HashMap::new(), policy),
        metrics: Arc::new(Registry::new(Duration::from_secs(600))),
        drain: Drain::new(),
        admission: Admission::default(),
        rejections: Rejections::default(),
    }
}

fn anybody() -> Authorization {
    let network = |address: &str| NetworkRule {
        network: Network {
            address: address.parse().unwrap(),
            prefix: 0,
        },
        except: Vec::new(),
    };
    Authorization {
        networks: vec![network("0.0.0.0"), network("::")],
        authentication: Authentication::Unauthenticated,
        labels: "".into(),
        name: "anybody".into(),
    }
}

fn routing(address: SocketAddr) -> Routing {
    let endpoint = Endpoint {
        tls: Some(PeerTls {
            identity: PeerId::Dns(SERVER.into()),
            server_name: SERVER.try_into().unwrap(),
        }),
        transport_port: Some(4143),
        ..Endpoint::plain(address, "")
    };
    let meta = || ResourceRef::Default("test".into());
    let backend = Backend {
        meta: meta(),
        kind: BackendKind::Forward(Arc::new(endpoint)),
        queue: Queue::new(QueueLimits {
            capacity: 100,
            failfast: Duration::from_secs(3),
        }),
    };
    let route = OpaqueRoute {
        snis: Vec::new(),
        meta: meta(),
        backends: Ok(Distribution::FirstAvailable(vec![Arc::new(backend)])),
    };
    Routing {
        revision: 1,
        protocol: Protocol::Opaque([route].into()),
        parent: meta(),
        authority: "".into(),
    }
}
