//! Fields in their two forms behave alike, and what is stripped is gone.
#![no_main]

use arbitrary::Arbitrary;
use bytes::Bytes;
use http::header::{CONNECTION, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use mesh_decide::fields::Fields;
use mesh_decide::headers::{self, OrigProto};
use mesh_decide::http1::trailers;
use mesh_fuzz::to_vec;

#[derive(Arbitrary, Debug)]
struct Case {
    section: Vec<(Name, Vec<u8>)>,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum Name {
    Known(u8),
    Own(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Step {
    Remove(u8),
    Set(u8, u8),
    Append(u8, u8),
    Take(u8),
    StripHopByHop,
    StripOurs,
    StripOursExcept(u8),
    KeepTrailers,
}

const KNOWN: [&str; 10] = [
    "connection",
    "te",
    "l5d-client-id",
    "l5d_client_id",
    "x-forwarded-for",
    "authorization",
    "keep-alive",
    "content-length",
    "accept",
    "x-own",
];

fn known(which: u8) -> HeaderName {
    HeaderName::from_static(KNOWN[usize::from(which) % KNOWN.len()])
}

fn apply(fields: &mut Fields, step: &Step) -> Option<Bytes> {
    let value = |byte: u8| HeaderValue::from_str(&format!("x-own, {byte}")).expect("a value");
    match step {
        Step::Remove(name) => fields.remove(&known(*name)),
        Step::Set(name, byte) => fields.set(known(*name), value(*byte)),
        Step::Append(name, byte) => fields.append(known(*name), value(*byte)),
        Step::Take(name) => return fields.take(&known(*name)),
        Step::StripHopByHop => headers::strip_hop_by_hop(fields),
        Step::StripOurs => headers::strip_ours(fields),
        Step::StripOursExcept(name) => headers::strip_ours_except(fields, &known(*name)),
        Step::KeepTrailers => fields.retain(headers::may_trail),
    }
    None
}

/// In an order that does not depend on the form.
fn sorted(fields: &Fields) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all = to_vec(fields);
    all.iter_mut()
        .for_each(|(name, _)| name.make_ascii_lowercase());
    all.sort();
    all
}

fuzz_target!(|case: Case| {
    let mut section = Vec::new();
    for (name, value) in case.section {
        match name {
            Name::Known(which) => section.extend_from_slice(known(which).as_str().as_bytes()),
            Name::Own(name) => section.extend(name),
        }
        section.extend_from_slice(b": ");
        section.extend(value);
        section.extend_from_slice(b"\r\n");
    }
    section.extend_from_slice(b"\r\n");
    OrigProto::parse(&section);
    let Ok(mut lines) = trailers::parse(section.into()) else {
        return;
    };
    let Ok(map) = lines.to_map() else {
        panic!("fields that HTTP/1 carries and HTTP/2 does not");
    };
    let mut map = Fields::Map(map);
    for step in &case.steps {
        assert_eq!(apply(&mut lines, step), apply(&mut map, step));
        assert_eq!(sorted(&lines), sorted(&map), "{step:?}");
    }
    headers::strip_hop_by_hop(&mut lines);
    headers::strip_ours(&mut lines);
    assert!(!lines.contains(&CONNECTION));
    assert!(
        to_vec(&lines)
            .iter()
            .all(|(name, _)| !headers::is_ours(name))
    );
});
