//! What all forms of values on the command line share: names, and indexes of lists.

use value::{Map, Value};

use super::{MAX_LEVEL, MAX_NESTED_INDEXES, StrvalsError, as_list, as_map, at_mut, atoi, set, set_index};

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
        let map = as_map(values)?;
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
        if let Some(known) = data.get_mut(name) {
            return self.item(as_list(known)?, index, (level, 0));
        }
        let mut list = Vec::new();
        let result = self.item(&mut list, index, (level, 0));
        set(data, name, list.into());
        result
    }

    /// What follows `name.`.
    fn within_map(&mut self, data: &mut Map, name: &str, level: usize) -> Result<(), StrvalsError> {
        if level + 1 > MAX_LEVEL {
            return Err(StrvalsError::TooDeep);
        }
        let mut made = Map::new();
        let known = data.get_mut(name).map(as_map).transpose()?;
        let inner = known.unwrap_or(&mut made);
        let result = self.key(inner, level + 1);
        if result.is_ok() && inner.is_empty() {
            return Err(StrvalsError::EmptyMap(name.to_owned()));
        }
        if !made.is_empty() {
            set(data, name, made.into());
        }
        result
    }

    fn index(&mut self) -> Result<i64, StrvalsError> {
        match self.until(&[']']) {
            (_, None) => Err(StrvalsError::EndInIndex),
            (text, Some(_)) => atoi(&text),
        }
    }

    /// What follows the index of a list. What was changed stays also when this fails.
    fn item(
        &mut self,
        list: &mut Vec<Value>,
        index: i64,
        (level, nested): (usize, usize),
    ) -> Result<(), StrvalsError> {
        if index < 0 {
            return Err(StrvalsError::Negative(index));
        }
        if nested > MAX_NESTED_INDEXES {
            return Err(StrvalsError::TooManyIndexes);
        }
        let (text, last) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            return Err(StrvalsError::AfterIndex(text));
        }
        match last {
            None => Err(StrvalsError::End),
            Some('=') => self.set_item(list, index),
            Some('[') => self.nested_item(list, index, (level, nested + 1)),
            Some(_) => self.object(list, index, level),
        }
    }

    fn nested_item(
        &mut self,
        list: &mut Vec<Value>,
        index: i64,
        nesting: (usize, usize),
    ) -> Result<(), StrvalsError> {
        let next = self.index()?;
        if let Some(known) = at_mut(list, index).filter(|known| !known.is_null()) {
            return self.item(as_list(known)?, next, nesting);
        }
        let mut inner = Vec::new();
        self.item(&mut inner, next, nesting)?;
        set_index(list, index, inner.into())
    }

    fn object(&mut self, list: &mut Vec<Value>, index: i64, level: usize) -> Result<(), StrvalsError> {
        if let Some(known) = at_mut(list, index) {
            if !matches!(known, Value::Map(_)) {
                *known = Value::map();
            }
            return self.key(as_map(known)?, level);
        }
        let mut inner = Map::new();
        self.key(&mut inner, level)?;
        set_index(list, index, inner.into())
    }
}
