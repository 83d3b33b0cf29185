//! `--set-literal`: the value is everything after the first `=`, and nothing in it is special.

use value::{Map, Value};

use super::{
    MAP, MAX_LEVEL, MAX_NESTED_INDEXES, StrvalsError, at, atoi, conversion, set, set_index, take_list,
    take_map,
};

/// Reads `name=text` into `values`.
///
/// # Errors
/// The text breaks the grammar; helm's text.
pub fn parse_literal(text: &str, values: &mut Value) -> Result<(), StrvalsError> {
    let mut parser = Literal { rest: text };
    let Some(map) = values.as_map_mut() else { return Err(conversion(values, MAP)) };
    loop {
        match parser.key(map, 0) {
            Ok(()) => {}
            Err(error) if error.is_end() => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

struct Literal<'a> {
    rest: &'a str,
}

impl<'a> Literal<'a> {
    fn until(&mut self, stops: &[char]) -> (&'a str, Option<char>) {
        match self.rest.find(stops) {
            Some(end) => {
                let (text, rest) = self.rest.split_at(end);
                let mut rest = rest.chars();
                let stop = rest.next();
                self.rest = rest.as_str();
                (text, stop)
            }
            None => (std::mem::take(&mut self.rest), None),
        }
    }

    fn key(&mut self, data: &mut Map, level: usize) -> Result<(), StrvalsError> {
        let (name, last) = self.until(&['=', '[', '.']);
        match last {
            None if name.is_empty() => Err(StrvalsError::End),
            None => Err(StrvalsError::NoValue(name.to_owned())),
            Some('=') => {
                set(data, name, std::mem::take(&mut self.rest).into());
                Ok(())
            }
            Some('[') => {
                let index = self.index()?;
                let list = take_list(data.get(name))?;
                let (list, result) = self.item(list, index, (level, 0));
                set(data, name, list.into());
                result
            }
            Some(_) => {
                if level + 1 > MAX_LEVEL {
                    return Err(StrvalsError::TooDeep);
                }
                let mut inner = take_map(data.get(name))?;
                let result = self.key(&mut inner, level + 1);
                if result.is_ok() && inner.is_empty() {
                    return Err(StrvalsError::EmptyMap(name.to_owned()));
                }
                if !inner.is_empty() {
                    set(data, name, inner.into());
                }
                result
            }
        }
    }

    fn index(&mut self) -> Result<i64, StrvalsError> {
        match self.until(&[']']) {
            (_, None) => Err(StrvalsError::EndInIndex),
            (text, Some(_)) => atoi(text),
        }
    }

    fn item(
        &mut self,
        mut list: Vec<Value>,
        index: i64,
        (level, nested): (usize, usize),
    ) -> (Vec<Value>, Result<(), StrvalsError>) {
        if index < 0 {
            return (list, Err(StrvalsError::Negative(index)));
        }
        if nested > MAX_NESTED_INDEXES {
            return (list, Err(StrvalsError::TooManyIndexes));
        }
        let (text, last) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            return (list, Err(StrvalsError::AfterIndex(text.to_owned())));
        }
        let result = match last {
            None => Err(StrvalsError::End),
            Some('=') => set_index(&mut list, index, std::mem::take(&mut self.rest).into()),
            Some('[') => self.nested_item(&mut list, index, (level, nested)),
            Some(_) => self.object(&mut list, index, level),
        };
        (list, result)
    }

    fn nested_item(
        &mut self,
        list: &mut Vec<Value>,
        index: i64,
        (level, nested): (usize, usize),
    ) -> Result<(), StrvalsError> {
        let next = self.index()?;
        let inner = match at(list, index) {
            None | Some(Value::Null) => Vec::new(),
            Some(known) => take_list(Some(known))?,
        };
        let (inner, result) = self.item(inner, next, (level, nested + 1));
        result?;
        set_index(list, index, inner.into())
    }

    fn object(&mut self, list: &mut Vec<Value>, index: i64, level: usize) -> Result<(), StrvalsError> {
        let mut inner = match at(list, index) {
            Some(Value::Map(map)) => (**map).clone(),
            _ => Map::new(),
        };
        self.key(&mut inner, level)?;
        set_index(list, index, inner.into())
    }
}
