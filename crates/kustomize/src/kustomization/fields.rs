//! The types of a kustomization file.

use value::Value;

use super::reader::{ReadError, Reader};
use crate::field_spec::FieldSpec;
use crate::id::{Gvk, ResourceId};

type Result<T> = std::result::Result<T, ReadError>;
type Pairs = Vec<(String, String)>;

/// A kustomization file. A field that is absent is empty.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kustomization {
    pub api_version: String,
    pub kind: String,
    pub metadata: Option<Value>,
    pub openapi: Option<Pairs>,
    pub name_prefix: String,
    pub name_suffix: String,
    pub namespace: String,
    pub common_labels: Option<Pairs>,
    pub labels: Vec<Label>,
    pub common_annotations: Option<Pairs>,
    pub patches_strategic_merge: Vec<String>,
    pub patches_json6902: Vec<Patch>,
    pub patches: Vec<Patch>,
    pub images: Vec<Image>,
    pub image_tags: Vec<Image>,
    pub replacements: Vec<Replacement>,
    pub replicas: Vec<Replica>,
    pub vars: Vec<Variable>,
    pub sort_options: Option<SortOptions>,
    pub resources: Vec<String>,
    pub components: Vec<String>,
    pub crds: Vec<String>,
    pub bases: Vec<String>,
    pub config_map_generator: Vec<GeneratorArguments>,
    pub secret_generator: Vec<GeneratorArguments>,
    pub helm_globals: Option<HelmGlobals>,
    pub helm_charts: Vec<Chart>,
    pub helm_chart_inflation_generator: Vec<ChartGlobals>,
    pub generator_options: Option<GeneratorOptions>,
    pub configurations: Vec<String>,
    pub generators: Vec<String>,
    pub transformers: Vec<String>,
    pub validators: Vec<String>,
    pub build_metadata: Vec<String>,
}

pub(super) fn kustomization(reader: &mut Reader<'_>) -> Result<Kustomization> {
    Ok(Kustomization {
        api_version: reader.text("apiVersion")?,
        kind: reader.text("kind")?,
        metadata: metadata(reader)?,
        openapi: reader.pairs("openapi")?,
        name_prefix: reader.text("namePrefix")?,
        name_suffix: reader.text("nameSuffix")?,
        namespace: reader.text("namespace")?,
        common_labels: reader.pairs("commonLabels")?,
        labels: reader.items("labels", label)?,
        common_annotations: reader.pairs("commonAnnotations")?,
        patches_strategic_merge: reader.texts("patchesStrategicMerge")?,
        patches_json6902: reader.items("patchesJson6902", patch)?,
        patches: reader.items("patches", patch)?,
        images: reader.items("images", image)?,
        image_tags: reader.items("imageTags", image)?,
        replacements: reader.items("replacements", replacement)?,
        replicas: reader.items("replicas", replica)?,
        vars: reader.items("vars", variable)?,
        sort_options: reader.object("sortOptions", sort_options)?,
        resources: reader.texts("resources")?,
        components: reader.texts("components")?,
        crds: reader.texts("crds")?,
        bases: reader.texts("bases")?,
        config_map_generator: reader.items("configMapGenerator", |reader| generator(reader, false))?,
        secret_generator: reader.items("secretGenerator", |reader| generator(reader, true))?,
        helm_globals: reader.object("helmGlobals", helm_globals)?,
        helm_charts: reader.items("helmCharts", chart)?,
        helm_chart_inflation_generator: reader.items("helmChartInflationGenerator", old_chart)?,
        generator_options: reader.object("generatorOptions", generator_options)?,
        configurations: reader.texts("configurations")?,
        generators: reader.texts("generators")?,
        transformers: reader.texts("transformers")?,
        validators: reader.texts("validators")?,
        build_metadata: reader.texts("buildMetadata")?,
    })
}

/// It says nothing about the build, but its fields are checked.
fn metadata(reader: &mut Reader<'_>) -> Result<Option<Value>> {
    reader.object("metadata", |reader| {
        let mut map = value::Map::new();
        for name in ["name", "namespace"] {
            if let Some(text) = reader.optional_text(name)? {
                map.insert(name, text);
            }
        }
        for name in ["labels", "annotations"] {
            if let Some(pairs) = reader.pairs(name)? {
                map.insert(name, Value::map_of(pairs));
            }
        }
        Ok(Value::from(map))
    })
}

/// Labels for all objects.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Label {
    pub pairs: Pairs,
    pub include_selectors: bool,
    pub include_templates: bool,
    pub include_volume_claim_templates: bool,
    pub(crate) fields: Vec<FieldSpec>,
}

fn label(reader: &mut Reader<'_>) -> Result<Label> {
    Ok(Label {
        pairs: reader.pairs("pairs")?.unwrap_or_default(),
        include_selectors: reader.flag("includeSelectors")?,
        include_templates: reader.flag("includeTemplates")?,
        include_volume_claim_templates: reader.flag("includeVolumeClaimTemplates")?,
        fields: reader.items("fields", field_spec)?,
    })
}

pub(crate) fn field_spec(reader: &mut Reader<'_>) -> Result<FieldSpec> {
    Ok(FieldSpec { gvk: gvk(reader)?, path: reader.text("path")?.into(), create: reader.flag("create")? })
}

pub(crate) fn gvk(reader: &mut Reader<'_>) -> Result<Gvk> {
    let mut text = |name| reader.text(name).map(Into::into);
    Ok(Gvk { group: text("group")?, version: text("version")?, kind: text("kind")? })
}

/// A patch and what it is for.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    pub path: String,
    pub patch: String,
    pub target: Option<Selector>,
    pub options: Option<PatchOptions>,
}

/// What a patch may change.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PatchOptions {
    pub allow_name_change: bool,
    pub allow_kind_change: bool,
}

pub(crate) fn patch(reader: &mut Reader<'_>) -> Result<Patch> {
    Ok(Patch {
        path: reader.text("path")?,
        patch: reader.text("patch")?,
        target: reader.object("target", selector)?,
        options: reader.object("options", |reader| {
            Ok(PatchOptions {
                allow_name_change: reader.flag("allowNameChange")?,
                allow_kind_change: reader.flag("allowKindChange")?,
            })
        })?,
    })
}

/// Which resources are meant.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    pub id: ResourceId,
    pub annotation_selector: String,
    pub label_selector: String,
}

pub(crate) fn selector(reader: &mut Reader<'_>) -> Result<Selector> {
    Ok(Selector {
        id: id(reader)?,
        annotation_selector: reader.text("annotationSelector")?,
        label_selector: reader.text("labelSelector")?,
    })
}

fn id(reader: &mut Reader<'_>) -> Result<ResourceId> {
    Ok(ResourceId {
        gvk: gvk(reader)?,
        name: reader.text("name")?.into(),
        namespace: reader.text("namespace")?.into(),
    })
}

/// A change of image names.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    pub name: String,
    pub new_name: String,
    pub tag_suffix: String,
    pub new_tag: String,
    pub digest: String,
}

pub(crate) fn image(reader: &mut Reader<'_>) -> Result<Image> {
    Ok(Image {
        name: reader.text("name")?,
        new_name: reader.text("newName")?,
        tag_suffix: reader.text("tagSuffix")?,
        new_tag: reader.text("newTag")?,
        digest: reader.text("digest")?,
    })
}

/// A value that is copied from one field to others.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replacement {
    pub source: Option<ReplacementSource>,
    pub targets: Option<Vec<ReplacementTarget>>,
    pub source_value: Option<String>,
    pub path: String,
}

/// Where a value comes from.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplacementSource {
    pub id: ResourceId,
    pub field_path: String,
    pub options: Option<FieldOptions>,
}

/// Where a value goes.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplacementTarget {
    pub select: Option<Selector>,
    pub reject: Vec<Selector>,
    pub field_paths: Vec<String>,
    pub options: Option<FieldOptions>,
}

/// Which part of a field is meant.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldOptions {
    pub delimiter: String,
    pub index: i64,
    pub encoding: String,
    pub create: bool,
}

pub(crate) fn replacement(reader: &mut Reader<'_>) -> Result<Replacement> {
    let options = |reader: &mut Reader<'_>| {
        Ok(FieldOptions {
            delimiter: reader.text("delimiter")?,
            index: reader.integer("index")?,
            encoding: reader.text("encoding")?,
            create: reader.flag("create")?,
        })
    };
    Ok(Replacement {
        source: reader.object("source", |reader| {
            Ok(ReplacementSource {
                id: id(reader)?,
                field_path: reader.text("fieldPath")?,
                options: reader.object("options", options)?,
            })
        })?,
        targets: reader.optional_items("targets", |reader| {
            Ok(ReplacementTarget {
                select: reader.object("select", selector)?,
                reject: reader.items("reject", selector)?,
                field_paths: reader.texts("fieldPaths")?,
                options: reader.object("options", options)?,
            })
        })?,
        source_value: reader.optional_text("sourceValue")?,
        path: reader.text("path")?,
    })
}

/// The number of replicas of the resources of a name.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replica {
    pub name: String,
    pub count: i64,
}

pub(crate) fn replica(reader: &mut Reader<'_>) -> Result<Replica> {
    Ok(Replica { name: reader.text("name")?, count: reader.integer("count")? })
}

/// A variable that stands for a field.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    pub object: ResourceId,
    pub field_path: String,
}

fn variable(reader: &mut Reader<'_>) -> Result<Variable> {
    let object = reader.object("objref", |reader| {
        let api_version = reader.text("apiVersion")?;
        let mut id = id(reader)?;
        // A version with more than one slash is ignored, as upstream does.
        match api_version.split('/').collect::<Vec<_>>().as_slice() {
            [""] => {}
            [version] => id.gvk.version = (*version).into(),
            [group, version] => {
                id.gvk.group = (*group).into();
                id.gvk.version = (*version).into();
            }
            _ => {}
        }
        Ok(id)
    })?;
    let path = reader.object("fieldref", |reader| reader.text("fieldPath"))?;
    Ok(Variable {
        name: reader.text("name")?,
        object: object.unwrap_or_default(),
        field_path: path.filter(|path| !path.is_empty()).unwrap_or_else(|| "metadata.name".to_owned()),
    })
}

/// The order of the output.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SortOptions {
    pub order: String,
    pub legacy_sort_options: Option<LegacySortOptions>,
}

/// The kinds that come first and last.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LegacySortOptions {
    pub order_first: Vec<String>,
    pub order_last: Vec<String>,
}

fn sort_options(reader: &mut Reader<'_>) -> Result<SortOptions> {
    Ok(SortOptions {
        order: reader.text("order")?,
        legacy_sort_options: reader.object("legacySortOptions", |reader| {
            Ok(LegacySortOptions {
                order_first: reader.texts("orderFirst")?,
                order_last: reader.texts("orderLast")?,
            })
        })?,
    })
}

/// A ConfigMap or Secret to be made.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GeneratorArguments {
    pub namespace: String,
    pub name: String,
    pub behavior: String,
    pub literals: Vec<String>,
    pub files: Vec<String>,
    pub envs: Vec<String>,
    pub env: String,
    pub options: Option<GeneratorOptions>,
    /// Of a Secret.
    pub secret_type: String,
}

pub(crate) fn generator(reader: &mut Reader<'_>, is_secret: bool) -> Result<GeneratorArguments> {
    Ok(GeneratorArguments {
        namespace: reader.text("namespace")?,
        name: reader.text("name")?,
        behavior: reader.text("behavior")?,
        literals: reader.texts("literals")?,
        files: reader.texts("files")?,
        envs: reader.texts("envs")?,
        env: reader.text("env")?,
        options: reader.object("options", generator_options)?,
        secret_type: if is_secret { reader.text("type")? } else { String::new() },
    })
}

/// What all generated objects get.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GeneratorOptions {
    pub labels: Pairs,
    pub annotations: Pairs,
    pub disable_name_suffix_hash: bool,
    pub immutable: bool,
}

fn generator_options(reader: &mut Reader<'_>) -> Result<GeneratorOptions> {
    Ok(GeneratorOptions {
        labels: reader.pairs("labels")?.unwrap_or_default(),
        annotations: reader.pairs("annotations")?.unwrap_or_default(),
        disable_name_suffix_hash: reader.flag("disableNameSuffixHash")?,
        immutable: reader.flag("immutable")?,
    })
}

/// Where charts lie.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HelmGlobals {
    pub chart_home: String,
    pub config_home: String,
}

pub(crate) fn helm_globals(reader: &mut Reader<'_>) -> Result<HelmGlobals> {
    Ok(HelmGlobals { chart_home: reader.text("chartHome")?, config_home: reader.text("configHome")? })
}

/// A chart to be rendered.
#[expect(missing_docs, reason = "each field is the one of that name in the kustomization file")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    pub name: String,
    pub version: String,
    pub repo: String,
    pub release_name: String,
    pub namespace: String,
    pub additional_values_files: Vec<String>,
    pub values_file: String,
    pub values_inline: Option<Value>,
    pub values_merge: String,
    pub include_crds: bool,
    pub skip_hooks: bool,
    pub api_versions: Vec<String>,
    pub kube_version: String,
    pub name_template: String,
    pub skip_tests: bool,
    pub debug: bool,
    pub devel: bool,
}

pub(crate) fn chart(reader: &mut Reader<'_>) -> Result<Chart> {
    Ok(Chart {
        name: reader.text("name")?,
        version: reader.text("version")?,
        repo: reader.text("repo")?,
        release_name: reader.text("releaseName")?,
        namespace: reader.text("namespace")?,
        additional_values_files: reader.texts("additionalValuesFiles")?,
        values_file: reader.text("valuesFile")?,
        values_inline: reader.data("valuesInline")?,
        values_merge: reader.text("valuesMerge")?,
        include_crds: reader.flag("includeCRDs")?,
        skip_hooks: reader.flag("skipHooks")?,
        api_versions: reader.texts("apiVersions")?,
        kube_version: reader.text("kubeVersion")?,
        name_template: reader.text("nameTemplate")?,
        skip_tests: reader.flag("skipTests")?,
        debug: reader.flag("debug")?,
        devel: reader.flag("devel")?,
    })
}

/// An entry of the deprecated `helmChartInflationGenerator`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChartGlobals {
    /// The chart.
    pub chart: Chart,
    /// Where charts lie.
    pub globals: HelmGlobals,
}

fn old_chart(reader: &mut Reader<'_>) -> Result<ChartGlobals> {
    let chart = Chart {
        name: reader.text("chartName")?,
        version: reader.text("chartVersion")?,
        repo: reader.text("chartRepoUrl")?,
        values_file: reader.text("values")?,
        values_inline: reader.data("valuesLocal")?,
        values_merge: reader.text("valuesMerge")?,
        release_name: reader.text("releaseName")?,
        ..Chart::default()
    };
    let globals =
        HelmGlobals { chart_home: reader.text("chartHome")?, config_home: reader.text("helmHome")? };
    // Upstream reads these and drops them.
    for unused in ["chartRepoName", "helmBin", "releaseNamespace"] {
        reader.text(unused)?;
    }
    reader.texts("extraArgs")?;
    Ok(ChartGlobals { chart, globals })
}
