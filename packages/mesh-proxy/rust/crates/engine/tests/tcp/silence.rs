//! Clients that connect and say nothing, or too little.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{self, exchange};
use crate::pair::{Pair, idle, metric, run};

/// The full size is for machines of their own.
const SILENT: usize = 300;

#[tokio::test]
async fn fault_01_silent_clients_are_let_go_and_disturb_nobody() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let mut silent = Vec::new();
        for _ in 0..SILENT {
            silent.push(TcpStream::connect(pair.peer).await.unwrap());
        }
        for _ in 0..20 {
            assert_eq!(exchange(pair.door, b"hello").await.unwrap(), b"hello");
        }
        for mut client in silent {
            // The end of the detection time, one way or the other.
            let _ = client.read(&mut [0]).await;
        }
        idle(&pair.server).await;
        let count = format!("error=\"detect_timeout\"}} {SILENT}");
        metric(&pair.server, &["inbound_tcp_errors_total", &count]).await;
    })
    .await;
}

#[tokio::test]
async fn fault_02_a_hello_that_drips_is_let_go_in_the_same_time() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let mut client = TcpStream::connect(pair.peer).await.unwrap();
        client.set_nodelay(true).unwrap();
        let hello = [&[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3][..], &[0; 400]].concat();
        let mut sent = 0;
        for byte in hello {
            if client.write_all(&[byte]).await.is_err() {
                break;
            }
            sent += 1;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert!(sent < 200, "{sent} bytes in 10 ms each were waited for");
        metric(
            &pair.server,
            &["inbound_tcp_errors_total", "detect_timeout"],
        )
        .await;
        idle(&pair.server).await;
    })
    .await;
}
