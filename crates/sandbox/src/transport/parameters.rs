//! Query parameters.

use std::time::Duration;

use apimachinery::gvk::GroupKind;
use apimachinery::schema::FieldError;
use url::form_urlencoded;

use crate::status::{self, Refusal};
use crate::verbs::delete::Propagation;
use crate::verbs::list::ListOptions;
use crate::verbs::watch::{Start, WatchOptions};
use crate::verbs::{FieldValidation, WriteOptions};

/// The parameters of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn parse(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// A parameter; an empty one counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        // As Go's conversion of query parameters: present and neither 0 nor false.
        self.get(name).is_some_and(|value| !matches!(value, "0" | "false"))
    }

    fn number<N: std::str::FromStr>(&self, name: &str) -> Result<Option<N>, Refusal> {
        self.get(name)
            .map(|text| {
                text.parse().map_err(|_| {
                    status::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"))
                })
            })
            .transpose()
    }

    /// How to write.
    ///
    /// # Errors
    /// A parameter has none of its values.
    pub(super) fn write_options(&self, user_agent: &str, options: &str) -> Result<WriteOptions, Refusal> {
        let default_manager = user_agent.split('/').next().unwrap_or_default();
        let manager = self.get("fieldManager").unwrap_or(default_manager);
        if manager.len() > 128 {
            let error = FieldError::new("fieldManager", "Too long: may not be more than 128 bytes");
            return Err(invalid(options, error));
        }
        Ok(WriteOptions {
            dry_run: self.dry_run(options)?,
            manager: manager.to_owned(),
            field_validation: self.field_validation(options)?,
            force: self.flag("force"),
            duplicates: Vec::new(),
        })
    }

    pub(super) fn dry_run(&self, options: &str) -> Result<bool, Refusal> {
        match self.get("dryRun") {
            None => Ok(false),
            Some("All") => Ok(true),
            Some(other) => {
                let value = value::Value::list_of([other]);
                Err(invalid(options, FieldError::not_supported("dryRun", &value, &["All"])))
            }
        }
    }

    fn field_validation(&self, options: &str) -> Result<FieldValidation, Refusal> {
        Ok(match self.get("fieldValidation") {
            None | Some("Warn") => FieldValidation::Warn,
            Some("Strict") => FieldValidation::Strict,
            Some("Ignore") => FieldValidation::Ignore,
            Some(other) => {
                let supported = ["", "Ignore", "Strict", "Warn"];
                let error = FieldError::not_supported("fieldValidation", &other.into(), &supported);
                return Err(invalid(options, error));
            }
        })
    }

    pub(super) fn propagation(&self) -> Result<Option<Propagation>, Refusal> {
        self.get("propagationPolicy").map(parse_propagation).transpose()
    }

    pub(super) fn grace(&self) -> Result<Option<i64>, Refusal> {
        self.number("gracePeriodSeconds")
    }

    /// The revision that a list or watch names; 0 stands for any.
    fn revision(&self) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.get("resourceVersion") else { return Ok(None) };
        match text.parse() {
            Ok(revision) => Ok(Some(revision)),
            Err(_) => {
                let why = format!("strconv.ParseUint: parsing {text:?}: invalid syntax");
                let error = FieldError::invalid("resourceVersion", &text.into(), &why);
                Err(status::bad_request(format!("invalid resource version: {error}")))
            }
        }
    }

    pub(super) fn list_options(&self) -> Result<ListOptions, Refusal> {
        let exact = match self.get("resourceVersionMatch") {
            None => false,
            Some("Exact") => true,
            Some("NotOlderThan") => false,
            Some(other) => {
                let supported = ["Exact", "NotOlderThan", ""];
                let error = FieldError::not_supported("resourceVersionMatch", &other.into(), &supported);
                return Err(invalid_list_options(&[error]));
            }
        };
        let revision = self.revision()?;
        if revision.is_none() && self.get("resourceVersionMatch").is_some() {
            let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            return Err(invalid_list_options(&[FieldError::forbidden("resourceVersionMatch", why)]));
        }
        if exact && revision == Some(0) {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            return Err(invalid_list_options(&[FieldError::forbidden("resourceVersionMatch", why)]));
        }
        let limit: Option<i64> = self.number("limit")?;
        Ok(ListOptions {
            limit: limit.and_then(|limit| usize::try_from(limit).ok()),
            token: self.get("continue").map(str::to_owned),
            revision: revision.filter(|revision| *revision > 0),
            exact,
        })
    }

    pub(super) fn watch_options(&self) -> Result<WatchOptions, Refusal> {
        let initial = self.get("sendInitialEvents").map(|_| self.flag("sendInitialEvents"));
        match (initial, self.get("resourceVersionMatch")) {
            (Some(_), Some("NotOlderThan")) | (None, None) => {}
            (Some(_), _) => {
                let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
                return Err(invalid_list_options(&[FieldError::forbidden("resourceVersionMatch", why)]));
            }
            (None, Some(_)) => {
                let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
                return Err(invalid_list_options(&[FieldError::forbidden("resourceVersionMatch", why)]));
            }
        }
        let bookmarks = self.flag("allowWatchBookmarks");
        let start = match (initial, self.revision()?) {
            (Some(true), _) => Start::Now { announced: bookmarks },
            (_, Some(revision)) if revision > 0 => Start::After(revision),
            _ => Start::Now { announced: false },
        };
        // The real server chooses between 30 and 60 minutes; nothing depends on the spread here.
        let timeout = self.number("timeoutSeconds")?.filter(|seconds| *seconds > 0).unwrap_or(45 * 60);
        Ok(WatchOptions { start, bookmarks, timeout: Duration::from_secs(timeout) })
    }
}

/// The policy of a name.
///
/// # Errors
/// There is no such policy.
pub(super) fn parse_propagation(text: &str) -> Result<Propagation, Refusal> {
    match text {
        "Background" => Ok(Propagation::Background),
        "Foreground" => Ok(Propagation::Foreground),
        "Orphan" => Ok(Propagation::Orphan),
        other => {
            let supported = ["Foreground", "Background", "Orphan", "nil"];
            let error = FieldError::not_supported("propagationPolicy", &other.into(), &supported);
            Err(status::invalid(&GroupKind::new("meta.k8s.io", "DeleteOptions"), "", &[error]))
        }
    }
}

fn invalid(options: &str, error: FieldError) -> Refusal {
    status::invalid(&GroupKind::new("meta.k8s.io", options), "", &[error])
}

fn invalid_list_options(errors: &[FieldError]) -> Refusal {
    status::invalid(&GroupKind::new("meta.k8s.io", "ListOptions"), "", errors)
}
