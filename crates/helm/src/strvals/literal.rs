//! `--set-literal`: the value is everything after the first `=`, and nothing in it is special.

use value::{Map, Value};

use super::{Grammar, StrvalsError, set, set_index};

/// Reads `name=text` into `values`.
///
/// # Errors
/// The text breaks the grammar; helm's text.
pub fn parse_literal(text: &str, values: &mut Value) -> Result<(), StrvalsError> {
    Literal { rest: text }.read_into(values)
}

struct Literal<'a> {
    rest: &'a str,
}

impl Grammar for Literal<'_> {
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        match self.rest.find(stops) {
            Some(end) => {
                let (text, rest) = self.rest.split_at(end);
                let mut rest = rest.chars();
                let stop = rest.next();
                self.rest = rest.as_str();
                (text.to_owned(), stop)
            }
            None => (std::mem::take(&mut self.rest).to_owned(), None),
        }
    }

    fn key(&mut self, data: &mut Map, level: usize) -> Result<(), StrvalsError> {
        let (name, last) = self.until(&['=', '[', '.']);
        match last {
            None if name.is_empty() => Err(StrvalsError::End),
            None => Err(StrvalsError::NoValue(name)),
            Some('=') => {
                set(data, &name, std::mem::take(&mut self.rest).into());
                Ok(())
            }
            Some('[') => self.within_list(data, &name, level),
            Some(_) => self.within_map(data, &name, level),
        }
    }

    fn set_item(&mut self, list: &mut Vec<Value>, index: i64) -> Result<(), StrvalsError> {
        set_index(list, index, std::mem::take(&mut self.rest).into())
    }
}
