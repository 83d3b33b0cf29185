//! What templates see beside their values: `.Files`, `.Capabilities`, `.Chart`, `.Release`.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use base64::Engine as _;
use gotemplate::{Failure, Kind, List, ListType, Map, MapType, Method, Object, Param, Run, Str, Value};

use crate::capabilities::{Capabilities, HelmVersion, KubeVersion};
use crate::chart::{Chart, File};
use crate::glob::Glob;
use crate::go;
use crate::metadata::{Dependency, Maintainer, Metadata};

/// `.Files`: the files of a chart that are no templates.
#[derive(Clone)]
pub(crate) struct Files {
    files: Rc<BTreeMap<Arc<str>, Arc<[u8]>>>,
}

static GET: Method = Method { name: "Get", params: &[Param::String] };
static GET_BYTES: Method = Method { name: "GetBytes", params: &[Param::String] };
static GLOB: Method = Method { name: "Glob", params: &[Param::String] };
static LINES: Method = Method { name: "Lines", params: &[Param::String] };
static AS_CONFIG: Method = Method { name: "AsConfig", params: &[] };
static AS_SECRETS: Method = Method { name: "AsSecrets", params: &[] };

impl Files {
    pub(crate) fn of(chart: &Chart) -> Self {
        let entry = |file: &File| (file.name.clone(), file.data.clone());
        Self { files: Rc::new(chart.files.iter().map(entry).collect()) }
    }

    fn glob(&self, pattern: &str) -> Result<Self, Failure> {
        let glob = Glob::new(pattern).map_err(|error| Failure::message(error.to_string()))?;
        let matching = self.files.iter().filter(|(name, _)| glob.matches(name));
        let files = matching.map(|(name, data)| (name.clone(), data.clone())).collect();
        Ok(Self { files: Rc::new(files) })
    }

    fn lines(&self, name: &str) -> Value {
        let Some(data) = self.files.get(name).filter(|data| !data.is_empty()) else {
            return Value::strings(Vec::<Str>::new());
        };
        let data = data.strip_suffix(b"\n").unwrap_or(data);
        Value::strings(data.split(|byte| *byte == b'\n').map(Str::from))
    }

    /// The files by the last element of their paths, as YAML.
    fn to_yaml(&self, write: impl Fn(&[u8]) -> String) -> Result<Value, Failure> {
        let entries = self.files.iter().map(|(name, data)| (go::base(name), write(data)));
        let text = yaml::to_yaml(&value::Value::map_of(entries))
            .map_err(|error| Failure::message(error.to_string()))?;
        Ok(text.strip_suffix('\n').unwrap_or(&text).into())
    }
}

impl Object for Files {
    fn type_name(&self) -> &str {
        "engine.files"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn method(&self, name: &[u8]) -> Option<&'static Method> {
        [&GET, &GET_BYTES, &GLOB, &LINES, &AS_CONFIG, &AS_SECRETS]
            .into_iter()
            .find(|method| method.name.as_bytes() == name)
    }

    fn call(
        &self,
        method: &'static Method,
        arguments: &[Value],
        run: &mut Run<'_>,
    ) -> Result<Value, Failure> {
        let text = match arguments.first() {
            Some(Value::String(text)) => text.to_text(),
            _ => "".into(),
        };
        let data = || self.files.get(&*text).map_or(&[][..], |data| data);
        Ok(match method.name {
            "Get" => {
                run.charge(data().len())?;
                Value::String(data().into())
            }
            "GetBytes" => {
                run.charge(data().len())?;
                Value::Bytes(data().into())
            }
            "Glob" => Value::object(self.glob(&text)?),
            "Lines" => {
                run.charge(2 * data().len())?;
                self.lines(&text)
            }
            "AsConfig" => {
                run.charge(self.files.values().map(|data| data.len()).sum())?;
                self.to_yaml(|data| String::from_utf8_lossy(data).into_owned())?
            }
            _ => {
                run.charge(self.files.values().map(|data| 2 * data.len()).sum())?;
                self.to_yaml(|data| base64::engine::general_purpose::STANDARD.encode(data))?
            }
        })
    }

    fn field(&self, name: &[u8]) -> Option<Value> {
        let name = std::str::from_utf8(name).ok()?;
        self.files.get(name).map(|data| Value::Bytes((**data).into()))
    }

    fn entries(&self) -> Vec<(Str, Value)> {
        self.files.iter().map(|(name, data)| ((**name).into(), Value::Bytes((**data).into()))).collect()
    }

    fn element_type(&self) -> &str {
        "[]uint8"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Capabilities`.
pub(crate) struct CapabilitiesObject(pub(crate) Rc<Capabilities>);

impl Object for CapabilitiesObject {
    fn type_name(&self) -> &str {
        "*common.Capabilities"
    }

    fn kind(&self) -> Kind {
        Kind::Ptr
    }

    fn field(&self, name: &[u8]) -> Option<Value> {
        if name == b"KubeVersion" {
            let version = self.0.kube_version.clone();
            return Some(Value::object(KubeVersionObject { version, is_in_place: true }));
        }
        field_of(self, name)
    }

    fn entries(&self) -> Vec<(Str, Value)> {
        let version = KubeVersionObject { version: self.0.kube_version.clone(), is_in_place: false };
        vec![
            ("KubeVersion".into(), Value::object(version)),
            ("APIVersions".into(), Value::object(ApiVersions(self.0.clone()))),
            ("HelmVersion".into(), Value::object(HelmVersionObject(self.0.helm_version.clone()))),
        ]
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn field_of(object: &dyn Object, name: &[u8]) -> Option<Value> {
    object.exported().into_iter().find(|(field, _)| &**field == name).map(|(_, value)| value)
}

/// `.Capabilities.KubeVersion`.
struct KubeVersionObject {
    version: KubeVersion,
    /// Whether it is still in the `.Capabilities` whose pointer its methods belong to.
    is_in_place: bool,
}

static GIT_VERSION: Method = Method { name: "GitVersion", params: &[] };
static STRING: Method = Method { name: "String", params: &[] };

impl Object for KubeVersionObject {
    fn type_name(&self) -> &str {
        "common.KubeVersion"
    }

    fn method(&self, name: &[u8]) -> Option<&'static Method> {
        let mut methods = [&GIT_VERSION, &STRING].into_iter();
        methods.find(|method| self.is_in_place && method.name.as_bytes() == name)
    }

    fn call(&self, method: &'static Method, _: &[Value], _: &mut Run<'_>) -> Result<Value, Failure> {
        Ok(match method.name {
            "GitVersion" => self.version.version.as_str().into(),
            _ => self.version.for_constraints().into(),
        })
    }

    fn field(&self, name: &[u8]) -> Option<Value> {
        field_of(self, name)
    }

    fn entries(&self) -> Vec<(Str, Value)> {
        vec![
            ("Version".into(), self.version.version.as_str().into()),
            ("normalizedVersion".into(), self.version.normalized.as_str().into()),
            ("Major".into(), self.version.major.as_str().into()),
            ("Minor".into(), self.version.minor.as_str().into()),
        ]
    }

    fn passed(&self) -> Option<Value> {
        let version = self.version.clone();
        self.is_in_place.then(|| Value::object(Self { version, is_in_place: false }))
    }

    fn string(&self) -> Option<Str> {
        self.is_in_place.then(|| self.version.for_constraints().into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref().is_some_and(|other: &Self| self.version == other.version)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Capabilities.APIVersions`.
struct ApiVersions(Rc<Capabilities>);

static HAS: Method = Method { name: "Has", params: &[Param::String] };

impl Object for ApiVersions {
    fn type_name(&self) -> &str {
        "common.VersionSet"
    }

    fn kind(&self) -> Kind {
        Kind::Slice
    }

    fn method(&self, name: &[u8]) -> Option<&'static Method> {
        (name == b"Has").then_some(&HAS)
    }

    fn call(&self, _: &'static Method, arguments: &[Value], _: &mut Run<'_>) -> Result<Value, Failure> {
        let wanted = arguments.first().and_then(Value::as_str);
        let known = &self.0.api_versions;
        Ok(wanted.is_some_and(|wanted| known.iter().any(|version| version.as_bytes() == &**wanted)).into())
    }

    fn entries(&self) -> Vec<(Str, Value)> {
        self.0.api_versions.iter().map(|version| (Str::default(), version.as_str().into())).collect()
    }

    fn element_type(&self) -> &str {
        "string"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Capabilities.HelmVersion`.
struct HelmVersionObject(HelmVersion);

impl Object for HelmVersionObject {
    fn type_name(&self) -> &str {
        "version.BuildInfo"
    }

    fn field(&self, name: &[u8]) -> Option<Value> {
        field_of(self, name)
    }

    fn entries(&self) -> Vec<(Str, Value)> {
        vec![
            ("Version".into(), self.0.version.as_str().into()),
            ("GitCommit".into(), self.0.git_commit.as_str().into()),
            ("GitTreeState".into(), self.0.git_tree_state.as_str().into()),
            ("GoVersion".into(), self.0.go_version.as_str().into()),
            ("KubeClientVersion".into(), self.0.kube_client_version.as_str().into()),
        ]
    }

    fn json_entries(&self) -> Vec<(Str, Value)> {
        let fields = [
            ("version", &self.0.version),
            ("git_commit", &self.0.git_commit),
            ("git_tree_state", &self.0.git_tree_state),
            ("go_version", &self.0.go_version),
        ];
        let present = fields.into_iter().filter(|(_, text)| !text.is_empty());
        let all = present.chain([("kube_client_version", &self.0.kube_client_version)]);
        all.map(|(name, text)| (name.into(), text.as_str().into())).collect()
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref().is_some_and(|other: &Self| self.0 == other.0)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Chart`: the metadata as a map with Go's field names.
pub(crate) fn chart(metadata: &Metadata, is_root: bool) -> Map {
    let map = Map::new(MapType::Any);
    for (name, text) in [
        ("Name", &metadata.name),
        ("Home", &metadata.home),
        ("Version", &metadata.version),
        ("Description", &metadata.description),
        ("Icon", &metadata.icon),
        ("APIVersion", &metadata.api_version),
        ("Condition", &metadata.condition),
        ("Tags", &metadata.tags),
        ("AppVersion", &metadata.app_version),
        ("KubeVersion", &metadata.kube_version),
        ("Type", &metadata.kind),
    ] {
        map.insert(name, text.as_str());
    }
    map.insert("Sources", texts(&metadata.sources));
    map.insert("Keywords", texts(&metadata.keywords));
    map.insert("Maintainers", Value::list_of(metadata.maintainers.iter().flatten().map(maintainer)));
    map.insert("Deprecated", metadata.deprecated);
    map.insert("Annotations", annotations(metadata));
    map.insert("Dependencies", Value::list_of(metadata.dependencies().map(dependency)));
    map.insert("IsRoot", is_root);
    map
}

fn texts(texts: &[String]) -> Value {
    Value::list_of(texts.iter().map(String::as_str))
}

fn annotations(metadata: &Metadata) -> Value {
    let Some(entries) = &metadata.annotations else { return Value::Map(Map::nil(MapType::Strings)) };
    let entries = entries.iter().map(|(key, text)| (key.as_str().into(), text.as_str().into())).collect();
    Value::Map(Map::of(MapType::Strings, entries))
}

fn maintainer(maintainer: &Maintainer) -> Value {
    Value::map_of([
        ("Name", maintainer.name.as_str()),
        ("Email", maintainer.email.as_str()),
        ("URL", maintainer.url.as_str()),
    ])
}

fn dependency(dependency: &Dependency) -> Value {
    let map = Map::new(MapType::Any);
    for (name, text) in [
        ("Name", &dependency.name),
        ("Version", &dependency.version),
        ("Repository", &dependency.repository),
        ("Condition", &dependency.condition),
        ("Alias", &dependency.alias),
    ] {
        map.insert(name, text.as_str());
    }
    map.insert("Tags", texts(&dependency.tags));
    map.insert("Enabled", dependency.enabled);
    let imports = dependency.import_values.iter().map(|entry| {
        let text = |key| entry.str_at(&[key]).unwrap_or_default();
        let entries = ["child", "parent"].map(|key| (key.into(), text(key).into()));
        Value::Map(Map::of(MapType::Strings, entries.into()))
    });
    map.insert("ImportValues", List::new(ListType::Any, imports.collect()));
    Value::Map(map)
}
