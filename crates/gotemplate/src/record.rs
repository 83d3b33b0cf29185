//! What is recorded of a run: which action wrote which bytes, and which values it read for that.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use crate::value::{Map, Str, Value};

/// Bytes of the output and the node that wrote them.
#[derive(Clone, Debug)]
pub struct Write {
    /// Which bytes of the output.
    pub range: Range<usize>,
    /// The name that the text of the template was parsed under.
    pub name: Arc<str>,
    /// The line of the template, from 1, on which the action stands or the text begins.
    pub line: usize,
    /// The action as Go prints it; `None` for literal text (whose lines follow those of the template).
    pub action: Option<String>,
    /// The values that the action was made of, as ways of names and positions below the map that recording was
    /// started with: those that it names, and those that reached it through a variable, `with` or `range`.
    pub values: Vec<Vec<String>>,
    /// What was included while the action was evaluated, in order.
    pub included: Vec<Included>,
}

/// The result of one `include` or `tpl` before the functions around it changed it.
#[derive(Clone, Debug)]
pub struct Included {
    /// The template's name; `None` for `tpl`.
    pub name: Option<String>,
    /// The text.
    pub text: Vec<u8>,
    /// Who wrote it; ranges are into `text`.
    pub writes: Vec<Write>,
}

/// The way to a value.
pub(crate) type Way = Rc<[Str]>;
/// The values that another one was made of.
pub(crate) type Source = Rc<[Way]>;

#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) writes: Vec<Write>,
    pub(crate) included: Vec<Included>,
    places: Rc<Places>,
    /// What was read since the action in progress began.
    read: Vec<Way>,
}

/// Where each map is, by its address; the maps are held, so that no other one comes to the same address.
type Places = HashMap<usize, (Map, Way)>;

impl Recorder {
    pub(crate) fn new(root: &Map) -> Self {
        let mut places = Places::new();
        find_maps(&Value::Map(root.clone()), &mut Vec::new(), &mut places);
        Self { places: Rc::new(places), ..Self::default() }
    }

    /// A recorder for what is included.
    pub(crate) fn inner(&self) -> Self {
        Self { places: self.places.clone(), ..Self::default() }
    }

    /// The place in the list of what was read.
    pub(crate) fn mark(&self) -> usize {
        self.read.len()
    }

    /// Forgets what was read since the mark.
    pub(crate) fn forget(&mut self, mark: usize) {
        self.read.truncate(mark);
    }

    /// What was read since the mark.
    pub(crate) fn since(&self, mark: usize) -> Option<Source> {
        self.read.get(mark..).filter(|read| !read.is_empty()).map(Rc::from)
    }

    /// The same as texts, each way once.
    pub(crate) fn values_since(&self, mark: usize) -> Vec<Vec<String>> {
        let mut values: Vec<Vec<String>> = Vec::new();
        for way in self.read.get(mark..).unwrap_or_default() {
            let way: Vec<String> = way.iter().map(Str::to_string).collect();
            if !values.contains(&way) {
                values.push(way);
            }
        }
        values
    }

    /// The entry of a map is read. A map of nobody's stands for the values that it was made of.
    pub(crate) fn read(&mut self, map: &Map, key: &[u8], made_of: Option<&Source>) -> Option<Source> {
        let Some((_, way)) = self.places.get(&map.address()) else {
            self.read_again(made_of);
            return made_of.cloned();
        };
        let way: Way = way.iter().cloned().chain([Str::from(key)]).collect();
        self.read.push(way.clone());
        Some(Rc::from([way]))
    }

    /// A value is used that was made of others before.
    pub(crate) fn read_again(&mut self, made_of: Option<&Source>) {
        self.read.extend(made_of.into_iter().flat_map(|source| source.iter().cloned()));
    }
}

/// Levels below which values are not looked for; no file of values has as many.
const MAX_DEPTH: usize = 512;

fn find_maps(value: &Value, way: &mut Vec<Str>, places: &mut Places) {
    if way.len() > MAX_DEPTH {
        return;
    }
    match value {
        Value::Map(map) => {
            if places.insert(map.address(), (map.clone(), way.as_slice().into())).is_some() {
                return;
            }
            for (key, item) in map.entries().iter() {
                way.push(key.clone());
                find_maps(item, way, places);
                way.pop();
            }
        }
        Value::List(list) => {
            for (at, item) in list.items().iter().enumerate() {
                way.push(at.to_string().into());
                find_maps(item, way, places);
                way.pop();
            }
        }
        _ => {}
    }
}
