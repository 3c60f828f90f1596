//! Accepting as a worker does, with an original destination that a redirect would give.

use std::net::SocketAddr;
use std::rc::Rc;

use mesh_engine::context::Context;
use mesh_engine::worker::WorkerContext;
use mesh_engine::{inbound, outbound};
use tokio::net::TcpListener;
use tokio::task::spawn_local;

/// Takes connections whose original destination is the listener itself.
pub fn inbound(listener: TcpListener, context: Context) {
    let to = listener.local_addr().unwrap();
    inbound_to(listener, context, to);
}

/// Takes connections that were redirected on their way to `to`.
pub fn inbound_to(listener: TcpListener, context: Context, to: SocketAddr) {
    let worker = Rc::new(WorkerContext::new(context));
    spawn_local(async move {
        loop {
            let (tcp, client) = listener.accept().await.unwrap();
            let worker = worker.clone();
            spawn_local(async move {
                let _retain = worker.ctx.drain.retain();
                inbound::accept(tcp, client, to, &worker).await;
            });
        }
    });
}

/// A listener whose connections were redirected on their way to `to`.
pub async fn outbound(context: Context, to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let worker = Rc::new(WorkerContext::new(context));
    spawn_local(async move {
        loop {
            let (tcp, client) = listener.accept().await.unwrap();
            let worker = worker.clone();
            spawn_local(async move {
                let _retain = worker.ctx.drain.retain();
                outbound::accept(tcp, client, to, &worker).await;
            });
        }
    });
    address
}
