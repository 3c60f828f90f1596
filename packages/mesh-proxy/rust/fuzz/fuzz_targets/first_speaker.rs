//! Who speaks first: whatever happens in whatever order, there is one connection at most and a
//! reason that fits.
#![no_main]

use std::time::{Duration, Instant};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use mesh_decide::detect::Protocol;
use mesh_decide::first_speaker::{
    Decision, Event, First, FirstSpeaker, Memory, Opening, Reason, Speculation, Step,
};

#[derive(Arbitrary, Debug)]
struct Case {
    speculation: u8,
    events: Vec<Happening>,
    memory: Vec<(u8, bool, u16)>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Happening {
    Quiet,
    Connected,
    ConnectFailed,
    Greeting,
    Http2Settings,
    Http1Answer,
    ServerClosed,
    DetectedHttp,
    DetectedOpaque,
    ClientEnded,
    Silent,
    TimedOut,
}

impl Happening {
    fn event(self) -> Event {
        match self {
            Self::Quiet => Event::Quiet,
            Self::Connected => Event::Connected,
            Self::ConnectFailed => Event::ConnectFailed,
            Self::Greeting => Event::ServerSpoke(Opening::Greeting),
            Self::Http2Settings => Event::ServerSpoke(Opening::Http2Settings),
            Self::Http1Answer => Event::ServerSpoke(Opening::Http1Answer),
            Self::ServerClosed => Event::ServerClosed,
            Self::DetectedHttp => Event::Detected(Protocol::Http1),
            Self::DetectedOpaque => Event::Detected(Protocol::Opaque),
            Self::ClientEnded => Event::ClientEnded(Protocol::Http1),
            Self::Silent => Event::Silent,
            Self::TimedOut => Event::TimedOut(Protocol::Opaque),
        }
    }
}

fuzz_target!(|case: Case| {
    let speculation = match case.speculation % 3 {
        0 => Speculation::Never,
        1 => Speculation::WhenQuiet,
        _ => Speculation::WhenTimedOut,
    };
    play(speculation, &case.events);
    remember(&case.memory);
});

fn play(speculation: Speculation, events: &[Happening]) {
    let mut state = FirstSpeaker::new(speculation);
    let (mut connections, mut time_is_up) = (0, false);
    for happening in events {
        time_is_up |= matches!(happening, Happening::Silent | Happening::TimedOut);
        match state.on(happening.event()) {
            Step::Wait => {}
            Step::Connect => {
                connections += 1;
                assert!(speculation != Speculation::Never && connections == 1);
                let quiet = matches!(happening, Happening::Quiet);
                assert!(!quiet || speculation == Speculation::WhenQuiet);
            }
            Step::Done(decision) => return fits(&decision, *happening, time_is_up),
        }
    }
}

fn fits(decision: &Decision, happening: Happening, time_is_up: bool) {
    assert_eq!(decision.timed_out, time_is_up);
    let http = matches!(happening, Happening::DetectedHttp | Happening::ClientEnded);
    assert_eq!(decision.protocol == Protocol::Http1, http);
    match decision.first {
        Some(First::Server) => assert!(matches!(happening, Happening::Greeting) && !time_is_up),
        Some(First::Client) => assert!(matches!(happening, Happening::DetectedHttp)),
        None => {}
    }
    assert!(decision.reason != Reason::Timeout || time_is_up);
}

/// The memory holds no more than it may and tells only what is not too old.
fn remember(entries: &[(u8, bool, u16)]) {
    const CAPACITY: usize = 4;
    let mut memory = Memory::new(CAPACITY);
    let start = Instant::now();
    let mut now = start;
    for (key, server, gap) in entries {
        now += Duration::from_secs((*gap).into());
        let first = if *server {
            First::Server
        } else {
            First::Client
        };
        memory.remember(*key, first, now);
        assert_eq!(memory.recall(key, now), Some(first));
        let known = (0..=u8::MAX).filter(|key| memory.recall(key, now).is_some());
        assert!(known.count() <= CAPACITY);
    }
}
