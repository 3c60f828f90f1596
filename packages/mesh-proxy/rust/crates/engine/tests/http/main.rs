//! HTTP through two proxies in one process: the client's hands requests to the server's over mutual
//! TLS, as two pods would. Applications and clients are real sockets.

mod app;
mod balancing;
mod bodies;
mod client;
mod errors;
mod floods;
mod framing;
mod http2;
mod mesh;
mod peers;
mod requests;
mod sizes;
mod smuggling;
mod streams;
mod trust;
mod upgrades;
