//! Templates that know each other by name.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Error;
use crate::exec;
use crate::function::Functions;
use crate::parse;
use crate::run::Run;
use crate::template::Template;
use crate::value::{Str, Value};

/// What a missing key of a map gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// No value; `missingkey=default`.
    #[default]
    Default,
    /// The zero value of the map's type; `missingkey=zero`, which Helm uses.
    Zero,
    /// An error; `missingkey=error`, which `helm lint --strict` uses.
    Error,
}

/// The templates of one text: the text itself and what it defines. Immutable, cheap to clone, and may be
/// shared between threads and renders.
#[derive(Clone)]
pub struct Parsed(Arc<Vec<Arc<Template>>>);

impl Parsed {
    /// Parses a text under a name (for Helm: `CHART/templates/FILE`). The text is kept, and not copied where it is
    /// shared already.
    ///
    /// # Errors
    /// [`Error::Parse`], with Go's text.
    pub fn parse(name: &str, text: impl Into<Arc<[u8]>>, functions: &Functions) -> Result<Self, Error> {
        Ok(Self(Arc::new(parse::parse(name, text.into(), functions)?)))
    }
}

/// Associated templates: each can execute each by name. Cheap to clone.
#[derive(Clone)]
pub struct Set {
    name: Arc<str>,
    pub(crate) functions: Functions,
    pub(crate) missing_key: MissingKey,
    templates: Arc<HashMap<Str, Arc<Template>>>,
    /// Templates that `tpl` added; the last one of a name counts.
    added: Vec<Arc<Template>>,
}

impl Set {
    /// An empty set. The name is that of Go's root template (`gotpl` in Helm), which messages mention.
    pub fn new(name: &str, functions: Functions) -> Self {
        Self {
            name: name.into(),
            functions,
            missing_key: MissingKey::default(),
            templates: Arc::default(),
            added: Vec::new(),
        }
    }

    /// Decides what a missing key gives.
    pub fn set_missing_key(&mut self, missing_key: MissingKey) {
        self.missing_key = missing_key;
    }

    /// Parses a text and adds it. As in Go, a template that is empty (but for what it defines) does not
    /// replace one of the same name; any other does.
    ///
    /// # Errors
    /// [`Error::Parse`], with Go's text.
    pub fn parse(&mut self, name: &str, text: &[u8]) -> Result<(), Error> {
        let parsed = Parsed::parse(name, text, &self.functions)?;
        self.add(&parsed);
        Ok(())
    }

    /// Adds what was parsed before (with the same functions).
    pub fn add(&mut self, parsed: &Parsed) {
        let templates = Arc::make_mut(&mut self.templates);
        for template in parsed.0.iter() {
            let replaces = !template.is_empty() || !templates.contains_key(template.name.as_bytes());
            if replaces {
                templates.insert(template.name.clone(), template.clone());
            }
        }
    }

    /// Whether there is a template of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.lookup(name.as_bytes()).is_some()
    }

    /// Executes a template; what it writes is appended to the run's output.
    ///
    /// # Errors
    /// [`Error::Exec`] and [`Error::NoTemplate`] with Go's texts. What was written so far stays.
    pub fn execute(&self, name: &str, data: &Value, run: &mut Run<'_>) -> Result<(), Error> {
        exec::execute(self, name.as_bytes(), data, run)
    }

    /// The name of the root template.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn lookup(&self, name: &[u8]) -> Option<&Arc<Template>> {
        let added = self.added.iter().rev().find(|template| template.name.as_bytes() == name);
        added.or_else(|| self.templates.get(name))
    }

    /// The set as `tpl` sees it: with the templates of one more text, which nobody else sees.
    pub(crate) fn with_added(&self, templates: &[Arc<Template>]) -> Self {
        let mut set = self.clone();
        for template in templates {
            let is_main = template.name.as_bytes() == self.name.as_bytes();
            if is_main || !template.is_empty() || set.lookup(&template.name).is_none() {
                set.added.push(template.clone());
            }
        }
        set
    }
}
