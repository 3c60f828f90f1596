//! One destination: asks for its profile and its policy side by side, and publishes the
//! routing that follows from both.

use std::sync::Arc;
use std::time::Duration;

use mesh_decide::target::{Name, Target};
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
use super::names::Followed;
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
    uses: Uses,
    policy_since: Option<Instant>,
}

/// What is kept up to date for a routing, for as long as that is in use.
#[derive(Default)]
struct Uses {
    resolutions: Vec<Arc<Resolution>>,
    names: Vec<Arc<Followed>>,
}

/// Collects what a routing uses.
struct Needed<'a> {
    live: &'a Live,
    uses: Uses,
}

impl Watch for Needed<'_> {
    fn endpoints(&mut self, path: &str) -> Snapshot<Endpoints> {
        let resolution = self.live.resolutions.get(path);
        let endpoints = resolution.endpoints();
        self.uses.resolutions.push(resolution);
        endpoints
    }

    fn addresses(&mut self, name: &Name) -> Snapshot<Endpoints> {
        let followed = self.live.names.get(name);
        let endpoints = followed.endpoints();
        self.uses.names.push(followed);
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
            uses: Uses::default(),
            policy_since: None,
        }
    }

    /// Follows both services until the entry is dropped.
    pub(super) async fn run(mut self) {
        let target = self.entry.target.clone();
        let mut profiles = self.live.follow_profile(&target);
        let mut policies = self.live.follow_policy(&target);
        if profiles.is_none() {
            self.profile = Answer::Absent;
        }
        loop {
            let grace = self.grace_ends();
            tokio::select! {
                event = next(&mut profiles) => self.profile_says(event),
                event = policies.next() => self.policy_says(event),
                () = sleep_until(grace.unwrap_or_else(Instant::now)), if grace.is_some() => {
                    debug!(%target, "no profile in time");
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
                // The name is not one of the cluster's.
                Code::InvalidArgument if matches!(self.entry.target, Target::Name(_)) => {
                    self.policy = Answer::Absent;
                }
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
            target: &self.entry.target,
            profile,
            policy,
        };
        let mut needed = Needed {
            live: &self.live,
            uses: Uses::default(),
        };
        let mut backends = Backends {
            watch: &mut needed,
            forwards: &mut self.forwards,
            http: self.live.config.outbound.http_queue,
            tcp: self.live.config.outbound.tcp_queue,
        };
        let detect = self.live.config.outbound.detect_timeout;
        match routing(&answers, detect, &mut backends) {
            Ok(routing) => {
                self.entry.publish(routing);
                self.uses = needed.uses;
            }
            Err(reason) => self.reject(&reason),
        }
    }

    /// A policy that says something impossible changes nothing that is known already.
    fn reject(&self, reason: &wire::Malformed) {
        let target = &self.entry.target;
        warn!(%target, %reason, "an outbound policy is ignored");
        let labels = "call=\"Watch\"";
        let family = CounterFamily::ControlMessageRejected;
        self.live.metrics.counter(family, labels).increment();
        let reason = format!("the policy for {target} cannot be understood: {reason}");
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
    /// Whether there may be a profile: not outside the networks and suffixes that have profiles.
    fn has_profile(&self, target: &Target) -> bool {
        let config = &self.config.outbound;
        match target {
            Target::Address(address) => {
                let networks = config.profile_networks.as_ref();
                networks.is_none_or(|nets| nets.iter().any(|net| net.contains(address.ip())))
            }
            Target::Name(name) => name.is_within(&config.profile_suffixes),
        }
    }

    fn follow_profile(&self, target: &Target) -> Option<Following<DestinationProfile>> {
        if !self.has_profile(target) {
            return None;
        }
        let target = target.to_string();
        let request = GetDestination {
            path: target.clone(),
            context_token: self.resolutions.context.clone(),
            ..GetDestination::default()
        };
        let following = follow(
            &self.resolutions.client,
            "GetProfile",
            &target,
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

    fn follow_policy(&self, target: &Target) -> Following<OutboundPolicy> {
        let request = TrafficSpec {
            source_workload: self.config.control.policy_workload.clone(),
            target: Some(match target {
                Target::Address(address) => traffic_spec::Target::Addr(wire::to_wire(*address)),
                Target::Name(name) => traffic_spec::Target::Authority(name.to_string()),
            }),
        };
        follow(
            &self.policy,
            "Watch",
            &target.to_string(),
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
