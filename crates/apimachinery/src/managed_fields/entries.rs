//! The list `metadata.managedFields`.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use value::{Map, Value};

use super::set::Set;

/// The most managers of updates that an object remembers.
const MOST_UPDATE_MANAGERS: usize = 10;
/// The manager that the oldest updates are put together under.
const ANCIENT: &str = "ancient-changes";

/// How a manager came to own fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

/// Who owns fields. Two managers are the same when all of this is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Manager {
    /// How it came to own them.
    pub operation: Operation,
    /// Its name.
    pub name: String,
    /// The version that it writes; of an applier, who is one in all versions, empty.
    pub api_version: String,
    /// The subresource that it writes; empty for the object itself.
    pub subresource: String,
}

/// As in conflicts: `"kubectl" using apps/v1`, `"x" with subresource "scale" using apps/v1`, `"applier"`.
impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.name)?;
        if !self.subresource.is_empty() {
            write!(f, " with subresource {:?}", self.subresource)?;
        }
        match self.operation {
            Operation::Apply => Ok(()),
            Operation::Update => write!(f, " using {}", self.api_version),
        }
    }
}

impl Manager {
    pub(super) fn new(
        operation: Operation,
        name: &str,
        api_version: &str,
        subresource: Option<&str>,
    ) -> Self {
        Self {
            operation,
            name: if name.is_empty() { "unknown" } else { name }.to_owned(),
            api_version: match operation {
                Operation::Apply => String::new(),
                Operation::Update => api_version.to_owned(),
            },
            subresource: subresource.unwrap_or_default().to_owned(),
        }
    }
}

/// What one manager owns.
#[derive(Clone, Debug)]
pub(super) struct Owned {
    pub(super) fields: Set,
    pub(super) api_version: String,
    /// When it last wrote, RFC 3339.
    pub(super) time: Option<String>,
}

/// All managers of an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Managers(pub(super) BTreeMap<Manager, Owned>);

impl Managers {
    /// Reads the managers of an object. As the API server does, a list that cannot be read counts as
    /// none at all.
    pub(super) fn of(object: &Value) -> Self {
        Self::decode(object.at(&["metadata", "managedFields"])).unwrap_or_default()
    }

    /// Reads a list; `None` for one that cannot be read.
    pub(super) fn decode(entries: Option<&Value>) -> Option<Self> {
        let mut managers = BTreeMap::new();
        for entry in entries.and_then(Value::as_list).unwrap_or_default() {
            let (manager, owned) = decode_entry(entry)?;
            managers.insert(manager, owned);
        }
        Some(Self(managers))
    }

    /// Writes the managers into an object; none at all leave no list behind.
    pub(super) fn put(&self, object: &mut Value) {
        if self.0.is_empty() {
            object.remove_at(&["metadata", "managedFields"]);
            return;
        }
        let mut entries: Vec<_> = self.0.iter().collect();
        entries.sort_by(|a, b| order(a).cmp(&order(b)));
        let entries = entries.into_iter().map(|(manager, owned)| encode_entry(manager, owned));
        object.set_at(&["metadata", "managedFields"], Value::list_of(entries));
    }

    /// Puts the oldest updates of each version together until few enough managers are left.
    pub(super) fn cap(&mut self) {
        let mut updaters: Vec<_> =
            self.0.keys().filter(|manager| manager.operation == Operation::Update).cloned().collect();
        let mut count = updaters.len();
        if count <= MOST_UPDATE_MANAGERS {
            return;
        }
        updaters.sort_by_key(|manager| (self.0.get(manager).map(seconds), identifier(manager)));
        let mut first: BTreeMap<String, Manager> = BTreeMap::new();
        for manager in updaters {
            if count <= MOST_UPDATE_MANAGERS {
                return;
            }
            let version = manager.api_version.clone();
            let bucket = Manager::new(Operation::Update, ANCIENT, &version, None);
            let Some(first) = first.get(&version) else {
                first.insert(version, manager);
                continue;
            };
            if !self.0.contains_key(&bucket)
                && let Some(owned) = self.0.remove(first)
            {
                self.0.insert(bucket.clone(), owned);
            }
            if manager == bucket {
                continue;
            }
            if let Some(owned) = self.0.remove(&manager)
                && let Some(into) = self.0.get_mut(&bucket)
            {
                into.fields = std::mem::take(&mut into.fields).union(&owned.fields);
                into.time = owned.time;
                count -= 1;
            }
        }
    }
}

/// The API server sorts by the manager as JSON.
fn identifier(manager: &Manager) -> String {
    let mut map = Map::new();
    for (key, value) in [
        ("manager", &manager.name),
        ("operation", &"Update".to_owned()),
        ("apiVersion", &manager.api_version),
        ("subresource", &manager.subresource),
    ] {
        if !value.is_empty() {
            map.insert(key, value.as_str());
        }
    }
    // Go writes the fields in the order of the struct, manager first.
    format!("{}\u{0}{}", manager.name, Value::from(map))
}

fn seconds(owned: &Owned) -> i64 {
    owned.time.as_deref().and_then(|time| time.parse::<Timestamp>().ok()).map_or(0, Timestamp::as_second)
}

fn order<'a>((manager, owned): &(&'a Manager, &'a Owned)) -> (Operation, i64, &'a str, &'a str, &'a str) {
    (manager.operation, seconds(owned), &manager.name, &owned.api_version, &manager.subresource)
}

fn decode_entry(entry: &Value) -> Option<(Manager, Owned)> {
    let text = |key: &str| entry.str_at(&[key]).unwrap_or_default();
    let operation = match text("operation") {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    let api_version = Some(text("apiVersion")).filter(|version| !version.is_empty())?;
    if text("fieldsType") != "FieldsV1" {
        return None;
    }
    let fields = match entry.get("fieldsV1") {
        None | Some(Value::Null) => Set::default(),
        Some(fields) => Set::decode(fields)?,
    };
    let manager = Manager {
        operation,
        name: text("manager").to_owned(),
        api_version: if operation == Operation::Apply { String::new() } else { api_version.to_owned() },
        subresource: text("subresource").to_owned(),
    };
    let time = entry.str_at(&["time"]).map(str::to_owned);
    Some((manager, Owned { fields, api_version: api_version.to_owned(), time }))
}

fn encode_entry(manager: &Manager, owned: &Owned) -> Value {
    let operation = match manager.operation {
        Operation::Apply => "Apply",
        Operation::Update => "Update",
    };
    let mut entry: Map = [
        ("apiVersion", Value::from(owned.api_version.as_str())),
        ("fieldsType", Value::from("FieldsV1")),
        ("fieldsV1", owned.fields.encode()),
        ("operation", Value::from(operation)),
    ]
    .into_iter()
    .collect();
    for (key, text) in [
        ("manager", Some(&manager.name)),
        ("subresource", Some(&manager.subresource)),
        ("time", owned.time.as_ref()),
    ] {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            entry.insert(key, text.as_str());
        }
    }
    entry.into()
}
