//! Building as Flux's kustomize-controller does.

use thiserror::Error;
use value::Value;

use crate::build::{Given, Options as BuildOptions, Reorder, build_given};
use crate::error::Error as BuildError;
use crate::kustomization::{Image, Kustomization, Patch, join};
use crate::load::{LoadError, Loader, MAX_FOLDERS, Restriction, kustomization_file, resolve};
use crate::read;
use crate::remote::{Remotes, RepositoryUrl, redacted};
use crate::tree::{Kind, Tree};

/// What a Flux Kustomization adds to the kustomization that it finds, or to the one that is generated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The namespace of all namespaced objects.
    pub target_namespace: Option<String>,
    /// What names begin with.
    pub name_prefix: Option<String>,
    /// What names end with.
    pub name_suffix: Option<String>,
    /// Patches, after those of the kustomization.
    pub patches: Vec<Patch>,
    /// Images; one of the same name replaces that of the kustomization.
    pub images: Vec<Image>,
    /// Components, after those of the kustomization.
    pub components: Vec<String>,
    /// Whether components that do not exist are left out.
    pub ignore_missing_components: bool,
    /// What is noted on the objects about the build, if anything is said here.
    pub build_metadata: Vec<String>,
}

/// The outcome of a build.
#[derive(Clone, Debug, PartialEq)]
pub struct Build {
    /// The objects in the order in which they were listed.
    pub objects: Vec<Value>,
    /// The same as YAML, as kustomize writes it.
    pub yaml: String,
}

/// Why a build failed.
#[derive(Debug, Error)]
pub enum Error {
    /// The kustomization of a directory without one could not be generated.
    #[error(transparent)]
    Generate(BuildError),
    /// A component that is no path.
    #[error("component path '{0}' must be local and relative")]
    Component(String),
    /// The build itself failed.
    #[error("kustomize build failed: {0}")]
    Build(#[source] BuildError),
    /// The build failed on something that the Flux Kustomization says itself.
    #[error("kustomize build failed: {field}: {source}")]
    Given {
        /// The field of the Flux Kustomization.
        field: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// The file and the place in it that the error is about.
    pub fn place(&self) -> Option<(String, Option<yaml::Mark>)> {
        match self {
            Self::Generate(error) | Self::Build(error) => error.place(),
            Self::Component(_) | Self::Given { .. } => None,
        }
    }
}

/// Builds the directory at `path`. A directory without kustomization file is built as if it had one
/// that lists all its manifests.
///
/// Source: fluxcd/pkg/kustomize `generator.go`.
///
/// # Errors
/// [`Error`] with the file and field that the build failed on.
pub fn build(
    tree: &dyn Tree,
    path: &str,
    options: &Options,
    remotes: Option<&dyn Remotes>,
) -> Result<Build, Error> {
    let found = Loader::new(tree, path, Restriction::None, None).and_then(|loader| loader.kustomization());
    let found = found.map_err(|error| Error::Build(error.into()))?;
    let given = match found {
        Some((name, text)) => Given::from(rewritten(&text, tree, (path, name), options)?),
        None => {
            let mut generated = generate(tree, path).map_err(Error::Generate)?;
            add(&mut generated.kustomization, tree, path, options)?;
            generated
        }
    };
    // Those of the Flux Kustomization come last.
    let own_patches = given.kustomization.patches.len() - options.patches.len();
    let build_options = BuildOptions {
        restriction: Restriction::None,
        reorder: Reorder::None,
        remotes,
        ..BuildOptions::default()
    };
    let blame = |error| blamed(error, own_patches);
    let built = build_given(tree, path, Some(given), build_options).map_err(blame)?;
    let yaml = built.to_yaml().map_err(Error::Build)?;
    Ok(Build { objects: built.objects, yaml })
}

/// Errors name the kustomization file, which has not the patches of the Flux Kustomization.
fn blamed(error: BuildError, own_patches: usize) -> Error {
    let of_patch = |field: &str| {
        let at: usize = field.strip_prefix("patches[")?.strip_suffix(']')?.parse().ok()?;
        Some(format!("spec.patches[{}]", at.checked_sub(own_patches)?))
    };
    match error {
        BuildError::Patch { path, field, source } => match of_patch(&field) {
            Some(field) => Error::Given { field, source: source.into() },
            None => Error::Build(BuildError::Patch { path, field, source }),
        },
        BuildError::Transform { path, field, source } => match of_patch(&field) {
            Some(field) => Error::Given { field, source: source.into() },
            None => Error::Build(BuildError::Transform { path, field, source }),
        },
        error => Error::Build(error),
    }
}

fn is_directory(tree: &dyn Tree, path: &str, component: &str) -> Result<bool, Error> {
    let Some(path) = resolve(path, component) else { return Ok(false) };
    let kind = tree.kind(&path).map_err(|error| Error::Build(LoadError::from(error).into()))?;
    Ok(kind == Some(Kind::Directory))
}

/// What the Flux Kustomization says wins over what the file says.
fn add(
    kustomization: &mut Kustomization,
    tree: &dyn Tree,
    path: &str,
    options: &Options,
) -> Result<(), Error> {
    let replace = |field: &mut String, said: &Option<String>| {
        if let Some(said) = said.as_ref().filter(|said| !said.is_empty()) {
            field.clone_from(said);
        }
    };
    replace(&mut kustomization.namespace, &options.target_namespace);
    replace(&mut kustomization.name_prefix, &options.name_prefix);
    replace(&mut kustomization.name_suffix, &options.name_suffix);
    kustomization.patches.extend(options.patches.iter().cloned());
    for component in &options.components {
        if RepositoryUrl::parse(component).is_some() || component.starts_with('/') {
            return Err(Error::Component(redacted(component)));
        }
        if !options.ignore_missing_components || is_directory(tree, path, component)? {
            kustomization.components.push(component.clone());
        }
    }
    for image in &options.images {
        match kustomization.images.iter_mut().find(|known| known.name == image.name) {
            Some(known) => *known = merged(known, image),
            None => kustomization.images.push(image.clone()),
        }
    }
    if !options.build_metadata.is_empty() {
        kustomization.build_metadata.clone_from(&options.build_metadata);
    }
    Ok(())
}

/// Tag and digest are one thing: where either is said, both are.
fn merged(known: &Image, said: &Image) -> Image {
    let mut image = known.clone();
    if !said.new_name.is_empty() {
        image.new_name.clone_from(&said.new_name);
    }
    if !said.new_tag.is_empty() || !said.digest.is_empty() {
        image.new_tag.clone_from(&said.new_tag);
        image.digest.clone_from(&said.digest);
    }
    image
}

/// What Flux makes of a kustomization file before kustomize reads it.
fn rewritten(
    text: &str,
    tree: &dyn Tree,
    (path, name): (&str, &str),
    options: &Options,
) -> Result<Kustomization, Error> {
    let wrap = |source| BuildError::Kustomization { path: join(path, name), source };
    let mut read = Kustomization::parse_leniently(text).map_err(|error| Error::Generate(wrap(error)))?;
    if read.resources.is_empty() {
        // Otherwise kustomize would refuse a file that says nothing.
        read.build_metadata = vec!["originAnnotations".to_owned()];
    }
    add(&mut read, tree, path, options)?;
    read.complete().map_err(|error| Error::Build(wrap(error)))?;
    Ok(read)
}

/// The kustomization that lists every manifest below `path`, and every directory that has a
/// kustomization file of its own.
fn generate(tree: &dyn Tree, path: &str) -> Result<Given, BuildError> {
    let mut given = Given::from(Kustomization::default());
    scan(tree, path, (".", 0), &mut given)?;
    given.kustomization.fix();
    Ok(given)
}

fn scan(
    tree: &dyn Tree,
    path: &str,
    (shown, depth): (&str, usize),
    given: &mut Given,
) -> Result<(), BuildError> {
    if depth > MAX_FOLDERS {
        return Err(LoadError::FoldersTooDeep(path.to_owned()).into());
    }
    let entries = tree.list(path).map_err(LoadError::from)?;
    for (name, kind) in entries.ok_or_else(|| LoadError::NoDirectory(path.to_owned()))? {
        let (path, shown) = (join(path, &name), format!("{shown}/{name}"));
        match kind {
            Kind::Directory if kustomization_file(tree, &path)?.is_some() => {
                given.kustomization.resources.push(shown);
            }
            Kind::Directory => scan(tree, &path, (&shown, depth + 1), given)?,
            Kind::File if is_manifest(&name) => {
                let content = tree.read(&path).map_err(LoadError::from)?;
                let bytes = content.ok_or_else(|| LoadError::NoFile(path.clone()))?;
                let objects = read::parse(&bytes).map_err(|source| BuildError::Decode { path, source })?;
                given.objects.insert(shown.clone(), objects);
                given.kustomization.resources.push(shown);
            }
            Kind::File => {}
        }
    }
    Ok(())
}

fn is_manifest(name: &str) -> bool {
    !crate::kustomization::FILE_NAMES.contains(&name) && (name.ends_with(".yaml") || name.ends_with(".yml"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::tree::TreeError;

    struct Files(BTreeMap<&'static str, &'static str>);

    impl Tree for Files {
        fn kind(&self, path: &str) -> Result<Option<Kind>, TreeError> {
            match self.0.contains_key(path) {
                true => Ok(Some(Kind::File)),
                false => Ok(self.list(path)?.map(|_| Kind::Directory)),
            }
        }

        fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
            Ok(self.0.get(path).map(|text| Arc::from(text.as_bytes())))
        }

        fn list(&self, path: &str) -> Result<Option<Vec<(String, Kind)>>, TreeError> {
            let below = |file: &'static str| {
                let rest =
                    if path.is_empty() { Some(file) } else { file.strip_prefix(path)?.strip_prefix('/') };
                rest.filter(|rest| !rest.contains('/')).map(|name| (name.to_owned(), Kind::File))
            };
            let found: Vec<_> = self.0.keys().filter_map(|file| below(file)).collect();
            Ok((!found.is_empty()).then_some(found))
        }
    }

    #[test]
    fn what_the_flux_kustomization_says_is_blamed_on_its_own_field() {
        let files = Files(BTreeMap::from([
            ("base/kustomization.yaml", "resources: [one.yaml]\npatches: [{path: own.yaml}]\n"),
            ("base/one.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n"),
            ("base/own.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: b}\n"),
        ]));
        let patch = |text: &str| Patch { patch: text.to_owned(), ..Patch::default() };
        let good = patch("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {c: d}\n");
        let absent = patch("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: absent}\n");
        let rows = [(vec![good, absent], "spec.patches[1]"), (vec![patch("a: [")], "spec.patches[0]")];
        for (patches, field) in rows {
            let options = Options { patches, ..Options::default() };
            let error = build(&files, "base", &options, None).expect_err(field).to_string();
            assert!(error.starts_with(&format!("kustomize build failed: {field}: ")), "{error}");
            assert!(!error.contains("kustomization.yaml"), "{error}");
        }
    }
}
