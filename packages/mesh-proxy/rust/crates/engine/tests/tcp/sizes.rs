//! What a connection costs in memory: growth must be a decision, not an accident.

use mesh_engine::worker::WorkerContext;
use mesh_engine::{inbound, outbound};
use tokio::net::{TcpListener, TcpStream};

use crate::app;
use crate::pair::{Pair, run};

#[tokio::test]
async fn the_state_of_a_connection_stays_small() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let worker = WorkerContext::new(pair.client);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connect = || TcpStream::connect(address);
        let future = outbound::accept(connect().await.unwrap(), address, address, &worker);
        let outbound = size_of_val(&future);
        let future = inbound::accept(connect().await.unwrap(), address, address, &worker);
        let inbound = size_of_val(&future);
        assert!(
            outbound <= 3_000 && inbound <= 3_000,
            "outbound {outbound}, inbound {inbound}"
        );
    })
    .await;
}
