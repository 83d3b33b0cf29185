//! Errors as one line, as Go wraps them.

use std::error::Error;

/// The error and its sources, outermost first, with colons between them; a source whose text the error already
/// ends with is left out, since transparent errors say the same twice.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let inner = error.to_string();
        if !text.ends_with(&inner) {
            text = format!("{text}: {inner}");
        }
        source = error.source();
    }
    text
}
