//! The last things that the proxy refused, with what it judged them by: readable on the admin port.

use std::collections::VecDeque;
use std::fmt::{self, Display, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use mesh_wire::vocabulary::limits;

use crate::metrics::Direction;

/// How many are kept.
const KEPT: usize = limits::REJECTIONS_KEPT.size();
/// Bytes that are kept of any one text, most of which clients choose.
const MOST_TEXT: usize = limits::REJECTION_TEXT_BYTES.size();

/// The last rejections of all workers; clones share them.
#[derive(Clone, Debug)]
pub struct Rejections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Tells this process's ids from another's.
    process: u32,
    next: AtomicU64,
    kept: Mutex<VecDeque<Kept>>,
}

/// What links a response, a line of the log and an entry here. Unique in a pod's life, as good as
/// unique in a mesh's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Id {
    process: u32,
    number: u64,
}

impl Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:08x}-{:x}", self.process, self.number)
    }
}

/// Something refused, and what it was judged by.
#[derive(Clone, Debug)]
pub struct Rejection<'a> {
    pub direction: Direction,
    /// The reason's name in the table of reasons.
    pub reason: &'static str,
    pub detail: String,
    /// The HTTP status that the client was given; None for a connection.
    pub status: Option<u16>,
    pub client: Option<SocketAddr>,
    /// The client's identity, where it proved one.
    pub identity: Option<&'a str>,
    /// Where the client wanted to go.
    pub target: SocketAddr,
    /// The number of the control plane's answer that was in force.
    pub revision: Option<u64>,
    /// None for a connection, or for what is no request.
    pub request: Option<RequestLine<'a>>,
}

/// A request, as far as it tells which one it was.
#[derive(Clone, Copy, Debug)]
pub struct RequestLine<'a> {
    pub method: &'a str,
    pub authority: &'a [u8],
    pub path: &'a [u8],
}

#[derive(Debug)]
struct Kept {
    number: u64,
    at: SystemTime,
    /// The rest of the JSON object, made once.
    json: Box<str>,
}

impl Default for Rejections {
    fn default() -> Self {
        Self(Arc::new(Shared {
            process: fastrand::u32(..),
            next: AtomicU64::new(1),
            kept: Mutex::default(),
        }))
    }
}

impl Rejections {
    /// Keeps a rejection, and forgets the oldest if there are too many.
    pub fn record(&self, rejection: &Rejection<'_>) -> Id {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let kept = Kept {
            number,
            at: SystemTime::now(),
            json: rejection.to_json(),
        };
        let mut all = self.lock();
        if all.len() == KEPT {
            all.pop_front();
        }
        all.push_back(kept);
        Id {
            process: self.0.process,
            number,
        }
    }

    /// All that are kept as a JSON array, the newest first.
    pub fn to_json(&self) -> String {
        let mut json = String::from("[");
        for (index, kept) in self.lock().iter().rev().enumerate() {
            let comma = if index == 0 { "\n" } else { ",\n" };
            let since = kept.at.duration_since(UNIX_EPOCH).unwrap_or_default();
            let id = Id {
                process: self.0.process,
                number: kept.number,
            };
            // Writing to a String cannot fail.
            let _ = write!(
                json,
                "{comma}{{\"id\":\"{id}\",\"at\":{}.{:03},{}}}",
                since.as_secs(),
                since.subsec_millis(),
                kept.json
            );
        }
        json.push_str("\n]\n");
        json
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Kept>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rejection<'_> {
    fn to_json(&self) -> Box<str> {
        let mut members = Members(String::with_capacity(256));
        members.text("direction", self.direction.as_str().as_bytes());
        members.text("reason", self.reason.as_bytes());
        members.text("detail", self.detail.as_bytes());
        members.number("status", self.status);
        members.number("revision", self.revision);
        members.display("client", self.client);
        members.display("identity", self.identity);
        members.display("target", Some(self.target));
        if let Some(request) = &self.request {
            members.text("method", request.method.as_bytes());
            members.text("authority", request.authority);
            members.text("path", request.path);
        }
        members.0.into()
    }
}

/// The members of a JSON object.
struct Members(String);

impl Members {
    fn name(&mut self, name: &str) {
        let comma = if self.0.is_empty() { "" } else { "," };
        let _ = write!(self.0, "{comma}\"{name}\":");
    }

    fn number(&mut self, name: &str, value: Option<impl Display>) {
        self.name(name);
        match value {
            Some(value) => {
                let _ = write!(self.0, "{value}");
            }
            None => self.0.push_str("null"),
        }
    }

    fn display(&mut self, name: &str, value: Option<impl Display>) {
        match value {
            Some(value) => self.text(name, value.to_string().as_bytes()),
            None => self.number(name, None::<u8>),
        }
    }

    /// What is not UTF-8 is replaced, what is long is cut.
    fn text(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        self.0.push('"');
        for character in String::from_utf8_lossy(&value[..value.len().min(MOST_TEXT)]).chars() {
            match character {
                '"' => self.0.push_str("\\\""),
                '\\' => self.0.push_str("\\\\"),
                control if control < ' ' => {
                    let _ = write!(self.0, "\\u{:04x}", u32::from(control));
                }
                other => self.0.push(other),
            }
        }
        self.0.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(detail: String) -> Rejection<'static> {
        Rejection {
            direction: Direction::Inbound,
            reason: "unauthorized",
            detail,
            status: Some(403),
            client: Some("10.0.0.9:4000".parse().unwrap()),
            identity: None,
            target: "10.0.0.1:80".parse().unwrap(),
            revision: Some(7),
            request: Some(RequestLine {
                method: "GET",
                authority: b"web",
                path: b"/a\"b\\c\n\xff",
            }),
        }
    }

    #[test]
    fn the_last_thousand_are_kept_the_newest_first() {
        let rejections = Rejections::default();
        let ids: Vec<_> = (0..KEPT + 5)
            .map(|number| {
                rejections
                    .record(&rejection(number.to_string()))
                    .to_string()
            })
            .collect();
        let json = rejections.to_json();
        assert_eq!(json.matches("\"id\"").count(), KEPT);
        let newest = format!("[\n{{\"id\":\"{}\",", ids[KEPT + 4]);
        assert!(json.starts_with(&newest), "{}", &json[..80]);
        assert!(json.contains(&format!("\"{}\"", ids[5])));
        assert!(!json.contains(&format!("\"{}\"", ids[4])));
    }

    #[test]
    fn what_clients_choose_is_escaped_and_cut() {
        let rejections = Rejections::default();
        rejections.record(&rejection("x".repeat(10_000)));
        let json = rejections.to_json();
        assert!(
            json.contains("\"path\":\"/a\\\"b\\\\c\\u000a\u{fffd}\""),
            "{json}"
        );
        assert!(json.contains("\"identity\":null,\"target\":\"10.0.0.1:80\""));
        assert!(json.contains("\"status\":403,\"revision\":7"));
        assert!(json.len() < 1000, "{}", json.len());
    }
}
