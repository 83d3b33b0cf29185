//! The functions of sprig v3.3.0 and helm 4.3.1, by subject.

mod arguments;
mod certificates;
pub(crate) mod chart_values;
pub(crate) mod dates;
mod defaults;
mod dicts;
pub(crate) mod durations;
pub(crate) mod encoding;
pub(crate) mod escape;
mod hashes;
mod json;
mod lists;
mod numbers;
mod paths;
mod random;
mod regexes;
mod semvers;
mod strings;
mod templates;
mod toml;
mod urls;
mod words;
mod yaml;

use crate::function::Function;
pub use durations::parse_duration;
pub use json::json_problem;
pub(crate) use regexes::Pattern;

/// sprig's functions.
pub(crate) const SPRIG: &[&[Function]] = &[
    certificates::FUNCTIONS,
    dates::FUNCTIONS,
    defaults::FUNCTIONS,
    dicts::FUNCTIONS,
    encoding::FUNCTIONS,
    hashes::FUNCTIONS,
    json::FUNCTIONS,
    lists::FUNCTIONS,
    numbers::FUNCTIONS,
    paths::FUNCTIONS,
    random::FUNCTIONS,
    regexes::FUNCTIONS,
    semvers::FUNCTIONS,
    strings::FUNCTIONS,
    urls::FUNCTIONS,
];

/// Helm's functions, of which some replace sprig's.
pub(crate) const HELM: &[&[Function]] =
    &[durations::FUNCTIONS, json::HELM_FUNCTIONS, templates::FUNCTIONS, toml::FUNCTIONS, yaml::FUNCTIONS];
