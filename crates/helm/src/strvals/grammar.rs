//! What all forms of values on the command line share: names, and indexes of lists.

use value::{Map, Value};

use super::{
    MAP, MAX_LEVEL, MAX_NESTED_INDEXES, StrvalsError, at, atoi, conversion, set, set_index, take_list,
    take_map,
};

/// A form, which says where a name ends and what a value is.
pub(super) trait Grammar {
    /// The text up to one of `stops`, and which of them ended it.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>);

    /// Reads a name and what follows it into `data`.
    fn key(&mut self, data: &mut Map, level: usize) -> Result<(), StrvalsError>;

    /// Reads the value after `=` into a list.
    fn set_item(&mut self, list: &mut Vec<Value>, index: i64) -> Result<(), StrvalsError>;

    /// Reads all names.
    fn read_into(&mut self, values: &mut Value) -> Result<(), StrvalsError> {
        let Some(map) = values.as_map_mut() else { return Err(conversion(values, MAP)) };
        loop {
            match self.key(map, 0) {
                Ok(()) => {}
                Err(error) if error.is_end() => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// What follows `name[`.
    fn within_list(&mut self, data: &mut Map, name: &str, level: usize) -> Result<(), StrvalsError> {
        let index = self.index()?;
        let list = take_list(data.get(name))?;
        let (list, result) = self.item(list, index, (level, 0));
        set(data, name, list.into());
        result
    }

    /// What follows `name.`.
    fn within_map(&mut self, data: &mut Map, name: &str, level: usize) -> Result<(), StrvalsError> {
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

    fn index(&mut self) -> Result<i64, StrvalsError> {
        match self.until(&[']']) {
            (_, None) => Err(StrvalsError::EndInIndex),
            (text, Some(_)) => atoi(&text),
        }
    }

    /// What follows the index of a list. The list comes back also when it failed: helm keeps it.
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
            return (list, Err(StrvalsError::AfterIndex(text)));
        }
        let result = match last {
            None => Err(StrvalsError::End),
            Some('=') => self.set_item(&mut list, index),
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
