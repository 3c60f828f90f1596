//! Looks variables up and collects what is wrong with them.

use std::fmt;

use mesh_wire::vocabulary::environment::Variable;

/// One variable that the engine cannot start with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    pub name: &'static str,
    /// The offending value; None when the variable is missing.
    pub value: Option<String>,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={:?}: {}", self.name, value, self.reason),
            None => write!(f, "{}: {}", self.name, self.reason),
        }
    }
}

/// The variables of one process, and the complaints about them so far.
pub(super) struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    invalid: Vec<Invalid>,
}

impl<'a> Environment<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            lookup,
            invalid: Vec::new(),
        }
    }

    /// The text of a variable, without surrounding space; None when unset or empty.
    pub(super) fn text(&self, variable: &Variable) -> Option<String> {
        let value = (self.lookup)(variable.name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// The value of a variable that may be unset and has no default.
    pub(super) fn optional<T>(
        &mut self,
        variable: &Variable,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self
            .text(variable)
            .or_else(|| variable.default.map(str::to_owned))?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.complain(variable, Some(text), reason);
                None
            }
        }
    }

    /// The value of a variable, its default, or (after a complaint) the type's default, which
    /// nobody sees because the whole configuration is refused.
    pub(super) fn get<T: Default>(
        &mut self,
        variable: &Variable,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        self.optional(variable, parse).unwrap_or_default()
    }

    /// The value of a variable that must be set; after a complaint, the type's default.
    pub(super) fn required<T: Default>(
        &mut self,
        variable: &Variable,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        if self.text(variable).is_none() {
            self.missing(variable, "");
            return T::default();
        }
        self.get(variable, parse)
    }

    /// Complains that `variable` is not set; `when` says why it has to be, or is empty.
    pub(super) fn missing(&mut self, variable: &Variable, when: &str) {
        let when = if when.is_empty() {
            ""
        } else {
            &format!(" {when}")
        };
        let reason = format!("must be set{when}. {}", variable.meaning);
        self.complain(variable, None, reason);
    }

    /// Complains if `variable` is set at all.
    pub(super) fn reject(&mut self, variable: &Variable) {
        if let Some(value) = self.text(variable) {
            self.complain(variable, Some(value), variable.meaning.to_owned());
        }
    }

    pub(super) fn complain(&mut self, variable: &Variable, value: Option<String>, reason: String) {
        self.invalid.push(Invalid {
            name: variable.name,
            value,
            reason,
        });
    }

    /// `config`, unless there were complaints.
    pub(super) fn finish<T>(self, config: T) -> Result<T, Vec<Invalid>> {
        if self.invalid.is_empty() {
            Ok(config)
        } else {
            Err(self.invalid)
        }
    }
}
