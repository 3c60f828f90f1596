//! Routes of TLS by server name: the most precise one, whatever their order.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use mesh_decide::server_name::{SniMatch, select};

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Label {
    A,
    B,
    Ab,
}

fn text(labels: &[Label]) -> String {
    let label = |label: &Label| match label {
        Label::A => "a",
        Label::B => "B",
        Label::Ab => "ab",
    };
    labels.iter().map(label).collect::<Vec<_>>().join(".")
}

#[derive(Arbitrary, Debug)]
struct Case {
    routes: Vec<Vec<(bool, Vec<Label>)>>,
    name: Option<Vec<Label>>,
}

fn criterion(exact: bool, labels: &[Label]) -> SniMatch {
    let name = text(labels);
    match exact {
        true => SniMatch::exact(&name),
        false => SniMatch::below(name.split('.').rev().collect::<Vec<_>>().into_iter()),
    }
}

/// How well a route fits: 0 for one that takes every name, more for those that name it.
fn fit(route: &[(bool, Vec<Label>)], name: Option<&str>) -> Option<usize> {
    if route.is_empty() {
        return Some(0);
    }
    let fits = |(exact, labels): &(bool, Vec<Label>)| {
        let (name, own) = (name?, text(labels).to_lowercase());
        match exact {
            true => (name == own).then_some(usize::MAX),
            false => {
                let suffix = format!(".{own}");
                (name.len() > suffix.len() && name.ends_with(&suffix)).then_some(suffix.len())
            }
        }
    };
    route.iter().filter_map(fits).max()
}

fuzz_target!(|case: Case| {
    let routes: Vec<Vec<SniMatch>> = case
        .routes
        .iter()
        .map(|route| {
            route
                .iter()
                .map(|(exact, labels)| criterion(*exact, labels))
                .collect()
        })
        .collect();
    let name = case
        .name
        .as_deref()
        .map(|labels| text(labels).to_lowercase());
    let chosen = select(&routes, |route| route, name.as_deref());
    let place = chosen.and_then(|chosen| routes.iter().position(|own| std::ptr::eq(own, chosen)));
    let fits: Vec<_> = case
        .routes
        .iter()
        .map(|route| fit(route, name.as_deref()))
        .collect();
    let best = fits.iter().flatten().max();
    let wanted = best.and_then(|best| fits.iter().position(|fit| fit.as_ref() == Some(best)));
    assert_eq!(place, wanted);
});
