//! Two proxies and the doors to them.

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use mesh_decide::authorize::{Authentication, Authorization, Network, NetworkRule};
use mesh_engine::balance::Queue;
use mesh_engine::config::{Config, QueueLimits};
use mesh_engine::context::Context;
use mesh_engine::discovery::Discovery;
use mesh_engine::drain::Drain;
use mesh_engine::http::Version;
use mesh_engine::identity::Identity;
use mesh_engine::in_flight::Admission;
use mesh_engine::inbound::{self, InboundConnection};
use mesh_engine::metrics::Registry;
use mesh_engine::outbound::{self, OutboundConnection};
use mesh_engine::policy::Policies;
use mesh_engine::rejections::Rejections;
use mesh_engine::snapshot::{
    Backend, BackendKind, Distribution, Endpoint, Endpoints, Hint, HttpRoute, HttpRule,
    InboundProtocol, InboundRoute, PeerId, PeerTls, Protocol, ResourceRef, Routing, ServerPolicy,
    Snapshot, Writer,
};
use mesh_engine::testing::Authority;
use mesh_engine::transport::{Io, TlsStatus, no_tls};
use mesh_engine::worker::WorkerContext;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};

pub const CLIENT: &str = "client.shop.serviceaccount.identity.linkerd.cluster.local";
pub const SERVER: &str = "server.shop.serviceaccount.identity.linkerd.cluster.local";

/// Any certificate: the proxies' own identities are made by the tests' authority.
const ROOT: &str = "-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUYht4PyrlEMkTVGhVdAOdehYddfkwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEcm9vdDAgFw0yNjExMjMwNTM5MjVaGA8yMTI2MTAzMDA1Mzky
NVowDzENMAsGA1UEAwwEcm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABG6Z
6Rb+WEriEaNVjnuUq2Z4OWcd5dGfZRRLhWfXyTELvVHXfKnx51uIWW9gqPE200rj
cGmF2bjgpp78vtuF+SSjUzBRMB0GA1UdDgQWBBRCrURu7dxMlR7gEG0JoR5ADzCR
sDAfBgNVHSMEGDAWgBRCrURu7dxMlR7gEG0JoR5ADzCRsDAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIHSio9U8c32D4M8IYjoZSD/GD87/oE2zyWeG
ouwLxMgcAiEAsBfQptJmpdqQZFDCGXhaoJoKbMF4EHoSNrwF6lVmzTQ=
-----END CERTIFICATE-----
";

/// What lies between the client's proxy and the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// The server's proxy, which takes any HTTP as HTTP/2.
    Mesh,
    /// The server's proxy, without the hint: HTTP/1 stays HTTP/1.
    MeshHttp1,
    /// Nothing: the endpoint is unmeshed.
    Plain,
}

/// Two proxies before one application.
pub struct Mesh {
    /// Where the client's application connects to with HTTP/1.
    pub http1: SocketAddr,
    /// The same with HTTP/2.
    pub http2: SocketAddr,
    /// Where an unmeshed client reaches the application with HTTP/1.
    pub stranger: SocketAddr,
    pub client: Context,
    pub server: Context,
    pub routing: Snapshot<Routing>,
    /// Replaces the endpoints.
    pub endpoints: Writer<Endpoints>,
}

/// Runs a test on one thread, as a worker does, and not for ever.
pub async fn run(test: impl Future<Output = ()>) {
    // Longer than any clock that a test puts forward.
    let limited = tokio::time::timeout(Duration::from_secs(90), test);
    LocalSet::new()
        .run_until(limited)
        .await
        .expect("the test ended in time");
}

impl Mesh {
    pub async fn start(app: SocketAddr, hop: Hop) -> Self {
        Self::with_policy(app, hop, everybody()).await
    }

    pub async fn with_policy(app: SocketAddr, hop: Hop, allowed: Vec<Authorization>) -> Self {
        Self::with_routes(app, hop, allowed, Vec::new()).await
    }

    pub async fn with_routes(
        app: SocketAddr,
        hop: Hop,
        allowed: Vec<Authorization>,
        routes: Vec<InboundRoute>,
    ) -> Self {
        Self::build(app, hop, allowed, routes, &[]).await
    }

    /// With variables of the environment, named without their prefix, for both proxies.
    pub async fn with_variables(app: SocketAddr, hop: Hop, variables: &[(&str, &str)]) -> Self {
        Self::build(app, hop, everybody(), Vec::new(), variables).await
    }

    async fn build(
        app: SocketAddr,
        hop: Hop,
        allowed: Vec<Authorization>,
        routes: Vec<InboundRoute>,
        variables: &[(&str, &str)],
    ) -> Self {
        let authority = Authority::new();
        let policy = Snapshot::fixed(ServerPolicy {
            revision: 1,
            protocol: InboundProtocol::Detect(Duration::from_secs(1)),
            authorizations: allowed,
            routes,
            labels: "srv_kind=\"default\",srv_name=\"test\"".into(),
        });
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = door.local_addr().unwrap().port();
        let server = context(authority.identity(SERVER), port, policy.clone(), variables);
        let client = context(authority.identity(CLIENT), 1, policy.clone(), variables);
        let endpoint = Arc::new(endpoint(app, hop, port));
        let (endpoints, discovered) = Snapshot::new(Endpoints::Known([endpoint].into()));
        let routing = Snapshot::fixed(routing(discovered, client.config.outbound.http_queue));

        let worker = Rc::new(WorkerContext::new(server.clone()));
        accept(door, {
            let worker = worker.clone();
            async move |tcp, peer, address| inbound::accept(tcp, peer, address, &worker).await
        });
        let stranger = listen(async move |tcp, peer, _| {
            let connection = InboundConnection {
                io: Io::from(tcp),
                client: peer,
                target: app,
                tls: TlsStatus::Plaintext(no_tls::NOT_FROM_REMOTE),
                policy: policy.clone(),
            };
            inbound::http::serve(
                connection,
                Version::Http1,
                worker.ctx.clone(),
                worker.pools.clone(),
            )
            .await;
        })
        .await;

        let worker = Rc::new(WorkerContext::new(client.clone()));
        let outbound = async |version| {
            let (worker, routing) = (worker.clone(), routing.clone());
            listen(async move |tcp, peer, address| {
                let connection = OutboundConnection {
                    io: Io::from(tcp),
                    client: peer,
                    original_dst: address,
                    routing: routing.clone(),
                };
                outbound::http::serve(
                    connection,
                    version,
                    worker.ctx.clone(),
                    worker.pools.clone(),
                )
                .await;
            })
            .await
        };
        Self {
            routing: routing.clone(),
            http1: outbound(Version::Http1).await,
            http2: outbound(Version::Http2).await,
            stranger,
            client,
            server,
            endpoints,
        }
    }

    /// The client's proxy's metrics, once they contain all of `parts` in one line.
    pub async fn metrics_with(&self, context: &Context, parts: &[&str]) -> String {
        for _ in 0..200 {
            let text = context.metrics.render();
            let found = text
                .lines()
                .find(|line| parts.iter().all(|part| line.contains(part)));
            if let Some(line) = found {
                return line.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("no line with {parts:?} in:\n{}", context.metrics.render());
    }
}

async fn listen<F>(serve: F) -> SocketAddr
where
    F: AsyncFn(TcpStream, SocketAddr, SocketAddr) + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    accept(listener, serve);
    address
}

fn accept<F>(listener: TcpListener, serve: F)
where
    F: AsyncFn(TcpStream, SocketAddr, SocketAddr) + 'static,
{
    let serve = Rc::new(serve);
    spawn_local(async move {
        loop {
            let (tcp, peer) = listener.accept().await.unwrap();
            tcp.set_nodelay(true).unwrap();
            let (serve, address) = (serve.clone(), tcp.local_addr().unwrap());
            spawn_local(async move { serve(tcp, peer, address).await });
        }
    });
}

/// Nobody is asked who they are.
pub fn everybody() -> Vec<Authorization> {
    vec![allow(Authentication::Unauthenticated)]
}

pub fn allow(authentication: Authentication) -> Authorization {
    let network = Network {
        address: "0.0.0.0".parse().unwrap(),
        prefix: 0,
    };
    Authorization {
        networks: vec![NetworkRule {
            network,
            except: Vec::new(),
        }],
        authentication,
        labels: "authz_kind=\"default\",authz_name=\"test\"".into(),
        name: "test".into(),
    }
}

fn context(
    identity: Arc<Identity>,
    port: u16,
    policy: Snapshot<ServerPolicy>,
    variables: &[(&str, &str)],
) -> Context {
    let mut environment = HashMap::from([
        ("DESTINATION_SVC_ADDR", "127.0.0.1:8086".to_owned()),
        ("POLICY_SVC_ADDR", "127.0.0.1:8090".to_owned()),
        ("POLICY_WORKLOAD", "{}".to_owned()),
        ("IDENTITY_SVC_ADDR", "127.0.0.1:8080".to_owned()),
        ("IDENTITY_LOCAL_NAME", identity.local_name().to_owned()),
        ("IDENTITY_TOKEN_FILE", "/token".to_owned()),
        ("IDENTITY_TRUST_ANCHORS", ROOT.to_owned()),
        ("INBOUND_LISTEN_ADDR", format!("127.0.0.1:{port}")),
        ("OUTBOUND_HTTP_FAILFAST_TIMEOUT", "300ms".to_owned()),
    ]);
    let more = variables.iter();
    environment.extend(more.map(|(name, value)| (*name, (*value).to_owned())));
    let lookup = |name: &str| {
        let name = name.strip_prefix("LINKERD2_PROXY_")?;
        environment.get(name).cloned()
    };
    let config = Config::from_env(lookup).expect("a valid environment");
    Context {
        config: Arc::new(config),
        identity,
        discovery: Discovery::fixed(HashMap::new()),
        policies: Policies::fixed(HashMap::new(), policy),
        metrics: Arc::new(Registry::new(Duration::from_secs(600))),
        drain: Drain::new(),
        admission: Admission::default(),
        rejections: Rejections::default(),
    }
}

/// An endpoint at `app`, whose proxy listens on `port`.
pub fn endpoint(app: SocketAddr, hop: Hop, port: u16) -> Endpoint {
    let plain = Endpoint::plain(app, no_tls::NOT_PROVIDED);
    if hop == Hop::Plain {
        return plain;
    }
    Endpoint {
        tls: Some(PeerTls {
            identity: PeerId::Dns(SERVER.into()),
            server_name: SERVER.try_into().unwrap(),
        }),
        no_tls_reason: "",
        hint: match hop {
            Hop::Mesh => Hint::Http2,
            _ => Hint::Unknown,
        },
        transport_port: Some(port),
        ..plain
    }
}

fn routing(endpoints: Snapshot<Endpoints>, queue: QueueLimits) -> Routing {
    let backend = Backend {
        meta: ResourceRef::Default("test".into()),
        kind: BackendKind::Balance {
            path: "web.shop.svc.cluster.local:80".into(),
            endpoints,
            default_rtt: Duration::from_millis(30),
            decay: Duration::from_secs(10),
        },
        queue: Queue::new(queue),
    };
    let route = HttpRoute {
        meta: ResourceRef::Default("test".into()),
        rules: vec![HttpRule {
            backends: Distribution::FirstAvailable(vec![Arc::new(backend)]),
        }],
    };
    Routing {
        revision: 1,
        protocol: Protocol::Detect {
            timeout: Duration::from_secs(1),
            http: [route].into(),
            opaque: [].into(),
        },
        parent: ResourceRef::Default("test".into()),
        authority: "web.shop.svc.cluster.local:80".into(),
    }
}
