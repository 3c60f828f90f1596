//! Content that must be as long as its head said.

use crate::http2::Malformed;

/// Compares the content with what `Content-Length` declared (RFC 9113 §8.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentLength {
    left: Option<u64>,
}

impl ContentLength {
    /// For a message with content.
    pub fn declared(length: Option<u64>) -> Self {
        Self { left: length }
    }

    /// For a response that never has content, whatever it declares: to HEAD, 204, 304.
    pub fn no_content() -> Self {
        Self { left: Some(0) }
    }

    /// Counts the content of a DATA frame.
    pub fn received(&mut self, length: usize) -> Result<(), Malformed> {
        if let Some(left) = &mut self.left {
            *left = left
                .checked_sub(length as u64)
                .ok_or(Malformed::ContentLength)?;
        }
        Ok(())
    }

    /// Judges the end of the stream.
    pub fn ended(self) -> Result<(), Malformed> {
        match self.left {
            None | Some(0) => Ok(()),
            Some(_) => Err(Malformed::ContentLength),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_13_content_is_as_long_as_declared() {
        let mut content = ContentLength::declared(Some(5));
        content.received(3).unwrap();
        assert_eq!(content.ended(), Err(Malformed::ContentLength));
        content.received(2).unwrap();
        assert_eq!(content.ended(), Ok(()));
        assert_eq!(content.received(1), Err(Malformed::ContentLength));
    }

    #[test]
    fn without_a_declared_length_any_content_does() {
        let mut content = ContentLength::declared(None);
        content.received(usize::MAX).unwrap();
        content.received(usize::MAX).unwrap();
        assert_eq!(content.ended(), Ok(()));
    }

    #[test]
    fn fault_17_a_response_to_head_has_none() {
        let mut content = ContentLength::no_content();
        assert_eq!(content.ended(), Ok(()));
        assert_eq!(content.received(1), Err(Malformed::ContentLength));
    }
}
