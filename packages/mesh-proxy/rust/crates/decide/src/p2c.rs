//! The power of two choices: of two random candidates the cheaper one.

/// The weight that the control plane gives every ordinary endpoint.
pub const ORDINARY_WEIGHT: u32 = 10_000;

/// Random draws before the candidates are walked through instead.
const DRAWS: usize = 16;

/// What the choice needs to know of the candidates, by index.
pub trait Candidates {
    fn len(&self) -> usize;

    /// Whether the candidate may get work now.
    fn usable(&self, index: usize) -> bool;

    /// Its relative share; 0 means no work at all.
    fn weight(&self, index: usize) -> u32;

    /// What one more piece of work would cost there.
    fn cost(&self, index: usize) -> f64;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the candidate takes part at all.
    fn eligible(&self, index: usize) -> bool {
        self.weight(index) > 0 && self.usable(index)
    }
}

/// Chooses a candidate; none if no candidate with a weight is usable.
///
/// Candidates are drawn in proportion to their weights (those above the ordinary weight count as
/// ordinary here and make up for it in their cost), two different ones where weights are equal.
/// `random(n)` gives a uniform number below `n`.
pub fn pick(
    candidates: &impl Candidates,
    random: &mut impl FnMut(usize) -> usize,
) -> Option<usize> {
    let first = draw(candidates, random)?;
    let Some(second) = rival(candidates, first, random) else {
        return Some(first);
    };
    let cheaper = candidates.cost(second) < candidates.cost(first);
    Some(if cheaper { second } else { first })
}

fn draw(candidates: &impl Candidates, random: &mut impl FnMut(usize) -> usize) -> Option<usize> {
    let count = candidates.len();
    if count == 0 {
        return None;
    }
    for _ in 0..DRAWS {
        let index = random(count);
        if candidates.eligible(index) && accepted(candidates.weight(index), ORDINARY_WEIGHT, random)
        {
            return Some(index);
        }
    }
    let start = random(count);
    (0..count)
        .map(|offset| (start + offset) % count)
        .find(|&index| candidates.eligible(index))
}

/// Another candidate to compare with. A lighter one is left out in proportion, else two candidates
/// of very unequal weight would always meet and share the work by cost alone.
fn rival(
    candidates: &impl Candidates,
    first: usize,
    random: &mut impl FnMut(usize) -> usize,
) -> Option<usize> {
    let others = candidates.len() - 1;
    if others == 0 {
        return None;
    }
    let weight = candidates.weight(first);
    for _ in 0..DRAWS {
        let drawn = random(others);
        let index = drawn + usize::from(drawn >= first);
        if candidates.eligible(index) {
            return accepted(candidates.weight(index), weight, random).then_some(index);
        }
    }
    None
}

/// True with the probability `weight / of`, at most 1.
fn accepted(weight: u32, of: u32, random: &mut impl FnMut(usize) -> usize) -> bool {
    weight >= of || random(of as usize) < weight as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug)]
    struct Table(Vec<(u32, bool, f64)>);

    impl Candidates for Table {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn usable(&self, index: usize) -> bool {
            self.0[index].1
        }

        fn weight(&self, index: usize) -> u32 {
            self.0[index].0
        }

        fn cost(&self, index: usize) -> f64 {
            self.0[index].2
        }
    }

    /// A small generator with a known seed, so that the counts below are always the same.
    fn seeded(mut state: u64) -> impl FnMut(usize) -> usize {
        move |below| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % below
        }
    }

    fn shares(table: &Table, rounds: usize) -> Vec<f64> {
        let mut random = seeded(7);
        let mut counts = vec![0.0; table.len()];
        for _ in 0..rounds {
            counts[pick(table, &mut random).unwrap()] += 1.0 / rounds as f64;
        }
        counts
    }

    #[test]
    fn the_dearest_of_three_is_never_chosen_and_the_cheapest_most() {
        let table = Table(vec![
            (10_000, true, 1.0),
            (10_000, true, 2.0),
            (10_000, true, 3.0),
        ]);
        let shares = shares(&table, 10_000);
        assert!((shares[0] - 2.0 / 3.0).abs() < 0.02, "{shares:?}");
        assert_eq!(shares[2], 0.0);
    }

    #[test]
    fn work_follows_weights_where_costs_are_equal() {
        let table = Table(vec![
            (10_000, true, 1.0),
            (1_000, true, 1.0),
            (0, true, 0.1),
        ]);
        let shares = shares(&table, 20_000);
        assert!(shares[1] > 0.05 && shares[1] < 0.15, "{shares:?}");
        assert_eq!(shares[2], 0.0);
    }

    #[test]
    fn one_usable_among_a_thousand_is_found() {
        let mut table = Table(vec![(10_000, false, 1.0); 1_000]);
        table.0[617].1 = true;
        assert_eq!(pick(&table, &mut seeded(3)), Some(617));
    }

    proptest! {
        #[test]
        fn chooses_an_eligible_one_if_there_is_any(
            rows in prop::collection::vec((0u32..30_000, any::<bool>(), 0.0..10.0f64), 0..40),
            seed in any::<u64>(),
        ) {
            let table = Table(rows);
            let any = (0..table.len()).any(|index| table.eligible(index));
            let chosen = pick(&table, &mut seeded(seed));
            prop_assert_eq!(chosen.is_some(), any);
            prop_assert!(chosen.is_none_or(|index| table.eligible(index)));
        }
    }
}
