//! From names to addresses.

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::LookupIpStrategy;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::RData;
use mesh_decide::service_records::{ORDINARY_WEIGHT, ServiceRecord, groups};
use mesh_wire::vocabulary::limits;

use crate::config::{Authority, Control};
use crate::metrics::{Counter, CounterFamily, LabelSet, Registry};

/// Resolves names by SRV, A and AAAA records; keeps answers for their TTL.
pub struct Resolver {
    min_ttl: Option<Duration>,
    max_ttl: Option<Duration>,
    system: Mutex<Option<Arc<TokioResolver>>>,
    services: Outcomes,
    addresses: Outcomes,
}

/// Where a name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// At least one, each address once.
    pub addresses: Vec<Resolved>,
    /// When the name should be asked for again.
    pub valid_until: Instant,
}

/// One of a name's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Resolved {
    pub address: SocketAddr,
    /// Its share, from its SRV record; 10,000 is ordinary.
    pub weight: u32,
}

/// Why a name leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotResolved {
    /// DNS says that it has no address.
    Absent(String),
    /// DNS does not say.
    Failed(String),
}

impl fmt::Display for NotResolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(reason) | Self::Failed(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for NotResolved {}

/// How look-ups of one record type went.
struct Outcomes {
    succeeded: Arc<Counter>,
    absent: Arc<Counter>,
    failed: Arc<Counter>,
}

impl Outcomes {
    fn new(client: &str, record_type: &str, metrics: &Registry) -> Self {
        let counter = |result: &str| {
            let labels = LabelSet::new()
                .with("client", client)
                .with("record_type", record_type)
                .with("result", result);
            metrics.counter(CounterFamily::ControlDnsResolutions, labels.as_str())
        };
        Self {
            succeeded: counter("ok"),
            absent: counter("not_found"),
            failed: counter("error"),
        }
    }

    fn count<T>(&self, result: &Result<T, NotResolved>) {
        match result {
            Ok(_) => self.succeeded.increment(),
            Err(NotResolved::Absent(_)) => self.absent.increment(),
            Err(NotResolved::Failed(_)) => self.failed.increment(),
        }
    }
}

impl Resolver {
    /// A resolver that reads the system's configuration when it is first used. `client` is for
    /// whom it resolves, in metrics.
    pub fn new(client: &str, control: &Control, metrics: &Registry) -> Self {
        Self {
            min_ttl: control.dns_min_ttl,
            max_ttl: control.dns_max_ttl,
            system: Mutex::default(),
            services: Outcomes::new(client, "srv", metrics),
            addresses: Outcomes::new(client, "ip", metrics),
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
        let answer = self.look_up(name, port).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let mut addresses: Vec<_> = answer.addresses.iter().map(|one| one.address).collect();
        fastrand::shuffle(&mut addresses);
        Ok(addresses)
    }

    /// Forgets all answers, and reads the system's configuration again.
    ///
    /// An address at which nobody answered is most likely one that has moved.
    pub fn forget(&self) {
        *self.system.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Where `name` leads: its SRV records if it has any, else its addresses with `port`.
    ///
    /// # Errors
    /// When it has no address, or DNS does not say; the text names the name.
    pub async fn look_up(&self, name: &str, port: u16) -> Result<Answer, NotResolved> {
        let system = self.system().map_err(NotResolved::Failed)?;
        // Side by side, because most names have no SRV records and waiting for that costs time.
        let (services, addresses) = tokio::join!(
            services(&system, name, port),
            self::addresses(&system, name, port)
        );
        self.services.count(&services);
        self.addresses.count(&addresses);
        match (services, addresses) {
            (Ok(found), _) | (_, Ok(found)) => Ok(found),
            // That there are no addresses is no answer while there may be services.
            (Err(failed @ NotResolved::Failed(_)), Err(_)) | (Err(_), Err(failed)) => Err(failed),
        }
    }

    fn system(&self) -> Result<Arc<TokioResolver>, String> {
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(resolver) = &*system {
            return Ok(resolver.clone());
        }
        let mut builder = TokioResolver::builder_tokio().map_err(|error| error.to_string())?;
        let options = builder.options_mut();
        options.timeout = limits::DNS_QUERY_TIME.time();
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.positive_min_ttl = self.min_ttl;
        options.positive_max_ttl = self.max_ttl;
        // A Service that was asked for a moment before it was made must not stay away for long.
        options.negative_max_ttl = Some(limits::DNS_NEGATIVE_TIME.time());
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

async fn addresses(system: &TokioResolver, name: &str, port: u16) -> Result<Answer, NotResolved> {
    let found = system.lookup_ip(name).await;
    let found = found.map_err(|error| not_resolved(name, &error))?;
    let resolved = found.iter().map(|ip| Resolved {
        address: SocketAddr::new(ip, port),
        weight: ORDINARY_WEIGHT,
    });
    answer(name, resolved, found.valid_until())
}

/// Where the name's SRV records lead; see [`groups`] for which of them count.
async fn services(system: &TokioResolver, name: &str, port: u16) -> Result<Answer, NotResolved> {
    let found = system.srv_lookup(name).await;
    let found = found.map_err(|error| not_resolved(name, &error))?;
    let records = found
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::SRV(service) => Some(ServiceRecord {
                priority: service.priority,
                weight: service.weight,
                port: service.port,
                target: service.target.to_string(),
            }),
            _ => None,
        });
    let records: Vec<_> = records.take(limits::DNS_ANSWERS.size()).collect();
    let mut failed = None;
    for group in groups(records, port) {
        let mut valid_until = found.valid_until();
        let mut resolved = Vec::with_capacity(group.len());
        let all_zero = group.iter().all(|record| record.weight == 0);
        for record in group {
            // One target that has gone must not hide the others.
            match addresses(system, &record.target, record.port).await {
                Ok(target) => {
                    valid_until = valid_until.min(target.valid_until);
                    let weight = record.share(all_zero);
                    let own = target.addresses.into_iter();
                    resolved.extend(own.map(|one| Resolved { weight, ..one }));
                }
                Err(error) => failed = Some(error),
            }
        }
        if !resolved.is_empty() {
            return answer(name, resolved, valid_until);
        }
    }
    Err(failed.unwrap_or_else(|| NotResolved::Absent(format!("{name} has no SRV record"))))
}

fn answer(
    name: &str,
    resolved: impl IntoIterator<Item = Resolved>,
    valid_until: Instant,
) -> Result<Answer, NotResolved> {
    let mut known = HashSet::new();
    let mut addresses: Vec<_> = resolved.into_iter().collect();
    addresses.retain(|one| known.insert(one.address));
    addresses.truncate(limits::DNS_ANSWERS.size());
    if addresses.is_empty() {
        return Err(NotResolved::Absent(format!("{name} has no address")));
    }
    Ok(Answer {
        addresses,
        valid_until,
    })
}

fn not_resolved(name: &str, error: &NetError) -> NotResolved {
    if error.is_no_records_found() {
        NotResolved::Absent(format!("{name} has no address in DNS"))
    } else {
        NotResolved::Failed(format!("cannot resolve {name}: {error}"))
    }
}
