//! One worker: a thread that accepts connections and serves each in a task of its own.

use std::cell::RefCell;
use std::net::SocketAddr;

use mesh_decide::first_speaker::Memory;

use crate::context::Context;
use crate::http::Pools;

/// Destinations of which a worker remembers who speaks first.
const FIRST_SPEAKERS: usize = 1024;

/// What the connections of one worker share; it never leaves its thread.
pub struct WorkerContext {
    pub ctx: Context,
    /// HTTP client connections.
    pub pools: Pools,
    pub(crate) first_speakers: RefCell<Memory<SocketAddr>>,
}

impl WorkerContext {
    /// A worker without any connection.
    pub fn new(ctx: Context) -> Self {
        Self {
            ctx,
            pools: Pools::default(),
            first_speakers: RefCell::new(Memory::new(FIRST_SPEAKERS)),
        }
    }
}
