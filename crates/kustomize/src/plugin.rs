//! Generators and transformers, as a kustomization's fields and as objects of their own configure them.

use thiserror::Error;
use value::Value;
use yaml::node::ConvertError;

use crate::field_spec::FieldSpec;
use crate::generate::Kind;
use crate::kustomization::reader::{ReadError, Reader};
use crate::kustomization::{
    self as fields, Chart, GeneratorArguments, HelmGlobals, Image, PatchOptions, Replacement, Replica,
    Selector,
};
use crate::load::{LoadError, Loader};
use crate::patch::{self, JsonPatch, Loaded, PatchError};
use crate::read::{self, ManifestError};
use crate::remote::redacted;
use crate::resource::Resource;
use crate::resources::Resources;
use crate::schema::Schema;
use crate::transform::prefix_suffix::Side;
use crate::transform::{self, TransformError, images, labels, namespace, replacements, replicas, value_add};

/// A plugin that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PluginError {
    /// A function in a container, or a program.
    #[error(
        "{0} is an exec or container function, which is refused: nothing but built-in plugins (apiVersion: builtin) \
         runs during a build"
    )]
    External(String),
    /// A kind that does not exist.
    #[error("unable to load builtin {0}")]
    Unknown(String),
    /// A generator among the transformers, or the other way round.
    #[error("plugin {id} not a {wanted}")]
    WrongKind {
        /// The object.
        id: String,
        /// What is wanted.
        wanted: &'static str,
    },
    /// Its configuration is not right.
    #[error("plugin {id} fails configuration: {problem}")]
    Configuration {
        /// The object.
        id: String,
        /// Why.
        #[source]
        problem: ConfigurationProblem,
    },
    /// What it generates cannot be added.
    #[error("merging from generator: {0}")]
    Absorb(#[source] crate::resources::IdError),
    /// It cannot generate.
    #[error(transparent)]
    Generate(crate::generate::GenerateError),
    /// It is no data.
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// An entry that is no path, and no object either.
    #[error("inline object in entry {at}: {source}")]
    Inline {
        /// The number of the entry.
        at: usize,
        /// Why.
        source: ManifestError,
    },
}

/// What is wrong with the configuration of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConfigurationProblem {
    /// A field.
    #[error(transparent)]
    Field(#[from] ReadError),
    /// A patch.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// A file.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// An option.
    #[error(transparent)]
    Option(#[from] TransformError),
    /// Something is missing.
    #[error("{0}")]
    Missing(&'static str),
    /// A negative place in a path.
    #[error("value of FilePathPosition ({0}) cannot be negative")]
    Position(i64),
    /// A cloud that is not supported.
    #[error("cloud provider {0} not supported yet")]
    Cloud(String),
    /// A file that the configuration names.
    #[error("{entry}: {source}")]
    File {
        /// As it is named.
        entry: String,
        /// Why.
        source: FileProblem,
    },
}

/// What is wrong with a file that a configuration names.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileProblem {
    /// Not YAML.
    #[error(transparent)]
    Yaml(#[from] yaml::Error),
    /// A field.
    #[error(transparent)]
    Field(#[from] ReadError),
    /// Neither a replacement nor a list of them.
    #[error("unsupported replacement type encountered within replacement path: {0}")]
    Unsupported(value::Kind),
}

/// What makes resources.
#[derive(Clone, Debug)]
pub(crate) enum Generator {
    Pairs(Kind, Box<GeneratorArguments>),
    Chart(Box<Chart>, HelmGlobals),
    Object(Box<Resource>),
}

/// What changes resources.
#[derive(Clone, Debug)]
pub(crate) enum Transformer {
    Strategic(Vec<Resource>),
    Patch { loaded: Loaded, target: Option<Selector>, options: PatchOptions, source: String },
    Json6902 { patch: JsonPatch, target: Selector },
    Namespace { namespace: String, specs: Vec<FieldSpec>, unset_only: bool, subjects: namespace::Subjects },
    Name { text: String, side: Side, specs: Vec<FieldSpec> },
    Texts { texts: Vec<(String, String)>, specs: Vec<FieldSpec> },
    Replicas { replica: Replica, specs: Vec<FieldSpec> },
    Images { image: Image, specs: Vec<FieldSpec> },
    Replacements(Vec<Replacement>),
    ValueAdd { value: String, targets: Vec<value_add::Target> },
    Hash,
}

/// Why a transformer failed.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Patch(PatchError),
    Transform(TransformError),
}

impl From<PatchError> for Failure {
    fn from(error: PatchError) -> Self {
        Self::Patch(error)
    }
}

impl From<TransformError> for Failure {
    fn from(error: TransformError) -> Self {
        Self::Transform(error)
    }
}

impl Transformer {
    /// Changes the resources.
    ///
    /// # Errors
    /// What the transformer asks for cannot be done.
    pub(crate) fn apply(&self, resources: &mut Resources, schema: &Schema) -> Result<(), Failure> {
        match self {
            Self::Strategic(patches) => patch::apply_strategic(resources, patches, schema)?,
            Self::Patch { loaded, target, options, source } => {
                patch::apply(resources, loaded, (target.as_ref(), *options), (source, schema))?;
            }
            Self::Json6902 { patch, target } => patch::apply_json6902(resources, patch, target)?,
            Self::Namespace { namespace, specs, unset_only, subjects } => {
                let (unset_only, subjects) = (*unset_only, *subjects);
                let options = namespace::Options { namespace, specs, unset_only, subjects, schema };
                namespace::apply(resources, &options)?;
            }
            Self::Name { text, side, specs } => {
                transform::prefix_suffix::apply(resources, text, *side, specs)?
            }
            Self::Texts { texts, specs } => labels::apply(resources, texts, specs)?,
            Self::Replicas { replica, specs } => replicas::apply(resources, replica, specs)?,
            Self::Images { image, specs } => images::apply(resources, image, specs)?,
            Self::Replacements(list) => {
                replacements::apply(resources, list).map_err(TransformError::from)?;
            }
            Self::ValueAdd { value, targets } => value_add::apply(resources, value, targets, schema)?,
            Self::Hash => transform::add_hashes(resources)?,
        }
        Ok(())
    }
}

/// The generator that an object configures.
///
/// # Errors
/// [`PluginError`]
pub(crate) fn generator(resource: &Resource) -> Result<Generator, PluginError> {
    let value = builtin(resource)?;
    let wrap = |problem| PluginError::Configuration { id: resource.original_id().to_string(), problem };
    match resource.kind() {
        "ConfigMapGenerator" => pairs(&value, Kind::ConfigMap).map_err(|error| wrap(error.into())),
        "SecretGenerator" => pairs(&value, Kind::Secret).map_err(|error| wrap(error.into())),
        "HelmChartInflationGenerator" => {
            let read = || {
                let chart = fields::reader::read_lenient(&value, |reader| fields::chart(reader))?;
                let globals = fields::reader::read_lenient(&value, |reader| fields::helm_globals(reader))?;
                Ok(Generator::Chart(Box::new(chart), globals))
            };
            read().map_err(|error: ReadError| wrap(error.into()))
        }
        "IAMPolicyGenerator" => service_account(&value).map_err(wrap),
        kind if TRANSFORMERS.contains(&kind) => {
            Err(PluginError::WrongKind { id: resource.original_id().to_string(), wanted: "generator" })
        }
        _ => Err(PluginError::Unknown(resource.gvk().to_string())),
    }
}

const GENERATORS: [&str; 4] =
    ["ConfigMapGenerator", "SecretGenerator", "HelmChartInflationGenerator", "IAMPolicyGenerator"];

const TRANSFORMERS: [&str; 13] = [
    "AnnotationsTransformer",
    "HashTransformer",
    "ImageTagTransformer",
    "LabelTransformer",
    "NamespaceTransformer",
    "PatchJson6902Transformer",
    "PatchStrategicMergeTransformer",
    "PatchTransformer",
    "PrefixTransformer",
    "SuffixTransformer",
    "ReplacementTransformer",
    "ReplicaCountTransformer",
    "ValueAddTransformer",
];

fn builtin(resource: &Resource) -> Result<Value, PluginError> {
    if resource.api_version() != "builtin" {
        return Err(PluginError::External(resource.original_id().to_string()));
    }
    Ok(resource.to_value()?)
}

fn pairs(value: &Value, kind: Kind) -> Result<Generator, ReadError> {
    let mut arguments =
        fields::reader::read_lenient(value, |reader| fields::generator(reader, kind == Kind::Secret))?;
    let (name, namespace) = metadata(value)?;
    if arguments.name.is_empty() {
        arguments.name = name;
    }
    if arguments.namespace.is_empty() {
        arguments.namespace = namespace;
    }
    Ok(Generator::Pairs(kind, Box::new(arguments)))
}

fn metadata(value: &Value) -> Result<(String, String), ReadError> {
    let mut reader = Reader::lenient(value)?;
    let read = reader.object("metadata", |reader| Ok((reader.text("name")?, reader.text("namespace")?)))?;
    Ok(read.unwrap_or_default())
}

/// A service account of Kubernetes that stands for one of Google's.
fn service_account(value: &Value) -> Result<Generator, ConfigurationProblem> {
    let mut reader = Reader::lenient(value)?;
    let cloud = reader.text("cloud")?;
    if cloud != "gke" {
        return Err(ConfigurationProblem::Cloud(cloud));
    }
    let (name, namespace) = reader
        .object("kubernetesService", |reader| Ok((reader.text("name")?, reader.text("namespace")?)))?
        .unwrap_or_default();
    let (account, project) = reader
        .object("serviceAccount", |reader| Ok((reader.text("name")?, reader.text("projectId")?)))?
        .unwrap_or_default();
    let mut metadata = value::Map::new();
    let annotation = format!("{account}@{project}.iam.gserviceaccount.com");
    metadata.insert("annotations", Value::map_of([("iam.gke.io/gcp-service-account", annotation)]));
    metadata.insert("name", name);
    if !namespace.is_empty() {
        metadata.insert("namespace", namespace);
    }
    let object = Value::map_of([
        ("apiVersion", Value::from("v1")),
        ("kind", Value::from("ServiceAccount")),
        ("metadata", Value::from(metadata)),
    ]);
    Ok(Generator::Object(Box::new(Resource::new(yaml::node::Node::from_value(&object)))))
}

/// The transformers that an object configures.
///
/// # Errors
/// [`PluginError`]
pub(crate) fn transformers(
    resource: &Resource,
    loader: &Loader<'_>,
) -> Result<Vec<Transformer>, PluginError> {
    let value = builtin(resource)?;
    let id = || resource.original_id().to_string();
    if GENERATORS.contains(&resource.kind()) {
        return Err(PluginError::WrongKind { id: id(), wanted: "transformer" });
    }
    let one = configured(resource.kind(), &value, loader)
        .map_err(|problem| PluginError::Configuration { id: id(), problem })?;
    if one.is_empty() {
        return Err(PluginError::Unknown(resource.gvk().to_string()));
    }
    Ok(one)
}

type Configured = Result<Vec<Transformer>, ConfigurationProblem>;

/// Nothing for a kind that does not exist.
fn configured(kind: &str, value: &Value, loader: &Loader<'_>) -> Configured {
    let specs = || crate::config::specs_of(value, "fieldSpecs");
    let mut reader = Reader::lenient(value)?;
    Ok(vec![match kind {
        "AnnotationsTransformer" => {
            Transformer::Texts { texts: reader.pairs("annotations")?.unwrap_or_default(), specs: specs()? }
        }
        "LabelTransformer" => {
            Transformer::Texts { texts: reader.pairs("labels")?.unwrap_or_default(), specs: specs()? }
        }
        "HashTransformer" => Transformer::Hash,
        "ImageTagTransformer" => Transformer::Images {
            image: reader.object("imageTag", fields::image)?.unwrap_or_default(),
            specs: specs()?,
        },
        "NamespaceTransformer" => Transformer::Namespace {
            namespace: metadata(value)?.1,
            specs: specs()?,
            unset_only: reader.flag("unsetOnly")?,
            subjects: namespace::Subjects::parse(&reader.text("setRoleBindingSubjects")?)?,
        },
        "PrefixTransformer" => named(&mut reader, Side::Prefix, specs()?)?,
        "SuffixTransformer" => named(&mut reader, Side::Suffix, specs()?)?,
        "PrefixSuffixTransformer" => {
            return Ok(vec![
                named(&mut reader, Side::Prefix, specs()?)?,
                named(&mut reader, Side::Suffix, specs()?)?,
            ]);
        }
        "ReplicaCountTransformer" => Transformer::Replicas {
            replica: reader.object("replica", fields::replica)?.unwrap_or_default(),
            specs: specs()?,
        },
        "ReplacementTransformer" => {
            let list = reader.items("replacements", fields::replacement)?;
            Transformer::Replacements(load_replacements(&list, loader)?)
        }
        "PatchTransformer" => {
            patch_transformer(&fields::reader::read_lenient(value, |reader| fields::patch(reader))?, loader)?
        }
        "PatchJson6902Transformer" => json6902(&mut reader, loader)?,
        "PatchStrategicMergeTransformer" => {
            let (paths, patches) = (reader.texts("paths")?, reader.text("patches")?);
            strategic(&paths, &patches, loader)?
        }
        "ValueAddTransformer" => value_adding(&mut reader, loader)?,
        _ => return Ok(Vec::new()),
    }])
}

fn named(
    reader: &mut Reader<'_>,
    side: Side,
    specs: Vec<FieldSpec>,
) -> Result<Transformer, ConfigurationProblem> {
    if !reader.has("fieldSpecs") {
        return Err(ConfigurationProblem::Missing("fieldSpecs is not expected to be nil"));
    }
    let text = reader.text(if side == Side::Prefix { "prefix" } else { "suffix" })?;
    Ok(Transformer::Name { text, side, specs })
}

/// One entry of `patches`.
///
/// # Errors
/// It is not right, or its file cannot be read.
pub(crate) fn patch_transformer(
    entry: &fields::Patch,
    loader: &Loader<'_>,
) -> Result<Transformer, ConfigurationProblem> {
    let inline = entry.patch.trim();
    let text = match (inline.is_empty(), entry.path.is_empty()) {
        (true, true) => return Err(PatchError::Nothing.into()),
        (false, false) => return Err(PatchError::Both.into()),
        (false, true) => inline.to_owned(),
        (true, false) => loader.read_text(&entry.path)?,
    };
    let source = patch::source_text(&entry.path);
    let loaded = patch::load(&text, &source)?;
    let options = entry.options.unwrap_or_default();
    Ok(Transformer::Patch { loaded, target: entry.target.clone(), options, source })
}

fn json6902(reader: &mut Reader<'_>, loader: &Loader<'_>) -> Result<Transformer, ConfigurationProblem> {
    let entry = fields::Patch {
        target: reader.object("target", fields::selector)?,
        path: reader.text("path")?,
        patch: reader.text("jsonOp")?,
        options: None,
    };
    json6902_transformer(&entry, loader)
}

/// One entry of `patchesJson6902`.
///
/// # Errors
/// It is not right, or its file cannot be read.
pub(crate) fn json6902_transformer(
    entry: &fields::Patch,
    loader: &Loader<'_>,
) -> Result<Transformer, ConfigurationProblem> {
    let target = entry.target.clone().filter(|target| !target.id.name.is_empty());
    let target = target.ok_or(PatchError::NoTargetName)?;
    let text = match (entry.patch.is_empty(), entry.path.is_empty()) {
        (true, true) => return Err(ConfigurationProblem::Missing("empty file path and empty jsonOp")),
        (false, false) => {
            return Err(ConfigurationProblem::Missing("must specify a file path or jsonOp, not both"));
        }
        (false, true) => entry.patch.clone(),
        (true, false) => loader.read_text(&entry.path)?,
    };
    let source = patch::source_text(&entry.path);
    let patch =
        patch::json_of(&text).map_err(|json| PatchError::Decode { source_text: source.clone(), json })?;
    if patch.is_empty() {
        return Err(PatchError::Empty(source).into());
    }
    Ok(Transformer::Json6902 { patch, target })
}

/// The entries of `patchesStrategicMerge`: texts of patches, or paths of files.
///
/// # Errors
/// One is neither, or its file cannot be read.
pub(crate) fn strategic(
    entries: &[String],
    inline: &str,
    loader: &Loader<'_>,
) -> Result<Transformer, ConfigurationProblem> {
    if entries.is_empty() && inline.is_empty() {
        return Err(ConfigurationProblem::Missing("empty file path and empty patch content"));
    }
    let mut patches = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        match read::parse(entry.as_bytes()) {
            Ok(found) => patches.extend(found),
            Err(source) if is_inline(entry) => return Err(PatchError::Inline { at, source }.into()),
            Err(_) => patches.extend(read::parse(&loader.read(entry)?).map_err(PatchError::Manifest)?),
        }
    }
    if !inline.is_empty() {
        patches.extend(read::parse(inline.as_bytes()).map_err(PatchError::Manifest)?);
    }
    if patches.is_empty() {
        return Err(PatchError::Empty(format!("{} entries without an object", entries.len())).into());
    }
    Ok(Transformer::Strategic(patches))
}

/// Whether an entry that is no object can be no path either.
pub(crate) fn is_inline(entry: &str) -> bool {
    entry.trim().contains('\n')
}

/// Entries with a path are files with one replacement or a list of them.
///
/// # Errors
/// A file cannot be read, or is not right.
pub(crate) fn load_replacements(
    entries: &[Replacement],
    loader: &Loader<'_>,
) -> Result<Vec<Replacement>, ConfigurationProblem> {
    let mut loaded = Vec::new();
    for entry in entries {
        if entry.path.is_empty() {
            loaded.push(entry.clone());
            continue;
        }
        if entry.source.is_some() || entry.targets.as_ref().is_some_and(|targets| !targets.is_empty()) {
            return Err(ConfigurationProblem::Missing("cannot specify both path and inline replacement"));
        }
        let wrong = |source| ConfigurationProblem::File { entry: redacted(&entry.path), source };
        let text = loader.read_text(&entry.path)?;
        loaded.extend(replacements_of(&text).map_err(wrong)?);
    }
    Ok(loaded)
}

fn replacements_of(text: &str) -> Result<Vec<Replacement>, FileProblem> {
    let value = yaml::parse_first(text, yaml::Rules::V2)?;
    let read = |value| Ok(fields::reader::read_lenient(value, |reader| fields::replacement(reader))?);
    match &value {
        Value::List(list) => list.iter().map(read).collect(),
        Value::Map(_) => Ok(vec![read(&value)?]),
        other => Err(FileProblem::Unsupported(other.kind())),
    }
}

fn value_adding(reader: &mut Reader<'_>, loader: &Loader<'_>) -> Result<Transformer, ConfigurationProblem> {
    let mut value = reader.text("value")?.trim().to_owned();
    if value.is_empty() {
        value = loader.root().rsplit('/').next().unwrap_or_default().to_owned();
    }
    let mut targets = reader.items("targets", target)?;
    let file = reader.text("targetFilePath")?;
    if !file.is_empty() {
        let text = loader.read_text(&file)?;
        let wrong = |source| ConfigurationProblem::File { entry: redacted(&file), source };
        let content = yaml::parse_first(&text, yaml::Rules::V2).map_err(|error| wrong(error.into()))?;
        let read = Reader::lenient(&content).and_then(|mut reader| reader.items("targets", target));
        targets.extend(read.map_err(|error| wrong(error.into()))?);
    }
    if targets.is_empty() {
        return Err(ConfigurationProblem::Missing("must specify at least one target"));
    }
    if targets.iter().any(|target| target.field_path.is_empty()) {
        return Err(ConfigurationProblem::Missing("fieldPath cannot be empty"));
    }
    if let Some(target) = targets.iter().find(|target| target.position < 0) {
        return Err(ConfigurationProblem::Position(target.position));
    }
    Ok(Transformer::ValueAdd { value, targets })
}

fn target(reader: &mut Reader<'_>) -> Result<value_add::Target, ReadError> {
    Ok(value_add::Target {
        selector: reader.object("selector", fields::selector)?,
        field_path: reader.text("fieldPath")?,
        position: reader.integer("filePathPosition")?,
    })
}
