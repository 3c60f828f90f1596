//! Backends and how traffic spreads over them, from the wire.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mesh_decide::target::Name;
use mesh_wire::destination::WeightedAddr;
use mesh_wire::outbound;
use mesh_wire::outbound::backend::balance_p2c::Load;
use mesh_wire::outbound::backend::endpoint_discovery;

use super::endpoint::endpoint;
use super::failure::failure;
use crate::balance::Queue;
use crate::config::QueueLimits;
use crate::control::wire::{self, Malformed};
use crate::snapshot::{
    Backend, BackendKind, Distribution, Endpoint, Endpoints, Failure, ResourceRef, Routing,
    Snapshot,
};

/// What a balancer assumes of an endpoint that has not answered yet.
const DEFAULT_RTT: Duration = Duration::from_millis(30);
const DEFAULT_DECAY: Duration = Duration::from_secs(10);

/// Endpoints by destination path or name; what is asked for is watched.
pub(super) trait Watch {
    fn endpoints(&mut self, path: &str) -> Snapshot<Endpoints>;

    /// The addresses that DNS has for a name.
    fn addresses(&mut self, name: &Name) -> Snapshot<Endpoints>;
}

/// Turns backends of the wire into ours.
pub(super) struct Backends<'a> {
    pub(super) watch: &'a mut dyn Watch,
    pub(super) forwards: &'a mut Forwards,
    /// For backends that do not say how many requests may wait, and for how long.
    pub(super) http: QueueLimits,
    /// The same of connections that are not HTTP.
    pub(super) tcp: QueueLimits,
}

/// Endpoints that answers name themselves; unchanged ones stay the same.
#[derive(Debug, Default)]
pub(super) struct Forwards {
    known: HashMap<SocketAddr, Arc<Endpoint>>,
}

impl Forwards {
    pub(super) fn get(&mut self, addr: &WeightedAddr) -> Result<Arc<Endpoint>, Malformed> {
        let address = wire::socket_address(addr.addr)?;
        let endpoint = endpoint(addr, &HashMap::new(), self.known.get(&address))?;
        self.known.insert(address, endpoint.clone());
        Ok(endpoint)
    }

    /// The plaintext endpoint at `address`.
    pub(super) fn plain(&mut self, address: SocketAddr) -> Arc<Endpoint> {
        let plain = || Arc::new(Endpoint::plain(address, super::endpoint::NOT_MESHED));
        match self.known.get(&address) {
            Some(known) if known.tls.is_none() && known.labels.is_empty() => known.clone(),
            _ => {
                let endpoint = plain();
                self.known.insert(address, endpoint.clone());
                endpoint
            }
        }
    }
}

/// A distribution of any kind of route.
pub(super) struct WireDistribution<'w> {
    spread: Spread<'w>,
    /// Whether it is requests that are distributed.
    http: bool,
}

enum Spread<'w> {
    Empty,
    First(Vec<Share<'w>>),
    Random(Vec<(Share<'w>, u32)>),
}

/// A backend as a route uses it.
pub(super) struct Share<'w> {
    backend: Option<&'w outbound::Backend>,
    /// What one of its filters answers instead.
    failure: Option<Failure>,
}

/// HTTP, gRPC, opaque and TLS routes have distributions of the same shape and different types.
macro_rules! distributions {
    ($($module:ident: $http:literal),*) => {
        $(impl<'w> From<Option<&'w outbound::$module::Distribution>> for WireDistribution<'w> {
            fn from(distribution: Option<&'w outbound::$module::Distribution>) -> Self {
                use outbound::$module::distribution::Kind;
                let kind = distribution.and_then(|distribution| distribution.kind.as_ref());
                let spread = match kind {
                    Some(Kind::FirstAvailable(first)) => {
                        Spread::First(first.backends.iter().map(Share::from).collect())
                    }
                    Some(Kind::RandomAvailable(random)) => {
                        let backends = random.backends.iter().filter_map(|weighted| {
                            Some((Share::from(weighted.backend.as_ref()?), weighted.weight))
                        });
                        Spread::Random(backends.collect())
                    }
                    Some(Kind::Empty(_)) | None => Spread::Empty,
                };
                Self { spread, http: $http }
            }
        }

        impl<'w> From<&'w outbound::$module::RouteBackend> for Share<'w> {
            fn from(route: &'w outbound::$module::RouteBackend) -> Self {
                Self {
                    backend: route.backend.as_ref(),
                    failure: failure(&route.filters),
                }
            }
        })*
    };
}

distributions!(http_route: true, grpc_route: true, opaque_route: false, tls_route: false);

impl Backends<'_> {
    pub(super) fn distribution(
        &mut self,
        wire: WireDistribution<'_>,
    ) -> Result<Distribution, Malformed> {
        let queue = if wire.http { self.http } else { self.tcp };
        Ok(match wire.spread {
            Spread::Empty => Distribution::Empty,
            Spread::First(backends) => Distribution::FirstAvailable(
                backends
                    .into_iter()
                    .map(|share| self.share(share, queue))
                    .collect::<Result<_, _>>()?,
            ),
            Spread::Random(backends) => Distribution::Random(
                backends
                    .into_iter()
                    .map(|(share, weight)| Ok((self.share(share, queue)?, weight)))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }

    /// The backend of a share; one that its filters answer for needs to make no sense itself.
    fn share(&mut self, share: Share<'_>, queue: QueueLimits) -> Result<Arc<Backend>, Malformed> {
        let metadata = share.backend.and_then(|backend| backend.metadata.as_ref());
        match (share.failure, share.backend) {
            (Some(failure), _) => Ok(self.failing(wire::resource(metadata), failure)),
            (None, Some(backend)) => self.backend(backend, queue),
            (None, None) => {
                let failure = Failure::http(500, "the route's backend is missing");
                Ok(self.failing(wire::resource(None), failure))
            }
        }
    }

    fn backend(
        &mut self,
        backend: &outbound::Backend,
        queue: QueueLimits,
    ) -> Result<Arc<Backend>, Malformed> {
        let kind = match &backend.kind {
            Some(outbound::backend::Kind::Forward(addr)) => {
                BackendKind::Forward(self.forwards.get(addr)?)
            }
            Some(outbound::backend::Kind::Balancer(balancer)) => self.balancer(balancer)?,
            // A kind of later days, or none: the other backends of the route are as good as ever.
            None => BackendKind::Fail(Failure::http(500, "the backend is of an unknown kind")),
        };
        Ok(Arc::new(Backend {
            meta: wire::resource(backend.metadata.as_ref()),
            kind,
            queue: Queue::new(limits(backend.queue.as_ref(), queue)),
        }))
    }

    fn balancer(
        &mut self,
        balancer: &outbound::backend::BalanceP2c,
    ) -> Result<BackendKind, Malformed> {
        let discovery = balancer
            .discovery
            .as_ref()
            .and_then(|found| found.kind.as_ref());
        let Some(endpoint_discovery::Kind::Dst(destination)) = discovery else {
            return Err(Malformed::new("a balancer has no destination"));
        };
        let (rtt, decay) = match balancer.load {
            Some(Load::PeakEwma(load)) => (load.default_rtt, load.decay),
            Some(Load::PenaltyPeakEwma(load)) => (load.default_rtt, load.decay),
            None => (None, None),
        };
        Ok(BackendKind::Balance {
            path: destination.path.as_str().into(),
            endpoints: self.watch.endpoints(&destination.path),
            default_rtt: wire::duration(rtt).unwrap_or(DEFAULT_RTT),
            decay: wire::duration(decay).unwrap_or(DEFAULT_DECAY),
        })
    }

    /// What a rule's own filter answers, in place of its backends.
    pub(super) fn answer(&self, failure: Failure) -> Distribution {
        let meta = ResourceRef::Default("filter".into());
        Distribution::FirstAvailable(vec![self.failing(meta, failure)])
    }

    fn failing(&self, meta: ResourceRef, failure: Failure) -> Arc<Backend> {
        Arc::new(Backend {
            meta,
            kind: BackendKind::Fail(failure),
            queue: Queue::new(self.http),
        })
    }

    /// A backend of the endpoints that the control plane has for `path`.
    pub(super) fn balanced(&mut self, path: &str) -> Distribution {
        let endpoints = self.watch.endpoints(path);
        self.spread("profile", path, endpoints)
    }

    /// A backend of the addresses that DNS has for `name`.
    pub(super) fn resolved(&mut self, name: &Name) -> Distribution {
        let endpoints = self.watch.addresses(name);
        self.spread(Routing::BY_DNS, &name.to_string(), endpoints)
    }

    fn spread(&self, name: &str, path: &str, endpoints: Snapshot<Endpoints>) -> Distribution {
        Distribution::FirstAvailable(vec![Arc::new(Backend {
            meta: ResourceRef::Default(name.into()),
            kind: BackendKind::Balance {
                path: path.into(),
                endpoints,
                default_rtt: DEFAULT_RTT,
                decay: DEFAULT_DECAY,
            },
            queue: Queue::new(self.http),
        })])
    }

    /// A backend that is one endpoint.
    pub(super) fn forward(&self, name: &str, endpoint: Arc<Endpoint>) -> Distribution {
        Distribution::FirstAvailable(vec![Arc::new(Backend {
            meta: ResourceRef::Default(name.into()),
            kind: BackendKind::Forward(endpoint),
            queue: Queue::new(self.http),
        })])
    }
}

/// What `queue` says, or where it says nothing, `own`.
fn limits(queue: Option<&outbound::Queue>, own: QueueLimits) -> QueueLimits {
    let said = queue.map_or(0, |queue| queue.capacity);
    QueueLimits {
        // Nobody means that nobody may wait: then it is not said.
        capacity: match usize::try_from(said) {
            Ok(0) | Err(_) => own.capacity,
            Ok(said) => said,
        },
        failfast: queue
            .and_then(|queue| wire::duration(queue.failfast_timeout))
            .unwrap_or(own.failfast),
    }
}
