//! Map keys, interned per thread.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Longer keys are data (file names in a ConfigMap, annotations), not field names.
const INTERNED_LENGTH: usize = 40;
/// Bounds what one thread keeps alive; field names of all built-in kinds fit several times over.
const INTERNED_KEYS: usize = 8192;

thread_local! {
    static INTERNED: RefCell<HashSet<Arc<str>>> = RefCell::new(HashSet::new());
}

/// A map key: an immutable string, cheap to clone. Short keys made on one thread share their bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        if text.len() > INTERNED_LENGTH {
            return Self(Arc::from(text));
        }
        INTERNED.with_borrow_mut(|known| {
            if let Some(found) = known.get(text) {
                return Self(found.clone());
            }
            let key: Arc<str> = Arc::from(text);
            if known.len() < INTERNED_KEYS {
                known.insert(key.clone());
            }
            Self(key)
        })
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl Deref for Key {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
