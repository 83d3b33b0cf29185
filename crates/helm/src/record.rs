//! Release records: the Secrets in which helm 3 and helm 4 keep releases.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use value::{Map, Value};

use crate::chart::{Chart, File};
use crate::go_json::{Fields, Json};
use crate::manifest::{Event, Hook};
use crate::render::{Release, Rendering};

pub mod history;

/// The state of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not known.
    Unknown,
    /// It is what runs.
    Deployed,
    /// It was uninstalled, and its record kept.
    Uninstalled,
    /// A later revision took its place.
    Superseded,
    /// It failed.
    Failed,
    /// It is being uninstalled.
    Uninstalling,
    /// It is being installed.
    PendingInstall,
    /// It is being upgraded to.
    PendingUpgrade,
    /// It is being rolled back to.
    PendingRollback,
}

const STATUSES: [(&str, Status); 9] = [
    ("unknown", Status::Unknown),
    ("deployed", Status::Deployed),
    ("uninstalled", Status::Uninstalled),
    ("superseded", Status::Superseded),
    ("failed", Status::Failed),
    ("uninstalling", Status::Uninstalling),
    ("pending-install", Status::PendingInstall),
    ("pending-upgrade", Status::PendingUpgrade),
    ("pending-rollback", Status::PendingRollback),
];

impl Status {
    /// As records and labels have it.
    pub fn name(self) -> &'static str {
        STATUSES.iter().find(|(_, status)| *status == self).map_or("unknown", |(name, _)| name)
    }

    /// The state of a name.
    pub fn parse(text: &str) -> Option<Self> {
        STATUSES.iter().find(|(name, _)| *name == text).map(|(_, status)| *status)
    }

    /// Whether something is going on.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback)
    }
}

/// A release record: one revision of a release.
///
/// It is kept as the JSON that it is stored as, so that what another version of helm put into it is
/// still there when it is stored again.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    json: Value,
    /// The labels that the user gave the release; the JSON does not hold them.
    pub labels: Vec<(String, String)>,
}

/// A record that cannot be read or stored.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The Secret has no `release`.
    #[error("the Secret has no data under \"release\"")]
    NoData,
    /// The Secret is of another type.
    #[error("the Secret is of type {0:?} and not {SECRET_TYPE:?}")]
    Type(String),
    /// Not Base64.
    #[error("illegal base64 data")]
    Base64(#[from] base64::DecodeError),
    /// Not gzip, or damaged.
    #[error("the compressed record is damaged")]
    Gzip(#[source] std::io::Error),
    /// Larger than a Secret of any size can justify.
    #[error("the record is larger than {MAX_SIZE} bytes")]
    TooLarge,
    /// Not JSON.
    #[error("the record is not JSON")]
    Json(#[source] value::JsonError),
    /// Not a record.
    #[error("the record has no {0}")]
    NoField(&'static str),
    /// A time that is none.
    #[error("{0:?} is not a time")]
    Time(String),
}

/// The type of the Secrets.
pub const SECRET_TYPE: &str = "helm.sh/release.v1";
/// Labels that helm sets itself.
pub const SYSTEM_LABELS: [&str; 6] = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];
/// A Secret holds a mebibyte; text compresses well, but not without end.
const MAX_SIZE: u64 = 256 * 1024 * 1024;

/// The name of the Secret of a revision.
pub fn secret_name(release: &str, revision: i64) -> String {
    format!("sh.helm.release.v1.{release}.v{revision}")
}

impl Record {
    /// The record of a release that is about to be installed or upgraded to.
    ///
    /// # Errors
    /// The chart's values hold what JSON cannot.
    pub fn new(
        chart: &Chart,
        config: &Value,
        release: &Release,
        rendering: &Rendering,
        now: jiff::Timestamp,
    ) -> Self {
        let stream = crate::output::stream(
            rendering,
            crate::output::Selection { no_hooks: true, ..Default::default() },
        );
        let pending = if release.is_upgrade { Status::PendingUpgrade } else { Status::PendingInstall };
        let time = || Json::Value(now.to_string().into());
        let info = Fields::default()
            .put("first_deployed", time())
            .put("last_deployed", time())
            .text("description", "Initial install underway")
            .text("status", pending.name())
            .text("notes", &rendering.notes)
            .done();
        let hooks = rendering.sorted.hooks.iter().map(hook).collect();
        let manifest = if stream.text.trim().is_empty() { "" } else { &stream.text };
        let mut fields =
            Fields::default().text("name", &release.name).put("info", info).put("chart", self::chart(chart));
        if config.as_map().is_some_and(|config| !config.is_empty()) {
            fields = fields.put("config", Json::Value(config.clone()));
        }
        let json = fields
            .text("manifest", manifest)
            .list("hooks", hooks)
            .put("version", Json::Value(release.revision.into()))
            .text("namespace", &release.namespace)
            .text("apply_method", "ssa")
            .done();
        Self { json: json.tree(), labels: Vec::new() }
    }

    /// Reads what a Secret's `release` holds, once Kubernetes' own Base64 is gone.
    ///
    /// # Errors
    /// It is no record.
    pub fn decode(data: &[u8]) -> Result<Self, RecordError> {
        let data = STANDARD.decode(data)?;
        let text = if data.starts_with(b"\x1f\x8b\x08") {
            let mut text = Vec::new();
            flate2::read::MultiGzDecoder::new(&data[..])
                .take(MAX_SIZE + 1)
                .read_to_end(&mut text)
                .map_err(RecordError::Gzip)?;
            text
        } else {
            data
        };
        if text.len() as u64 > MAX_SIZE {
            return Err(RecordError::TooLarge);
        }
        let json = value::from_json(&text).map_err(RecordError::Json)?;
        for field in ["name", "info"] {
            if json.get(field).is_none() {
                return Err(RecordError::NoField(field));
            }
        }
        Ok(Self { json, labels: Vec::new() })
    }

    /// Reads a Secret as the API server gives it.
    ///
    /// # Errors
    /// It holds no record.
    pub fn from_secret(secret: &Value) -> Result<Self, RecordError> {
        let kind = secret.str_at(&["type"]).unwrap_or_default();
        if kind != SECRET_TYPE {
            return Err(RecordError::Type(kind.to_owned()));
        }
        let data = secret.str_at(&["data", "release"]).ok_or(RecordError::NoData)?;
        let mut record = Self::decode(&STANDARD.decode(data)?)?;
        let labels = secret.at(&["metadata", "labels"]).and_then(Value::as_map);
        for (key, label) in labels.into_iter().flat_map(Map::iter) {
            if !SYSTEM_LABELS.contains(&key.as_str())
                && let Some(label) = label.as_str()
            {
                record.labels.push((key.to_string(), label.to_owned()));
            }
        }
        Ok(record)
    }

    /// What a Secret's `release` is to hold, before Kubernetes' own Base64.
    ///
    /// # Errors
    /// None for any record; the compressor's own are passed on.
    pub fn encode(&self) -> Result<String, RecordError> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(Json::Value(self.json.clone()).text().as_bytes()).map_err(RecordError::Gzip)?;
        Ok(STANDARD.encode(gzip.finish().map_err(RecordError::Gzip)?))
    }

    /// The Secret of this revision. A record that is stored for the first time says when it was created,
    /// a later one when it was changed.
    ///
    /// # Errors
    /// As [`Record::encode`].
    pub fn to_secret(&self, now: jiff::Timestamp, is_new: bool) -> Result<Value, RecordError> {
        let mut labels = Map::new();
        for (key, label) in &self.labels {
            labels.insert(key.as_str(), label.as_str());
        }
        labels.insert(if is_new { "createdAt" } else { "modifiedAt" }, now.as_second().to_string());
        labels.insert("name", self.name());
        labels.insert("owner", "helm");
        labels.insert("status", self.status().name());
        labels.insert("version", self.revision().to_string());
        let mut secret = Value::map();
        secret.set_at(&["apiVersion"], "v1");
        secret.set_at(&["kind"], "Secret");
        secret.set_at(&["type"], SECRET_TYPE);
        secret.set_at(&["metadata", "name"], secret_name(self.name(), self.revision()));
        if !self.namespace().is_empty() {
            secret.set_at(&["metadata", "namespace"], self.namespace());
        }
        secret.set_at(&["metadata", "labels"], labels);
        secret.set_at(&["data", "release"], STANDARD.encode(self.encode()?));
        Ok(secret)
    }

    /// The name of the release.
    pub fn name(&self) -> &str {
        self.json.str_at(&["name"]).unwrap_or_default()
    }

    /// The namespace of the release.
    pub fn namespace(&self) -> &str {
        self.json.str_at(&["namespace"]).unwrap_or_default()
    }

    /// The revision; 0 where the record does not say.
    pub fn revision(&self) -> i64 {
        self.json.get("version").and_then(Value::as_i64).unwrap_or(0)
    }

    /// The state.
    pub fn status(&self) -> Status {
        self.json.str_at(&["info", "status"]).and_then(Status::parse).unwrap_or(Status::Unknown)
    }

    /// What was said last about the state.
    pub fn description(&self) -> &str {
        self.json.str_at(&["info", "description"]).unwrap_or_default()
    }

    /// Changes the state.
    pub fn set_status(&mut self, status: Status, description: &str) {
        self.json.set_at(&["info", "status"], status.name());
        self.json.set_at(&["info", "description"], description);
    }

    /// When it was last deployed.
    ///
    /// # Errors
    /// What stands there is no time.
    pub fn last_deployed(&self) -> Result<Option<jiff::Timestamp>, RecordError> {
        match self.json.str_at(&["info", "last_deployed"]) {
            None | Some("") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| RecordError::Time(text.to_owned())),
        }
    }

    /// The objects, as they were applied.
    pub fn manifest(&self) -> &str {
        self.json.str_at(&["manifest"]).unwrap_or_default()
    }

    /// The notes.
    pub fn notes(&self) -> &str {
        self.json.str_at(&["info", "notes"]).unwrap_or_default()
    }

    /// The user's values.
    pub fn config(&self) -> Option<&Value> {
        self.json.get("config")
    }

    /// The chart's name and version.
    pub fn chart(&self) -> (&str, &str) {
        let text = |field| self.json.str_at(&["chart", "metadata", field]).unwrap_or_default();
        (text("name"), text("version"))
    }

    /// How objects are applied: `ssa`, or `csa`; empty in the records of helm 3.
    pub fn apply_method(&self) -> &str {
        self.json.str_at(&["apply_method"]).unwrap_or_default()
    }

    /// The hooks: their manifests, and the events at which they run.
    pub fn hooks(&self) -> Vec<(&str, Vec<Event>)> {
        let hooks = self.json.get("hooks").and_then(Value::as_list).unwrap_or_default();
        let events = |hook: &Value| {
            let names = hook.get("events").and_then(Value::as_list).unwrap_or_default();
            names.iter().filter_map(Value::as_str).filter_map(Event::parse).collect()
        };
        hooks.iter().map(|hook| (hook.str_at(&["manifest"]).unwrap_or_default(), events(hook))).collect()
    }

    /// The record as the JSON that it is stored as.
    pub fn json(&self) -> &Value {
        &self.json
    }
}

fn hook(hook: &Hook) -> Json {
    let names: Vec<String> = hook.events.iter().map(|event| event.name().to_owned()).collect();
    let mut fields = Fields::default()
        .text("name", &hook.manifest.name)
        .text("kind", &hook.manifest.kind)
        .text("path", &hook.manifest.path)
        .text("manifest", &hook.manifest.content)
        .texts("events", &names)
        .put("last_run", Json::Object(vec![("phase", Json::Value("".into()))]));
    if hook.weight != 0 {
        fields = fields.put("weight", Json::Value(hook.weight.into()));
    }
    fields
        .texts("delete_policies", &hook.delete_policies)
        .texts("output_log_policies", &hook.output_log_policies)
        .done()
}

/// A chart as records hold it: its subcharts are left out, as helm does.
fn chart(chart: &Chart) -> Json {
    let null = || Json::Value(Value::Null);
    let schema = chart.schema.as_ref().map_or(Value::Null, |file| STANDARD.encode(&file.data).into());
    let mut fields = Fields::default()
        .put("metadata", chart.metadata.json())
        .put("lock", chart.lock.as_ref().map_or_else(null, |lock| lock.json()))
        .put("templates", files(&chart.templates))
        .put("values", Json::Value(chart.values.clone().unwrap_or(Value::Null)))
        .put("schema", Json::Value(schema))
        .put("schemamodtime", Json::Value(time(chart.schema.as_ref().and_then(|file| file.modified)).into()))
        .put("files", files(&chart.files));
    if let Some(modified) = chart.modified {
        fields = fields.put("modtime", Json::Value(modified.to_string().into()));
    }
    fields.done()
}

fn files(files: &[File]) -> Json {
    if files.is_empty() {
        return Json::Value(Value::Null);
    }
    let file = |file: &File| {
        let mut fields = Fields::default()
            .put("name", Json::Value((&*file.name).into()))
            .put("data", Json::Value(STANDARD.encode(&file.data).into()));
        if let Some(modified) = file.modified {
            fields = fields.put("modtime", Json::Value(modified.to_string().into()));
        }
        fields.done()
    };
    Json::List(files.iter().map(file).collect())
}

/// A time, or Go's zero time.
fn time(at: Option<jiff::Timestamp>) -> String {
    at.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |at| at.to_string())
}
