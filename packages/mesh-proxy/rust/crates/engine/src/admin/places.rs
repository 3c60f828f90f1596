//! Room for a bounded number of connections, in which the newest always finds a place.

use std::collections::VecDeque;

use tokio::task::AbortHandle;

/// The tasks of the open connections, the oldest first.
///
/// A newcomer takes the oldest one's place: a probe or a scrape is over in milliseconds, whereas
/// somebody who occupies every place could otherwise have the pod declared dead.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    taken: VecDeque<AbortHandle>,
}

impl Places {
    /// Room for `most` connections.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            taken: VecDeque::new(),
        }
    }

    /// Gives a connection a place; true if another one had to go.
    pub(super) fn take(&mut self, connection: AbortHandle) -> bool {
        if self.taken.len() >= self.most {
            self.taken.retain(|connection| !connection.is_finished());
        }
        let oldest = if self.taken.len() >= self.most {
            self.taken.pop_front()
        } else {
            None
        };
        self.taken.push_back(connection);
        oldest.is_some_and(|oldest| {
            oldest.abort();
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn the_oldest_goes_and_only_where_there_is_no_other_place() {
        let mut places = Places::new(2);
        let first = tokio::spawn(pending::<()>());
        let short = tokio::spawn(ready(()));
        assert!(!places.take(first.abort_handle()));
        assert!(!places.take(short.abort_handle()));
        short.await.unwrap();
        let second = tokio::spawn(pending::<()>());
        assert!(!places.take(second.abort_handle()));
        let third = tokio::spawn(pending::<()>());
        assert!(places.take(third.abort_handle()));
        assert!(first.await.unwrap_err().is_cancelled());
        assert!(!second.is_finished() && !third.is_finished());
    }
}
