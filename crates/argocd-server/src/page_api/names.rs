//! The names of the whole list, for a page that filters before the server has answered.

use std::collections::HashMap;
use std::sync::Arc;

use insight::rows::{Row, object_of};
use value::Value;

use super::rows::query_of;
use crate::answer::Answer;
use crate::control_plane::ControlPlane;
use crate::error::ApiError;
use crate::permit::LoggedIn;
use crate::request::Request;
use crate::sight::Sight;

/// So many names are worth their bytes to a page; beyond, it waits for the server.
const MOST: usize = 20_000;

/// `GET /api/flamingo/v1/names`: of the rows that the caller may see and asks for, who they are, sorted by name.
pub(crate) async fn names(
    control: Arc<ControlPlane>,
    LoggedIn(caller): LoggedIn,
    request: Request,
) -> Result<Answer, ApiError> {
    let query = query_of(&request)?;
    let list = control.list.read();
    let sight = Sight::new(&control, &caller);
    let mut sees = sight.sees();
    let mut names = Names::default();
    for row in list.rows().iter().filter(|row| query.takes(row) && sees(row)).take(MOST) {
        names.add(row);
    }
    Ok(Answer::Json(names.into()))
}

/// Each kind, namespace and project is written once, and then named by its place.
#[derive(Default)]
struct Names {
    kinds: Table,
    namespaces: Table,
    projects: Table,
    rows: Vec<Value>,
}

impl Names {
    fn add(&mut self, row: &Row) {
        let Some(object) = object_of(row.key()) else { return };
        self.rows.push(Value::from(vec![
            Value::String(row.name().clone()),
            self.kinds.place_of(&format!("{}/{}", object.group, object.kind)),
            self.namespaces.place_of(&object.namespace),
            self.projects.place_of(row.project().unwrap_or_default()),
            self.namespaces.place_of(row.destination_namespace()),
        ]));
    }
}

impl From<Names> for Value {
    fn from(names: Names) -> Self {
        let Names { kinds, namespaces, projects, rows } = names;
        Self::map_of([
            ("kinds", kinds.texts.into()),
            ("namespaces", namespaces.texts.into()),
            ("projects", projects.texts.into()),
            ("rows", Self::from(rows)),
        ])
    }
}

/// Texts, each one once.
#[derive(Default)]
struct Table {
    texts: Vec<Value>,
    places: HashMap<Box<str>, i64>,
}

impl Table {
    fn place_of(&mut self, text: &str) -> Value {
        if let Some(place) = self.places.get(text) {
            return Value::from(*place);
        }
        let place = i64::try_from(self.texts.len()).unwrap_or(i64::MAX);
        self.texts.push(Value::from(text));
        self.places.insert(Box::from(text), place);
        Value::from(place)
    }
}
