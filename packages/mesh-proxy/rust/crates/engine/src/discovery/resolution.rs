//! Destinations whose endpoints are watched, each once however many routes lead there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use mesh_wire::destination::destination_client::DestinationClient;
use mesh_wire::destination::{GetDestination, Update};
use tokio::runtime;
use tokio::task::AbortHandle;
use tonic::Code;
use tracing::{debug, warn};

use super::endpoints::EndpointSet;
use crate::config::StreamLimits;
use crate::control::{Client, Event, Following, LARGEST_MESSAGE, follow};
use crate::metrics::{CounterFamily, Registry};
use crate::snapshot::{Endpoints, Snapshot, Writer};

/// Opens `Destination.Get` streams, one per path in use.
pub(super) struct Resolutions {
    pub(super) runtime: runtime::Handle,
    pub(super) client: Client,
    pub(super) context: String,
    pub(super) limits: StreamLimits,
    pub(super) metrics: Arc<Registry>,
    paths: Mutex<HashMap<Box<str>, Weak<Resolution>>>,
}

/// One path; the stream is closed when the last holder lets go.
pub(super) struct Resolution {
    reader: Snapshot<Endpoints>,
    task: AbortHandle,
}

impl Resolution {
    pub(super) fn endpoints(&self) -> Snapshot<Endpoints> {
        self.reader.clone()
    }
}

impl Drop for Resolution {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Resolutions {
    pub(super) fn new(
        client: Client,
        context: String,
        limits: StreamLimits,
        metrics: Arc<Registry>,
    ) -> Self {
        Self {
            runtime: runtime::Handle::current(),
            client,
            context,
            limits,
            metrics,
            paths: Mutex::default(),
        }
    }

    /// The resolution of `path`, shared with whoever else holds it.
    pub(super) fn get(&self, path: &str) -> Arc<Resolution> {
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(resolution) = paths.get(path).and_then(Weak::upgrade) {
            return resolution;
        }
        paths.retain(|_, resolution| resolution.strong_count() > 0);
        let resolution = Arc::new(self.start(path));
        paths.insert(path.into(), Arc::downgrade(&resolution));
        resolution
    }

    fn start(&self, path: &str) -> Resolution {
        let (writer, reader) = Snapshot::new(Endpoints::Pending);
        let request = GetDestination {
            path: path.to_owned(),
            context_token: self.context.clone(),
            ..GetDestination::default()
        };
        let _entered = self.runtime.enter();
        let updates = follow(
            &self.client,
            "Get",
            path,
            self.limits,
            &self.metrics,
            move |channel| {
                let request = request.clone();
                let origin = channel.origin();
                let mut client = DestinationClient::with_origin(channel, origin)
                    .max_decoding_message_size(LARGEST_MESSAGE);
                async move { client.get(request).await }
            },
        );
        let metrics = self.metrics.clone();
        let path = path.to_owned();
        let task = self.runtime.spawn(resolve(path, updates, writer, metrics));
        Resolution {
            reader,
            task: task.abort_handle(),
        }
    }
}

async fn resolve(
    path: String,
    mut updates: Following<Update>,
    writer: Writer<Endpoints>,
    metrics: Arc<Registry>,
) {
    let malformed = metrics.counter(CounterFamily::ControlMessageRejected, "call=\"Get\"");
    let mut set = EndpointSet::default();
    loop {
        match updates.next().await {
            Event::Opened => set.reopened(),
            Event::Message(update) => {
                let applied = set.apply(update);
                for reason in applied.malformed {
                    malformed.increment();
                    warn!(path, %reason, "an endpoint is left out");
                }
                if let Some(endpoints) = applied.endpoints {
                    debug!(path, ?endpoints, "endpoints");
                    writer.store(endpoints);
                }
            }
            Event::Refused(status) => {
                let definitive = matches!(status.code(), Code::NotFound | Code::InvalidArgument);
                if definitive || matches!(*writer.load(), Endpoints::Pending) {
                    warn!(path, %status, "no such destination");
                    set.clear();
                    writer.store(Endpoints::Unknown);
                }
            }
        }
    }
}
