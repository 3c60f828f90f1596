//! Applications behind the mesh.

use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

pub const GREETING: &[u8] = b"220 mail.example ESMTP\r\n";

/// A server whose connections are given to `serve`.
pub async fn serve<F>(serve: F) -> SocketAddr
where
    F: AsyncFn(TcpStream) + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Rc::new(serve);
    spawn_local(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let serve = serve.clone();
            spawn_local(async move { serve(tcp).await });
        }
    });
    address
}

/// Sends back what it is sent, and its end.
pub async fn echo() -> SocketAddr {
    serve(async |mut tcp| {
        let (mut reader, mut writer) = tcp.split();
        // A client that breaks off is no fault of the application.
        let _ = tokio::io::copy(&mut reader, &mut writer).await;
        let _ = writer.shutdown().await;
    })
    .await
}

/// Greets, then echoes.
pub async fn greeter() -> SocketAddr {
    serve(async |mut tcp| {
        let (mut reader, mut writer) = tcp.split();
        let _ = writer.write_all(GREETING).await;
        let _ = tokio::io::copy(&mut reader, &mut writer).await;
    })
    .await
}

/// Sends `bytes` and what it gets for them until the end.
pub async fn exchange(to: SocketAddr, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut tcp = TcpStream::connect(to).await?;
    tcp.write_all(bytes).await?;
    tcp.shutdown().await?;
    let mut answer = Vec::new();
    tcp.read_to_end(&mut answer).await?;
    Ok(answer)
}

/// Reads exactly as many bytes as `expected` has, and compares.
pub async fn expect(tcp: &mut TcpStream, expected: &[u8]) {
    let mut found = vec![0; expected.len()];
    tcp.read_exact(&mut found).await.expect("the bytes come");
    assert_eq!(found, expected);
}
