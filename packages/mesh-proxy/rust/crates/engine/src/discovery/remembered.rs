//! Routings that nobody uses now, for when the control plane does not answer. Bounded.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::snapshot::Routing;

#[derive(Debug)]
pub(super) struct Remembered {
    most: usize,
    /// Counts insertions and look-ups; the entry with the lowest count goes first.
    clock: u64,
    routings: HashMap<SocketAddr, (u64, Arc<Routing>)>,
}

impl Remembered {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            clock: 0,
            routings: HashMap::new(),
        }
    }

    pub(super) fn insert(&mut self, address: SocketAddr, routing: Arc<Routing>) {
        self.clock += 1;
        self.routings.insert(address, (self.clock, routing));
        if self.routings.len() > self.most {
            let oldest = self.routings.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                self.routings.remove(&oldest);
            }
        }
    }

    pub(super) fn get(&mut self, address: SocketAddr) -> Option<Arc<Routing>> {
        let (used, routing) = self.routings.get_mut(&address)?;
        self.clock += 1;
        *used = self.clock;
        Some(routing.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{Protocol, ResourceRef};

    #[test]
    fn the_routing_that_was_not_used_for_longest_goes_first() {
        let routing = Arc::new(Routing {
            revision: 1,
            protocol: Protocol::Opaque(Arc::new([])),
            parent: ResourceRef::Default("test".into()),
            authority: "".into(),
        });
        let address = |port| SocketAddr::from(([10, 0, 0, 1], port));
        let mut remembered = Remembered::new(2);
        remembered.insert(address(1), routing.clone());
        remembered.insert(address(2), routing.clone());
        assert!(remembered.get(address(1)).is_some());
        remembered.insert(address(3), routing);
        assert!(remembered.get(address(2)).is_none());
        assert!(remembered.get(address(1)).is_some());
        assert!(remembered.get(address(3)).is_some());
    }
}
