//! Routings that nobody uses now, for when the control plane does not answer. Bounded.

use std::collections::HashMap;
use std::sync::Arc;

use mesh_decide::target::Target;

use crate::snapshot::Routing;

#[derive(Debug)]
pub(super) struct Remembered {
    most: usize,
    /// Counts insertions and look-ups; the entry with the lowest count goes first.
    clock: u64,
    routings: HashMap<Target, (u64, Arc<Routing>)>,
}

impl Remembered {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            clock: 0,
            routings: HashMap::new(),
        }
    }

    pub(super) fn insert(&mut self, target: Target, routing: Arc<Routing>) {
        self.clock += 1;
        self.routings.insert(target, (self.clock, routing));
        if self.routings.len() > self.most {
            let oldest = self.routings.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(oldest) = oldest.map(|(target, _)| target.clone()) {
                self.routings.remove(&oldest);
            }
        }
    }

    pub(super) fn get(&mut self, target: &Target) -> Option<Arc<Routing>> {
        let (used, routing) = self.routings.get_mut(target)?;
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
        let target = |port| Target::from(std::net::SocketAddr::from(([10, 0, 0, 1], port)));
        let mut remembered = Remembered::new(2);
        remembered.insert(target(1), routing.clone());
        remembered.insert(target(2), routing.clone());
        assert!(remembered.get(&target(1)).is_some());
        remembered.insert(target(3), routing);
        assert!(remembered.get(&target(2)).is_none());
        assert!(remembered.get(&target(1)).is_some());
        assert!(remembered.get(&target(3)).is_some());
    }
}
