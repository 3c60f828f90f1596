//! Filters that answer in place of a backend, from the wire. Pure.

use mesh_wire::outbound::{grpc_route, http_route, opaque_route, tls_route};

use crate::snapshot::Failure;

/// A filter of the wire.
pub(super) trait Filter {
    /// What it answers, if it answers at all.
    fn failure(&self) -> Option<Failure>;
}

impl Filter for http_route::Filter {
    fn failure(&self) -> Option<Failure> {
        use http_route::filter::Kind;
        match &self.kind {
            Some(Kind::FailureInjector(injector)) => {
                Some(Failure::http(injector.status, &injector.message))
            }
            _ => None,
        }
    }
}

impl Filter for grpc_route::Filter {
    fn failure(&self) -> Option<Failure> {
        use grpc_route::filter::Kind;
        match &self.kind {
            Some(Kind::FailureInjector(injector)) => {
                Some(Failure::grpc(injector.code, &injector.message))
            }
            _ => None,
        }
    }
}

/// The filters of opaque and TLS routes are of the same shape and different types.
macro_rules! connection_filters {
    ($($module:ident),*) => {
        $(impl Filter for $module::Filter {
            fn failure(&self) -> Option<Failure> {
                use $module::filter::Kind;
                match &self.kind {
                    Some(Kind::Forbidden(_)) => {
                        Some(Failure::http(403, "the control plane forbids the connection"))
                    }
                    Some(Kind::Invalid(invalid)) => Some(Failure::http(500, &invalid.message)),
                    None => None,
                }
            }
        })*
    };
}

connection_filters!(opaque_route, tls_route);

/// What the first of `filters` that answers says.
pub(super) fn failure<F: Filter>(filters: &[F]) -> Option<Failure> {
    filters.iter().find_map(Filter::failure)
}
