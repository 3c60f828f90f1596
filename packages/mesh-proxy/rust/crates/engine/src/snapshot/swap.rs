//! One value that the control side replaces and the data path reads.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::watch;

/// The reader's side: the newest value, and a way to wait for a newer one.
///
/// Clones read the same value; `load` is a few nanoseconds and never blocks.
#[derive(Debug)]
pub struct Snapshot<T> {
    value: Arc<ArcSwap<T>>,
    changes: watch::Receiver<u64>,
}

/// The writer's side; dropping it means that no newer value will come.
#[derive(Debug)]
pub struct Writer<T> {
    value: Arc<ArcSwap<T>>,
    changes: watch::Sender<u64>,
}

impl<T> Clone for Snapshot<T> {
    fn clone(&self) -> Self {
        Self {
            value: self.value.clone(),
            changes: self.changes.clone(),
        }
    }
}

impl<T> Snapshot<T> {
    /// A pair that starts with `initial`.
    pub fn new(initial: T) -> (Writer<T>, Self) {
        Self::shared(Arc::new(initial))
    }

    /// Like [`Self::new`], with a value that somebody else holds too.
    pub fn shared(initial: Arc<T>) -> (Writer<T>, Self) {
        let value = Arc::new(ArcSwap::new(initial));
        let (sender, receiver) = watch::channel(0);
        (
            Writer {
                value: value.clone(),
                changes: sender,
            },
            Self {
                value,
                changes: receiver,
            },
        )
    }

    /// A value that never changes.
    pub fn fixed(value: T) -> Self {
        Self::new(value).1
    }

    /// The newest value.
    pub fn load(&self) -> Arc<T> {
        self.value.load_full()
    }

    /// Resolves when a value newer than the last one seen through this clone is there; never again
    /// once the writer is gone.
    pub async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl<T> Writer<T> {
    /// Replaces the value and wakes all who wait.
    pub fn store(&self, value: T) {
        self.store_shared(Arc::new(value));
    }

    /// Like [`Self::store`], with a value that somebody else holds too.
    pub fn store_shared(&self, value: Arc<T>) {
        self.value.store(value);
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// The newest value.
    pub fn load(&self) -> Arc<T> {
        self.value.load_full()
    }

    /// How many readers there are.
    pub fn readers(&self) -> usize {
        self.changes.receiver_count()
    }

    /// Resolves while there is no reader; one may come right after.
    pub async fn unused(&self) {
        self.changes.closed().await;
    }

    /// Another reader.
    pub fn reader(&self) -> Snapshot<T> {
        Snapshot {
            value: self.value.clone(),
            changes: self.changes.subscribe(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_sees_the_newest_value_only() {
        let (writer, mut reader) = Snapshot::new(1);
        writer.store(2);
        writer.store(3);
        reader.changed().await;
        assert_eq!(*reader.load(), 3);
    }
}
