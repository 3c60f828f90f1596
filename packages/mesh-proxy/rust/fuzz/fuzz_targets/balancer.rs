//! Choosing an endpoint and estimating how long it takes.
#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use mesh_decide::ewma::{PeakEwma, cost};
use mesh_decide::p2c::{Candidates, pick};

#[derive(Arbitrary, Debug)]
struct Case {
    endpoints: Vec<Endpoint>,
    draws: Vec<u16>,
    samples: Vec<(u32, u16)>,
}

#[derive(Arbitrary, Debug)]
struct Endpoint {
    weight: u16,
    usable: bool,
    pending: u8,
    micros: u32,
}

struct Pool(Vec<Endpoint>);

impl Candidates for Pool {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn usable(&self, index: usize) -> bool {
        self.0[index].usable
    }

    fn weight(&self, index: usize) -> u32 {
        self.0[index].weight.into()
    }

    fn cost(&self, index: usize) -> f64 {
        let Endpoint {
            weight,
            pending,
            micros,
            ..
        } = self.0[index];
        cost(
            Duration::from_micros(micros.into()),
            pending.into(),
            weight.into(),
        )
    }
}

fuzz_target!(|case: Case| {
    let pool = Pool(case.endpoints);
    let mut draws = case.draws.into_iter();
    let mut random = |below: usize| {
        assert!(below > 0);
        usize::from(draws.next().unwrap_or_default()) % below
    };
    let chosen = pick(&pool, &mut random);
    let ready = |index: &usize| pool.0[*index].usable && pool.0[*index].weight > 0;
    assert_eq!(chosen.is_some(), (0..pool.len()).any(|index| ready(&index)));
    assert!(chosen.iter().all(ready));

    const DECAY: Duration = Duration::from_secs(10);
    let (mut state, mut now, mut highest) = (PeakEwma::default(), 0_u32, 0);
    for (micros, gap) in case.samples {
        now = now.wrapping_add(gap.into());
        highest = highest.max(micros.max(1));
        state = state.observe(Duration::from_micros(micros.into()), now, DECAY);
        assert_eq!(PeakEwma::from_bits(state.to_bits()), state);
        let estimate = state.estimate(Duration::ZERO, now, DECAY).as_micros() as f64;
        // Single precision is off by less than a part in a million a step.
        assert!(estimate <= f64::from(highest) * 1.001 + 1.0);
        assert!(estimate >= f64::from(micros) * 0.999 - 1.0);
        assert!(cost(Duration::from_micros(micros.into()), 1, 0).is_finite());
    }
});
