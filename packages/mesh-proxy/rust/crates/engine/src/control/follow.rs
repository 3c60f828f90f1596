//! A server-streaming call that is opened again whenever it ends.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use mesh_wire::{destination, inbound, outbound};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tonic::{Code, Response, Status, Streaming};
use tracing::debug;

use super::status::StreamStatus;
use super::{Channel, Client, FullJitter};
use crate::config::StreamLimits;
use crate::metrics::{Classification, Counter, CounterFamily, LabelSet, Registry};

/// A message that may carry a revision.
pub trait Message: Send + 'static {
    /// Our own control plane numbers messages; 0 means that this one does not.
    fn revision(&self) -> u64;
}

macro_rules! revisions {
    ($($message:ty),*) => {
        $(impl Message for $message {
            fn revision(&self) -> u64 {
                self.mesh_revision
            }
        })*
    };
}

revisions!(
    destination::Update,
    destination::DestinationProfile,
    outbound::OutboundPolicy,
    inbound::Server
);

/// What the reader of a call learns.
#[derive(Debug)]
pub enum Event<M> {
    /// The call was opened (again): the next message does not build on earlier ones.
    Opened,
    Message(M),
    /// The service will not answer this call, for now; it is asked again later.
    Refused(Status),
}

/// Keeps the call open until dropped.
pub struct Following<M> {
    events: mpsc::Receiver<Event<M>>,
    task: AbortHandle,
}

impl<M> Following<M> {
    /// The next event. Cancel-safe.
    pub async fn next(&mut self) -> Event<M> {
        match self.events.recv().await {
            Some(event) => event,
            // The task ends with the runtime only.
            None => std::future::pending().await,
        }
    }
}

impl<M> Drop for Following<M> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Messages wait here only while the reader works on the one before: what is not read stays with
/// the sender, who keeps the newest state only.
const UNREAD: usize = 1;
/// A call that lived this long was good: the next failure is a new one.
const GOOD: Duration = Duration::from_secs(2);

/// Opens the call `name` about `target` on the current runtime, and again whenever it ends.
pub fn follow<M, O, F>(
    client: &Client,
    name: &'static str,
    target: &str,
    limits: StreamLimits,
    metrics: &Registry,
    open: O,
) -> Following<M>
where
    M: Message,
    O: Fn(Channel) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Response<Streaming<M>>, Status>> + Send,
{
    let (sender, events) = mpsc::channel(UNREAD);
    let labels = LabelSet::new()
        .with("service", client.name())
        .with("call", name);
    let limits = if client.is_local() {
        StreamLimits::default()
    } else {
        limits
    };
    let call = Call {
        client: client.clone(),
        name,
        limits,
        events: sender,
        status: client.status().stream(client.name(), name, target, metrics),
        ended: metrics.counter(CounterFamily::ControlStreams, labels.as_str()),
        rejected: metrics.counter(CounterFamily::ControlRevisionRejected, labels.as_str()),
    };
    let task = tokio::spawn(async move { call.run(open).await }).abort_handle();
    Following { events, task }
}

struct Call<M> {
    client: Client,
    name: &'static str,
    limits: StreamLimits,
    events: mpsc::Sender<Event<M>>,
    status: Arc<StreamStatus>,
    ended: Arc<Counter>,
    rejected: Arc<Counter>,
}

/// Why a call ended.
enum End {
    /// Nobody reads any more.
    Unread,
    /// The service will not answer.
    Refused(Status),
    /// It broke, reached a limit, or the service closed it.
    Again(String),
}

impl<M: Message> Call<M> {
    async fn run<O, F>(self, open: O)
    where
        O: Fn(Channel) -> F,
        F: Future<Output = Result<Response<Streaming<M>>, Status>>,
    {
        let mut broken = FullJitter::control();
        // A refusal is an answer: asking again soon would be load without hope.
        let mut refused = FullJitter::new(Duration::from_secs(1), Duration::from_secs(30));
        loop {
            let channel = self.client.channel().await;
            let since = Instant::now();
            channel.metrics().request();
            let end = self.once(&channel, &open).await;
            self.ended.increment();
            self.status.ended(match &end {
                End::Unread => "nobody is interested any more".into(),
                End::Refused(status) => status.to_string().into(),
                End::Again(reason) => reason.as_str().into(),
            });
            let grpc_status = match &end {
                End::Unread => return,
                End::Refused(status) => status.code(),
                End::Again(_) => Code::Unavailable,
            };
            let failure = Classification::Failure;
            let code = u16::try_from(grpc_status as i32).ok();
            channel.metrics().end(200, failure, code);
            // Its place on the connection is for others while this call pauses.
            drop(channel);
            if since.elapsed() >= GOOD {
                broken.reset();
                refused.reset();
            }
            match end {
                End::Unread => return,
                End::Refused(status) => {
                    debug!(call = self.name, %status, "refused");
                    if self.events.send(Event::Refused(status)).await.is_err() {
                        return;
                    }
                    refused.pause().await;
                }
                End::Again(reason) => {
                    debug!(call = self.name, reason, "opening the stream again");
                    broken.pause().await;
                }
            }
        }
    }

    async fn once<O, F>(&self, channel: &Channel, open: &O) -> End
    where
        O: Fn(Channel) -> F,
        F: Future<Output = Result<Response<Streaming<M>>, Status>>,
    {
        let begun = Instant::now();
        let mut deadline = Deadline::new(self.limits, begun, fastrand::f64());
        let response = match deadline.within(open(channel.clone())).await {
            Some(Ok(response)) => response,
            Some(Err(status)) => return end(status),
            None => return End::Again("no answer in time".to_owned()),
        };
        let mut stream = response.into_inner();
        self.status.opened();
        if self.events.send(Event::Opened).await.is_err() {
            return End::Unread;
        }
        let mut revision = 0;
        loop {
            let message = match deadline.within(stream.message()).await {
                Some(Ok(Some(message))) => message,
                Some(Ok(None)) => return End::Again("the service closed the stream".to_owned()),
                Some(Err(status)) => return end(status),
                None => return End::Again("the stream reached a limit".to_owned()),
            };
            if deadline.is_first() {
                channel.metrics().latency(200, begun.elapsed());
            }
            deadline.received(Instant::now());
            let number = message.revision();
            if number != 0 && number <= revision {
                self.rejected.increment();
                return End::Again(format!("revision {number} came after {revision}"));
            }
            revision = number.max(revision);
            self.status.answered(number);
            if self.events.send(Event::Message(message)).await.is_err() {
                return End::Unread;
            }
        }
    }
}

fn end(status: Status) -> End {
    match status.code() {
        Code::NotFound | Code::Unimplemented | Code::InvalidArgument | Code::FailedPrecondition => {
            End::Refused(status)
        }
        _ => End::Again(status.to_string()),
    }
}

/// When a stream is given up.
struct Deadline {
    limits: StreamLimits,
    /// The end of the stream's life.
    last: Option<Instant>,
    /// The end of the present silence.
    silence: Option<Instant>,
    first: bool,
}

impl Deadline {
    /// `random` is from 0 to 1: streams live up to a tenth shorter than they may, so that those
    /// which began together, on a roll-out, do not all end together for ever after.
    fn new(limits: StreamLimits, now: Instant, random: f64) -> Self {
        let spread = |lifetime: Duration| lifetime.mul_f64(1.0 - 0.1 * random);
        Self {
            limits,
            last: limits.lifetime.map(|lifetime| now + spread(lifetime)),
            silence: limits.initial.map(|initial| now + initial),
            first: true,
        }
    }

    /// Whether nothing has come yet.
    fn is_first(&self) -> bool {
        self.first
    }

    /// A message came.
    fn received(&mut self, now: Instant) {
        self.first = false;
        self.silence = self.limits.idle.map(|idle| now + idle);
    }

    /// The future's result; None when a limit is reached before.
    async fn within<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        match [self.last, self.silence].into_iter().flatten().min() {
            Some(limit) => tokio::time::timeout_at(limit, future).await.ok(),
            None => Some(future.await),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stream_is_given_up_at_the_nearest_limit() {
        let seconds = Duration::from_secs;
        let limits = StreamLimits {
            initial: Some(seconds(3)),
            idle: Some(seconds(300)),
            lifetime: Some(seconds(400)),
        };
        let begun = Instant::now();
        let mut deadline = Deadline::new(limits, begun, 0.0);
        assert!(
            deadline
                .within(std::future::pending::<()>())
                .await
                .is_none()
        );
        assert_eq!(begun.elapsed(), seconds(3));
        deadline.received(Instant::now());
        assert!(
            deadline
                .within(std::future::pending::<()>())
                .await
                .is_none()
        );
        assert_eq!(begun.elapsed(), seconds(303));
        deadline.received(Instant::now());
        assert!(
            deadline
                .within(std::future::pending::<()>())
                .await
                .is_none()
        );
        assert_eq!(begun.elapsed(), seconds(400));
    }
}
