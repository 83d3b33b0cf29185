//! A window of the list.

use std::sync::Arc;

use insight::rows::{Query, QueryError};
use value::Value;

use crate::answer::Answer;
use crate::control_plane::ControlPlane;
use crate::error::ApiError;
use crate::permit::LoggedIn;
use crate::request::Request;
use crate::sight::Sight;

/// `GET /api/flamingo/v1/rows`: of the rows that the caller may see, those asked for.
pub(crate) async fn rows(
    control: Arc<ControlPlane>,
    LoggedIn(caller): LoggedIn,
    request: Request,
) -> Result<Answer, ApiError> {
    let query = query_of(&request)?;
    let list = control.list.read();
    let window = list.rows().window(&query, Sight::new(&control, &caller).sees());
    let number = |number: usize| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
    let rows: Vec<Value> = window.rows.iter().map(|row| row.json().clone()).collect();
    Ok(Answer::Json(Value::map_of([
        ("position", Value::from(list.position())),
        ("total", number(window.total)),
        ("matching", number(window.matching)),
        ("offset", number(query.offset())),
        ("facets", window.facets),
        ("rows", rows.into()),
    ])))
}

/// The parameters that choose rows.
pub(super) fn query_of(request: &Request) -> Result<Query, ApiError> {
    let parameters = request.query.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    Query::parse(parameters).map_err(|error: QueryError| ApiError::invalid(error.to_string()))
}
