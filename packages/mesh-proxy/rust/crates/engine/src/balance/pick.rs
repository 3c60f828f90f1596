//! Picking a backend and one of its endpoints.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mesh_decide::ewma::Millis;
use mesh_decide::p2c::{self, Candidates};
use tokio::time::{Instant, sleep_until};

use super::clock;
use super::load::{Load, Times};
use crate::in_flight::Line;
use crate::snapshot::{Backend, BackendKind, Distribution, Endpoint, Endpoints};

/// For how long one caller alone may try an endpoint whose pause is over.
const ATTEMPT: Duration = Duration::from_secs(1);

/// Why no endpoint could be picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// The control plane says that there is no such destination.
    Unknown,
    /// It has only addresses that nobody may be led to.
    Forbidden,
    /// The destination has no endpoints.
    Empty,
    /// The control plane did not name the endpoints within the failfast time.
    Undiscovered,
    /// No endpoint could be connected to for the failfast time.
    Failfast,
    /// As many wait for an endpoint as may.
    Overloaded,
    /// Every endpoint leads back into this proxy.
    Loop,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unknown => "the destination is unknown to the control plane and to DNS",
            Self::Forbidden => "the name leads to addresses that a proxy must not be led to",
            Self::Empty => "the destination has no endpoints",
            Self::Undiscovered => "the control plane has not named the endpoints in time",
            Self::Failfast => "no endpoint can be connected to",
            Self::Overloaded => "too many wait for an endpoint of the destination already",
            Self::Loop => "every endpoint leads back into this proxy",
        })
    }
}

impl std::error::Error for Unavailable {}

/// The backend for the next piece of work; none if the distribution has no usable one.
pub fn backend(distribution: &Distribution) -> Option<&Arc<Backend>> {
    match distribution {
        Distribution::Empty => None,
        Distribution::FirstAvailable(backends) => backends
            .iter()
            .find(|backend| has_endpoints(backend))
            .or_else(|| backends.first()),
        Distribution::Random(backends) => by_weight(backends, |total| fastrand::u64(..total)),
    }
}

/// Not known to be empty.
fn has_endpoints(backend: &Backend) -> bool {
    match &backend.kind {
        BackendKind::Forward(_) => true,
        BackendKind::Fail(_) => false,
        BackendKind::Balance { endpoints, .. } => match &*endpoints.load() {
            Endpoints::Pending => true,
            Endpoints::Unknown | Endpoints::Forbidden => false,
            Endpoints::Known(endpoints) => !endpoints.is_empty(),
        },
    }
}

fn by_weight(
    backends: &[(Arc<Backend>, u32)],
    random: impl FnOnce(u64) -> u64,
) -> Option<&Arc<Backend>> {
    let total = backends.iter().map(|(_, weight)| u64::from(*weight)).sum();
    if total == 0 {
        return None;
    }
    let mut ticket = random(total);
    for (backend, weight) in backends {
        match ticket.checked_sub((*weight).into()) {
            Some(rest) => ticket = rest,
            None => return Some(backend),
        }
    }
    None
}

/// Picks an endpoint of `backend`, waiting until one may be used.
///
/// A backend all of whose endpoints have been failing for its failfast time is refused at once,
/// until one of them may be tried again. An empty destination, and one that leads nowhere but back
/// here, is refused at once as well.
/// After a failed connection call [`Load::connect_failed`] or [`Load::leads_back`] and pick again,
/// up to the same `deadline`.
///
/// # Errors
/// Why there is none; at the latest at `deadline`.
pub async fn pick(backend: &Backend, deadline: Instant) -> Result<Arc<Endpoint>, Unavailable> {
    pick_at(backend, &mut Instant::now(), deadline).await
}

/// [`pick`] for who knows what time it is; `now` is moved on if this waits.
///
/// # Errors
/// As [`pick`].
pub async fn pick_at(
    backend: &Backend,
    now: &mut Instant,
    deadline: Instant,
) -> Result<Arc<Endpoint>, Unavailable> {
    let (endpoints, times) = match &backend.kind {
        BackendKind::Forward(endpoint) => return Ok(endpoint.clone()),
        BackendKind::Fail(_) => return Err(Unavailable::Empty),
        BackendKind::Balance {
            endpoints,
            default_rtt,
            decay,
            ..
        } => (
            endpoints,
            Times {
                default_rtt: *default_rtt,
                decay: *decay,
            },
        ),
    };
    // The usual case needs neither a future that waits nor a copy of the reader.
    let mut wait = match try_pick(&endpoints.load(), times, *now) {
        Ok(endpoint) => return Ok(endpoint),
        Err(wait) => wait,
    };
    let mut changes = endpoints.clone();
    let mut waiting = None;
    loop {
        let retry_at = wait.retry_at(backend.queue.failfast(), deadline)?;
        if waiting.is_none() {
            waiting = Some(backend.queue.enter().ok_or(Unavailable::Overloaded)?);
        }
        tokio::select! {
            () = changes.changed() => {}
            () = sleep_until(retry_at) => {}
        }
        *now = Instant::now();
        match try_pick(&changes.load(), times, *now) {
            Ok(endpoint) => return Ok(endpoint),
            Err(again) => wait = again,
        }
    }
}

/// Why nothing was picked now.
enum Wait {
    Never(Unavailable),
    Discovery,
    /// All endpoints fail.
    Failing {
        now: Instant,
        /// For how long all of them have.
        age: Duration,
        /// In how long the first may be tried again.
        pause: Duration,
    },
}

impl Wait {
    fn retry_at(self, failfast: Duration, deadline: Instant) -> Result<Instant, Unavailable> {
        match self {
            Self::Never(why) => Err(why),
            Self::Discovery if Instant::now() >= deadline => Err(Unavailable::Undiscovered),
            Self::Discovery => Ok(deadline),
            Self::Failing { now, age, pause } => {
                if age >= failfast || now >= deadline {
                    return Err(Unavailable::Failfast);
                }
                // At least a millisecond, the resolution of the endpoints' times.
                Ok(deadline.min(now + pause.max(Duration::from_millis(1))))
            }
        }
    }
}

fn try_pick(endpoints: &Endpoints, times: Times, now: Instant) -> Result<Arc<Endpoint>, Wait> {
    let endpoints = match endpoints {
        Endpoints::Pending => return Err(Wait::Discovery),
        Endpoints::Unknown => return Err(Wait::Never(Unavailable::Unknown)),
        Endpoints::Forbidden => return Err(Wait::Never(Unavailable::Forbidden)),
        Endpoints::Known(endpoints) => endpoints,
    };
    let millis = clock::millis(now);
    let set = Set {
        endpoints,
        times,
        now: millis,
    };
    while let Some(index) = p2c::pick(&set, &mut |below| fastrand::usize(..below)) {
        let endpoint = &endpoints[index];
        if endpoint.load.claim(millis, clock::millis(now + ATTEMPT)) {
            return Ok(endpoint.clone());
        }
    }
    let eligible = endpoints.iter().filter(|endpoint| endpoint.weight > 0);
    let loads = eligible.map(|endpoint| &endpoint.load);
    Err(failing(loads, now, millis))
}

/// Since when all of them fail, and when the first may be tried again.
fn failing<'a>(
    loads: impl Iterator<Item = &'a Load> + Clone,
    now: Instant,
    millis: Millis,
) -> Wait {
    let others = loads.clone().filter(|load| !load.is_loop());
    let times = others.map(|load| match load.failing() {
        Some((since, retry_at)) => (
            millis.wrapping_sub(since),
            if clock::reached(retry_at, millis) {
                0
            } else {
                retry_at.wrapping_sub(millis)
            },
        ),
        // It recovered between the two looks.
        None => (0, 0),
    });
    let both = times.reduce(|left, right| (left.0.min(right.0), left.1.min(right.1)));
    match both {
        None if loads.count() > 0 => Wait::Never(Unavailable::Loop),
        None => Wait::Never(Unavailable::Empty),
        Some((age, pause)) => Wait::Failing {
            now,
            age: Duration::from_millis(age.into()),
            pause: Duration::from_millis(pause.into()),
        },
    }
}

struct Set<'a> {
    endpoints: &'a [Arc<Endpoint>],
    times: Times,
    now: Millis,
}

impl Candidates for Set<'_> {
    fn len(&self) -> usize {
        self.endpoints.len()
    }

    fn usable(&self, index: usize) -> bool {
        self.endpoints[index].load.available(self.now)
    }

    fn weight(&self, index: usize) -> u32 {
        self.endpoints[index].weight
    }

    fn cost(&self, index: usize) -> f64 {
        let endpoint = &self.endpoints[index];
        endpoint.load.cost(endpoint.weight, self.times, self.now)
    }
}

#[cfg(test)]
mod tests;
