//! One original destination: asks for its profile and its policy side by side, and publishes the
//! routing that follows from both.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mesh_wire::destination::destination_client::DestinationClient;
use mesh_wire::destination::{DestinationProfile, GetDestination};
use mesh_wire::outbound::outbound_policies_client::OutboundPoliciesClient;
use mesh_wire::outbound::{OutboundPolicy, TrafficSpec, traffic_spec};
use tokio::time::{Instant, sleep_until};
use tonic::Code;
use tracing::{debug, warn};

use super::backend::{Backends, Forwards, Watch};
use super::entry::Entry;
use super::live::Live;
use super::resolution::Resolution;
use super::routing::{Answers, routing};
use crate::control::{Event, Following, LARGEST_MESSAGE, follow, wire};
use crate::metrics::CounterFamily;
use crate::snapshot::{Endpoints, Snapshot};

/// How long a known policy waits for the profile, which can only make it opaque.
const PROFILE_GRACE: Duration = Duration::from_secs(1);

/// What one of the two services has said.
enum Answer<T> {
    Pending,
    Known(T),
    /// There is none.
    Absent,
    /// The service cannot say.
    Failed(Arc<str>),
}

impl<T> Answer<T> {
    fn is_pending(&self) -> bool {
        matches!(self, Self::Pending)
    }
}

/// The task of one entry.
pub(super) struct Destination {
    live: Arc<Live>,
    entry: Arc<Entry>,
    profile: Answer<DestinationProfile>,
    policy: Answer<OutboundPolicy>,
    forwards: Forwards,
    /// What the published routing uses.
    resolutions: Vec<Arc<Resolution>>,
    policy_since: Option<Instant>,
}

/// Collects the resolutions that a routing needs.
struct Needed<'a> {
    live: &'a Live,
    resolutions: Vec<Arc<Resolution>>,
}

impl Watch for Needed<'_> {
    fn endpoints(&mut self, path: &str) -> Snapshot<Endpoints> {
        let resolution = self.live.resolutions.get(path);
        let endpoints = resolution.endpoints();
        self.resolutions.push(resolution);
        endpoints
    }
}

impl Destination {
    pub(super) fn new(live: Arc<Live>, entry: Arc<Entry>) -> Self {
        Self {
            live,
            entry,
            profile: Answer::Pending,
            policy: Answer::Pending,
            forwards: Forwards::default(),
            resolutions: Vec::new(),
            policy_since: None,
        }
    }

    /// Follows both services until the entry is dropped.
    pub(super) async fn run(mut self) {
        let address = self.entry.address;
        let mut profiles = self.live.follow_profile(address);
        let mut policies = self.live.follow_policy(address);
        if profiles.is_none() {
            self.profile = Answer::Absent;
        }
        loop {
            let grace = self.grace_ends();
            tokio::select! {
                event = next(&mut profiles) => self.profile_says(event),
                event = policies.next() => self.policy_says(event),
                () = sleep_until(grace.unwrap_or_else(Instant::now)), if grace.is_some() => {
                    debug!(%address, "no profile in time");
                    self.profile = Answer::Absent;
                }
            }
            self.publish();
        }
    }

    /// Until when a policy that is known waits for the profile.
    fn grace_ends(&self) -> Option<Instant> {
        let since = self.policy_since.filter(|_| self.profile.is_pending())?;
        Some(since + PROFILE_GRACE)
    }

    fn profile_says(&mut self, event: Event<DestinationProfile>) {
        match event {
            Event::Opened => {}
            Event::Message(profile) => self.profile = Answer::Known(profile),
            Event::Refused(status) => {
                // A profile that cannot be told is as good as none; one that is known stays.
                if status.code() == Code::NotFound || self.profile.is_pending() {
                    self.profile = Answer::Absent;
                }
            }
        }
    }

    fn policy_says(&mut self, event: Event<OutboundPolicy>) {
        match event {
            Event::Opened => return,
            Event::Message(policy) => self.policy = Answer::Known(policy),
            Event::Refused(status) => match status.code() {
                Code::NotFound | Code::Unimplemented => self.policy = Answer::Absent,
                code if self.policy.is_pending() => {
                    let message = status.message();
                    let reason = format!("the policy controller says {code:?}: {message}");
                    self.policy = Answer::Failed(reason.into());
                }
                _ => {}
            },
        }
        self.policy_since.get_or_insert_with(Instant::now);
    }

    /// Publishes what follows from the answers, once both are there.
    fn publish(&mut self) {
        let policy = match &self.policy {
            Answer::Pending => return,
            Answer::Failed(reason) => return self.entry.fail(reason.clone()),
            Answer::Known(policy) => Some(policy),
            Answer::Absent => None,
        };
        let profile = match &self.profile {
            Answer::Pending => return,
            Answer::Known(profile) => Some(profile),
            Answer::Absent | Answer::Failed(_) => None,
        };
        let answers = Answers {
            original_dst: self.entry.address,
            profile,
            policy,
        };
        let mut needed = Needed {
            live: &self.live,
            resolutions: Vec::new(),
        };
        let mut backends = Backends {
            watch: &mut needed,
            forwards: &mut self.forwards,
            failfast: self.live.config.outbound.http_failfast,
        };
        let detect = self.live.config.outbound.detect_timeout;
        match routing(&answers, detect, &mut backends) {
            Ok(routing) => {
                self.entry.publish(routing);
                self.resolutions = needed.resolutions;
            }
            Err(reason) => self.reject(&reason),
        }
    }

    /// A policy that says something impossible changes nothing that is known already.
    fn reject(&self, reason: &wire::Malformed) {
        let address = self.entry.address;
        warn!(%address, %reason, "an outbound policy is ignored");
        let labels = "call=\"Watch\"";
        let family = CounterFamily::ControlMessageRejected;
        self.live.metrics.counter(family, labels).increment();
        let reason = format!("the policy for {address} cannot be understood: {reason}");
        self.entry.fail(reason.into());
    }
}

/// The next event of a call, if it is followed at all.
async fn next<M>(following: &mut Option<Following<M>>) -> Event<M> {
    match following {
        Some(following) => following.next().await,
        None => std::future::pending().await,
    }
}

impl Live {
    /// Follows the profile of `address`, unless it is outside the networks that have profiles.
    fn follow_profile(&self, address: SocketAddr) -> Option<Following<DestinationProfile>> {
        let networks = self.config.outbound.profile_networks.as_ref();
        if networks.is_some_and(|nets| !nets.iter().any(|net| net.contains(address.ip()))) {
            return None;
        }
        let request = GetDestination {
            path: address.to_string(),
            context_token: self.resolutions.context.clone(),
            ..GetDestination::default()
        };
        let following = follow(
            &self.resolutions.client,
            "GetProfile",
            self.config.control.limits,
            &self.metrics,
            move |channel| {
                let request = request.clone();
                let origin = channel.origin();
                let mut client = DestinationClient::with_origin(channel, origin)
                    .max_decoding_message_size(LARGEST_MESSAGE);
                async move { client.get_profile(request).await }
            },
        );
        Some(following)
    }

    fn follow_policy(&self, address: SocketAddr) -> Following<OutboundPolicy> {
        let request = TrafficSpec {
            source_workload: self.config.control.policy_workload.clone(),
            target: Some(traffic_spec::Target::Addr(wire::to_wire(address))),
        };
        follow(
            &self.policy,
            "Watch",
            self.config.control.limits,
            &self.metrics,
            move |channel| {
                let request = request.clone();
                let origin = channel.origin();
                let mut client = OutboundPoliciesClient::with_origin(channel, origin)
                    .max_decoding_message_size(LARGEST_MESSAGE);
                async move { client.watch(request).await }
            },
        )
    }
}
