//! What helm says on standard error beside an error: lines of Go's `slog.TextHandler`, without the time.

use std::cell::RefCell;

use crate::go;

/// The lines that were said, in their order.
#[derive(Debug, Default)]
pub struct Log(RefCell<Vec<String>>);

impl Log {
    /// `slog.Warn`.
    pub fn warn(&self, message: &str, attributes: &[(&str, &str)]) {
        self.say("WARN", message, attributes);
    }

    /// `slog.Info`.
    pub(crate) fn info(&self, message: &str, attributes: &[(&str, &str)]) {
        self.say("INFO", message, attributes);
    }

    /// As [`Log::warn`], unless that was said before.
    pub(crate) fn warn_once(&self, message: &str, attributes: &[(&str, &str)]) {
        let line = line("WARN", message, attributes);
        if !self.0.borrow().contains(&line) {
            self.0.borrow_mut().push(line);
        }
    }

    fn say(&self, level: &str, message: &str, attributes: &[(&str, &str)]) {
        self.0.borrow_mut().push(line(level, message, attributes));
    }

    /// Says again what was said elsewhere.
    pub(crate) fn repeat(&self, lines: &[String]) {
        self.0.borrow_mut().extend_from_slice(lines);
    }

    /// Takes the lines since the last call.
    pub fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

fn line(level: &str, message: &str, attributes: &[(&str, &str)]) -> String {
    let attributes = attributes.iter().map(|(name, text)| format!(" {name}={}", quoted(text)));
    format!("level={level} msg={}{}", quoted(message), attributes.collect::<String>())
}

/// A text in quotes, where it needs them.
fn quoted(text: &str) -> String {
    let is_plain = |char: char| match char {
        '"' | '=' => false,
        '\\' => true,
        other => {
            other.is_ascii_graphic() || (!other.is_ascii() && !other.is_whitespace() && !other.is_control())
        }
    };
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { go::quote(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_where_they_need_it() {
        let log = Log::default();
        log.warn("a b", &[("path", "x.y"), ("error", "\"x\" is not"), ("none", "")]);
        assert_eq!(log.take(), [r#"level=WARN msg="a b" path=x.y error="\"x\" is not" none="""#]);
        assert!(log.take().is_empty());
    }
}
