//! When and how the process ends.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::FAILED;
use crate::drain::Drain;

/// A worker that is no more.
pub(super) struct Ended {
    pub(super) index: usize,
    pub(super) result: Result<(), String>,
}

/// The signals that ask the process to end.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// The name of the next one.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Waits for the end of the process.
pub(super) struct Supervisor {
    pub(super) workers: usize,
    pub(super) endings: mpsc::UnboundedReceiver<Ended>,
    /// Tasks that never end unless there is a defect in them.
    pub(super) vital: JoinSet<()>,
    /// How long open connections may take to end.
    pub(super) grace: Duration,
    pub(super) drain: Drain,
}

impl Supervisor {
    /// The exit code, once all workers have ended, or the grace period has, or somebody insists.
    pub(super) async fn run(mut self, mut signals: Signals, shutdown: &Notify) -> i32 {
        let reason = tokio::select! {
            name = signals.next() => name,
            () = shutdown.notified() => "POST /shutdown",
            // Without its workers the proxy is of no use: whoever started it can start it again.
            Some(ended) = self.endings.recv() => return died(&ended),
            Some(_) = self.vital.join_next() => {
                error!("a part of the control thread ended without being told to");
                return FAILED;
            }
        };
        let grace_seconds = self.grace.as_secs();
        let open = self.drain.held();
        info!(
            reason,
            open, grace_seconds, "stopping: finishing what is open"
        );
        self.drain.start();
        let (drain, grace) = (self.drain.clone(), self.grace);
        tokio::select! {
            code = self.workers_ended() => code,
            () = tokio::time::sleep(grace) => {
                warn!(open = drain.held(), "the grace period is over; cutting what is open");
                0
            }
            again = signals.next() => {
                warn!(open = drain.held(), "{again} again; cutting what is open");
                0
            }
        }
    }

    async fn workers_ended(&mut self) -> i32 {
        for _ in 0..self.workers {
            match self.endings.recv().await {
                Some(ended) if ended.result.is_err() => return died(&ended),
                _ => {}
            }
        }
        info!("stopped");
        0
    }
}

fn died(ended: &Ended) -> i32 {
    let worker = ended.index;
    match &ended.result {
        Ok(()) => error!(worker, "a worker ended without being told to"),
        Err(reason) => error!(worker, reason, "a worker died"),
    }
    FAILED
}
