//! Labels, rendered once.

use std::fmt::Write;

use crate::snapshot::Labels;

/// Builds `key="value",other="value"`, escaped.
#[derive(Clone, Debug, Default)]
pub struct LabelSet {
    text: String,
}

impl LabelSet {
    /// No labels yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The set with one label more.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl std::fmt::Display) -> Self {
        self.push(key, value);
        self
    }

    /// Adds one label.
    pub fn push(&mut self, key: &str, value: impl std::fmt::Display) {
        let comma = if self.text.is_empty() { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{comma}{key}=\"");
        let _ = write!(Escaped(&mut self.text), "{value}");
        self.text.push('"');
    }

    /// Adds labels that are rendered already.
    #[must_use]
    pub fn join(mut self, rendered: &str) -> Self {
        if !rendered.is_empty() {
            if !self.text.is_empty() {
                self.text.push(',');
            }
            self.text.push_str(rendered);
        }
        self
    }

    /// The text so far.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The finished labels.
    pub fn finish(self) -> Labels {
        self.text.into()
    }
}

/// Escapes what a label value may not contain as it is.
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for character in text.chars() {
            match character {
                '\\' => self.0.push_str("\\\\"),
                '"' => self.0.push_str("\\\""),
                '\n' => self.0.push_str("\\n"),
                other => self.0.push(other),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_parts_joined() {
        let labels = LabelSet::new()
            .with("path", "a\"b\\c\nd")
            .join("")
            .join("x=\"1\"")
            .with("port", 80);
        assert_eq!(
            labels.as_str(),
            "path=\"a\\\"b\\\\c\\nd\",x=\"1\",port=\"80\""
        );
    }
}
