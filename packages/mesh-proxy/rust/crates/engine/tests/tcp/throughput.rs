//! Much data, both ways at once.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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
