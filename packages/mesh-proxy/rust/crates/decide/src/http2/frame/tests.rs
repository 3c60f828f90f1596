use super::*;
use crate::http2::{MAX_STREAM, Scope};
use proptest::prelude::*;

const MAX: u32 = MIN_MAX_SIZE;

/// Reads one frame as a connection does.
fn read(kind: Kind, flags: u8, stream: u32, payload: &[u8]) -> Result<Frame<'_>, Violation> {
    let head = FrameHead::new(payload.len() as u32, kind, Flags(flags), stream);
    head.check(MAX)?;
    Frame::parse(head, payload)
}

fn ended_by(frame: Result<Frame<'_>, Violation>) -> (Scope, ErrorCode) {
    let violation = frame.expect_err("a frame that breaks a rule");
    (violation.scope, violation.code)
}

const PROTOCOL: (Scope, ErrorCode) = (Scope::Connection, ErrorCode::PROTOCOL_ERROR);
const SIZE: (Scope, ErrorCode) = (Scope::Connection, ErrorCode::FRAME_SIZE_ERROR);

#[test]
fn a_frame_belongs_to_a_stream_or_to_the_connection() {
    for kind in [Kind::DATA, Kind::HEADERS, Kind::CONTINUATION] {
        assert_eq!(ended_by(read(kind, 0, 0, b"")), PROTOCOL);
    }
    assert_eq!(ended_by(read(Kind::PRIORITY, 0, 0, &[0; 5])), PROTOCOL);
    assert_eq!(ended_by(read(Kind::RST_STREAM, 0, 0, &[0; 4])), PROTOCOL);
    assert_eq!(ended_by(read(Kind::SETTINGS, 0, 1, b"")), PROTOCOL);
    assert_eq!(ended_by(read(Kind::PING, 0, 1, &[0; 8])), PROTOCOL);
    assert_eq!(ended_by(read(Kind::GOAWAY, 0, 1, &[0; 8])), PROTOCOL);
    assert_eq!(ended_by(read(Kind::PUSH_PROMISE, 4, 1, &[0; 9])), PROTOCOL);
}

#[test]
fn fixed_lengths_are_kept() {
    for length in [0, 3, 5] {
        let payload = vec![1; length];
        assert_eq!(ended_by(read(Kind::RST_STREAM, 0, 1, &payload)), SIZE);
        assert_eq!(ended_by(read(Kind::WINDOW_UPDATE, 0, 1, &payload)), SIZE);
    }
    assert_eq!(ended_by(read(Kind::PING, 0, 0, &[0; 7])), SIZE);
    assert_eq!(ended_by(read(Kind::GOAWAY, 0, 0, &[0; 7])), SIZE);
    assert_eq!(ended_by(read(Kind::SETTINGS, 0, 0, &[0; 5])), SIZE);
    assert_eq!(ended_by(read(Kind::SETTINGS, 1, 0, &[0; 6])), SIZE);
    assert_eq!(
        ended_by(read(Kind::PRIORITY, 0, 7, &[0; 4])),
        (Scope::Stream(7), ErrorCode::FRAME_SIZE_ERROR)
    );
}

#[test]
fn a_frame_that_is_too_long_is_known_by_its_head() {
    let head = FrameHead::new(MAX + 1, Kind::DATA, Flags::NONE, 1);
    assert_eq!(
        head.check(MAX).unwrap_err().code,
        ErrorCode::FRAME_SIZE_ERROR
    );
    assert!(head.check(MAX + 1).is_ok());
    let unknown = FrameHead::new(MAX + 1, Kind(0xee), Flags::NONE, 1);
    assert!(unknown.check(MAX).is_err());
}

#[test]
fn padding_is_taken_off() {
    let frame = read(Kind::DATA, 0x9, 1, b"\x02okxx").unwrap();
    let wanted = Frame::Data {
        end_stream: true,
        content: b"ok",
    };
    assert_eq!(frame, wanted);
    let all = read(Kind::DATA, 0x8, 1, b"\x03xxx").unwrap();
    assert!(matches!(all, Frame::Data { content: b"", .. }));
    assert_eq!(ended_by(read(Kind::DATA, 0x8, 1, b"\x03xx")), PROTOCOL);
    assert_eq!(ended_by(read(Kind::DATA, 0x8, 1, b"")), SIZE);
    assert_eq!(ended_by(read(Kind::HEADERS, 0x8, 1, b"\x01")), PROTOCOL);
    assert_eq!(ended_by(read(Kind::HEADERS, 0x28, 1, b"\x01abcde")), SIZE);
}

#[test]
fn data_can_be_passed_on_before_its_frame_is_whole() {
    let padded = FrameHead::new(100, Kind::DATA, Flags::PADDED, 1);
    let extent = padded.data(Some(9)).unwrap();
    assert_eq!((extent.start, extent.length), (1, 90));
    assert!(padded.data(Some(100)).is_err());
    let plain = FrameHead::new(100, Kind::DATA, Flags::NONE, 1);
    assert_eq!(plain.data(None).unwrap().length, 100);
}

#[test]
fn headers_shed_padding_and_priority() {
    let payload = b"\x01\x80\0\0\x05\x10block\0";
    let frame = read(Kind::HEADERS, 0x2d, 5, payload).unwrap();
    let wanted = Frame::Headers {
        end_stream: true,
        end_headers: true,
        self_dependent: true,
        fragment: b"block",
    };
    assert_eq!(frame, wanted);
    let other = read(Kind::HEADERS, 0x24, 7, b"\0\0\0\x05\x10block").unwrap();
    assert!(matches!(
        other,
        Frame::Headers {
            self_dependent: false,
            end_stream: false,
            ..
        }
    ));
    assert_eq!(
        ended_by(read(Kind::PRIORITY, 0, 5, b"\0\0\0\x05\x10")),
        (Scope::Stream(5), ErrorCode::PROTOCOL_ERROR)
    );
}

#[test]
fn fault_32_a_window_cannot_grow_by_nothing() {
    assert_eq!(ended_by(read(Kind::WINDOW_UPDATE, 0, 0, &[0; 4])), PROTOCOL);
    assert_eq!(
        ended_by(read(Kind::WINDOW_UPDATE, 0, 3, &[0x80, 0, 0, 0])),
        (Scope::Stream(3), ErrorCode::PROTOCOL_ERROR)
    );
    let most = read(Kind::WINDOW_UPDATE, 0, 3, &[0xff; 4]).unwrap();
    assert_eq!(
        most,
        Frame::WindowUpdate {
            increment: MAX_STREAM
        }
    );
}

#[test]
fn unknown_kinds_and_flags_are_ignored() {
    assert_eq!(read(Kind(0xbb), 0xff, 9, b"anything"), Ok(Frame::Unknown));
    assert!(read(Kind::PING, 0xfe, 0, &[0; 8]).is_ok());
}

#[test]
fn what_is_written_is_read_back() {
    let mut out = Vec::new();
    write_data_head(&mut out, 3, 5, true);
    out.extend_from_slice(b"hello");
    write_rst_stream(&mut out, 3, ErrorCode::CANCEL);
    write_settings_ack(&mut out);
    write_ping(&mut out, true, *b"12345678");
    write_goaway(&mut out, 9, ErrorCode::NO_ERROR, b"bye");
    write_window_update(&mut out, 0, 77);
    let wanted = [
        Frame::Data {
            end_stream: true,
            content: b"hello",
        },
        Frame::RstStream(ErrorCode::CANCEL),
        Frame::SettingsAck,
        Frame::Ping {
            ack: true,
            opaque: *b"12345678",
        },
        Frame::GoAway {
            last_stream: 9,
            code: ErrorCode::NO_ERROR,
            debug: b"bye",
        },
        Frame::WindowUpdate { increment: 77 },
    ];
    let frames: Vec<_> = split(&out).map(|(_, frame)| frame).collect();
    assert_eq!(frames, wanted);
}

fn split(mut bytes: &[u8]) -> impl Iterator<Item = (FrameHead, Frame<'_>)> {
    std::iter::from_fn(move || {
        let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
        let head = FrameHead::parse(head);
        let (payload, rest) = rest.split_at(head.length as usize);
        bytes = rest;
        head.check(MAX_SIZE).unwrap();
        Some((head, Frame::parse(head, payload).unwrap()))
    })
}

proptest! {
    #[test]
    fn a_long_block_is_split_by_the_peers_limit(length in 0usize..90_000, max in 16_384u32..40_000) {
        let block: Vec<u8> = (0..length).map(|at| at as u8).collect();
        let mut out = b"before".to_vec();
        write_headers(&mut out, 7, true, max, |out| out.extend_from_slice(&block));
        let mut gathered = Vec::new();
        let mut ended = false;
        for (at, (head, frame)) in split(&out[6..]).enumerate() {
            prop_assert!(head.length <= max && head.stream == 7 && !ended);
            match frame {
                Frame::Headers { end_stream, end_headers, fragment, .. } => {
                    prop_assert!(at == 0 && end_stream);
                    gathered.extend_from_slice(fragment);
                    ended = end_headers;
                }
                Frame::Continuation { end_headers, fragment } => {
                    prop_assert!(at > 0);
                    gathered.extend_from_slice(fragment);
                    ended = end_headers;
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
        prop_assert!(ended);
        prop_assert_eq!(gathered, block);
    }

    #[test]
    fn any_frame_is_read_or_refused(
        kind in 0u8..12, flags: u8, stream in 0u32..=MAX_STREAM, payload: Vec<u8>,
    ) {
        let _ = read(Kind(kind), flags, stream, &payload);
    }

    #[test]
    fn heads_go_there_and_back(length in 0u32..=MAX_SIZE, kind: u8, flags: u8, stream in 0u32..=MAX_STREAM) {
        let head = FrameHead::new(length, Kind(kind), Flags(flags), stream);
        prop_assert_eq!(FrameHead::parse(&head.bytes()), head);
    }
}
