//! Whether what a view shows is at least as new as what we wrote ourselves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use apimachinery::object;
use value::Value;

type Versions = HashMap<(String, String), u64>;

/// The resource version of our last write to each object. Cheap to clone.
///
/// A view lags behind our own patches for a moment. A run that started from it would forget inventory
/// entries that the last run wrote; reading every object anew would cost a request for each run. Resource
/// versions of one kind can be compared as numbers (Kubernetes documents this since 1.35).
#[derive(Clone, Debug, Default)]
pub struct Written(Arc<Mutex<Versions>>);

impl Written {
    /// Remembers the answer to one of our writes.
    pub fn note(&self, object: &Value) {
        if let Some(version) = version(object) {
            let mut versions = self.lock();
            let known = versions.entry(key(object)).or_default();
            *known = version.max(*known);
        }
    }

    /// Forgets an object that is gone.
    pub fn forget(&self, namespace: &str, name: &str) {
        self.lock().remove(&(namespace.to_owned(), name.to_owned()));
    }

    /// Whether `object`, as a view shows it, has everything that we wrote.
    pub fn is_in(&self, object: &Value) -> bool {
        let written = self.lock().get(&key(object)).copied();
        written.is_none_or(|written| version(object).is_some_and(|seen| seen >= written))
    }

    fn lock(&self) -> MutexGuard<'_, Versions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(object: &Value) -> (String, String) {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    (text(object::namespace(object)), text(object::name(object)))
}

fn version(object: &Value) -> Option<u64> {
    object::resource_version(object)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_that_lags_is_noticed() {
        let object = |version: &str| {
            let text =
                format!(r#"{{"metadata":{{"name":"a","namespace":"n","resourceVersion":"{version}"}}}}"#);
            value::from_json(text.as_bytes()).expect("valid")
        };
        let written = Written::default();
        assert!(written.is_in(&object("9")));
        written.note(&object("10"));
        assert!(!written.is_in(&object("9")));
        assert!(written.is_in(&object("10")));
        assert!(written.is_in(&object("11")));
        assert!(!written.is_in(&object("not a number")));
        written.forget("n", "a");
        assert!(written.is_in(&object("9")));
    }
}
