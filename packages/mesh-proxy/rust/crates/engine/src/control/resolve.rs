//! From a service's name to addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;

use crate::config::{Authority, Control};
use crate::metrics::{Counter, CounterFamily, LabelSet, Registry};

/// How long one DNS server may take to answer.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Resolves the control plane's names; keeps answers for their TTL.
pub struct Resolver {
    min_ttl: Option<Duration>,
    max_ttl: Option<Duration>,
    system: Mutex<Option<Arc<TokioResolver>>>,
    services: Outcomes,
    addresses: Outcomes,
}

/// How look-ups of one record type went.
struct Outcomes {
    succeeded: Arc<Counter>,
    failed: Arc<Counter>,
}

impl Outcomes {
    fn new(record_type: &str, metrics: &Registry) -> Self {
        let counter = |result: &str| {
            let labels = LabelSet::new()
                .with("client", "control")
                .with("record_type", record_type)
                .with("result", result);
            metrics.counter(CounterFamily::ControlDnsResolutions, labels.as_str())
        };
        Self {
            succeeded: counter("ok"),
            failed: counter("error"),
        }
    }

    fn count(&self, succeeded: bool) {
        if succeeded {
            self.succeeded.increment();
        } else {
            self.failed.increment();
        }
    }
}

impl Resolver {
    /// A resolver that reads the system's configuration when it is first used.
    pub fn new(control: &Control, metrics: &Registry) -> Self {
        Self {
            min_ttl: control.dns_min_ttl,
            max_ttl: control.dns_max_ttl,
            system: Mutex::default(),
            services: Outcomes::new("srv", metrics),
            addresses: Outcomes::new("ip", metrics),
        }
    }

    /// The addresses of `authority`, in random order: its SRV records if it has any, else its
    /// addresses with the authority's own port.
    ///
    /// # Errors
    /// When the name has no address or DNS does not answer; the text names the name.
    pub async fn resolve(&self, authority: &Authority) -> Result<Vec<SocketAddr>, String> {
        let (name, port) = match authority {
            Authority::Ip(address) => return Ok(vec![*address]),
            local if local.is_loopback() => return Ok(loopback(local.port())),
            Authority::Name(name, port) => (&**name, *port),
        };
        let result = self.look_up(name, port).await;
        let mut addresses = result.map_err(|error| format!("cannot resolve {name}: {error}"))?;
        fastrand::shuffle(&mut addresses);
        Ok(addresses)
    }

    /// Forgets all answers, and reads the system's configuration again.
    ///
    /// An address at which nobody answered is most likely one that has moved.
    pub fn forget(&self) {
        *self.system.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn look_up(&self, name: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
        let system = self.system()?;
        // Side by side, because most names have no SRV records and waiting for that costs time.
        let (services, addresses) = tokio::join!(
            services(&system, name, port),
            self::addresses(&system, name, port)
        );
        self.services.count(services.is_some());
        self.addresses.count(addresses.is_ok());
        match services {
            Some(found) if !found.is_empty() => Ok(found),
            _ => addresses,
        }
    }

    fn system(&self) -> Result<Arc<TokioResolver>, String> {
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(resolver) = &*system {
            return Ok(resolver.clone());
        }
        let mut builder = TokioResolver::builder_tokio().map_err(|error| error.to_string())?;
        let options = builder.options_mut();
        options.timeout = TIMEOUT;
        options.positive_min_ttl = self.min_ttl;
        options.positive_max_ttl = self.max_ttl;
        let resolver = Arc::new(builder.build().map_err(|error| error.to_string())?);
        *system = Some(resolver.clone());
        Ok(resolver)
    }
}

fn loopback(port: u16) -> Vec<SocketAddr> {
    [
        IpAddr::from(Ipv4Addr::LOCALHOST),
        IpAddr::from(Ipv6Addr::LOCALHOST),
    ]
    .map(|ip| SocketAddr::new(ip, port))
    .to_vec()
}

async fn addresses(
    system: &TokioResolver,
    name: &str,
    port: u16,
) -> Result<Vec<SocketAddr>, String> {
    let found = system
        .lookup_ip(name)
        .await
        .map_err(|error| error.to_string())?;
    Ok(found.iter().map(|ip| SocketAddr::new(ip, port)).collect())
}

/// The targets of a name's SRV records; those with the wanted port if there are such.
async fn services(system: &TokioResolver, name: &str, port: u16) -> Option<Vec<SocketAddr>> {
    let found = system.srv_lookup(name).await.ok()?;
    let mut targets: Vec<(String, u16)> = found
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::SRV(service) => Some((service.target.to_string(), service.port)),
            _ => None,
        })
        .collect();
    if targets.iter().any(|(_, found)| *found == port) {
        targets.retain(|(_, found)| *found == port);
    }
    let mut resolved = Vec::with_capacity(targets.len());
    for (target, port) in targets {
        // One target that has gone must not hide the others.
        resolved.extend(addresses(system, &target, port).await.unwrap_or_default());
    }
    Some(resolved)
}
