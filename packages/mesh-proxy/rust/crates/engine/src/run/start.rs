//! Puts the parts together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::stop::{Ended, Signals, Supervisor};
use crate::admin::{self, Admin};
use crate::config::Config;
use crate::context::Context;
use crate::control::{Client, Credential, Resolver, Status};
use crate::discovery::Discovery;
use crate::drain::Drain;
use crate::identity::{Certifier, Identity};
use crate::in_flight::Admission;
use crate::metrics::Registry;
use crate::net::Listeners;
use crate::policy::Policies;
use crate::rejections::Rejections;
use crate::tls::TrustAnchors;
use crate::worker;

/// How often what is not used any more is looked for.
const SWEEP: Duration = Duration::from_secs(1);
/// Metrics are swept once in this many sweeps.
const METRICS_EVERY: u32 = 15;

/// All listening sockets.
pub(super) struct Sockets {
    workers: Vec<Listeners>,
    admin: std::net::TcpListener,
}

impl Sockets {
    pub(super) fn bind(config: &Config) -> Result<Self, String> {
        let workers = Listeners::bind(config, config.process.workers);
        let workers = workers.map_err(|error| error.to_string())?;
        let address = config.admin.listen;
        let admin = std::net::TcpListener::bind(address)
            .and_then(|admin| admin.set_nonblocking(true).map(|()| admin))
            .map_err(|error| {
                format!(
                    "cannot listen on {address}: {error}; set LINKERD2_PROXY_ADMIN_LISTEN_ADDR \
                     to a free address"
                )
            })?;
        Ok(Self { workers, admin })
    }
}

/// Starts everything and stays until the process should end.
pub(super) async fn start(config: Arc<Config>, sockets: Sockets) -> Result<i32, String> {
    let signals = Signals::install().map_err(|error| format!("cannot handle signals: {error}"))?;
    let admin = TcpListener::from_std(sockets.admin)
        .map_err(|error| format!("cannot serve the admin port: {error}"))?;
    let shutdown = Arc::new(Notify::new());
    let mut vital = JoinSet::new();
    let (context, status) = connect(&config, &mut vital)?;
    vital.spawn(admin::serve(
        admin,
        Arc::new(Admin {
            identity: context.identity.clone(),
            metrics: context.metrics.clone(),
            rejections: context.rejections.clone(),
            control: status,
            shutdown_enabled: config.admin.shutdown_enabled,
            shutdown: shutdown.clone(),
        }),
    ));
    vital.spawn(sweep(context.clone()));
    let (ended, endings) = mpsc::unbounded_channel();
    for (index, listeners) in sockets.workers.into_iter().enumerate() {
        work(index, context.clone(), listeners, ended.clone())?;
    }
    let supervisor = Supervisor {
        workers: config.process.workers,
        endings,
        vital,
        grace: config.shutdown_grace,
        drain: context.drain,
    };
    Ok(supervisor.run(signals, &shutdown).await)
}

/// Begins to talk to the control plane.
fn connect(
    config: &Arc<Config>,
    vital: &mut JoinSet<()>,
) -> Result<(Context, Arc<Status>), String> {
    let metrics = Arc::new(Registry::new(config.metrics_retain_idle));
    let anchors = TrustAnchors::new(&config.identity.trust_anchors)
        .map_err(|error| format!("the trust anchors cannot be used: {error}"))?;
    let identity = Arc::new(Identity::new(&config.identity.local_name, anchors));
    let resolver = Arc::new(Resolver::new("control", &config.control, &metrics));
    let status = Arc::new(Status::default());
    let certifier = Certifier::new(
        identity.clone(),
        config.identity.clone(),
        resolver.clone(),
        status.clone(),
        metrics.clone(),
    );
    vital.spawn(certifier.run());
    let client = |name, service| {
        let credential = Credential::Certificate;
        Client::start(
            name, service, credential, &identity, &resolver, &status, &metrics,
        )
    };
    let destination = client("destination", &config.control.destination);
    let policy = client("policy", &config.control.policy);
    let names = Resolver::new("outbound", &config.control, &metrics);
    let discovery = Discovery::live(
        config.clone(),
        destination,
        policy.clone(),
        names,
        metrics.clone(),
    );
    let context = Context {
        discovery,
        policies: Policies::live(config.clone(), policy, metrics.clone()),
        config: config.clone(),
        identity,
        metrics,
        drain: Drain::new(),
        admission: Admission::default(),
        rejections: Rejections::default(),
    };
    Ok((context, status))
}

/// Starts one worker thread, which says when it has ended.
fn work(
    index: usize,
    context: Context,
    listeners: Listeners,
    ended: mpsc::UnboundedSender<Ended>,
) -> Result<(), String> {
    let run = move || {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            worker::run(context, listeners)
        }));
        let result = match result {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(_) => Err("it panicked".to_owned()),
        };
        // Nobody listens any more when the process is about to end.
        let _ = ended.send(Ended { index, result });
    };
    std::thread::Builder::new()
        .name(format!("worker-{index}"))
        .spawn(run)
        .map(drop)
        .map_err(|error| format!("cannot start worker {index}: {error}"))
}

async fn sweep(context: Context) {
    let mut ticks = tokio::time::interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::spawn(crate::allocator::give_back_unused());
    for count in (0..METRICS_EVERY).cycle() {
        ticks.tick().await;
        let now = Instant::now();
        context.discovery.sweep(now);
        context.policies.sweep(now);
        if count == 0 {
            context.metrics.sweep(now);
        }
    }
}
