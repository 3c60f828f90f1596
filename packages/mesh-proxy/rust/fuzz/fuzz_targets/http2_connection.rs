//! An HTTP/2 connection: whatever arrives, at either end, is borne or ends it, within its bounds; and
//! how the bytes are cut up changes nothing.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use mesh_decide::http2::connection::{Config, Connection, Event, Role};
use mesh_decide::http2::head::Limits;
use mesh_decide::http2::{PREFACE, Settings};

const CONFIG: Config = Config {
    stream_window: 1000,
    greatest_stream_window: 4000,
    connection_window: 70_000,
    max_concurrent_streams: 4,
    max_frame_size: 16_384,
    limits: Limits::with_list_size(1000),
    pending_resets: 3,
    send_buffer: 10_000,
};

fuzz_target!(|bytes: &[u8]| {
    let Some((&[first, cut], rest)) = bytes.split_first_chunk() else {
        return;
    };
    let role = match first & 1 {
        0 => Role::Client,
        _ => Role::Server,
    };
    let mut input = Vec::new();
    if first & 2 == 0 {
        if role == Role::Server {
            input.extend_from_slice(PREFACE);
        }
        Settings::default().write(&mut input);
    }
    input.extend_from_slice(rest);
    let whole = run(role, &input, input.len().max(1));
    let parts = run(role, &input, usize::from(cut).max(1));
    assert_eq!(whole, parts);
});

/// What happens, in words; content is counted, not cut up.
fn run(role: Role, input: &[u8], cut: usize) -> (Vec<String>, u64) {
    let mut connection = Connection::<()>::new(role, CONFIG);
    connection.begin_turn(Duration::ZERO);
    if role == Role::Client {
        let line = mesh_decide::http2::head::RequestLine {
            method: &http::Method::GET,
            scheme: mesh_decide::http2::head::Scheme::Http,
            authority: b"web",
            path: b"/",
            protocol: None,
        };
        for end in [true, false] {
            connection.request(&line, &Default::default(), end, ());
        }
    }
    let (mut events, mut content, mut pending) = (Vec::new(), 0, Vec::new());
    for piece in input.chunks(cut) {
        pending.extend_from_slice(piece);
        let mut start = 0;
        loop {
            match connection.receive(&pending[start..]) {
                Ok((0, _)) => break,
                Ok((used, event)) => {
                    start += used;
                    content += note(event, &mut events);
                }
                Err(violation) => {
                    events.push(violation.to_string());
                    connection.fail(&violation);
                    return (events, content);
                }
            }
            assert!(connection.len() <= 2 * CONFIG.max_concurrent_streams as usize);
            if connection.output().len() > 5000 {
                connection.output().clear();
            }
        }
        pending.drain(..start);
    }
    (events, content)
}

fn note(event: Event<'_>, events: &mut Vec<String>) -> u64 {
    match event {
        Event::Nothing | Event::Room { .. } | Event::Settings => 0,
        Event::Data {
            stream,
            content,
            end,
        } => {
            if end {
                events.push(format!("end of {stream}"));
            }
            content.len() as u64
        }
        other => {
            events.push(format!("{other:?}"));
            0
        }
    }
}
