//! Many handshakes at the same time.

use std::time::Duration;

use mesh_engine::snapshot::PeerId;
use mesh_engine::tls::Alpn;
use rustls::ClientConnection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::spawn_local;

use crate::app::{self, expect};
use crate::pair::{CLIENT, Pair, SERVER, idle, run};

/// The full size is for machines of their own.
const HELLOS: usize = 500;

#[tokio::test]
async fn a_good_client_hardly_notices_hundreds_of_hellos() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let mut good = TcpStream::connect(pair.door).await.unwrap();
        round_trip(&mut good).await;
        let hello = hello(&pair);
        let mut strangers = Vec::new();
        for _ in 0..HELLOS {
            strangers.push(TcpStream::connect(pair.peer).await.unwrap());
        }
        // Without waiting in between, so that the proxy finds all of them at once.
        for stranger in &strangers {
            assert_eq!(stranger.try_write(&hello).unwrap(), hello.len());
        }
        let answered = spawn_local(async move {
            for stranger in &mut strangers {
                stranger.read_exact(&mut [0]).await.unwrap();
            }
        });
        let mut round_trips = 0;
        while !answered.is_finished() {
            round_trip(&mut good).await;
            round_trips += 1;
        }
        answered.await.unwrap();
        // In order of arrival it would be a handful: everything runs on one thread here.

        assert!(round_trips >= 20, "{round_trips} round trips meanwhile");
        drop(good);
        idle(&pair.server).await;
    })
    .await;
}

#[tokio::test]
async fn fault_12_clients_that_are_gone_before_they_are_accepted_harm_nobody() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        for to in [pair.peer, pair.door] {
            for _ in 0..50 {
                let gone = TcpStream::connect(to).await.unwrap();
                socket2::SockRef::from(&gone)
                    .set_linger(Some(Duration::ZERO))
                    .unwrap();
            }
        }
        let mut good = TcpStream::connect(pair.door).await.unwrap();
        round_trip(&mut good).await;
    })
    .await;
}

async fn round_trip(good: &mut TcpStream) {
    good.write_all(b"ping").await.unwrap();
    expect(good, b"ping").await;
}

/// The first words of a peer.
fn hello(pair: &Pair) -> Vec<u8> {
    let identity = pair.authority.identity(CLIENT);
    let epoch = identity.tls().unwrap();
    let config = epoch.client(&PeerId::Dns(SERVER.into()), Alpn::Transport);
    let mut session = ClientConnection::new(config, SERVER.try_into().unwrap()).unwrap();
    let mut hello = Vec::new();
    session.write_tls(&mut hello).unwrap();
    hello
}
