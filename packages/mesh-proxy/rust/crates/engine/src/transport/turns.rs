//! Handshakes take turns with everything else that a worker does.
//!
//! One step of a handshake computes for longer than twenty requests take. Thousands of hellos at the
//! same time would keep every other connection waiting until the last of them is answered.

use std::sync::Arc;

use mesh_wire::vocabulary::limits;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::yield_now;

thread_local! {
    static TURNS: Arc<Semaphore> = Arc::new(Semaphore::new(limits::TLS_HANDSHAKE_STEPS.size()));
}

/// The right to compute one step; others wait for it in the order in which they came.
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Turn {
    /// Waits until fewer than [`limits::TLS_HANDSHAKE_STEPS`] steps were computed since the sockets
    /// were last looked at. Nobody should hold much memory while waiting here.
    pub(super) async fn take() -> Self {
        let turns = TURNS.with(Clone::clone);
        let permit = turns.acquire_owned().await;
        Self {
            _permit: permit.expect("the semaphore is never closed"),
        }
    }

    /// Ends the turn once all that is ready by now, on any socket, has been served.
    pub(super) async fn end(self) {
        // Tokio wakes who yields only after it has asked the system what else is ready.
        yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use tokio::task::{LocalSet, spawn_local};

    use super::*;

    const STEPS: usize = 40;

    async fn step(done: Rc<Cell<usize>>) {
        let turn = Turn::take().await;
        done.set(done.get() + 1);
        turn.end().await;
    }

    #[tokio::test]
    async fn others_run_between_any_few_steps() {
        let watched = async {
            let done = Rc::new(Cell::new(0));
            for _ in 0..STEPS {
                spawn_local(step(done.clone()));
            }
            while done.get() < STEPS {
                let before = done.get();
                yield_now().await;
                let computed = done.get() - before;
                assert!(
                    computed <= 2 * limits::TLS_HANDSHAKE_STEPS.size(),
                    "{computed} steps at once"
                );
            }
        };
        LocalSet::new().run_until(watched).await;
    }

    #[tokio::test]
    async fn who_gives_up_keeps_nobody_waiting() {
        let waiting = async {
            let done = Rc::new(Cell::new(0));
            let given_up: Vec<_> = (0..STEPS)
                .map(|_| spawn_local(step(done.clone())))
                .collect();
            yield_now().await;
            for task in given_up {
                task.abort();
            }
            step(done).await;
        };
        LocalSet::new().run_until(waiting).await;
    }
}
