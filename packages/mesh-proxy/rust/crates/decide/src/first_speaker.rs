//! Whether the server speaks first where no protocol is declared, and what is then done.
//!
//! A mail or database server greets its client, and the client waits for that. Looking only at the
//! client's bytes would hold such a connection up for the whole detection time. So after a short
//! silence one connection to the server is opened: if the server speaks first, both are joined.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use crate::detect::Protocol;

/// The client's chance to speak first.
pub const QUIET: Duration = Duration::from_millis(50);

/// How long it is remembered who speaks first.
const MEMORY: Duration = Duration::from_secs(10 * 60);

/// Who spoke first to a destination the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    Client,
    Server,
}

/// What happened on a connection whose protocol is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The client has been silent for [`QUIET`].
    Quiet,
    /// The connection to the server is open.
    Connected,
    /// It could not be opened, or broke.
    ConnectFailed,
    /// The server sent bytes.
    ServerSpoke,
    /// The server ended its side without a word.
    ServerClosed,
    /// The server sent its HTTP/2 settings, and its connection was closed: it waits for its client
    /// all the same (RFC 9113 section 3.4).
    ServerSentSettings,
    /// The client's bytes are enough to know its protocol.
    Detected(Protocol),
    /// The detection time is over without enough of them.
    TimedOut(Protocol),
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Wait for the next event.
    Wait,
    /// Open a connection to the server, as opaque, and go on waiting.
    Connect,
    /// Join client and server as opaque, over the connection that is open or being opened if there
    /// is one. Remember who spoke first if it is said.
    Join(Option<First>),
    /// Close the server's connection if there is one and go on with the client's protocol.
    Speak(Protocol, Option<First>),
}

/// The state of one connection while nobody is known to have spoken first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstSpeaker {
    speculate: bool,
    connection: Connection,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    None,
    Opening,
    Open,
    Failed,
}

impl FirstSpeaker {
    /// `speculate` is false where a connection as opaque might go where the client's protocol
    /// would not (routes), where it is forbidden, or where the client was found to speak first.
    pub fn new(speculate: bool) -> Self {
        Self {
            speculate,
            connection: Connection::None,
        }
    }

    /// Takes one event into account.
    pub fn on(&mut self, event: Event) -> Step {
        match event {
            Event::Quiet if self.speculate && self.connection == Connection::None => {
                self.connection = Connection::Opening;
                Step::Connect
            }
            Event::Quiet => Step::Wait,
            Event::Connected => {
                self.connection = Connection::Open;
                Step::Wait
            }
            // The client may yet turn out to speak HTTP, and then gets an answer that says why.
            Event::ConnectFailed | Event::ServerSentSettings => {
                self.connection = Connection::Failed;
                Step::Wait
            }
            Event::ServerSpoke => Step::Join(Some(First::Server)),
            // The client sees what it would see without proxies; it says nothing of the next time.
            Event::ServerClosed => Step::Join(None),
            Event::Detected(Protocol::Opaque) | Event::TimedOut(Protocol::Opaque) => {
                Step::Join(None)
            }
            Event::Detected(protocol) => {
                let wasted = self.connection != Connection::None;
                Step::Speak(protocol, wasted.then_some(First::Client))
            }
            Event::TimedOut(protocol) => Step::Speak(protocol, None),
        }
    }
}

/// Whether a server's first bytes are the settings of HTTP/2 (RFC 9113 sections 4.1 and 6.5); None
/// while that is open.
///
/// Such a server speaks at once and still waits for its client, so its bytes say nothing about who
/// goes first.
pub fn are_http2_settings(bytes: &[u8]) -> Option<bool> {
    /// A server that has more settings than this to say is not one.
    const LONGEST: u32 = 6 * 64;
    const SETTINGS: [u8; 6] = [4, 0, 0, 0, 0, 0];
    let head = &bytes[..bytes.len().min(9)];
    let (length, rest) = head.split_at(head.len().min(3));
    if length.iter().copied().next().is_some_and(|byte| byte != 0) || !SETTINGS.starts_with(rest) {
        return Some(false);
    }
    let [zero, high, low, ..] = *head else {
        return None;
    };
    let length = u32::from_be_bytes([0, zero, high, low]);
    if !length.is_multiple_of(6) || length > LONGEST {
        return Some(false);
    }
    (head.len() == 9).then_some(true)
}

/// Who speaks first, by destination; bounded, and forgotten after ten minutes.
#[derive(Debug)]
pub struct Memory<K> {
    entries: HashMap<K, (First, Instant)>,
    capacity: usize,
}

impl<K: Hash + Eq + Clone> Memory<K> {
    /// A memory of at most `capacity` destinations.
    pub fn new(capacity: usize) -> Self {
        Self {
            entries: HashMap::new(),
            capacity,
        }
    }

    /// Who spoke first, unless that is too long ago.
    pub fn recall(&self, key: &K, now: Instant) -> Option<First> {
        let (first, since) = self.entries.get(key)?;
        (now.saturating_duration_since(*since) < MEMORY).then_some(*first)
    }

    /// Keeps who spoke first; at capacity the oldest entry goes.
    pub fn remember(&mut self, key: K, first: First, now: Instant) {
        if self.entries.len() >= self.capacity && !self.entries.contains_key(&key) {
            let oldest = self.entries.iter().min_by_key(|(_, (_, since))| *since);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.entries.remove(&oldest);
            }
        }
        self.entries.insert(key, (first, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(speculate: bool, events: &[Event]) -> Vec<Step> {
        let mut state = FirstSpeaker::new(speculate);
        events
            .iter()
            .cloned()
            .map(|event| state.on(event))
            .collect()
    }

    #[test]
    fn a_greeting_is_passed_on_and_remembered() {
        let events = [Event::Quiet, Event::Connected, Event::ServerSpoke];
        let steps = [Step::Connect, Step::Wait, Step::Join(Some(First::Server))];
        assert_eq!(play(true, &events), steps);
    }

    #[test]
    fn a_server_that_leaves_is_no_server_that_speaks() {
        let events = [Event::Quiet, Event::Connected, Event::ServerClosed];
        assert_eq!(
            play(true, &events),
            [Step::Connect, Step::Wait, Step::Join(None)]
        );
        let events = [Event::Quiet, Event::Connected, Event::ConnectFailed];
        assert_eq!(play(true, &events), [Step::Connect, Step::Wait, Step::Wait]);
    }

    #[test]
    fn a_late_http_client_costs_one_connection_and_is_remembered() {
        let events = [
            Event::Quiet,
            Event::Connected,
            Event::Detected(Protocol::Http1),
        ];
        let speak = Step::Speak(Protocol::Http1, Some(First::Client));
        assert_eq!(play(true, &events), [Step::Connect, Step::Wait, speak]);
    }

    #[test]
    fn a_prompt_client_is_nothing_to_remember() {
        let events = [Event::Detected(Protocol::Http2)];
        assert_eq!(play(true, &events), [Step::Speak(Protocol::Http2, None)]);
    }

    #[test]
    fn opaque_bytes_use_the_connection_even_while_it_opens() {
        let events = [Event::Quiet, Event::Detected(Protocol::Opaque)];
        assert_eq!(play(true, &events), [Step::Connect, Step::Join(None)]);
    }

    #[test]
    fn without_permission_the_silence_lasts_to_the_end() {
        let events = [Event::Quiet, Event::TimedOut(Protocol::Opaque)];
        assert_eq!(play(false, &events), [Step::Wait, Step::Join(None)]);
    }

    #[test]
    fn a_failed_connection_leaves_the_client_its_time() {
        let events = [
            Event::Quiet,
            Event::ConnectFailed,
            Event::Quiet,
            Event::TimedOut(Protocol::Http1),
        ];
        let speak = Step::Speak(Protocol::Http1, None);
        assert_eq!(
            play(true, &events),
            [Step::Connect, Step::Wait, Step::Wait, speak]
        );
    }

    #[test]
    fn the_settings_of_an_http2_server_are_not_a_greeting() {
        let events = [
            Event::Quiet,
            Event::Connected,
            Event::ServerSentSettings,
            Event::Detected(Protocol::Http2),
        ];
        let speak = Step::Speak(Protocol::Http2, Some(First::Client));
        assert_eq!(
            play(true, &events),
            [Step::Connect, Step::Wait, Step::Wait, speak]
        );
    }

    #[test]
    fn settings_are_told_from_greetings() {
        let settings = [0, 0, 18, 4, 0, 0, 0, 0, 0, 0, 3];
        for cut in 0..9 {
            assert_eq!(are_http2_settings(&settings[..cut]), None, "{cut}");
        }
        assert_eq!(are_http2_settings(&settings), Some(true));
        assert_eq!(are_http2_settings(&[0, 0, 0, 4, 0, 0, 0, 0, 0]), Some(true));
        let mysql = b"J\0\0\0\x0a8.0.36\0";
        let odd = [0, 0, 17, 4];
        let acknowledgement = [0, 0, 0, 4, 1];
        for greeting in [&b"220 mail"[..], &b"2"[..], mysql, &odd, &acknowledgement] {
            assert_eq!(are_http2_settings(greeting), Some(false), "{greeting:?}");
        }
    }

    #[test]
    fn memory_is_bounded_in_number_and_time() {
        let (mut memory, start) = (Memory::new(2), Instant::now());
        let later = |seconds| start + Duration::from_secs(seconds);
        for (key, at) in [("a", 0), ("b", 1), ("c", 2)] {
            memory.remember(key, First::Server, later(at));
        }
        memory.remember("b", First::Client, later(3));
        assert_eq!(memory.recall(&"a", later(3)), None);
        assert_eq!(memory.recall(&"b", later(3)), Some(First::Client));
        assert_eq!(memory.recall(&"c", later(3)), Some(First::Server));
        assert_eq!(memory.recall(&"c", later(602)), None);
    }
}
