//! HTTP/2 without I/O (RFC 9113): frames, header compression (RFC 7541), what heads must obey.
//!
//! Strict where a peer that breaks a rule could make two readers see two messages, and bounded
//! everywhere: no peer chooses how much memory or time one of its messages costs.

pub mod block;
pub mod connection;
mod error;
pub mod frame;
pub mod head;
pub mod hpack;
mod malformed;
mod names;
mod settings;

pub use error::{ErrorCode, Scope, Violation};
pub use malformed::Malformed;
pub use settings::Settings;

/// What a client sends first (RFC 9113 §3.4); its SETTINGS frame follows.
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The largest stream identifier.
pub const MAX_STREAM: u32 = (1 << 31) - 1;

/// The largest flow-control window (RFC 9113 §6.9.1).
pub const MAX_WINDOW: u32 = (1 << 31) - 1;
