//! `/env.json`: the environment the proxy was started with.

use super::json::push_string;
/// The variables as a JSON object: all, or those that the query names (`?A&B`; null if unset).
///
/// # Errors
/// When the query is not a list of names.
pub(super) fn to_json(
    query: Option<&str>,
    all: impl Iterator<Item = (String, String)>,
) -> Result<String, &'static str> {
    let mut all: Vec<_> = all.collect();
    all.sort_unstable();
    let Some(query) = query.filter(|query| !query.is_empty()) else {
        return Ok(object(
            all.iter().map(|(name, value)| (&**name, Some(&**value))),
        ));
    };
    if query.contains('=') {
        return Err("the query holds names only: ?A&B\n");
    }
    let value = |name: &str| {
        let found = all.iter().find(|(known, _)| known == name)?;
        Some(&*found.1)
    };
    let names = query.split('&').filter(|name| !name.is_empty());
    Ok(object(names.map(|name| (name, value(name)))))
}

fn object<'a>(members: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut json = String::from("{");
    for (index, (name, value)) in members.enumerate() {
        if index > 0 {
            json.push(',');
        }
        push_string(&mut json, name);
        json.push(':');
        match value {
            Some(value) => push_string(&mut json, value),
            None => json.push_str("null"),
        }
    }
    json.push('}');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> impl Iterator<Item = (String, String)> {
        [("B", "2\n\t\"x\""), ("A", "1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
    }

    #[test]
    fn all_or_the_named_ones() {
        let all = to_json(None, environment()).unwrap();
        assert_eq!(all, r#"{"A":"1","B":"2\n\u0009\"x\""}"#);
        let named = to_json(Some("A&C"), environment()).unwrap();
        assert_eq!(named, r#"{"A":"1","C":null}"#);
        assert!(to_json(Some("A=1"), environment()).is_err());
    }
}
