//! Messages and clients of the wire API, generated from `mesh-proto` by `xtask`.
//!
//! The module tree follows the package names, because generated code refers to siblings by path.

#![allow(clippy::all, clippy::pedantic, missing_docs)]

pub mod io {
    pub mod linkerd {
        pub mod proxy {
            pub mod destination {
                include!("io.linkerd.proxy.destination.rs");
            }
            pub mod grpc_route {
                include!("io.linkerd.proxy.grpc_route.rs");
            }
            pub mod http_route {
                include!("io.linkerd.proxy.http_route.rs");
            }
            pub mod http_types {
                include!("io.linkerd.proxy.http_types.rs");
            }
            pub mod identity {
                include!("io.linkerd.proxy.identity.rs");
            }
            pub mod inbound {
                include!("io.linkerd.proxy.inbound.rs");
            }
            pub mod meta {
                include!("io.linkerd.proxy.meta.rs");
            }
            pub mod net {
                include!("io.linkerd.proxy.net.rs");
            }
            pub mod opaque_route {
                include!("io.linkerd.proxy.opaque_route.rs");
            }
            pub mod outbound {
                include!("io.linkerd.proxy.outbound.rs");
            }
            pub mod tap {
                include!("io.linkerd.proxy.tap.rs");
            }
            pub mod tls_route {
                include!("io.linkerd.proxy.tls_route.rs");
            }
        }
    }
}

pub mod transport {
    pub mod l5d {
        pub mod io {
            include!("transport.l5d.io.rs");
        }
    }
}

mod limit;
mod metric;
pub mod vocabulary;

pub mod spiffe {
    include!("spiffe.rs");
}

pub use io::linkerd::proxy::*;
pub use transport::l5d::io as transport_header;
