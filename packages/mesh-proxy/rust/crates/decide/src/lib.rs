//! Pure decisions of the proxy: state, input, now and chance in; an answer out.

pub mod authority;
pub mod authorize;
mod case;
pub mod classify;
pub mod client_hello;
mod constant;
pub mod detect;
pub mod ewma;
pub mod fields;
pub mod first_speaker;
pub mod forwarded;
pub mod headers;
pub mod http1;
pub mod http2;
pub mod p2c;
pub mod path;
pub mod server_name;
pub mod service_records;
pub mod target;
pub mod transport_header;
