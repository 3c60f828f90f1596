//! Whether the server speaks first where no protocol is declared, and what is then done.
//!
//! A mail or database server greets its client, and the client waits for that. Looking only at the
//! client's bytes would hold such a connection up for the whole detection time. So after a short
//! silence one connection to the server is opened: if the server speaks first, both are joined.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use mesh_wire::vocabulary::limits;

use crate::detect::Protocol;

/// The client's chance to speak first.
pub const QUIET: Duration = limits::DETECT_QUIET_TIME.time();

/// How long it is remembered who speaks first.
const MEMORY: Duration = limits::DETECT_REMEMBERED_TIME.time();

/// Who spoke first to a destination the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    Client,
    Server,
}

/// When a connection to the server may be opened before the client's protocol is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speculation {
    /// Never: it is forbidden, or there is nowhere to connect to.
    Never,
    /// Once the client has been silent for [`QUIET`].
    WhenQuiet,
    /// Only once the client's time is up: a connection as opaque might go where the client's
    /// protocol would not (routes), or the client was found to speak first.
    WhenTimedOut,
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
    /// The server sent its first bytes.
    ServerSpoke(Opening),
    /// The server ended its side without a word.
    ServerClosed,
    /// The client's bytes are enough to know its protocol.
    Detected(Protocol),
    /// The client has ended its side; its bytes are settled for this.
    ClientEnded(Protocol),
    /// The client's time is over, and it has not sent a byte.
    Silent,
    /// The client's time is over within its first words, which are settled for this.
    TimedOut(Protocol),
}

/// What a server's first bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Of a protocol in which the server goes first.
    Greeting,
    /// The settings of HTTP/2, which a server sends at once and still waits for its client
    /// (RFC 9113 section 3.4).
    Http2Settings,
    /// An answer to a request that was never made: the server has lost its patience (408).
    Http1Answer,
}

/// Why a connection's protocol is taken for what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The control plane says so.
    Declared,
    /// This destination's server was seen to speak first not long ago.
    Remembered,
    /// The client's first bytes show it.
    ClientSpoke,
    ServerSpoke,
    /// The client's time was up.
    Timeout,
    /// One side ended before it could be told.
    Closed,
}

impl Reason {
    /// The value of the label `reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Remembered => "remembered",
            Self::ClientSpoke => "client_spoke",
            Self::ServerSpoke => "server_spoke",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
        }
    }
}

/// What a connection speaks. As opaque it is joined over the connection to the server that is open
/// or being opened, if there is one; with any other protocol that connection is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub protocol: Protocol,
    pub reason: Reason,
    /// What is to be remembered of the destination.
    pub first: Option<First>,
    /// Whether the client's time was up before.
    pub timed_out: bool,
}

impl Decision {
    /// The server is known to speak first: nobody needs to be watched.
    pub fn remembered() -> Self {
        Self {
            protocol: Protocol::Opaque,
            reason: Reason::Remembered,
            first: None,
            timed_out: false,
        }
    }
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Wait for the next event.
    Wait,
    /// Open a connection to the server, as opaque, and go on waiting.
    Connect,
    Done(Decision),
}

/// The state of one connection while nobody is known to have spoken first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstSpeaker {
    speculation: Speculation,
    connection: Connection,
    timed_out: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    None,
    /// It is open or being opened.
    There,
    Failed,
    /// Closed, because the server speaks HTTP/2 and waits for its client.
    NotNeeded,
}

impl FirstSpeaker {
    /// Nothing has happened yet.
    pub fn new(speculation: Speculation) -> Self {
        Self {
            speculation,
            connection: Connection::None,
            timed_out: false,
        }
    }

    /// Takes one event into account.
    pub fn on(&mut self, event: Event) -> Step {
        match event {
            Event::Quiet => self.speculate(Speculation::WhenQuiet),
            Event::Connected => Step::Wait,
            Event::ConnectFailed => {
                self.connection = Connection::Failed;
                match self.timed_out {
                    true => self.join(Reason::Timeout, None),
                    // The client may yet turn out to speak HTTP; its answer then says why.
                    false => Step::Wait,
                }
            }
            Event::ServerSpoke(Opening::Http2Settings) => {
                self.connection = Connection::NotNeeded;
                Step::Wait
            }
            Event::ServerSpoke(Opening::Greeting) => {
                // After the client's time it may be a farewell to whoever says nothing.
                let first = (!self.timed_out).then_some(First::Server);
                self.join(Reason::ServerSpoke, first)
            }
            // Whoever comes next may be quicker with its request.
            Event::ServerSpoke(Opening::Http1Answer) => self.join(Reason::ServerSpoke, None),
            // The client sees what it would see without proxies; it says nothing of the next time.
            Event::ServerClosed => self.join(Reason::Closed, None),
            Event::Detected(Protocol::Opaque) => self.join(Reason::ClientSpoke, None),
            Event::Detected(protocol) => {
                let wasted = self.connection != Connection::None;
                self.done(
                    protocol,
                    Reason::ClientSpoke,
                    wasted.then_some(First::Client),
                )
            }
            Event::ClientEnded(protocol) => self.done(protocol, Reason::Closed, None),
            Event::Silent => self.silent(),
            Event::TimedOut(protocol) => {
                self.timed_out = true;
                self.done(protocol, Reason::Timeout, None)
            }
        }
    }

    fn speculate(&mut self, now: Speculation) -> Step {
        if self.connection != Connection::None || self.speculation != now {
            return Step::Wait;
        }
        self.connection = Connection::There;
        Step::Connect
    }

    /// Nobody has said anything, so that nothing is known yet: a pool of connections may be opened
    /// long before it is used. With a connection to the server open, the wait costs nobody
    /// anything; either side ends it as it would without proxies.
    fn silent(&mut self) -> Step {
        self.timed_out = true;
        match (self.connection, self.speculation) {
            (Connection::None, Speculation::Never) | (Connection::Failed, _) => {
                self.join(Reason::Timeout, None)
            }
            (Connection::None, _) => {
                self.connection = Connection::There;
                Step::Connect
            }
            (Connection::There | Connection::NotNeeded, _) => Step::Wait,
        }
    }

    fn join(&self, reason: Reason, first: Option<First>) -> Step {
        self.done(Protocol::Opaque, reason, first)
    }

    fn done(&self, protocol: Protocol, reason: Reason, first: Option<First>) -> Step {
        Step::Done(Decision {
            protocol,
            reason,
            first,
            timed_out: self.timed_out,
        })
    }
}

/// What a server's first bytes are; None while that is open. Once there is an answer, more bytes
/// do not change it.
pub fn opening(bytes: &[u8]) -> Option<Opening> {
    const ANSWER: &[u8] = b"HTTP/";
    let compared = bytes.len().min(ANSWER.len());
    if bytes[..compared] == ANSWER[..compared] {
        return (compared == ANSWER.len()).then_some(Opening::Http1Answer);
    }
    match are_http2_settings(bytes) {
        None => None,
        Some(true) => Some(Opening::Http2Settings),
        Some(false) => Some(Opening::Greeting),
    }
}

/// Whether bytes are the settings of HTTP/2 (RFC 9113 sections 4.1 and 6.5).
fn are_http2_settings(bytes: &[u8]) -> Option<bool> {
    /// A server that has more settings than this to say is not one.
    const LONGEST: u32 = 6 * 64;
    const SETTINGS: [u8; 6] = [4, 0, 0, 0, 0, 0];
    let head = &bytes[..bytes.len().min(9)];
    let (length, rest) = head.split_at(head.len().min(3));
    if length.first().is_some_and(|byte| *byte != 0) || !SETTINGS.starts_with(rest) {
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
    use proptest::prelude::*;

    fn play(speculation: Speculation, events: &[Event]) -> Vec<Step> {
        let mut state = FirstSpeaker::new(speculation);
        events
            .iter()
            .cloned()
            .map(|event| state.on(event))
            .collect()
    }

    fn done(protocol: Protocol, reason: Reason, first: Option<First>) -> Step {
        Step::Done(Decision {
            protocol,
            reason,
            first,
            timed_out: false,
        })
    }

    fn late(protocol: Protocol, reason: Reason, first: Option<First>) -> Step {
        Step::Done(Decision {
            protocol,
            reason,
            first,
            timed_out: true,
        })
    }

    const GREETING: Event = Event::ServerSpoke(Opening::Greeting);
    const SETTINGS: Event = Event::ServerSpoke(Opening::Http2Settings);

    #[test]
    fn a_greeting_is_passed_on_and_remembered() {
        let events = [Event::Quiet, Event::Connected, GREETING];
        let join = done(Protocol::Opaque, Reason::ServerSpoke, Some(First::Server));
        let steps = [Step::Connect, Step::Wait, join];
        assert_eq!(play(Speculation::WhenQuiet, &events), steps);
    }

    #[test]
    fn a_server_that_leaves_is_no_server_that_speaks() {
        let events = [Event::Quiet, Event::Connected, Event::ServerClosed];
        let join = done(Protocol::Opaque, Reason::Closed, None);
        let steps = [Step::Connect, Step::Wait, join];
        assert_eq!(play(Speculation::WhenQuiet, &events), steps);
        let events = [Event::Quiet, Event::Connected, Event::ConnectFailed];
        let steps = [Step::Connect, Step::Wait, Step::Wait];
        assert_eq!(play(Speculation::WhenQuiet, &events), steps);
    }

    #[test]
    fn a_late_http_client_costs_one_connection_and_is_remembered() {
        let detected = Event::Detected(Protocol::Http1);
        let speak = done(Protocol::Http1, Reason::ClientSpoke, Some(First::Client));
        assert_eq!(
            play(Speculation::WhenQuiet, &[Event::Quiet, detected]),
            [Step::Connect, speak]
        );
    }

    #[test]
    fn a_prompt_client_is_nothing_to_remember() {
        let events = [Event::Detected(Protocol::Http2)];
        let speak = done(Protocol::Http2, Reason::ClientSpoke, None);
        assert_eq!(play(Speculation::WhenQuiet, &events), [speak]);
    }

    #[test]
    fn opaque_bytes_use_the_connection_even_while_it_opens() {
        let events = [Event::Quiet, Event::Detected(Protocol::Opaque)];
        let join = done(Protocol::Opaque, Reason::ClientSpoke, None);
        assert_eq!(play(Speculation::WhenQuiet, &events), [Step::Connect, join]);
    }

    #[test]
    fn where_nothing_may_be_opened_silence_is_opaque_in_the_end() {
        let events = [Event::Quiet, Event::Silent];
        let join = late(Protocol::Opaque, Reason::Timeout, None);
        assert_eq!(play(Speculation::Never, &events), [Step::Wait, join]);
    }

    #[test]
    fn who_is_silent_for_long_and_then_speaks_is_understood_all_the_same() {
        let events = [
            Event::Quiet,
            Event::Silent,
            Event::Connected,
            Event::Detected(Protocol::Http1),
        ];
        let speak = late(Protocol::Http1, Reason::ClientSpoke, Some(First::Client));
        let before = [Step::Connect, Step::Wait, Step::Wait, speak.clone()];
        assert_eq!(play(Speculation::WhenQuiet, &events), before);
        let after = [Step::Wait, Step::Connect, Step::Wait, speak];
        assert_eq!(play(Speculation::WhenTimedOut, &events), after);
    }

    #[test]
    fn a_server_that_speaks_after_a_long_silence_is_heard_and_not_remembered() {
        let events = [Event::Quiet, Event::Silent, GREETING];
        let join = late(Protocol::Opaque, Reason::ServerSpoke, None);
        let steps = [Step::Wait, Step::Connect, join];
        assert_eq!(play(Speculation::WhenTimedOut, &events), steps);
    }

    #[test]
    fn an_answer_to_no_request_is_passed_on_and_not_taken_for_a_greeting() {
        let events = [Event::Quiet, Event::ServerSpoke(Opening::Http1Answer)];
        let join = done(Protocol::Opaque, Reason::ServerSpoke, None);
        assert_eq!(play(Speculation::WhenQuiet, &events), [Step::Connect, join]);
    }

    #[test]
    fn a_failed_connection_leaves_the_client_its_time_and_no_more() {
        let events = [
            Event::Quiet,
            Event::ConnectFailed,
            Event::Quiet,
            Event::TimedOut(Protocol::Http1),
        ];
        let speak = late(Protocol::Http1, Reason::Timeout, None);
        let steps = [Step::Connect, Step::Wait, Step::Wait, speak];
        assert_eq!(play(Speculation::WhenQuiet, &events), steps);
        let join = late(Protocol::Opaque, Reason::Timeout, None);
        let events = [Event::Quiet, Event::ConnectFailed, Event::Silent];
        let steps = [Step::Connect, Step::Wait, join.clone()];
        assert_eq!(play(Speculation::WhenQuiet, &events), steps);
        let events = [Event::Quiet, Event::Silent, Event::ConnectFailed];
        let steps = [Step::Connect, Step::Wait, join];
        assert_eq!(play(Speculation::WhenQuiet, &events), steps);
    }

    #[test]
    fn the_settings_of_an_http2_server_are_not_a_greeting() {
        let events = [
            Event::Quiet,
            SETTINGS,
            Event::Silent,
            Event::Detected(Protocol::Http2),
        ];
        let speak = late(Protocol::Http2, Reason::ClientSpoke, Some(First::Client));
        let steps = [Step::Connect, Step::Wait, Step::Wait, speak];
        assert_eq!(play(Speculation::WhenQuiet, &events), steps);
    }

    #[test]
    fn settings_and_answers_are_told_from_greetings() {
        let settings = [0, 0, 18, 4, 0, 0, 0, 0, 0, 0, 3];
        for cut in 0..9 {
            assert_eq!(opening(&settings[..cut]), None, "{cut}");
        }
        let empty = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        for bytes in [&settings[..], &empty] {
            assert_eq!(opening(bytes), Some(Opening::Http2Settings));
        }
        assert_eq!(opening(b"HTT"), None);
        assert_eq!(opening(b"HTTP/1.1 408 "), Some(Opening::Http1Answer));
        let mysql = b"J\0\0\0\x0a8.0.36\0";
        let odd = [0, 0, 17, 4];
        let acknowledgement = [0, 0, 0, 4, 1];
        for greeting in [
            &b"220 mail"[..],
            b"2",
            b"HTTPS",
            mysql,
            &odd,
            &acknowledgement,
        ] {
            assert_eq!(opening(greeting), Some(Opening::Greeting), "{greeting:?}");
        }
    }

    fn events() -> impl Strategy<Value = Event> {
        let protocol = || {
            prop::sample::select(vec![
                Protocol::Http1,
                Protocol::Http2,
                Protocol::Tls(None),
                Protocol::Opaque,
            ])
        };
        let opening = prop::sample::select(vec![
            Opening::Greeting,
            Opening::Http2Settings,
            Opening::Http1Answer,
        ]);
        prop_oneof![
            Just(Event::Quiet),
            Just(Event::Connected),
            Just(Event::ConnectFailed),
            Just(Event::ServerClosed),
            Just(Event::Silent),
            opening.prop_map(Event::ServerSpoke),
            protocol().prop_map(Event::Detected),
            protocol().prop_map(Event::ClientEnded),
            protocol().prop_map(Event::TimedOut),
        ]
    }

    proptest! {
        /// Whatever happens: at most one connection, none where it is forbidden, and what the
        /// client's own bytes show is believed.
        #[test]
        fn no_order_of_events_misleads(
            speculation in prop::sample::select(vec![
                Speculation::Never, Speculation::WhenQuiet, Speculation::WhenTimedOut,
            ]),
            events in prop::collection::vec(events(), 0..12),
        ) {
            let mut state = FirstSpeaker::new(speculation);
            let mut connects = 0;
            for event in events {
                match state.on(event.clone()) {
                    Step::Wait => {}
                    Step::Connect => connects += 1,
                    Step::Done(decision) => {
                        if let Event::Detected(protocol) = event {
                            prop_assert_eq!(decision.protocol, protocol);
                        }
                        break;
                    }
                }
            }
            prop_assert!(connects <= usize::from(speculation != Speculation::Never));
        }

        #[test]
        fn a_servers_opening_is_the_same_however_it_is_cut(
            bytes in prop_oneof![
                "(HTTP/1.1 408|HTT|220 mail)".prop_map(String::into_bytes),
                prop::collection::vec(prop::sample::select(vec![0u8, 4, 6, 18, b'H']), 0..12),
            ]
        ) {
            let mut settled = None;
            for cut in 0..=bytes.len() {
                let answer = opening(&bytes[..cut]);
                if settled.is_some() {
                    prop_assert_eq!(answer, settled);
                }
                settled = answer;
            }
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
