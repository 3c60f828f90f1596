//! One worker: a thread that accepts connections and serves each in a task of its own.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use mesh_decide::first_speaker::Memory;
use mesh_wire::vocabulary::limits;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::task::{AbortHandle, LocalSet, spawn_local};

use crate::context::Context;
use crate::http::Pools;
use crate::metrics::Direction;
use crate::net::{self, Listeners};
use crate::survive::survive;
use crate::{allocator, inbound, outbound};

/// Destinations of which a worker remembers who speaks first.
const FIRST_SPEAKERS: usize = limits::DETECT_REMEMBERED_DESTINATIONS.size();

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

/// Runs a worker on this thread until the process has drained.
///
/// After the signal to stop, no connection from elsewhere is accepted any more. The application's
/// own are, until the last open connection has ended: it may need others to finish its work.
///
/// # Errors
/// When the runtime or a listener cannot be set up.
pub fn run(ctx: Context, listeners: Listeners) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, serve(ctx, listeners))
}

async fn serve(ctx: Context, listeners: Listeners) -> io::Result<()> {
    let drain = ctx.drain.clone();
    let worker = Rc::new(WorkerContext::new(ctx));
    let inbound = listen(&worker, listeners.inbound, Direction::Inbound)?;
    for listener in listeners.outbound {
        listen(&worker, listener, Direction::Outbound)?;
    }
    spawn_local(allocator::give_back_unused());
    drain.signaled().await;
    inbound.abort();
    drain.released().await;
    Ok(())
}

/// Accepts connections in a task of its own, until it is aborted or the worker ends.
fn listen(
    worker: &Rc<WorkerContext>,
    listener: std::net::TcpListener,
    direction: Direction,
) -> io::Result<AbortHandle> {
    let listener = TcpListener::from_std(listener)?;
    let worker = worker.clone();
    let task = spawn_local(async move {
        net::accept(&listener, |tcp, client| {
            spawn_local(connection(worker.clone(), tcp, client, direction));
        })
        .await;
    });
    Ok(task.abort_handle())
}

async fn connection(
    worker: Rc<WorkerContext>,
    tcp: TcpStream,
    client: SocketAddr,
    direction: Direction,
) {
    let _retain = worker.ctx.drain.retain();
    let config = &worker.ctx.config;
    let options = match direction {
        Direction::Inbound => &config.inbound.accept,
        Direction::Outbound => &config.outbound.accept,
    };
    let opened = net::apply_options(&tcp, options).and_then(|()| net::original_destination(&tcp));
    let original_dst = match opened {
        Ok(original_dst) => original_dst,
        // The client is gone already, or the redirect is not the kernel's.
        Err(error) => {
            tracing::debug!(%client, %error, "no original destination");
            return;
        }
    };
    let metrics = &worker.ctx.metrics;
    match direction {
        Direction::Inbound => {
            let serve = || inbound::accept(tcp, client, original_dst, &worker);
            survive(metrics, "inbound", serve).await;
        }
        Direction::Outbound => {
            let serve = || outbound::accept(tcp, client, original_dst, &worker);
            survive(metrics, "outbound", serve).await;
        }
    }
}
