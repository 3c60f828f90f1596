//! What HTTP/2 heads cost, in nanoseconds: `cargo run --release --example http2_heads`.

use std::hint::black_box;
use std::time::Instant;

use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode};
use mesh_decide::fields::Fields;
use mesh_decide::http2::frame::HEAD;
use mesh_decide::http2::head::{self, Carrier, Limits, RequestLine, Scheme};
use mesh_decide::http2::hpack::{Decoder, Encoder, Indexing, TABLE};

const CARRIER: Carrier = Carrier {
    stream: 1,
    end_stream: true,
    max_frame_size: 16_384,
};

fn fields(more: usize) -> Fields {
    let usual = [
        ("user-agent", "wrk/4.2.0"),
        ("accept", "*/*"),
        ("l5d-dst-canonical", "web.shop.svc.cluster.local:80"),
        (
            "l5d-client-id",
            "api.shop.serviceaccount.identity.linkerd.cluster.local",
        ),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
    ];
    let mut fields = Fields::default();
    for (name, value) in usual {
        fields.append(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    for at in 0..more {
        let name = HeaderName::from_bytes(format!("x-field-number-{at}").as_bytes());
        let value = HeaderValue::from_str(&format!("value-{at}-0123456789"));
        fields.append(name.expect("a name"), value.expect("a value"));
    }
    fields
}

fn time(what: &str, mut run: impl FnMut()) {
    const ROUNDS: u32 = 200_000;
    (0..ROUNDS / 10).for_each(|_| run());
    let start = Instant::now();
    (0..ROUNDS).for_each(|_| run());
    let each = start.elapsed().as_nanos() / u128::from(ROUNDS);
    println!("{what:50} {each:6} ns");
}

fn main() {
    for indexing in [Indexing::Repeated, Indexing::Off] {
        for more in [0, 16] {
            let fields = fields(more);
            let line = RequestLine {
                method: &Method::GET,
                scheme: Scheme::Http,
                authority: b"web.shop:80",
                path: b"/index.html?page=7",
                protocol: None,
            };
            let mut encoder = Encoder::new(indexing);
            let mut decoder = Decoder::new(TABLE);
            let mut out = Vec::new();
            for _ in 0..3 {
                out.clear();
                head::write_request(&mut out, &mut encoder, CARRIER, &line, &fields);
                head::request(&mut decoder, &out[HEAD..], &Limits::default(), false)
                    .expect("a request");
            }
            let label = format!("{indexing:?}, {} fields, {} bytes", 6 + more, out.len());
            time(&format!("write request, {label}"), || {
                out.clear();
                head::write_request(&mut out, &mut encoder, CARRIER, black_box(&line), &fields);
            });
            let limits = Limits::default();
            time(&format!("read request, {label}"), || {
                let block = black_box(&out[HEAD..]);
                let head = head::request(&mut decoder, block, &limits, false);
                drop(black_box(head));
            });
            time(&format!("write response, {label}"), || {
                out.clear();
                head::write_response(&mut out, &mut encoder, CARRIER, StatusCode::OK, &fields);
            });
        }
    }
}
