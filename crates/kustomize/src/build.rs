//! Building a kustomization.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use value::Value;

use crate::error::Error;
use crate::explain::Observer;
use crate::helm::Helm;
use crate::kustomization::{FILE_NAMES, Kustomization};
use crate::load::{LoadError, Loader, Restriction, kustomization_file};
use crate::order;
use crate::plugin::Transformer;
use crate::remote::{Remotes, RepositoryUrl};
use crate::resource::Resource;
use crate::resources::{IdError, Resources};
use crate::schema::Schema;
use crate::target::{self, Accumulator, Session, Target};
use crate::tree::Tree;
use crate::{origin, references, transform, variables};

/// The label of `managedByLabel`.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The version of kustomize that this follows, which is what the label says.
const MANAGER: &str = "kustomize-v5.8.2";
/// Objects with this annotation are for the build only.
const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";

/// The order of the output where the kustomization says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reorder {
    /// By kind, as `kustomize build` does.
    #[default]
    Legacy,
    /// As the resources were listed.
    None,
}

/// How a kustomization is built.
#[derive(Default)]
pub struct Options<'a> {
    /// Which files it may read.
    pub restriction: Restriction,
    /// The order of the output.
    pub reorder: Reorder,
    /// Whether all objects get the label that says who manages them.
    pub managed_by_label: bool,
    /// What fetches remote bases; they are refused where nothing does.
    pub remotes: Option<&'a dyn Remotes>,
    /// What renders charts; they are refused where nothing does.
    pub helm: Option<Helm<'a>>,
    /// Is shown each step.
    pub observer: Option<&'a mut dyn Observer>,
}

/// The objects of a build, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Built {
    /// The objects.
    pub objects: Vec<Value>,
}

impl Built {
    /// All objects as YAML, as kustomize writes them.
    ///
    /// # Errors
    /// An object cannot be written.
    pub fn to_yaml(&self) -> Result<String, Error> {
        let mut out = String::new();
        for (at, object) in self.objects.iter().enumerate() {
            if at > 0 {
                out.push_str("---\n");
            }
            yaml::append_yaml(object, yaml::Profile::KUBERNETES, &mut out).map_err(Error::Emit)?;
        }
        Ok(out)
    }
}

/// Builds the kustomization in the directory `path`.
///
/// # Errors
/// [`Error`] with the file and field that the build failed on.
pub fn build<'a>(tree: &'a dyn Tree, path: &str, options: Options<'a>) -> Result<Built, Error> {
    build_with(tree, path, None, options)
}

/// Builds the directory `path` as if `kustomization` were its kustomization file.
///
/// # Errors
/// [`Error`] with the file and field that the build failed on.
pub fn build_with<'a>(
    tree: &'a dyn Tree,
    path: &str,
    kustomization: Option<Kustomization>,
    options: Options<'a>,
) -> Result<Built, Error> {
    build_given(tree, path, kustomization.map(Given::from), options)
}

/// A kustomization that is built instead of the one of a file.
pub(crate) struct Given {
    pub(crate) kustomization: Kustomization,
    /// What was read of its entries already.
    pub(crate) objects: HashMap<String, Vec<Resource>>,
}

impl From<Kustomization> for Given {
    fn from(kustomization: Kustomization) -> Self {
        Self { kustomization, objects: HashMap::new() }
    }
}

/// Builds the directory `path`, or what is given for it.
///
/// # Errors
/// [`Error`] with the file and field that the build failed on.
pub(crate) fn build_given<'a>(
    tree: &'a dyn Tree,
    path: &str,
    given: Option<Given>,
    options: Options<'a>,
) -> Result<Built, Error> {
    let loader = Loader::new(tree, path, options.restriction, options.remotes)?;
    build_at(loader, given, options)
}

/// Builds a directory of a repository. Files outside of it stay out of reach, whatever the options say.
///
/// # Errors
/// [`Error`] with the file and field that the build failed on, or why the repository cannot be had.
pub fn build_remote(url: &RepositoryUrl, options: Options<'_>) -> Result<Built, Error> {
    let remotes = options.remotes.ok_or_else(|| LoadError::RemoteForbidden(url.raw.clone()).redacted())?;
    build_at(Loader::of_repository(url, remotes)?, None, options)
}

fn build_at<'a>(loader: Loader<'a>, given: Option<Given>, options: Options<'a>) -> Result<Built, Error> {
    let loader = Rc::new(loader);
    let mut session = Session {
        helm: options.helm,
        observer: options.observer.map(RefCell::new),
        notes_origins: false,
        schema: RefCell::new(None),
        last_serial: Cell::new(0),
    };
    // What is asked for decides whether origins are noted, so the file is read first.
    let (given, file_name) = match given {
        Some(given) => {
            let found = kustomization_file(loader.tree(), loader.root())?;
            (given, found.unwrap_or(FILE_NAMES[0]).to_owned())
        }
        None => {
            let target = target::load(&session, loader.clone())?;
            (Given::from(target.kustomization), target.file_name)
        }
    };
    let Given { kustomization, objects } = given;
    let asks_for = |what: &str| kustomization.build_metadata.iter().any(|one| one == what);
    let keeps = (asks_for("originAnnotations"), asks_for("transformerAnnotations"));
    let is_managed = options.managed_by_label || asks_for("managedByLabel");
    session.notes_origins = keeps.0 || keeps.1;
    let target =
        Target { read: RefCell::new(objects), ..target::of(&session, loader, kustomization, &file_name) };
    let resources = customized(&target)?;
    finish(resources, &target, options.reorder, (is_managed, keeps))
}

fn customized(target: &Target<'_, '_>) -> Result<Resources, Error> {
    target.set_schema(true)?;
    let mut accumulator = target.accumulate(Accumulator::default())?;
    let resources = &mut accumulator.resources;
    const HASHES: &str = "hashes of generated names";
    transform::add_hashes(resources).map_err(|error| target.failed(HASHES, error.into()))?;
    target.session.observe(&target.file(), HASHES, resources);
    let config = accumulator.config.unwrap_or_else(crate::config::Config::builtin);
    target.session.with_schema(|schema| references::fix(resources, &config.name_reference, schema))?;
    target.session.observe(&target.file(), "name references", resources);
    variables::resolve(resources, &accumulator.variables, &config.var_reference, &target.file())?;
    target.session.observe(&target.file(), "vars", resources);
    check(resources)?;
    Ok(accumulator.resources)
}

/// Takes out what is for the build only, and refuses what has lost its kind or name by a change, or got the id of
/// another resource. kustomize panics at the latter.
fn check(resources: &mut Resources) -> Result<(), Error> {
    for id in resources.iter().filter(|resource| !resource.is_gone()).map(Resource::id) {
        // A list needs no name.
        let is_named = !id.name.is_empty() || id.gvk.kind.ends_with("List");
        let missing =
            if id.gvk.kind.is_empty() { Some("kind") } else { (!is_named).then_some("metadata.name") };
        if let Some(field) = missing {
            return Err(Error::Lost { field, id });
        }
    }
    let is_local =
        |resource: &Resource| resource.annotation(LOCAL_CONFIG).is_some_and(|text| text != "false");
    if resources.iter().any(is_local) {
        resources.all_mut().retain(|resource| !is_local(resource));
    }
    resources.conflict().map_or(Ok(()), |id| Err(IdError::Duplicate(id).into()))
}

fn finish(
    resources: Resources,
    target: &Target<'_, '_>,
    reorder: Reorder,
    (is_managed, keeps): (bool, (bool, bool)),
) -> Result<Built, Error> {
    let mut list = resources.into_list();
    match (&target.kustomization.sort_options, reorder) {
        (Some(options), _) => order::sort(&mut list, options)?,
        (None, Reorder::Legacy) => order::sort(&mut list, &order::legacy())?,
        (None, Reorder::None) => {}
    }
    let mut resources = Resources::default();
    *resources.all_mut() = list;
    if is_managed {
        let spec = crate::field_spec::FieldSpec {
            path: "metadata/labels".into(),
            create: true,
            ..crate::field_spec::FieldSpec::default()
        };
        let texts = vec![(MANAGED_BY.to_owned(), MANAGER.to_owned())];
        let label = Transformer::Texts { texts, specs: vec![spec] };
        label
            .apply(&mut resources, Schema::builtin())
            .map_err(|failure| target.failed("buildMetadata", failure))?;
    }
    let mut built = Built::default();
    for mut resource in resources.into_list() {
        origin::clean(&mut resource, keeps.0, keeps.1);
        let object = resource.to_value().map_err(|source| Error::Convert { id: resource.id(), source })?;
        built.objects.push(object);
    }
    Ok(built)
}
