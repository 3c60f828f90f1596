//! Waiting for a stream.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// The line of those who wait for a stream on any connection to one endpoint; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Room(Rc<RefCell<Line>>);

/// By number, in the order in which they came.
#[derive(Debug, Default)]
struct Line {
    last: u64,
    waiting: BTreeMap<u64, Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Whether it is to look again.
    told: bool,
    task: Option<Waker>,
}

impl Waiting {
    fn tell(&mut self) {
        self.told = true;
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }
}

/// A place in the line, until it is dropped.
pub(crate) struct Place<'a> {
    room: &'a Room,
    number: u64,
}

impl Room {
    /// Whether anybody waits.
    pub(crate) fn is_awaited(&self) -> bool {
        !self.0.borrow().waiting.is_empty()
    }

    /// A place at the end of the line.
    pub(crate) fn enter(&self) -> Place<'_> {
        let mut line = self.0.borrow_mut();
        line.last += 1;
        let number = line.last;
        line.waiting.insert(number, Waiting::default());
        Place { room: self, number }
    }

    /// One more stream may be begun: the first in the line is told.
    pub(crate) fn one(&self) {
        if let Some(mut first) = self.0.borrow_mut().waiting.first_entry() {
            first.get_mut().tell();
        }
    }

    /// Connections have come or gone, or their limits have changed: all are told.
    pub(crate) fn changed(&self) {
        for waiting in self.0.borrow_mut().waiting.values_mut() {
            waiting.tell();
        }
    }
}

impl Place<'_> {
    /// Whether it is this one's turn.
    pub(crate) fn is_first(&self) -> bool {
        let line = self.room.0.borrow();
        let first = line.waiting.first_key_value();
        first.is_some_and(|(number, _)| *number == self.number)
    }

    /// Waits until there is reason to look again.
    pub(crate) async fn told(&self) {
        poll_fn(|cx| {
            let mut line = self.room.0.borrow_mut();
            let Some(own) = line.waiting.get_mut(&self.number) else {
                return Poll::Ready(());
            };
            if std::mem::take(&mut own.told) {
                return Poll::Ready(());
            }
            own.task = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl Drop for Place<'_> {
    /// Whoever is first now looks whether there is room.
    fn drop(&mut self) {
        let first = self.is_first();
        self.room.0.borrow_mut().waiting.remove(&self.number);
        if first {
            self.room.one();
        }
    }
}
