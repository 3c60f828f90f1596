//! Opaque connections through two proxies in one process, as two pods would make them, and what
//! broken or hostile peers get. Applications, clients and peers are real sockets.

mod app;
mod authorization;
mod detection;
mod direct;
mod doors;
mod ends;
mod handshakes;
mod loops;
mod pair;
mod peers;
mod server_names;
mod silence;
mod sizes;
mod throughput;
