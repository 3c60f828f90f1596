//! Header blocks of strangers: whatever becomes of a message, the tables stay in step.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mesh_decide::http2::head::{self, Limits, Refused};
use mesh_decide::http2::hpack::Decoder;
use mesh_fuzz::to_vec;

const LIMITS: Limits = Limits {
    list_size: 2000,
    fields: 20,
    name: 100,
    block: 1000,
    continuations: 4,
};

fuzz_target!(|bytes: &[u8]| {
    let mut readers = [Decoder::new(300), Decoder::new(300), Decoder::new(300)];
    for block in blocks(bytes) {
        let [strict, generous, deaf] = &mut readers;
        let read = head::trailers(strict, block, &LIMITS);
        let all = head::trailers(generous, block, &Limits::default());
        let skipped = head::skip(deaf, block);
        match (&read, &all) {
            (Ok(read), Ok(all)) => assert_eq!(to_vec(read), to_vec(all)),
            (Err(Refused::Message(_)), _) => {}
            (Err(Refused::Connection(_)), Err(Refused::Connection(_))) => {}
            other => panic!("the limits change the meaning: {other:?}"),
        }
        if let Ok(fields) = &read {
            let fields = to_vec(fields);
            let cost = |(name, value): &(Vec<u8>, Vec<u8>)| name.len() + value.len() + 32;
            assert!(fields.len() <= LIMITS.fields as usize);
            assert!(fields.iter().map(cost).sum::<usize>() <= LIMITS.list_size as usize);
        }
        match (read, skipped) {
            (Err(Refused::Connection(one)), Err(other)) => {
                assert_eq!(one, other);
                return;
            }
            (Ok(_) | Err(Refused::Message(_)), Ok(())) => {}
            other => panic!("a skipped block is read differently: {other:?}"),
        }
    }
});

/// Cuts the input by lengths that it names.
fn blocks(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (&length, rest) = bytes.split_first()?;
        let (block, rest) = rest.split_at(rest.len().min(length.into()));
        bytes = rest;
        Some(block)
    })
}
