//! Two ends that talk to each other, and peers that break the rules.

use http::{HeaderName, HeaderValue, Method, StatusCode};
use proptest::prelude::*;

use super::*;
use crate::http2::Violation;
use crate::http2::frame::{Flags, FrameHead, Kind};
use crate::http2::head::{RequestLine, Scheme};

type Peer = Connection<Vec<u8>>;

fn config() -> Config {
    Config {
        stream_window: 100_000,
        greatest_stream_window: 400_000,
        connection_window: 1_000_000,
        max_concurrent_streams: 10,
        max_frame_size: 20_000,
        limits: Limits::default(),
        pending_resets: 5,
        send_buffer: 100_000,
    }
}

/// What happened at one end, without borrowed bytes.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Request(u32, String, bool),
    Refused(u32, Malformed),
    Response(u32, u16, bool),
    Data(u32, Vec<u8>, bool),
    Trailers(u32),
    Reset(u32, ErrorCode, bool),
    GoAway(u32),
    Pong,
}

fn see(event: Event<'_>) -> Option<Seen> {
    Some(match event {
        Event::Request { stream, head, end } => {
            let path = String::from_utf8_lossy(&head.path).into_owned();
            Seen::Request(stream, path, end)
        }
        Event::Refused { stream, fault } => Seen::Refused(stream, fault),
        Event::Response { stream, head, end } => Seen::Response(stream, head.status.as_u16(), end),
        Event::Data {
            stream,
            content,
            end,
        } => Seen::Data(stream, content.to_vec(), end),
        Event::Trailers { stream, .. } => Seen::Trailers(stream),
        Event::Reset {
            stream,
            code,
            by_peer,
        } => Seen::Reset(stream, code, by_peer),
        Event::GoAway { last_stream, .. } => Seen::GoAway(last_stream),
        Event::Pong => Seen::Pong,
        Event::Room { .. } | Event::Settings | Event::Nothing => return None,
    })
}

fn take(peer: &mut Peer, input: &[u8]) -> Result<Vec<Seen>, Violation> {
    let mut rest = input;
    let mut seen = Vec::new();
    loop {
        let (used, event) = peer.receive(rest)?;
        seen.extend(see(event));
        if used == 0 {
            assert!(rest.is_empty(), "{} bytes are left", rest.len());
            return Ok(seen);
        }
        rest = &rest[used..];
    }
}

/// Everything that one end has to say reaches the other.
fn pass(from: &mut Peer, to: &mut Peer) -> Vec<Seen> {
    let bytes = std::mem::take(from.output());
    take(to, &bytes).expect("a peer of our own keeps the rules")
}

fn pair() -> (Peer, Peer) {
    let mut client = Peer::new(Role::Client, config());
    let mut server = Peer::new(Role::Server, config());
    for _ in 0..2 {
        assert!(pass(&mut client, &mut server).is_empty());
        assert!(pass(&mut server, &mut client).is_empty());
    }
    assert!(client.is_settled() && server.is_settled() && server.acknowledged);
    (client, server)
}

fn line<'a>(method: &'a Method, path: &'a [u8]) -> RequestLine<'a> {
    RequestLine {
        method,
        scheme: Scheme::Http,
        authority: b"web:80",
        path,
        protocol: None,
    }
}

fn get(client: &mut Peer, path: &str) -> u32 {
    let line = line(&Method::GET, path.as_bytes());
    client.request(&line, &Fields::default(), true, Vec::new())
}

fn post(client: &mut Peer) -> u32 {
    let line = line(&Method::POST, b"/");
    client.request(&line, &Fields::default(), false, Vec::new())
}

fn frame(kind: Kind, flags: Flags, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    FrameHead::new(payload.len() as u32, kind, flags, stream).write(&mut out);
    out.extend_from_slice(payload);
    out
}

/// The code with which a server ends the connection over `bytes`, after a proper beginning.
fn ends(server: &mut Peer, bytes: &[u8]) -> ErrorCode {
    match take(server, bytes) {
        Ok(seen) => panic!("the connection goes on: {seen:?}"),
        Err(violation) => violation.code,
    }
}

#[test]
fn a_request_is_answered() {
    let (mut client, mut server) = pair();
    let stream = get(&mut client, "/a?b");
    let seen = pass(&mut client, &mut server);
    assert_eq!(seen, [Seen::Request(stream, "/a?b".into(), true)]);
    assert!(server.respond(stream, StatusCode::OK, &Fields::default(), false));
    assert!(server.data(stream, b"hello", false));
    let mut trailers = Fields::default();
    trailers.append(
        HeaderName::from_static("grpc-status"),
        HeaderValue::from_static("0"),
    );
    assert!(server.trailers(stream, &trailers));
    assert_eq!(
        pass(&mut server, &mut client),
        [
            Seen::Response(stream, 200, false),
            Seen::Data(stream, b"hello".to_vec(), false),
            Seen::Trailers(stream),
        ]
    );
    client.release(stream, 5, true);
    for end in [&mut client, &mut server] {
        assert!(end.forget(stream).is_some());
        assert!(end.is_empty() && end.open == 0);
        assert!(end.output().is_empty(), "nothing more to say");
    }
}

#[test]
fn who_is_forgotten_early_is_reset_and_its_credit_comes_back() {
    let (mut client, mut server) = pair();
    let stream = post(&mut client);
    assert!(client.data(stream, &[7; 90_000], false));
    pass(&mut client, &mut server);
    let left = client.send.room();
    server.forget(stream);
    assert_eq!(
        pass(&mut server, &mut client),
        [Seen::Reset(stream, ErrorCode::CANCEL, true)]
    );
    assert!(!client.sends(stream));
    client.forget(stream);
    // Half of the window has to come together before the peer is told.
    for _ in 0..5 {
        let stream = post(&mut client);
        assert!(client.data(stream, &[7; 90_000], true));
        pass(&mut client, &mut server);
        server.forget(stream);
        pass(&mut server, &mut client);
        client.forget(stream);
    }
    assert!(client.send.room() > left);
}

#[test]
fn content_stops_at_the_windows_and_goes_on_with_credit() {
    let (mut client, mut server) = pair();
    let stream = post(&mut client);
    assert_eq!(client.room(stream), 100_000 - client.output().len());
    pass(&mut client, &mut server);
    assert_eq!(client.room(stream), 100_000);
    assert!(client.data(stream, &[1; 100_000], false));
    pass(&mut client, &mut server);
    assert_eq!(client.room(stream), 0);
    server.release(stream, 100_000, true);
    pass(&mut server, &mut client);
    assert_eq!(client.room(stream), 100_000, "the buffer is the limit now");
    let stream = client.streams.get(&stream).unwrap();
    assert_eq!(stream.send.room(), 200_000, "the window has grown");
}

#[test]
fn a_smaller_initial_window_counts_for_open_streams() {
    let (mut client, mut server) = pair();
    let stream = post(&mut client);
    assert!(client.data(stream, &[1; 60_000], false));
    pass(&mut client, &mut server);
    let mut settings = Vec::new();
    Settings {
        initial_window_size: 50_000,
        ..Settings::default()
    }
    .write(&mut settings);
    take(&mut client, &settings).unwrap();
    assert_eq!(client.room(stream), 0);
    server.release(stream, 60_000, false);
    pass(&mut server, &mut client);
    assert_eq!(client.streams.get(&stream).unwrap().send.room(), 50_000);
}

#[test]
fn a_server_that_shuts_down_takes_what_was_on_its_way() {
    let (mut client, mut server) = pair();
    let first = get(&mut client, "/1");
    pass(&mut client, &mut server);
    server.shut_down();
    let second = get(&mut client, "/2");
    let seen = pass(&mut client, &mut server);
    assert_eq!(seen, [Seen::Request(second, "/2".into(), true)]);
    assert_eq!(pass(&mut server, &mut client), [Seen::GoAway(MAX_STREAM)]);
    assert!(!client.can_open());
    pass(&mut client, &mut server);
    assert_eq!(pass(&mut server, &mut client), [Seen::GoAway(second)]);
    for stream in [first, second] {
        assert!(server.respond(stream, StatusCode::OK, &Fields::default(), true));
        assert!(!server.is_done());
        server.forget(stream);
    }
    assert!(server.is_done());
    assert_eq!(pass(&mut server, &mut client).len(), 2);
    assert!(client.left_out().is_empty());
}

#[test]
fn streams_that_a_goaway_leaves_out_are_known() {
    let (mut client, _) = pair();
    let streams = [
        get(&mut client, "/"),
        get(&mut client, "/"),
        get(&mut client, "/"),
    ];
    let mut goaway = Vec::new();
    frame::write_goaway(&mut goaway, streams[0], ErrorCode::NO_ERROR, b"");
    take(&mut client, &goaway).unwrap();
    assert_eq!(client.left_out(), streams[1..]);
}

#[test]
fn streams_beyond_the_limit_are_refused_and_the_compression_stays_in_step() {
    let (mut client, mut server) = pair();
    client.peer.max_concurrent_streams = None;
    let streams: Vec<u32> = (0..12).map(|_| get(&mut client, "/same")).collect();
    assert_eq!(pass(&mut client, &mut server).len(), 10);
    let refused = |stream| Seen::Reset(stream, ErrorCode::REFUSED_STREAM, true);
    assert_eq!(
        pass(&mut server, &mut client),
        [refused(streams[10]), refused(streams[11])]
    );
    server.forget(streams[0]);
    assert_eq!(server.open, 9);
    let again = get(&mut client, "/same");
    let seen = pass(&mut client, &mut server);
    assert_eq!(seen, [Seen::Request(again, "/same".into(), true)]);
}

#[test]
fn pings_are_answered_both_ways() {
    let (mut client, mut server) = pair();
    client.ping();
    pass(&mut client, &mut server);
    assert_eq!(pass(&mut server, &mut client), [Seen::Pong]);
}

#[test]
fn responses_to_head_have_no_content() {
    let (mut client, mut server) = pair();
    let line = line(&Method::HEAD, b"/");
    let stream = client.request(&line, &Fields::default(), true, Vec::new());
    pass(&mut client, &mut server);
    let mut fields = Fields::default();
    fields.append(http::header::CONTENT_LENGTH, HeaderValue::from_static("10"));
    assert!(server.respond(stream, StatusCode::OK, &fields, false));
    assert!(server.data(stream, b"x", true));
    assert_eq!(
        pass(&mut server, &mut client),
        [
            Seen::Response(stream, 200, false),
            Seen::Reset(stream, ErrorCode::PROTOCOL_ERROR, false)
        ]
    );
}

#[test]
fn fault_13_content_that_is_not_as_long_as_declared_ends_its_stream_only() {
    let (mut client, mut server) = pair();
    let mut fields = Fields::default();
    fields.append(http::header::CONTENT_LENGTH, HeaderValue::from_static("3"));
    let line = line(&Method::POST, b"/");
    for content in [&b"ab"[..], b"abcd"] {
        let stream = client.request(&line, &fields, false, Vec::new());
        assert!(client.data(stream, content, true));
        let seen = pass(&mut client, &mut server);
        assert_eq!(
            seen.last(),
            Some(&Seen::Reset(stream, ErrorCode::PROTOCOL_ERROR, false))
        );
        pass(&mut server, &mut client);
    }
    get(&mut client, "/");
    assert_eq!(pass(&mut client, &mut server).len(), 1);
}

#[test]
fn fault_25_rapid_resets_end_the_connection() {
    let (mut client, mut server) = pair();
    let rapid = |client: &mut Peer| {
        let stream = get(client, "/");
        client.reset(stream, ErrorCode::CANCEL);
        // A closed stream of a client is reset only by hand.
        frame::write_rst_stream(client.output(), stream, ErrorCode::CANCEL);
        client.forget(stream);
    };
    server.begin_turn(Duration::ZERO);
    for _ in 0..5 {
        rapid(&mut client);
    }
    pass(&mut client, &mut server);
    server.begin_turn(Duration::ZERO);
    for _ in 0..6 {
        rapid(&mut client);
    }
    let bytes = std::mem::take(client.output());
    assert_eq!(ends(&mut server, &bytes), ErrorCode::ENHANCE_YOUR_CALM);
}

#[test]
fn fault_27_floods_end_the_connection_and_what_is_usual_does_not() {
    let floods = [
        frame(Kind::PING, Flags::NONE, 0, &[0; 8]),
        frame(Kind::SETTINGS, Flags::NONE, 0, &[]),
        frame(Kind::PRIORITY, Flags::NONE, 1, &[0; 5]),
        frame(Kind::WINDOW_UPDATE, Flags::NONE, 1, &[0, 0, 0, 1]),
        frame(Kind::DATA, Flags::NONE, 1, &[]),
        frame(Kind(0xaa), Flags::NONE, 0, &[]),
    ];
    for flood in floods {
        let (mut client, mut server) = pair();
        post(&mut client);
        pass(&mut client, &mut server);
        take(&mut server, &flood.repeat(5000)).unwrap();
        server.output().clear();
        let code = ends(&mut server, &flood.repeat(6000));
        assert_eq!(code, ErrorCode::ENHANCE_YOUR_CALM);
    }
}

#[test]
fn fault_27_answers_that_nobody_reads_are_bounded() {
    let (_, mut server) = pair();
    let ping = frame(Kind::PING, Flags::NONE, 0, &[0; 8]);
    let mut ended = false;
    for second in 0..200 {
        server.begin_turn(Duration::from_secs(second));
        ended |= take(&mut server, &ping.repeat(1000)).is_err();
        assert!(server.output().len() < 2 << 20);
    }
    assert!(ended);
}

#[test]
fn fault_32_content_beyond_the_windows_is_refused() {
    let (mut client, mut server) = pair();
    let stream = post(&mut client);
    pass(&mut client, &mut server);
    let full = frame(Kind::DATA, Flags::NONE, stream, &[0; 20_000]);
    let seen = take(&mut server, &full.repeat(6)).unwrap();
    assert_eq!(
        seen.last(),
        Some(&Seen::Reset(stream, ErrorCode::FLOW_CONTROL_ERROR, false))
    );
    // Nobody reads: the connection's own window is used up by many streams.
    let mut code = None;
    'streams: for _ in 0..12 {
        let stream = post(&mut client);
        pass(&mut client, &mut server);
        for _ in 0..5 {
            if let Err(violation) = take(&mut server, &full_of(stream)) {
                code = Some(violation.code);
                break 'streams;
            }
        }
    }
    assert_eq!(code, Some(ErrorCode::FLOW_CONTROL_ERROR));
}

fn full_of(stream: u32) -> Vec<u8> {
    frame(Kind::DATA, Flags::NONE, stream, &[0; 20_000])
}

#[test]
fn fault_32_windows_do_not_overflow() {
    let most = (MAX_WINDOW).to_be_bytes();
    let (_, mut server) = pair();
    let code = ends(
        &mut server,
        &frame(Kind::WINDOW_UPDATE, Flags::NONE, 0, &most),
    );
    assert_eq!(code, ErrorCode::FLOW_CONTROL_ERROR);
    let (mut client, mut server) = pair();
    let stream = post(&mut client);
    pass(&mut client, &mut server);
    let seen = take(
        &mut server,
        &frame(Kind::WINDOW_UPDATE, Flags::NONE, stream, &most),
    )
    .unwrap();
    assert_eq!(
        seen,
        [Seen::Reset(stream, ErrorCode::FLOW_CONTROL_ERROR, false)]
    );
}

#[test]
fn what_breaks_the_rules_of_the_connection_ends_it() {
    let cases: &[(&str, Vec<u8>, ErrorCode)] = &[
        (
            "HEADERS on an even stream",
            frame(Kind::HEADERS, Flags(5), 2, &[0x82, 0x86, 0x84]),
            ErrorCode::PROTOCOL_ERROR,
        ),
        (
            "DATA on an idle stream",
            frame(Kind::DATA, Flags::NONE, 1, b"x"),
            ErrorCode::PROTOCOL_ERROR,
        ),
        (
            "RST_STREAM on an idle stream",
            frame(Kind::RST_STREAM, Flags::NONE, 1, &[0; 4]),
            ErrorCode::PROTOCOL_ERROR,
        ),
        (
            "WINDOW_UPDATE on an idle stream",
            frame(Kind::WINDOW_UPDATE, Flags::NONE, 1, &[0, 0, 0, 1]),
            ErrorCode::PROTOCOL_ERROR,
        ),
        (
            "CONTINUATION alone",
            frame(Kind::CONTINUATION, Flags::END_HEADERS, 1, &[]),
            ErrorCode::PROTOCOL_ERROR,
        ),
        (
            "a block that is cut off",
            [
                frame(Kind::HEADERS, Flags::NONE, 1, &[0x82]),
                frame(Kind::PING, Flags::NONE, 0, &[0; 8]),
            ]
            .concat(),
            ErrorCode::PROTOCOL_ERROR,
        ),
        (
            "a broken block",
            frame(Kind::HEADERS, Flags(5), 1, &[0xff, 0xff, 0xff, 0xff, 0xff]),
            ErrorCode::COMPRESSION_ERROR,
        ),
        (
            "a frame that is too long",
            frame(Kind::DATA, Flags::NONE, 1, &[0; 20_001]),
            ErrorCode::FRAME_SIZE_ERROR,
        ),
    ];
    for (what, bytes, code) in cases {
        let (_, mut server) = pair();
        assert_eq!(ends(&mut server, bytes), *code, "{what}");
        let violation = Violation::connection(*code, "reason");
        server.fail(&violation);
        assert!(server.output().ends_with(b"reason"));
    }
}

#[test]
fn a_client_is_held_to_its_preface() {
    let mut server = Peer::new(Role::Server, config());
    assert!(take(&mut server, b"GET / HTTP/1.1\r\n\r\n").is_err());
    let mut server = Peer::new(Role::Server, config());
    let ping = frame(Kind::PING, Flags::NONE, 0, &[0; 8]);
    assert!(take(&mut server, &[&PREFACE[..], &ping].concat()).is_err());
}

#[test]
fn frames_on_streams_that_are_over_harm_only_themselves() {
    let (mut client, mut server) = pair();
    let stream = get(&mut client, "/");
    pass(&mut client, &mut server);
    // The client had ended it.
    let seen = take(
        &mut server,
        &frame(Kind::DATA, Flags::NONE, stream, b"more"),
    )
    .unwrap();
    assert_eq!(seen, [Seen::Reset(stream, ErrorCode::STREAM_CLOSED, false)]);
    // What the client sends before it knows of a reset is nobody's fault.
    let stream = post(&mut client);
    pass(&mut client, &mut server);
    server.reset(stream, ErrorCode::CANCEL);
    server.forget(stream);
    let before = server.output().len();
    assert!(client.data(stream, b"on its way", true));
    assert!(pass(&mut client, &mut server).is_empty());
    assert_eq!(server.output().len(), before, "nothing more is said");
}

#[test]
fn what_follows_an_empty_frame_of_a_stream_that_is_over_is_read_at_once() {
    let (mut client, mut server) = pair();
    let stream = get(&mut client, "/");
    pass(&mut client, &mut server);
    // `take` demands that nothing is left over.
    let empty = frame(Kind::DATA, Flags::NONE, stream, b"");
    let ping = frame(Kind::PING, Flags::NONE, 0, &[1; 8]);
    take(&mut server, &[empty, ping].concat()).unwrap();
    assert!(server.output().ends_with(&[1; 8]));
}

#[test]
fn requests_that_are_malformed_are_answered_or_reset() {
    let (mut client, mut server) = pair();
    let line = RequestLine {
        authority: b"a b",
        ..line(&Method::GET, b"/")
    };
    let stream = client.request(&line, &Fields::default(), true, Vec::new());
    let seen = pass(&mut client, &mut server);
    assert_eq!(seen, [Seen::Refused(stream, Malformed::Host)]);
    assert!(server.respond(stream, StatusCode::BAD_REQUEST, &Fields::default(), true));
    server.forget(stream);
    assert_eq!(
        pass(&mut server, &mut client),
        [Seen::Response(stream, 400, true)]
    );
    // Without any pseudo field there is nothing to be answered.
    let empty = frame(Kind::HEADERS, Flags(5), stream + 2, &[]);
    assert!(take(&mut server, &empty).unwrap().is_empty());
    client.next += 2;
    pass(&mut server, &mut client);
    assert_eq!(server.open, 0);
}

#[test]
fn padding_counts_against_the_windows_and_comes_back() {
    let (mut client, mut server) = pair();
    let stream = post(&mut client);
    pass(&mut client, &mut server);
    let payload = [&[200][..], b"content", &[0; 200]].concat();
    let padded = frame(Kind::DATA, Flags::PADDED, stream, &payload);
    for _ in 0..2000 {
        let seen = take(&mut server, &padded).unwrap();
        assert_eq!(seen, [Seen::Data(stream, b"content".to_vec(), false)]);
        server.release(stream, 7, false);
        server.output().clear();
    }
    let end = frame(Kind::DATA, Flags(9), stream, &[3, 0, 0, 0]);
    assert_eq!(
        take(&mut server, &end).unwrap(),
        [Seen::Data(stream, Vec::new(), true)]
    );
}

proptest! {
    /// Any split of what arrives has the same meaning; pieces of content aside.
    #[test]
    fn any_split_of_the_bytes_means_the_same(cuts in prop::collection::vec(1_usize..400, 1..60)) {
        let (mut client, mut server) = pair();
        let first = post(&mut client);
        let ok = client.data(first, &[5; 700], false) && client.data(first, b"", true);
        prop_assert!(ok);
        get(&mut client, "/x");
        client.ping();
        let last = post(&mut client);
        prop_assert!(client.trailers(last, &Fields::default()));
        let bytes = std::mem::take(client.output());
        let (mut pending, mut cut) = (Vec::new(), cuts.iter().cycle());
        let mut rest = &bytes[..];
        let (mut seen, mut content) = (Vec::new(), 0);
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(*cut.next().unwrap()));
            rest = after;
            pending.extend_from_slice(piece);
            loop {
                let (used, event) = server.receive(&pending).unwrap();
                match see(event) {
                    Some(Seen::Data(_, bytes, false)) => content += bytes.len(),
                    other => seen.extend(other),
                }
                if used == 0 {
                    break;
                }
                pending.drain(..used);
            }
        }
        prop_assert_eq!(content, 700);
        prop_assert_eq!(seen, [
            Seen::Request(first, "/".into(), false),
            Seen::Data(first, Vec::new(), true),
            Seen::Request(first + 2, "/x".into(), true),
            Seen::Request(last, "/".into(), false),
            Seen::Trailers(last),
        ]);
    }

    /// Whatever arrives after a proper beginning, nothing grows beyond its bounds.
    #[test]
    fn garbage_is_refused_and_costs_little(
        frames in prop::collection::vec((0_u8..12, any::<u8>(), 0_u32..8, prop::collection::vec(any::<u8>(), 0..64)), 0..60)
    ) {
        let (_, mut server) = pair();
        for (kind, flags, stream, payload) in frames {
            let bytes = frame(Kind(kind), Flags(flags), stream, &payload);
            if take(&mut server, &bytes).is_err() {
                break;
            }
            prop_assert!(server.open as usize <= server.len());
            prop_assert!(server.len() <= 20);
        }
    }
}
