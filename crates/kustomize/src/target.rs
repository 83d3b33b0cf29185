//! One kustomization: its resources, generators, components, transformers and validators, in kustomize's order.
//!
//! Source: kustomize `internal/target/kusttarget.go` and `kusttarget_configplugin.go`.

mod external;
mod transformers;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::config::{self, Config};
use crate::error::{Error, OpenApiError};
use crate::explain::{Observer, Step};
use crate::generate::{self, Kind};
use crate::helm::{self, Helm};
use crate::kustomization::{COMPONENT, Chart, HelmGlobals, Kustomization, join};
use crate::load::{LoadError, Loader};
use crate::origin::{self, Origin};
use crate::plugin::{Generator, PluginError};
use crate::read;
use crate::remote::redacted;
use crate::resource::Resource;
use crate::resources::Resources;
use crate::schema::Schema;
use crate::variables::{self, Variables};

/// The Kubernetes version of the OpenAPI document that kustomize embeds.
const OPENAPI_VERSION: &str = "v1.21.2";

/// What all kustomizations of a build share.
pub(crate) struct Session<'a> {
    pub(crate) helm: Option<Helm<'a>>,
    pub(crate) observer: Option<RefCell<&'a mut dyn Observer>>,
    /// Whether it is noted where resources come from.
    pub(crate) notes_origins: bool,
    pub(crate) schema: RefCell<Option<Arc<Schema>>>,
    pub(crate) last_serial: Cell<u32>,
}

impl Session<'_> {
    fn numbered(&self, mut resource: Resource) -> Resource {
        self.last_serial.set(self.last_serial.get() + 1);
        resource.serial = self.last_serial.get();
        resource
    }

    pub(crate) fn observe(&self, file: &str, what: &str, resources: &Resources) {
        if let Some(observer) = &self.observer {
            let step = Step { file: file.to_owned(), what: what.to_owned() };
            observer.borrow_mut().saw(&step, &mut resources.iter());
        }
    }

    pub(crate) fn with_schema<T>(&self, use_it: impl FnOnce(&Schema) -> T) -> T {
        match self.schema.borrow().as_deref() {
            Some(schema) => use_it(schema),
            None => use_it(Schema::builtin()),
        }
    }
}

/// What was accumulated so far, and how it is to be changed.
#[derive(Default)]
pub(crate) struct Accumulator {
    pub(crate) resources: Resources,
    pub(crate) config: Option<Arc<Config>>,
    pub(crate) variables: Variables,
}

impl Accumulator {
    pub(crate) fn config(&self) -> Arc<Config> {
        self.config.clone().unwrap_or_else(Config::builtin)
    }

    fn merge(&mut self, other: Self, path: &str) -> Result<(), Error> {
        let wrap = |source: Error| Error::RecursedMerging { path: path.to_owned(), source: Box::new(source) };
        if self.resources.len() == 0 {
            self.resources = other.resources;
        } else {
            self.resources.add_all(other.resources.into_list()).map_err(|error| wrap(error.into()))?;
        }
        let merged = self.config().merged(&other.config.unwrap_or_else(Config::builtin));
        self.config = Some(merged.map_err(|source| Error::Merge {
            path: path.to_owned(),
            field: "configurations",
            source,
        })?);
        variables::merge(&mut self.variables, other.variables.into_values())
            .map_err(|error| wrap(error.into()))
    }
}

/// A kustomization and where it lies.
pub(crate) struct Target<'a, 'b> {
    pub(crate) session: &'b Session<'a>,
    pub(crate) loader: Rc<Loader<'a>>,
    pub(crate) kustomization: Kustomization,
    /// The name of its file.
    pub(crate) file_name: String,
    pub(crate) origin: Origin,
    /// The namespace that charts get where nothing is said.
    pub(crate) helm_namespace: String,
    /// What was read already of the entries of `resources`.
    pub(crate) read: RefCell<HashMap<String, Vec<Resource>>>,
}

impl<'a, 'b> Target<'a, 'b> {
    /// The path of the kustomization file.
    pub(crate) fn file(&self) -> String {
        join(self.loader.root(), &self.file_name)
    }

    /// Builds this kustomization on top of what a component's parent has accumulated.
    pub(crate) fn accumulate(&self, mut accumulator: Accumulator) -> Result<Accumulator, Error> {
        self.add_resources(&mut accumulator, &self.kustomization.resources)
            .map_err(|error| Error::Resources { path: self.file(), source: Box::new(error) })?;
        self.add_configurations(&mut accumulator)?;
        self.generate(&mut accumulator)?;
        let mut accumulator = self
            .add_components(accumulator)
            .map_err(|error| Error::Components { path: self.file(), source: Box::new(error) })?;
        self.transform(&mut accumulator)?;
        self.validate(&accumulator)?;
        let (known, vars) = (&mut accumulator.variables, &self.kustomization.vars);
        variables::add(known, &mut accumulator.resources, vars, &self.file())?;
        Ok(accumulator)
    }

    fn add_resources(&self, accumulator: &mut Accumulator, entries: &[String]) -> Result<(), Error> {
        for entry in entries {
            let Err(file) = self.add_file(accumulator, entry) else { continue };
            if matches!(&file, Error::File { source, .. } if matches!(**source, Error::Load(LoadError::Remote { .. })))
                && crate::remote::RepositoryUrl::parse(entry).is_none()
            {
                return Err(file);
            }
            let neither = |file: Error, directory: Error| Error::Neither {
                file: Box::new(file),
                directory: Box::new(directory),
            };
            match self.loader.enter(entry) {
                // What is no YAML is a file; that it is no directory says nothing.
                Err(_) if is_malformed(&file) => return Err(file),
                Err(error) => return Err(neither(file, error.into())),
                Ok(loader) => {
                    if let Err(error) = self.add_directory(accumulator, loader, entry) {
                        return Err(neither(file, error));
                    }
                }
            }
        }
        Ok(())
    }

    fn add_file(&self, accumulator: &mut Accumulator, entry: &str) -> Result<(), Error> {
        let shown = redacted(entry);
        let wrap = |source| Error::File { entry: shown.clone(), source: Box::new(source) };
        let path = self.path_of(entry);
        let known = self.read.borrow_mut().remove(entry);
        let parsed = match known {
            Some(known) => known,
            None => {
                let bytes = self.loader.read(entry).map_err(|error| wrap(error.into()))?;
                read::parse(&bytes).map_err(|source| {
                    wrap(Error::Manifest { entry: shown.clone(), path: path.clone(), source })
                })?
            }
        };
        let mut added = Resources::default();
        let origin = self.session.notes_origins.then(|| self.origin.append(entry).text());
        for mut resource in parsed {
            if let Some(origin) = &origin {
                origin::set(&mut resource, origin);
            }
            let resource = self.session.numbered(resource);
            added.add(resource).map_err(|error| wrap(error.into()))?;
        }
        self.session.observe(&path, "file", &added);
        accumulator
            .resources
            .add_all(added.into_list())
            .map_err(|source| Error::Merging { entry: shown.clone(), source })
    }

    /// The kustomization of a directory.
    fn child(&self, loader: Loader<'a>, entry: &str) -> Result<Target<'a, 'b>, Error> {
        let path = loader.root().to_owned();
        let wrap = |source: Error| Error::Target { path: path.clone(), source: Box::new(source) };
        let mut target = load(self.session, Rc::new(loader)).map_err(wrap)?;
        target.kustomization.build_metadata.clone_from(&self.kustomization.build_metadata);
        target.origin =
            if self.session.notes_origins { self.origin.append(entry) } else { Origin::default() };
        target.helm_namespace = if self.kustomization.namespace.is_empty() {
            self.helm_namespace.clone()
        } else {
            self.kustomization.namespace.clone()
        };
        target.set_schema(false)?;
        Ok(target)
    }

    fn add_directory(
        &self,
        accumulator: &mut Accumulator,
        loader: Loader<'a>,
        entry: &str,
    ) -> Result<(), Error> {
        let path = loader.root().to_owned();
        let target = self.child(loader, entry)?;
        target.refuse_kind(false)?;
        let built = target
            .accumulate(Accumulator::default())
            .map_err(|source| Error::Recursed { path: path.clone(), source: Box::new(source) })?;
        accumulator.merge(built, &path)
    }

    fn add_components(&self, mut accumulator: Accumulator) -> Result<Accumulator, Error> {
        for entry in &self.kustomization.components {
            let loader = self.loader.enter(entry).map_err(Error::ComponentRoot)?;
            accumulator = self
                .add_component(accumulator, loader, entry)
                .map_err(|error| Error::Component(Box::new(error)))?;
        }
        Ok(accumulator)
    }

    fn add_component(
        &self,
        accumulator: Accumulator,
        loader: Loader<'a>,
        entry: &str,
    ) -> Result<Accumulator, Error> {
        let path = loader.root().to_owned();
        let target = self.child(loader, entry)?;
        target.refuse_kind(true)?;
        let mut built = target
            .accumulate(accumulator)
            .map_err(|source| Error::Recursed { path: path.clone(), source: Box::new(source) })?;
        match built.resources.conflict() {
            None => Ok(built),
            Some(id) => {
                let source = Box::new(crate::resources::IdError::Duplicate(id).into());
                Err(Error::RecursedMerging { path, source })
            }
        }
    }

    fn refuse_kind(&self, wants_component: bool) -> Result<(), Error> {
        if (self.kustomization.kind == COMPONENT) == wants_component {
            return Ok(());
        }
        let (path, kind) = (self.loader.root().to_owned(), self.kustomization.kind.clone());
        Err(Error::Kind { path, kind, wants_component })
    }

    /// Takes over `openapi`. Of several, the one that is read first counts, unless it is that of the
    /// kustomization that is built.
    pub(crate) fn set_schema(&self, is_top: bool) -> Result<(), Error> {
        let Some(openapi) = &self.kustomization.openapi else { return Ok(()) };
        let problem = |source| Error::OpenApi { path: self.file(), source };
        let field = |name: &str| openapi.iter().find(|(key, _)| key == name).map(|(_, text)| text.as_str());
        if self.session.schema.borrow().is_some() && !is_top {
            return Ok(());
        }
        match (field("path"), field("version")) {
            (Some(_), Some(_)) => Err(problem(OpenApiError::Both)),
            (Some(path), None) => {
                let text = self.text_of("openapi", path)?;
                let wrap = |source| problem(OpenApiError::Document { entry: redacted(path), source });
                let schema = Schema::parse(&text).map_err(wrap)?;
                *self.session.schema.borrow_mut() = Some(Arc::new(schema));
                Ok(())
            }
            (None, Some(version)) if !version.is_empty() && version != OPENAPI_VERSION => {
                let version = version.to_owned();
                Err(problem(OpenApiError::Version { version, built_in: OPENAPI_VERSION }))
            }
            _ => Ok(()),
        }
    }

    /// The text of a file that a field names.
    fn text_of(&self, field: &'static str, entry: &str) -> Result<String, Error> {
        let path = self.file();
        self.loader.read_text(entry).map_err(|source| Error::Unreadable { path, field, source })
    }

    /// The path of an entry, from the root of the tree.
    fn path_of(&self, entry: &str) -> String {
        redacted(&crate::load::resolve(self.loader.root(), entry).unwrap_or_else(|| entry.to_owned()))
    }

    fn add_configurations(&self, accumulator: &mut Accumulator) -> Result<(), Error> {
        let mut config = accumulator.config();
        for entry in &self.kustomization.configurations {
            let text = self.text_of("configurations", entry)?;
            let wrap = |source| Error::Configuration { path: self.path_of(entry), source };
            let read = Config::parse(&text).map_err(wrap)?;
            config = config.merged(&Arc::new(read)).map_err(wrap)?;
        }
        for entry in &self.kustomization.crds {
            let text = self.text_of("crds", entry)?;
            let wrap = |source| Error::Crds { path: self.path_of(entry), source };
            let read = config::from_definitions(&text).map_err(wrap)?;
            config = config.merged(&Arc::new(read)).map_err(wrap)?;
        }
        accumulator.config = Some(config);
        Ok(())
    }

    fn generate(&self, accumulator: &mut Accumulator) -> Result<(), Error> {
        let fields = &self.kustomization;
        for (kind, list) in
            [(Kind::ConfigMap, &fields.config_map_generator), (Kind::Secret, &fields.secret_generator)]
        {
            let field = if kind == Kind::Secret { "secretGenerator" } else { "configMapGenerator" };
            for arguments in list {
                let name = arguments.name.clone();
                let generated =
                    generate::generate(&self.loader, kind, arguments, fields.generator_options.as_ref())
                        .map_err(|source| Error::Generate {
                            path: self.file(),
                            field,
                            name: name.clone(),
                            source,
                        })?;
                let plugin = if kind == Kind::Secret { "SecretGenerator" } else { "ConfigMapGenerator" };
                let origin = self.origin.of_builtin(&self.file_name, plugin);
                self.absorb(accumulator, generated, Some(&origin)).map_err(|source| Error::Absorb {
                    path: self.file(),
                    field,
                    name,
                    source,
                })?;
            }
            self.observe(field, list.len(), accumulator);
        }
        let globals = fields.helm_globals.clone().unwrap_or_default();
        for chart in &fields.helm_charts {
            let origin = self.origin.of_builtin(&self.file_name, "HelmChartInflationGenerator");
            let mut chart = chart.clone();
            if chart.namespace.is_empty() {
                let own = &fields.namespace;
                chart.namespace = if own.is_empty() { self.helm_namespace.clone() } else { own.clone() };
            }
            self.render_chart(accumulator, &chart, (&globals, Some(&origin)))?;
        }
        self.observe("helmCharts", fields.helm_charts.len(), accumulator);
        self.generate_external(accumulator)
    }

    fn generate_external(&self, accumulator: &mut Accumulator) -> Result<(), Error> {
        let wrap = |source| Error::Plugin { path: self.file(), field: "generators", source };
        let plugins = self.plugins(&self.kustomization.generators, "generators")?;
        let count = plugins.len();
        for (resource, origin) in plugins {
            match crate::plugin::generator(&resource).map_err(wrap)? {
                Generator::Chart(chart, globals) => {
                    self.render_chart(accumulator, &chart, (&globals, origin.as_ref()))?;
                }
                Generator::Object(object) => {
                    self.absorb(accumulator, *object, origin.as_ref())
                        .map_err(|error| wrap(PluginError::Absorb(error)))?;
                }
                Generator::Pairs(kind, arguments) => {
                    let generated = generate::generate(&self.loader, kind, &arguments, None)
                        .map_err(|error| wrap(PluginError::Generate(error)))?;
                    self.absorb(accumulator, generated, origin.as_ref())
                        .map_err(|error| wrap(PluginError::Absorb(error)))?;
                }
            }
        }
        self.observe("generators", count, accumulator);
        Ok(())
    }

    fn absorb(
        &self,
        accumulator: &mut Accumulator,
        mut resource: Resource,
        origin: Option<&Origin>,
    ) -> Result<(), crate::resources::IdError> {
        if let Some(origin) = origin.filter(|_| self.session.notes_origins) {
            origin::set_first(&mut resource, origin);
        }
        accumulator.resources.absorb(self.session.numbered(resource))
    }

    fn render_chart(
        &self,
        accumulator: &mut Accumulator,
        chart: &Chart,
        (globals, origin): (&HelmGlobals, Option<&Origin>),
    ) -> Result<(), Error> {
        let failed = |source| Error::Chart { path: self.file(), name: chart.name.clone(), source };
        let Some(helm) = &self.session.helm else {
            return Err(Error::ChartsForbidden { path: self.file(), name: chart.name.clone() });
        };
        let mut complete = chart.clone();
        helm.complete(&mut complete);
        let rendered = helm::inflate(helm.charts, &self.loader, &complete, globals).map_err(failed)?;
        let parsed = read::parse(rendered.as_bytes()).map_err(|source| Error::Manifest {
            entry: chart.name.clone(),
            path: self.file(),
            source,
        })?;
        for mut resource in parsed {
            resource.past.is_of_helm = true;
            self.absorb(accumulator, resource, origin).map_err(|source| Error::Absorb {
                path: self.file(),
                field: "helmCharts",
                name: chart.name.clone(),
                source,
            })?;
        }
        Ok(())
    }

    /// Shows what all entries of a field made, if there are any: a look at all resources after each of them would
    /// take time with the square of their number.
    fn observe(&self, field: &str, entries: usize, accumulator: &Accumulator) {
        if entries > 0 {
            self.session.observe(&self.file(), field, &accumulator.resources);
        }
    }
}

fn is_malformed(error: &Error) -> bool {
    match error {
        Error::File { source, .. } => is_malformed(source),
        Error::Manifest { source, .. } => matches!(source, read::ManifestError::Yaml(_)),
        _ => false,
    }
}

/// The kustomization in the directory of `loader`.
///
/// # Errors
/// There is none, or it is not right.
pub(crate) fn load<'a, 'b>(
    session: &'b Session<'a>,
    loader: Rc<Loader<'a>>,
) -> Result<Target<'a, 'b>, Error> {
    let found = loader.kustomization()?;
    let (file_name, text) = found.ok_or_else(|| LoadError::NoKustomization(loader.root().to_owned()))?;
    let kustomization = Kustomization::parse(&text)
        .map_err(|source| Error::Kustomization { path: join(loader.root(), file_name), source })?;
    Ok(of(session, loader, kustomization, file_name))
}

/// A kustomization that lies in the directory of `loader`, or is thought to.
pub(crate) fn of<'a, 'b>(
    session: &'b Session<'a>,
    loader: Rc<Loader<'a>>,
    kustomization: Kustomization,
    file_name: &str,
) -> Target<'a, 'b> {
    Target {
        session,
        loader,
        kustomization,
        file_name: file_name.to_owned(),
        origin: Origin::default(),
        helm_namespace: String::new(),
        read: RefCell::default(),
    }
}
