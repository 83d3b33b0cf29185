//! From an Application to the Flux objects that deploy it.
//!
//! What the spec cannot be carried over for is refused by name. Source of the rules: the original Flux
//! Subsystem for Argo, and where it loses what an Application says, the field of Flux that means the same.

mod credentials;
mod options;
mod overrides;
mod workload;

use apimachinery::fields;
use argocd_api::Application;
use argocd_api::application::{REFUSED, Source};
use argocd_core::revision::Form;
use flux_api::{git_repository, kustomization};
use insight::generated::{APPLICATION, GENERATED, RESTS};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use value::Value;

pub(crate) use credentials::Credentials;
pub(crate) use options::OperationOptions;
pub(crate) use workload::REPLICATED;

use crate::names::{self, ApplicationName, DIGEST, SPEC};

/// How often Flux looks at a generated object by itself.
const INTERVAL: &str = "10m";

/// Something that an Application asks for and that cannot be done for it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub(crate) struct Refusal(pub(crate) String);

impl Refusal {
    /// What is wrong, and what to do.
    fn with_fix(problem: &str, fix: &str) -> Self {
        Self(insight::with_advice(problem, fix))
    }
}

/// What the objects are generated from.
pub(crate) struct Inputs<'a> {
    /// The Application as it stands in the cluster.
    pub(crate) object: &'a Value,
    pub(crate) application: &'a Application,
    /// The source, which an operation can replace.
    pub(crate) source: &'a Source,
    /// What the revision names.
    pub(crate) form: &'a Form,
    /// The credentials of the repository.
    pub(crate) credentials: Option<&'a Credentials>,
    /// The API versions that the cluster serves.
    pub(crate) versions: &'a Versions,
    /// Whether the workload rests; `None` where that is nobody's business but its own.
    pub(crate) suspend: Option<bool>,
    /// Whether the source stays at its artifact for now.
    pub(crate) hold_source: bool,
}

/// API versions of the generated objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) git_repository: String,
    pub(crate) kustomization: String,
}

impl Default for Versions {
    fn default() -> Self {
        Self {
            git_repository: git_repository::kind().api_version(),
            kustomization: kustomization::kind().api_version(),
        }
    }
}

/// The objects that deploy an Application.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Generated {
    /// The namespace of the objects, where the Application asks for it.
    pub(crate) namespace: Option<Value>,
    /// The credentials that the source reads.
    pub(crate) secret: Option<Value>,
    /// The GitRepository.
    pub(crate) source: Value,
    /// The Kustomization.
    pub(crate) workload: Value,
}

impl Generated {
    /// The address that will be fetched from, overrides included.
    pub(crate) fn url(&self) -> &str {
        self.source.str_at(&["spec", "url"]).unwrap_or_default()
    }

    /// The namespace that all objects are put into, overrides included.
    pub(crate) fn target_namespace(&self) -> Option<&str> {
        self.workload.str_at(&["spec", "targetNamespace"]).filter(|namespace| !namespace.is_empty())
    }
}

/// The objects for an Application, or everything that stands in the way.
pub(crate) fn generate(inputs: &Inputs<'_>) -> Result<Generated, Vec<Refusal>> {
    let mut refusals = refused(inputs);
    let source = overrides::apply(inputs.object, "gitrepository", git_source(inputs))
        .and_then(|source| with_own_credentials(source, inputs));
    let workload = workload::kustomization(inputs)
        .and_then(|workload| overrides::apply(inputs.object, "kustomize", workload))
        .and_then(|workload| workload::checked(workload, inputs));
    refusals.extend(overrides::misplaced(inputs.object));
    match (source, workload) {
        (Ok(source), Ok(workload)) if refusals.is_empty() => Ok(Generated {
            namespace: options::namespace(inputs.application),
            secret: inputs.credentials.map(|credentials| finished(credentials.secret(inputs), inputs)),
            source: finished(held(source, inputs), inputs),
            workload: finished(resting(with_spec(workload), inputs), inputs),
        }),
        (source, workload) => {
            refusals.extend(source.err());
            refusals.extend(workload.err());
            Err(refusals)
        }
    }
}

/// What the spec asks for that Flux has no word for, or that is not built yet.
fn refused(inputs: &Inputs<'_>) -> Vec<Refusal> {
    let fields = fields::present_in_spec(inputs.object, REFUSED);
    let mut refusals: Vec<Refusal> = fields.into_iter().map(refusal).collect();
    let url = &inputs.source.repo_url;
    if url.starts_with("oci://") {
        let text = format!("OCI repositories are not supported by this version of Flamingo ({url})");
        refusals.push(Refusal::with_fix(&text, "set spec.source.repoURL to a Git repository"));
    }
    if inputs.application.destination.namespace.is_empty() {
        let text = "spec.destination.namespace is empty, and the Flux objects are made there";
        refusals.push(Refusal::with_fix(text, "set spec.destination.namespace"));
    }
    if *inputs.form == Form::Unknown {
        let revision = &inputs.source.target_revision;
        let text = format!("unable to resolve '{revision}' to a commit SHA: revision not found");
        refusals.push(Refusal(text));
    }
    refusals.extend(options::refused(inputs.application));
    refusals
}

fn refusal(field: &str) -> Refusal {
    let (why, fix) = match field {
        "sources" => (
            "several sources are not supported by this version of Flamingo",
            "use spec.source in place of spec.sources".to_owned(),
        ),
        "source.helm" | "source.chart" => (
            "Helm charts are not supported as Flux objects by this version of Flamingo",
            format!("remove spec.{field}, and make a HelmRelease by hand"),
        ),
        _ => {
            ("it has no counterpart in Flux", format!("remove spec.{field}, or say it in the source itself"))
        }
    };
    Refusal::with_fix(&format!("spec.{field} cannot be carried over: {why}"), &fix)
}

fn git_source(inputs: &Inputs<'_>) -> Value {
    let reference = match inputs.form {
        Form::Branch(branch) => Some(("branch", branch)),
        Form::Tag(tag) => Some(("tag", tag)),
        Form::Commit(commit) => Some(("commit", commit)),
        Form::Range(range) => Some(("semver", range)),
        Form::Name(name) => Some(("name", name)),
        Form::Unknown => None,
    };
    let mut spec = Value::map_of([
        ("interval", Value::from(INTERVAL)),
        ("url", inputs.source.repo_url.as_str().into()),
        ("ref", Value::map_of(reference.map(|(form, text)| (form, text.as_str())))),
    ]);
    if inputs.credentials.is_some() {
        spec.set_at(&["secretRef"], Value::map_of([("name", credentials::name(inputs))]));
    }
    object(
        (&inputs.versions.git_repository, "GitRepository"),
        (&inputs.application.destination.namespace, &ApplicationName::of(inputs.object).name),
        spec,
    )
}

/// Credentials go to the repository that they belong to and to no other.
fn with_own_credentials(source: Value, inputs: &Inputs<'_>) -> Result<Value, Refusal> {
    let is_own = source.str_at(&["spec", "url"]) == Some(&inputs.source.repo_url);
    if is_own || inputs.credentials.is_none() {
        return Ok(source);
    }
    let text = "the override of the GitRepository sets spec.url, and the credentials of spec.source.repoURL must not go \
                there; set spec.source.repoURL";
    Err(Refusal(text.to_owned()))
}

fn object((api_version, kind): (&str, &str), (namespace, name): (&str, &str), spec: Value) -> Value {
    Value::map_of([
        ("apiVersion", Value::from(api_version)),
        ("kind", kind.into()),
        ("metadata", Value::map_of([("name", name), ("namespace", namespace)])),
        ("spec", spec),
    ])
}

fn held(mut source: Value, inputs: &Inputs<'_>) -> Value {
    if inputs.hold_source {
        source.set_at(&["spec", "suspend"], true);
        source.set_at(&["metadata", "annotations", RESTS], "true");
    }
    source
}

/// Notes that it is Flamingo that lets the workload rest.
fn resting(mut workload: Value, inputs: &Inputs<'_>) -> Value {
    if inputs.suspend == Some(true) {
        workload.set_at(&["metadata", "annotations", RESTS], "true");
    }
    workload
}

/// Notes what the spec says, so that a change of it is known as one that a sync has to deploy.
fn with_spec(mut workload: Value) -> Value {
    let mut spec = workload.get("spec").cloned().unwrap_or_default();
    spec.remove_at(&["suspend"]);
    workload.set_at(&["metadata", "annotations", SPEC], digest(&spec));
    workload
}

fn digest(value: &Value) -> String {
    let hash = Sha256::digest(value::to_json(value).as_bytes());
    let digest: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digest}")
}

/// The object with the marks of what is generated.
fn finished(mut object: Value, inputs: &Inputs<'_>) -> Value {
    object.set_at(&["metadata", "labels", GENERATED], "true");
    object.set_at(&["metadata", "annotations", APPLICATION], ApplicationName::of(inputs.object).to_string());
    let digest = digest(&object);
    object.set_at(&["metadata", "annotations", DIGEST], digest);
    object
}

fn workload_name<'a>(inputs: &Inputs<'a>) -> &'a str {
    names::workload_name(inputs.object)
}

#[cfg(test)]
mod tests;
