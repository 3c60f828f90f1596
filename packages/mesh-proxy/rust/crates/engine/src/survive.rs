//! A defect in the handling of one connection must not end the others.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::metrics::{CounterFamily, Registry};

/// Runs the future that `make` makes to its end; if it panics, that is counted and logged, and it
/// has ended.
///
/// It is made here because a future that is passed by value is kept twice.
///
/// What it held is dropped with it: state that several connections share must stay consistent
/// between any two statements, as plain counters and maps do.
pub(crate) async fn survive<F: Future<Output = ()>>(
    metrics: &Registry,
    what: &str,
    make: impl FnOnce() -> F,
) {
    let mut future = pin!(make());
    let caught = poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(cause) => Poll::Ready(Err(cause)),
        },
    );
    if let Err(cause) = caught.await {
        let cause = cause
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| cause.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        metrics
            .counter(CounterFamily::ConnectionPanics, "")
            .increment();
        tracing::error!(
            cause,
            "a defect in the proxy ended one {what} connection; please report it"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_panic_is_counted_and_goes_no_further() {
        let metrics = Registry::new(Duration::from_secs(1));
        survive(&metrics, "test", || async {
            tokio::task::yield_now().await;
            panic!("on purpose");
        })
        .await;
        let counter = metrics.counter(CounterFamily::ConnectionPanics, "");
        assert_eq!(counter.value(), 1);
    }
}
