//! Which of a name's SRV records count, and for how much (RFC 2782).

/// What an endpoint without a weight of its own has, as the control plane gives it.
pub const ORDINARY_WEIGHT: u32 = 10_000;

/// An SRV record; the target is whatever the caller found out about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRecord<T> {
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    pub target: T,
}

impl<T> ServiceRecord<T> {
    /// The share of an endpoint behind this record. A weight of 0 is "a very small chance" beside
    /// others, and an ordinary one among its like.
    pub fn share(&self, all_zero: bool) -> u32 {
        match self.weight {
            0 if all_zero => ORDINARY_WEIGHT,
            weight => u32::from(weight).saturating_mul(100).max(1),
        }
    }
}

/// The records that count for `port`, in groups; a later group is for when nothing of the earlier
/// ones can be reached.
///
/// A Kubernetes Service has a record for each of its ports: where one has the wanted port, only
/// such count.
pub fn groups<T>(mut records: Vec<ServiceRecord<T>>, port: u16) -> Vec<Vec<ServiceRecord<T>>> {
    if records.iter().any(|record| record.port == port) {
        records.retain(|record| record.port == port);
    }
    records.sort_by_key(|record| record.priority);
    let mut groups: Vec<Vec<ServiceRecord<T>>> = Vec::new();
    for record in records {
        match groups.last_mut() {
            Some(group) if group[0].priority == record.priority => group.push(record),
            _ => groups.push(vec![record]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(priority: u16, weight: u16, port: u16) -> ServiceRecord<&'static str> {
        ServiceRecord {
            priority,
            weight,
            port,
            target: "x",
        }
    }

    #[test]
    fn the_lowest_priority_comes_first_and_the_wanted_port_alone() {
        let records = vec![record(20, 1, 80), record(10, 1, 80), record(10, 2, 80)];
        let groups = groups(records, 80);
        assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(groups[1][0].priority, 20);
        let mixed = super::groups(vec![record(0, 1, 80), record(0, 1, 81)], 81);
        assert_eq!(mixed, [vec![record(0, 1, 81)]]);
        let other = super::groups(vec![record(0, 1, 80)], 8080);
        assert_eq!(other, [vec![record(0, 1, 80)]]);
    }

    #[test]
    fn weights_of_nothing_but_zero_are_ordinary() {
        assert_eq!(record(0, 0, 80).share(true), ORDINARY_WEIGHT);
        assert_eq!(record(0, 0, 80).share(false), 1);
        assert_eq!(record(0, 100, 80).share(false), ORDINARY_WEIGHT);
    }
}
