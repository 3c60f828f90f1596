//! Choosing a route by the server name (SNI) that a TLS client asks for.

use std::cmp::Ordering;

/// A criterion of a TLS route. Names are compared without regard to case, because DNS names are;
/// they are kept in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SniMatch {
    /// The whole name.
    Exact(Box<str>),
    /// Any name below a domain, however deep: `.example.com` for `*.example.com`. The domain
    /// itself is none of them.
    Below(Box<str>),
}

/// How precisely a criterion names what it matches; the greater one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    /// There are no criteria.
    Anything,
    /// So many bytes of the name are given.
    Below(usize),
    Exact,
}

impl SniMatch {
    /// The whole `name`.
    pub fn exact(name: &str) -> Self {
        Self::Exact(name.to_ascii_lowercase().into())
    }

    /// The names below a domain whose labels are given from the last to the first.
    pub fn below<'a>(reverse_labels: impl DoubleEndedIterator<Item = &'a str>) -> Self {
        let mut suffix = String::new();
        for label in reverse_labels.rev() {
            suffix.push('.');
            suffix.push_str(&label.to_ascii_lowercase());
        }
        Self::Below(suffix.into())
    }

    /// `name` is in lower case.
    fn precision(&self, name: &str) -> Option<Precision> {
        match self {
            Self::Exact(own) => (**own == *name).then_some(Precision::Exact),
            Self::Below(suffix) => (name.len() > suffix.len() && name.ends_with(&**suffix))
                .then_some(Precision::Below(suffix.len())),
        }
    }
}

/// The route for a client that asks for `name`, in lower case: the one that names it most
/// precisely, of equal ones the first. A client that names nobody gets a route without criteria.
///
/// `criteria` gives each route's; a route without any takes every name.
pub fn select<'r, R>(
    routes: &'r [R],
    criteria: impl Fn(&R) -> &[SniMatch],
    name: Option<&str>,
) -> Option<&'r R> {
    let precision = |route| match (criteria(route), name) {
        ([], _) => Some(Precision::Anything),
        (_, None) => None,
        (all, Some(name)) => all.iter().filter_map(|one| one.precision(name)).max(),
    };
    let mut best: Option<(Precision, &R)> = None;
    for route in routes {
        if let Some(precision) = precision(route)
            && best.is_none_or(|(known, _)| precision.cmp(&known) == Ordering::Greater)
        {
            best = Some((precision, route));
        }
    }
    best.map(|(_, route)| route)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Route = (&'static str, Vec<SniMatch>);

    fn chosen(routes: &[Route], name: Option<&str>) -> Option<&'static str> {
        select(routes, |(_, criteria)| criteria, name).map(|(route, _)| *route)
    }

    fn below(domain: &str) -> SniMatch {
        SniMatch::below(domain.split('.').rev().collect::<Vec<_>>().into_iter())
    }

    #[test]
    fn the_most_precise_route_wins_wherever_it_stands() {
        let routes = [
            ("any", vec![]),
            ("domain", vec![below("Example.com")]),
            ("deeper", vec![SniMatch::exact("x"), below("a.example.com")]),
            ("exact", vec![SniMatch::exact("WEB.a.example.com")]),
            ("later", vec![SniMatch::exact("web.a.example.com")]),
        ];
        for (name, route) in [
            ("web.a.example.com", "exact"),
            ("api.a.example.com", "deeper"),
            ("very.deep.a.example.com", "deeper"),
            ("a.example.com", "domain"),
            ("x", "deeper"),
            ("example.com", "any"),
            ("notexample.com", "any"),
        ] {
            assert_eq!(chosen(&routes, Some(name)), Some(route), "{name}");
        }
        assert_eq!(chosen(&routes, None), Some("any"));
    }

    #[test]
    fn without_a_match_there_is_no_route() {
        let routes = [("only", vec![SniMatch::exact("web.example.com")])];
        assert_eq!(chosen(&routes, Some("other.example.com")), None);
        assert_eq!(chosen(&routes, None), None);
        assert_eq!(chosen(&[], Some("web.example.com")), None);
    }

    proptest! {
        /// Of routes that match, order decides only between equally precise ones.
        #[test]
        fn the_choice_does_not_depend_on_the_order(
            names in prop::collection::hash_set("(\\*\\.)?[ab](\\.[ab]){0,2}", 0..6),
            name in "[ab](\\.[ab]){0,3}",
            turn in 0usize..6,
        ) {
            let criterion = |name: &String| match name.strip_prefix("*.") {
                Some(domain) => below(domain),
                None => SniMatch::exact(name),
            };
            let mut routes: Vec<(String, Vec<SniMatch>)> =
                names.iter().map(|name| (name.clone(), vec![criterion(name)])).collect();
            let pick = |routes: &[(String, Vec<SniMatch>)]| {
                select(routes, |(_, criteria)| criteria, Some(&name)).map(|(own, _)| own.clone())
            };
            let before = pick(&routes);
            let length = routes.len().max(1);
            routes.rotate_left(turn % length);
            prop_assert_eq!(before, pick(&routes));
        }
    }
}
