//! Much data, both ways at once.

use std::future::poll_fn;
use std::io::Read;
use std::pin::pin;
use std::time::Duration;

use mesh_engine::buffer;
use mesh_engine::metrics::{Direction, Peer, Registry};
use mesh_engine::tcp::Relay;
use mesh_engine::transport::Io;
use mesh_wire::vocabulary::limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::app;
use crate::pair::{Pair, idle, metric, run};

const LENGTH: usize = 100 << 20;

/// Bytes that repeat in no power of two, so that a shifted or repeated piece shows.
fn pattern(offset: usize) -> u8 {
    (offset % 251) as u8
}

#[tokio::test]
async fn a_hundred_mebibytes_go_both_ways_unchanged() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let (mut reader, mut writer) = TcpStream::connect(pair.door).await.unwrap().into_split();
        let send = async {
            let mut sent = 0;
            while sent < LENGTH {
                // Uneven pieces, so that records and buffers do not line up.
                let length = (LENGTH - sent).min(99_991);
                let piece: Vec<u8> = (sent..sent + length).map(pattern).collect();
                writer.write_all(&piece).await.unwrap();
                sent += length;
            }
            writer.shutdown().await.unwrap();
        };
        let receive = async {
            let (mut received, mut buffer) = (0, vec![0; 256 * 1024]);
            loop {
                let length = reader.read(&mut buffer).await.unwrap();
                if length == 0 {
                    return received;
                }
                let same = buffer[..length]
                    .iter()
                    .enumerate()
                    .all(|(index, byte)| *byte == pattern(received + index));
                assert!(same, "the bytes after {received} differ");
                received += length;
            }
        };
        let ((), received) = tokio::join!(send, receive);
        assert_eq!(received, LENGTH);
        idle(&pair.client).await;
        let total = format!("}} {LENGTH}");
        for family in ["tcp_read_bytes_total", "tcp_write_bytes_total"] {
            metric(&pair.client, &[family, "peer=\"dst\"", &total]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn fifty_connections_share_one_thread() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let clients = (0..50u8).map(|index| {
            let door = pair.door;
            tokio::task::spawn_local(async move {
                let bytes = vec![index; 200_000];
                assert_eq!(exchange_while_sending(door, &bytes).await, bytes);
            })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
        idle(&pair.server).await;
    })
    .await;
}

/// An echo fills both directions: reading must not wait for the end of writing.
async fn exchange_while_sending(door: std::net::SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let (mut reader, mut writer) = TcpStream::connect(door).await.unwrap().into_split();
    let mut answer = Vec::new();
    let (sent, received) = tokio::join!(
        async {
            writer.write_all(bytes).await?;
            writer.shutdown().await
        },
        reader.read_to_end(&mut answer)
    );
    sent.unwrap();
    received.unwrap();
    answer
}

/// More than a socket takes at once, from a source that is never waited for.
const BULK: usize = 32 * 1024 * 1024;

#[tokio::test]
async fn a_stream_that_is_never_waited_for_gives_others_their_turn() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = listener.local_addr().unwrap();
        let (client, server) = (TcpStream::connect(to), TcpStream::connect(to));
        let (mut client, server) = (client.await.unwrap(), server.await.unwrap());
        let (near, far) = (listener.accept().await, listener.accept().await);
        let (near, far) = (near.unwrap().0, far.unwrap().0.into_std().unwrap());
        client.shutdown().await.unwrap();
        let sink = std::thread::spawn(move || drain(far));

        let registry = Registry::new(Duration::from_secs(600));
        let metrics = registry.tcp(Direction::Outbound, Peer::Src, "");
        let source = Io::from(near).replay(vec![7; BULK].into());
        let mut relay = Relay::new(source.measure(metrics), server.into());
        let mut carrying = pin!(relay.run());
        let mut turns = Vec::new();
        poll_fn(|cx| {
            let before = read_bytes(&registry);
            let result = carrying.as_mut().poll(cx);
            turns.push(read_bytes(&registry) - before);
            result
        })
        .await
        .unwrap();
        assert_eq!(sink.join().unwrap(), BULK);
        let most = turns.into_iter().max().unwrap();
        let limit = limits::RELAY_TURN_BYTES.size();
        assert!(most <= limit + buffer::WIDE, "{most} bytes in one turn");
    })
    .await;
}

/// Reads to the end, on a thread of its own so that the relay never waits for its turn to read.
fn drain(mut tcp: std::net::TcpStream) -> usize {
    tcp.set_nonblocking(false).unwrap();
    let mut buffer = vec![0; buffer::WIDE];
    let mut total = 0;
    loop {
        match tcp.read(&mut buffer).unwrap() {
            0 => return total,
            length => total += length,
        }
    }
}

/// What was read of the one connection that is measured.
fn read_bytes(registry: &Registry) -> usize {
    let text = registry.render();
    let mut lines = text.lines();
    let line = lines.find(|line| line.starts_with("tcp_read_bytes_total{"));
    let value = line.and_then(|line| line.rsplit_once(' '));
    value.map_or(0, |(_, count)| count.parse().unwrap())
}
