//! Pings that find a peer which is gone without a word.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep};

use crate::http2::settings::KeepAlive;

/// Says when a ping is due, and when its answer is overdue.
#[derive(Debug)]
pub(super) struct Pinger {
    times: KeepAlive,
    timer: Pin<Box<Sleep>>,
    waiting: bool,
}

/// What is to be done now.
pub(super) enum Due {
    Ping,
    /// The peer is gone.
    Dead,
}

impl Pinger {
    pub(super) fn new(times: KeepAlive) -> Self {
        Self {
            timer: Box::pin(sleep(times.interval)),
            times,
            waiting: false,
        }
    }

    /// Ready when something is due; `idle`: there is no stream.
    pub(super) fn poll(&mut self, idle: bool, cx: &mut Context<'_>) -> Poll<Due> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if self.waiting {
                return Poll::Ready(Due::Dead);
            }
            if !idle || self.times.while_idle {
                self.rest(true, self.times.timeout);
                return Poll::Ready(Due::Ping);
            }
            self.rest(false, self.times.interval);
        }
    }

    /// The answer has come.
    pub(super) fn answered(&mut self) {
        self.rest(false, self.times.interval);
    }

    fn rest(&mut self, waiting: bool, pause: std::time::Duration) {
        self.waiting = waiting;
        self.timer.as_mut().reset(Instant::now() + pause);
    }
}
