//! The endpoints of one destination: full answers and deltas applied to what is known.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use mesh_wire::destination::update::Update as Change;
use mesh_wire::destination::{AddrSet, Update, WeightedAddrSet};

use super::endpoint::endpoint;
use crate::control::wire::{self, Malformed};
use crate::snapshot::{Endpoint, Endpoints};

/// What the stream has said so far.
#[derive(Debug, Default)]
pub(super) struct EndpointSet {
    endpoints: BTreeMap<SocketAddr, Arc<Endpoint>>,
    /// The stream was opened anew: its first `add` is the whole truth.
    fresh: bool,
}

/// The outcome of one message.
#[derive(Debug)]
pub(super) struct Applied {
    /// None where the message says nothing that is understood.
    pub(super) endpoints: Option<Endpoints>,
    /// Entries that could not be understood and were left out.
    pub(super) malformed: Vec<Malformed>,
}

impl EndpointSet {
    /// The stream was opened anew. What is known stays until the first message.
    pub(super) fn reopened(&mut self) {
        self.fresh = true;
    }

    /// The state after `update`.
    pub(super) fn apply(&mut self, update: Update) -> Applied {
        let mut malformed = Vec::new();
        let endpoints = match update.update {
            Some(Change::Add(set)) => {
                self.add(&set, &mut malformed);
                Some(self.known())
            }
            Some(Change::Remove(set)) => {
                self.remove(&set, &mut malformed);
                Some(self.known())
            }
            Some(Change::NoEndpoints(none)) => {
                self.endpoints.clear();
                self.fresh = false;
                Some(if none.exists {
                    self.known()
                } else {
                    Endpoints::Unknown
                })
            }
            None => {
                malformed.push(Malformed::new("an update says nothing"));
                None
            }
        };
        Applied {
            endpoints,
            malformed,
        }
    }

    /// The destination does not exist.
    pub(super) fn clear(&mut self) {
        self.endpoints.clear();
        self.fresh = false;
    }

    fn add(&mut self, set: &WeightedAddrSet, malformed: &mut Vec<Malformed>) {
        let before = if self.fresh {
            std::mem::take(&mut self.endpoints)
        } else {
            BTreeMap::new()
        };
        self.fresh = false;
        for addr in &set.addrs {
            let known = wire::socket_address(addr.addr)
                .ok()
                .and_then(|address| before.get(&address).or(self.endpoints.get(&address)));
            match endpoint(addr, &set.metric_labels, known) {
                Ok(endpoint) => drop(self.endpoints.insert(endpoint.addr, endpoint)),
                Err(error) => malformed.push(error),
            }
        }
    }

    fn remove(&mut self, set: &AddrSet, malformed: &mut Vec<Malformed>) {
        for addr in &set.addrs {
            match wire::socket_address(Some(*addr)) {
                Ok(address) => drop(self.endpoints.remove(&address)),
                Err(error) => malformed.push(error),
            }
        }
    }

    fn known(&self) -> Endpoints {
        Endpoints::Known(self.endpoints.values().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use mesh_wire::destination::{NoEndpoints, TlsIdentity, WeightedAddr};

    use super::*;
    use crate::control::wire::to_wire;

    fn addr(address: &str) -> WeightedAddr {
        WeightedAddr {
            addr: Some(to_wire(address.parse().unwrap())),
            weight: 10_000,
            ..WeightedAddr::default()
        }
    }

    fn add(addresses: &[&str]) -> Update {
        Update {
            update: Some(Change::Add(WeightedAddrSet {
                addrs: addresses.iter().map(|address| addr(address)).collect(),
                metric_labels: HashMap::from([("service".to_owned(), "web".to_owned())]),
            })),
            ..Update::default()
        }
    }

    fn remove(address: &str) -> Update {
        let addrs = vec![to_wire(address.parse().unwrap())];
        Update {
            update: Some(Change::Remove(AddrSet { addrs })),
            ..Update::default()
        }
    }

    fn known(applied: &Applied) -> Vec<Arc<Endpoint>> {
        match &applied.endpoints {
            Some(Endpoints::Known(endpoints)) => endpoints.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    const A: &str = "10.0.0.1:80";
    const B: &str = "10.0.0.2:80";

    #[test]
    fn deltas_add_up_and_unchanged_endpoints_stay_themselves() {
        let mut set = EndpointSet::default();
        let first = known(&set.apply(add(&[A])));
        let both = known(&set.apply(add(&[A, B])));
        assert!(Arc::ptr_eq(&first[0], &both[0]));
        assert_eq!(&*both[1].labels, "dst_service=\"web\"");
        let rest = known(&set.apply(remove(A)));
        assert!(rest.len() == 1 && Arc::ptr_eq(&rest[0], &both[1]));
    }

    #[test]
    fn the_first_answer_of_a_new_stream_replaces_what_was_known() {
        let mut set = EndpointSet::default();
        let before = known(&set.apply(add(&[A, B])));
        set.reopened();
        let after = known(&set.apply(add(&[B])));
        assert!(after.len() == 1 && Arc::ptr_eq(&after[0], &before[1]));
        assert_eq!(known(&set.apply(add(&[A]))).len(), 2);
    }

    #[test]
    fn none_there_and_no_such_destination_differ() {
        let mut set = EndpointSet::default();
        set.apply(add(&[A]));
        let none = |exists| Update {
            update: Some(Change::NoEndpoints(NoEndpoints { exists })),
            ..Update::default()
        };
        assert!(known(&set.apply(none(true))).is_empty());
        let unknown = set.apply(none(false)).endpoints;
        assert!(matches!(unknown, Some(Endpoints::Unknown)));
    }

    #[test]
    fn an_update_of_a_later_kind_changes_nothing() {
        let mut set = EndpointSet::default();
        let nothing = set.apply(Update::default());
        assert!(nothing.endpoints.is_none() && nothing.malformed.len() == 1);
        set.apply(add(&[A]));
        set.apply(Update::default());
        assert_eq!(known(&set.apply(add(&[B]))).len(), 2);
    }

    #[test]
    fn an_identity_that_is_not_understood_does_not_become_plaintext() {
        let mut set = EndpointSet::default();
        let broken = WeightedAddr {
            tls_identity: Some(TlsIdentity::default()),
            ..addr(A)
        };
        let update = Update {
            update: Some(Change::Add(WeightedAddrSet {
                addrs: vec![broken, addr(B)],
                ..WeightedAddrSet::default()
            })),
            ..Update::default()
        };
        let applied = set.apply(update);
        assert_eq!(applied.malformed.len(), 1);
        assert_eq!(known(&applied)[0].addr, B.parse().unwrap());
    }
}
