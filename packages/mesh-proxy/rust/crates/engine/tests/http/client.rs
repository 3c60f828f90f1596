//! Clients of HTTP/1, byte for byte.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection on which bytes are sent and responses read.
pub struct Raw {
    pub tcp: TcpStream,
    pub received: Vec<u8>,
}

/// A response as it came.
#[derive(Debug)]
pub struct Response {
    pub head: String,
    pub body: Vec<u8>,
}

impl Response {
    pub fn status(&self) -> u16 {
        self.head[9..12].parse().unwrap()
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Raw {
    pub async fn connect(address: SocketAddr) -> Self {
        let tcp = TcpStream::connect(address).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        Self {
            tcp,
            received: Vec::new(),
        }
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.tcp.write_all(bytes.as_ref()).await.unwrap();
    }

    /// More bytes; false at the end.
    async fn more(&mut self) -> bool {
        let mut buffer = vec![0; 64 * 1024];
        let length = self.tcp.read(&mut buffer).await.unwrap_or(0);
        self.received.extend_from_slice(&buffer[..length]);
        length > 0
    }

    /// The next head, interim ones included.
    pub async fn head(&mut self) -> String {
        loop {
            let end = self
                .received
                .windows(4)
                .position(|part| part == b"\r\n\r\n");
            if let Some(end) = end {
                let head: Vec<u8> = self.received.drain(..end + 4).collect();
                return String::from_utf8(head).unwrap();
            }
            assert!(
                self.more().await,
                "a head, not {:?}",
                String::from_utf8_lossy(&self.received)
            );
        }
    }

    pub async fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.received.len() < length {
            assert!(self.more().await, "{length} bytes before the end");
        }
        self.received.drain(..length).collect()
    }

    /// The next response to anything but a HEAD.
    pub async fn response(&mut self) -> Response {
        let head = self.head().await;
        let mut response = Response {
            head,
            body: Vec::new(),
        };
        if response.field("transfer-encoding") == Some("chunked") {
            response.body = self.chunks().await;
        } else if let Some(length) = response.field("content-length") {
            let length = length.parse().unwrap();
            response.body = self.exactly(length).await;
        } else if response.status() != 204 {
            response.body = self.rest().await;
        }
        response
    }

    /// A chunked body; trailers come last, as they are.
    pub async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let line = self.line().await;
            let size = usize::from_str_radix(&line, 16).unwrap();
            if size == 0 {
                loop {
                    let line = self.line().await;
                    if line.is_empty() {
                        return body;
                    }
                    body.extend_from_slice(line.as_bytes());
                }
            }
            body.extend(self.exactly(size).await);
            assert_eq!(self.exactly(2).await, b"\r\n");
        }
    }

    async fn line(&mut self) -> String {
        loop {
            if let Some(end) = self.received.windows(2).position(|part| part == b"\r\n") {
                let line: Vec<u8> = self.received.drain(..end + 2).collect();
                return String::from_utf8(line[..end].to_vec()).unwrap();
            }
            assert!(self.more().await, "a line");
        }
    }

    /// Everything up to the end of the connection.
    pub async fn rest(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.received)
    }

    pub async fn is_closed(&mut self) -> bool {
        self.received.is_empty() && !self.more().await
    }
}

/// One request on a connection of its own.
pub async fn once(address: SocketAddr, request: impl AsRef<[u8]>) -> Response {
    let mut client = Raw::connect(address).await;
    client.send(request).await;
    client.response().await
}
