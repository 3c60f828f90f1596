//! What a connection costs while nothing happens on it.

use mesh_engine::http::Version;
use mesh_engine::outbound::{self, OutboundConnection};
use mesh_engine::transport::Io;
use mesh_engine::worker::WorkerContext;
use tokio::net::{TcpListener, TcpStream};

use super::app;
use super::mesh::{Hop, Mesh, run};

/// Of one idle connection's task: what is rare lives elsewhere.
const LIMIT: usize = 2640;

#[tokio::test]
async fn an_idle_connection_is_small() {
    run(async {
        let mesh = Mesh::start(app::http1().await, Hop::Mesh).await;
        let worker = WorkerContext::new(mesh.client.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tcp = TcpStream::connect(address).await.unwrap();
        let connection = OutboundConnection {
            io: Io::from(tcp),
            client: address,
            original_dst: address,
            routing: mesh.routing.clone(),
        };
        let served = outbound::http::serve(connection, Version::Http1, worker.ctx, worker.pools);
        let size = size_of_val(&served);
        assert!(size <= LIMIT, "{size} bytes");
    })
    .await;
}
