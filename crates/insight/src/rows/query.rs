//! What a reader asks of the list.

mod words;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use value::Value;

use super::Row;
use words::Words;

/// Rows of a window where nothing is said.
const LIMIT: usize = 100;
/// A larger window is refused.
const MAX_LIMIT: usize = 500;

/// Why a query cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    parameter: &'static str,
    given: String,
    expected: String,
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "parameter {}: {:?} is not {}", self.parameter, self.given, self.expected)
    }
}

impl std::error::Error for QueryError {}

/// Which rows there are at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// Applications.
    #[default]
    Applications,
    /// Flux objects.
    Flux,
    /// Both.
    All,
}

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The name.
    #[default]
    Name,
    /// The kind.
    Kind,
    /// The project.
    Project,
    /// The namespace.
    Namespace,
    /// From healthy to unhealthy.
    Health,
    /// From synced to not.
    Sync,
    /// The time of creation.
    Created,
    /// The time of the last deployment.
    Synced,
}

/// What rows are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Facet {
    Health,
    Sync,
    Kind,
    Project,
    Namespace,
}

impl Facet {
    pub(super) const ALL: [Self; 5] = [Self::Health, Self::Sync, Self::Kind, Self::Project, Self::Namespace];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Sync => "sync",
            Self::Kind => "kind",
            Self::Project => "project",
            Self::Namespace => "namespace",
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    show: Show,
    words: Words,
    /// The values of each facet that are taken, in the order of [`Facet::ALL`]; none means all.
    chosen: [Vec<String>; Facet::ALL.len()],
    sort: Sort,
    is_descending: bool,
    offset: usize,
    limit: Option<usize>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// How many rows the reader may see of what is shown.
    pub total: usize,
    /// How many of them words and facets leave.
    pub matching: usize,
    /// How many rows each value of a facet would leave.
    pub facets: Value,
    /// The rows from the offset on.
    pub rows: Vec<Arc<Row>>,
}

impl Query {
    /// Reads the parameters of the list; those of other things are passed over.
    ///
    /// # Errors
    /// The first parameter that cannot be read.
    pub fn parse<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, QueryError> {
        let mut query = Self::default();
        for (name, text) in parameters.into_iter().filter(|(_, text)| !text.is_empty()) {
            match name {
                "show" => query.show = choice("show", text, &SHOWS)?,
                "q" => query.words = Words::parse(text),
                "sort" => query.sort = choice("sort", text, &SORTS)?,
                "order" => query.is_descending = choice("order", text, &[("asc", false), ("desc", true)])?,
                "offset" => query.offset = number("offset", text, usize::MAX)?,
                "limit" => query.limit = Some(number("limit", text, MAX_LIMIT)?),
                _ => {
                    let facet = Facet::ALL.iter().position(|facet| facet.name() == name);
                    facet.into_iter().for_each(|at| query.chosen[at].push(text.to_owned()));
                }
            }
        }
        Ok(query)
    }

    /// From which row on.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Whether a row is one of those asked for.
    pub fn takes(&self, row: &Row) -> bool {
        self.shows(row) && self.words.take(row) && self.unchosen(row).next().is_none()
    }

    /// Whether a change of a row that the reader may see moves other rows, or changes how many there are.
    pub fn is_moved(&self, before: Option<&Row>, now: Option<&Row>) -> bool {
        let relevant = |row: &&Row| self.shows(row);
        match (before.filter(relevant), now.filter(relevant)) {
            (None, None) => false,
            (Some(before), Some(now)) => {
                before.facets() != now.facets()
                    || self.words.take(before) != self.words.take(now)
                    || self.compare(before, now) != Ordering::Equal
            }
            _ => true,
        }
    }

    pub(super) fn window<'a>(
        &self,
        rows: impl Iterator<Item = &'a Arc<Row>>,
        mut sees: impl FnMut(&Row) -> bool,
    ) -> Window {
        let mut counts: [BTreeMap<&str, i64>; Facet::ALL.len()] = Default::default();
        let (mut total, mut matching) = (0, Vec::new());
        for row in rows {
            if !self.shows(row) || !sees(row) {
                continue;
            }
            total += 1;
            if !self.words.take(row) {
                continue;
            }
            let mut unchosen = self.unchosen(row);
            // A facet is counted without its own choice, so one that is not chosen is counted in that one alone.
            match (unchosen.next(), unchosen.next()) {
                (None, _) => {
                    (0..Facet::ALL.len()).for_each(|at| count(&mut counts[at], &row.facets()[at]));
                    matching.push(row);
                }
                (Some(only), None) => count(&mut counts[only], &row.facets()[only]),
                _ => {}
            }
        }
        if self.sort != Sort::Name || self.is_descending {
            // Stable: equal ones stay sorted by name.
            matching.sort_by(|a, b| self.compare(a, b));
        }
        let limit = self.limit.unwrap_or(LIMIT);
        let rows = matching.iter().skip(self.offset).take(limit).map(|row| (*row).clone()).collect();
        let facets = Facet::ALL.into_iter().zip(counts);
        let facets = facets.map(|(facet, counts)| (facet.name(), Value::map_of(counts)));
        Window { total, matching: matching.len(), facets: Value::map_of(facets), rows }
    }

    fn shows(&self, row: &Row) -> bool {
        match self.show {
            Show::All => true,
            Show::Applications => row.is_application(),
            Show::Flux => !row.is_application(),
        }
    }

    /// The facets, by their place, whose choice leaves a row out.
    fn unchosen<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = usize> {
        let is_out = |at: &usize| {
            let chosen = &self.chosen[*at];
            !chosen.is_empty() && !chosen.iter().any(|value| **value == *row.facets()[*at])
        };
        (0..Facet::ALL.len()).filter(is_out)
    }

    fn compare(&self, a: &Row, b: &Row) -> Ordering {
        let by_facet = |facet| a.facet(facet).cmp(b.facet(facet));
        let order = match self.sort {
            Sort::Name => a.name().cmp(b.name()),
            Sort::Kind => by_facet(Facet::Kind),
            Sort::Project => by_facet(Facet::Project),
            Sort::Namespace => by_facet(Facet::Namespace),
            Sort::Health => severity(a.facet(Facet::Health)).cmp(&severity(b.facet(Facet::Health))),
            Sort::Sync => severity(a.facet(Facet::Sync)).cmp(&severity(b.facet(Facet::Sync))),
            Sort::Created => a.created().cmp(b.created()),
            Sort::Synced => a.synced().cmp(b.synced()),
        };
        if self.is_descending { order.reverse() } else { order }
    }
}

const SHOWS: [(&str, Show); 3] =
    [("applications", Show::Applications), ("flux", Show::Flux), ("all", Show::All)];

const SORTS: [(&str, Sort); 8] = [
    ("name", Sort::Name),
    ("kind", Sort::Kind),
    ("project", Sort::Project),
    ("namespace", Sort::Namespace),
    ("health", Sort::Health),
    ("sync", Sort::Sync),
    ("created", Sort::Created),
    ("synced", Sort::Synced),
];

/// From good to bad, for health and sync.
fn severity(word: &str) -> usize {
    const WORDS: [&str; 7] =
        ["Healthy", "Synced", "Suspended", "Progressing", "OutOfSync", "Missing", "Degraded"];
    WORDS.iter().position(|known| *known == word).unwrap_or(WORDS.len())
}

fn count<'a>(counts: &mut BTreeMap<&'a str, i64>, value: &'a str) {
    if !value.is_empty() {
        *counts.entry(value).or_default() += 1;
    }
}

fn choice<T: Copy>(parameter: &'static str, text: &str, known: &[(&str, T)]) -> Result<T, QueryError> {
    let found = known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        QueryError { parameter, given: text.to_owned(), expected: format!("one of {}", names.join(", ")) }
    })
}

fn number(parameter: &'static str, text: &str, most: usize) -> Result<usize, QueryError> {
    text.parse().ok().filter(|number| *number <= most).ok_or_else(|| {
        let expected = match most {
            usize::MAX => "a number".to_owned(),
            most => format!("a number up to {most}"),
        };
        QueryError { parameter, given: text.to_owned(), expected }
    })
}
