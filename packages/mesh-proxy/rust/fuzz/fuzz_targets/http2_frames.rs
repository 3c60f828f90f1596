//! HTTP/2 frames: each is taken apart or refused, and means the same when written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mesh_decide::http2::block::Gathering;
use mesh_decide::http2::frame::{self, Frame, FrameHead, HEAD};
use mesh_decide::http2::head::Limits;
use mesh_decide::http2::{ErrorCode, MAX_WINDOW, Settings};

const LIMITS: Limits = Limits {
    block: 100,
    continuations: 4,
    ..Limits::with_list_size(1000)
};

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    let mut settings = Settings::default();
    let mut open: Option<Gathering> = None;
    while let Some((head, after)) = rest.split_first_chunk::<HEAD>() {
        let head = FrameHead::parse(head);
        if head.check(frame::MIN_MAX_SIZE).is_err() {
            return;
        }
        let Some((payload, after)) = after.split_at_checked(head.length as usize) else {
            return;
        };
        rest = after;
        if open
            .as_ref()
            .is_some_and(|open| open.expects(head).is_err())
        {
            return;
        }
        let Ok(frame) = Frame::parse(head, payload) else {
            return;
        };
        judge(head, payload, frame, &mut settings);
        if !gather(head, frame, &mut open) {
            return;
        }
    }
});

fn judge(head: FrameHead, payload: &[u8], frame: Frame<'_>, settings: &mut Settings) {
    let mut out = Vec::new();
    match frame {
        Frame::Data {
            content,
            end_stream,
        } => {
            let extent = head
                .data(payload.first().copied())
                .expect("a frame that was read");
            let (start, length) = (extent.start as usize, extent.length as usize);
            assert_eq!(&payload[start..start + length], content);
            frame::write_data_head(&mut out, head.stream, content.len() as u32, end_stream);
            out.extend_from_slice(content);
        }
        Frame::RstStream(code) => frame::write_rst_stream(&mut out, head.stream, code),
        Frame::SettingsAck => frame::write_settings_ack(&mut out),
        Frame::Ping { ack, opaque } => frame::write_ping(&mut out, ack, opaque),
        Frame::GoAway {
            last_stream,
            code,
            debug,
        } => {
            frame::write_goaway(&mut out, last_stream, code, debug);
        }
        Frame::WindowUpdate { increment } => {
            frame::write_window_update(&mut out, head.stream, increment);
        }
        Frame::Settings(payload) => return apply(settings, payload),
        Frame::Headers { .. } | Frame::Continuation { .. } | Frame::Priority | Frame::Unknown => {
            return;
        }
    }
    let (head, payload) = out.split_first_chunk().expect("a whole frame");
    assert_eq!(Frame::parse(FrameHead::parse(head), payload), Ok(frame));
}

fn apply(settings: &mut Settings, payload: &[u8]) {
    let before = *settings;
    if settings.apply(payload).is_err() {
        assert_eq!(*settings, before, "a bad frame was taken over in part");
    }
    assert!(settings.initial_window_size <= MAX_WINDOW);
    assert!((frame::MIN_MAX_SIZE..=frame::MAX_SIZE).contains(&settings.max_frame_size));
    let mut out = Vec::new();
    settings.write(&mut out);
    let mut read = Settings::default();
    read.apply(&out[HEAD..]).expect("settings of our own");
    assert_eq!(read, *settings);
}

fn gather(head: FrameHead, frame: Frame<'_>, open: &mut Option<Gathering>) -> bool {
    match (frame, &mut *open) {
        (
            Frame::Headers {
                end_headers: false,
                end_stream,
                fragment,
                ..
            },
            None,
        ) => match Gathering::begin(head.stream, end_stream, fragment, &LIMITS) {
            Ok(begun) => *open = Some(begun),
            Err(refused) => return refused.code != ErrorCode::ENHANCE_YOUR_CALM,
        },
        (
            Frame::Continuation {
                end_headers,
                fragment,
            },
            Some(gathering),
        ) => {
            if gathering.add(fragment, &LIMITS).is_err() {
                return false;
            }
            assert!(gathering.block().len() <= LIMITS.block);
            if end_headers {
                *open = None;
            }
        }
        _ => {}
    }
    true
}
