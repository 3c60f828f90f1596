//! Pings that find a peer which is gone without a word.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use h2::{Ping, PingPong};
use tokio::time::{Instant, Sleep, sleep};

use crate::http2::settings::KeepAlive;

/// Sends a ping after every interval and waits for its answer.
pub(super) struct Pinger {
    pings: PingPong,
    times: KeepAlive,
    timer: Pin<Box<Sleep>>,
    waiting: bool,
}

impl Pinger {
    /// A pinger, if the connection is to be kept alive and can be.
    pub(super) fn new(pings: Option<PingPong>, times: Option<KeepAlive>) -> Option<Self> {
        let (pings, times) = pings.zip(times)?;
        Some(Self {
            pings,
            timer: Box::pin(sleep(times.interval)),
            times,
            waiting: false,
        })
    }

    /// Ready when the peer has not answered in time, or the connection has failed.
    pub(super) fn poll_dead(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.waiting {
                match self.pings.poll_pong(cx) {
                    Poll::Ready(Ok(_)) => self.rest(false, self.times.interval),
                    Poll::Ready(Err(_)) => return Poll::Ready(()),
                    Poll::Pending => {
                        ready!(self.timer.as_mut().poll(cx));
                        return Poll::Ready(());
                    }
                }
            }
            ready!(self.timer.as_mut().poll(cx));
            if self.pings.send_ping(Ping::opaque()).is_err() {
                return Poll::Ready(());
            }
            self.rest(true, self.times.timeout);
        }
    }

    fn rest(&mut self, waiting: bool, pause: std::time::Duration) {
        self.waiting = waiting;
        self.timer.as_mut().reset(Instant::now() + pause);
    }
}
