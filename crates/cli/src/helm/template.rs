//! `flamingo template`: what `helm template` prints.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gotemplate::{Functions, Limits, Run, Set, Value};
use helm::capabilities::{Capabilities, KubeVersion};
use helm::output::{self, Document, Selection};
use helm::record::SYSTEM_LABELS;
use helm::{BrokenSchema, Chart, Compiled, Log, Release, RenderError, Rendering, Request, SchemaError};

use super::explain::{Explained, explain};
use super::failure::Failure;
use super::flags::{Flags, TEMPLATE, boolean};
use super::user_values::{self, UserValues};
use super::watch::Seen;
use super::world::World;
use super::{caret, chart, check_values, origin};

/// Renders a chart and prints it; with `--watch`, again whenever something that it reads has changed. The
/// exit code is 0, or 1 where something is wrong.
///
/// # Errors
/// Standard output cannot be written.
pub fn template(arguments: &[String], world: &mut World<'_>) -> io::Result<u8> {
    TEMPLATE.run(arguments, world, &watched)
}

fn watched(flags: &Flags, world: &mut World<'_>) -> io::Result<u8> {
    if !flags.is_on("watch") {
        return once(flags, world);
    }
    let inputs = user_values::files(flags);
    if inputs.iter().any(|path| user_values::is_input(path)) {
        let failure =
            Failure::new("--watch is refused for values from standard input, which can be read only once")
                .with("  give --values or --set-file a file");
        world.err.write_all(failure.text().as_bytes())?;
        return Ok(1);
    }
    let chart = flags.arguments.last();
    let read: Vec<PathBuf> = inputs.iter().chain(chart).map(|path| world.directory.join(path)).collect();
    // What changes while it is rendered for the first time is seen, too.
    let mut seen = Seen::now(&read);
    let mut code = once(flags, world)?;
    while (world.pause)() {
        let now = Seen::now(&read);
        if now != seen {
            seen = now;
            world.warn("# changed; rendered again")?;
            code = once(flags, world)?;
        }
    }
    Ok(code)
}

fn once(flags: &Flags, world: &mut World<'_>) -> io::Result<u8> {
    match run(flags, world) {
        Ok(Outcome { printed, is_pointed_out }) => {
            printed.write(world.out)?;
            world.out.flush()?;
            Ok(if is_pointed_out { POINTED_OUT } else { 0 })
        }
        Err(failed) => {
            world.out.write_all(failed.printed.as_bytes())?;
            world.out.flush()?;
            world.err.write_all(failed.failure.text().as_bytes())?;
            Ok(1)
        }
    }
}

/// A failure, and what is printed on standard output all the same.
struct Failed {
    printed: String,
    failure: Failure,
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self { printed: String::new(), failure }
    }
}

/// The exit code where `--check-values` points something out.
const POINTED_OUT: u8 = 3;

/// A rendering that went well.
struct Outcome {
    printed: Printed,
    /// Whether there are values that nothing uses.
    is_pointed_out: bool,
}

/// What goes to standard output.
enum Printed {
    Text(String),
    Stream(Rendering, Selection),
}

impl Printed {
    fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        match self {
            Self::Text(text) => out.write_all(text.as_bytes()),
            Self::Stream(rendering, selection) => {
                let mut out = io::BufWriter::new(out);
                output::write(rendering, *selection, |piece| out.write_all(piece.as_bytes()))?;
                out.flush()
            }
        }
    }

    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Stream(rendering, selection) => output::stream(&rendering, selection).text,
        }
    }
}

fn run(flags: &Flags, world: &mut World<'_>) -> Result<Outcome, Failed> {
    check_exclusive(flags)?;
    flags.check_refused()?;
    let kube_version = chart::kube_version(flags)?;
    check_dry_run(flags, world)?;
    if flags.has("explain") && flags.filled("output-dir").is_some() {
        return Err(
            Failure::new("--explain is refused with --output-dir: it explains what is printed").into()
        );
    }
    let (name, reference) = name_and_chart(flags, world)?;
    let path = chart::locate(&reference, world)?;
    chart::verify(&path, flags, world)?;
    let user = user_values::read(flags, world)?;
    let log = Log::default();
    let chart = chart::load(&path, chart::Purpose::Rendering, &log);
    world.say(&log)?;
    job(flags, (name, kube_version), (chart?, user), world)?.print(world)
}

/// Renders a chart for another command that reads the files itself. The arguments are those of `template`, but for
/// the chart, whose place any text takes.
///
/// # Errors
/// What `template` would print.
pub fn inflate(
    arguments: &[String],
    chart: &dyn helm::Tree,
    values: &[(&str, &[u8])],
    world: &mut World<'_>,
) -> Result<String, Failure> {
    let flags = &TEMPLATE.flags_of(arguments)?;
    flags.check_refused()?;
    let kube_version = chart::kube_version(flags)?;
    let (name, _) = name_and_chart(flags, world)?;
    let user = user_values::of_files(values)?;
    let chart = Chart::from_folder(chart, &Log::default()).map_err(|error| Failure::of(&error))?;
    let printed = job(flags, (name, kube_version), (chart, user), world)?.print(world);
    printed.map(|outcome| outcome.printed.into_text()).map_err(|failed| match failed.printed.as_str() {
        "" => failed.failure,
        printed => failed.failure.with("what was rendered:").with(printed),
    })
}

fn job<'a>(
    flags: &'a Flags,
    (name, kube_version): (String, Option<KubeVersion>),
    (chart, user): (Chart, UserValues),
    world: &mut World<'_>,
) -> Result<Job<'a>, Failure> {
    let chart = Arc::new(chart);
    let log = Log::default();
    let checked = installable(&chart, &log);
    world.say(&log)?;
    checked?;
    helm::check_release_name(&name).map_err(|error| Failure::of(&error))?;
    check_labels(flags)?;
    let mut capabilities = Capabilities::default();
    if let Some(version) = kube_version {
        capabilities.kube_version = version;
    }
    capabilities.api_versions.extend(flags.texts("api-versions"));
    let release = Release {
        name,
        namespace: chart::namespace(flags, world),
        revision: 1,
        is_upgrade: flags.is_on("is-upgrade"),
    };
    Ok(Job { flags, chart, user, capabilities, release })
}

/// Everything that a rendering needs.
struct Job<'a> {
    flags: &'a Flags,
    chart: Arc<Chart>,
    user: UserValues,
    capabilities: Capabilities,
    release: Release,
}

impl Job<'_> {
    fn print(&self, world: &mut World<'_>) -> Result<Outcome, Failed> {
        let environment = world.environment(self.flags.is_on("enable-dns"), false);
        let compiled = Compiled::default();
        let log = Log::default();
        let request = Request {
            values: &self.user.all,
            release: &self.release,
            capabilities: &self.capabilities,
            environment: &environment,
            limits: Limits::default(),
            skip_schema: self.flags.is_on("skip-schema-validation"),
            subchart_notes: false,
            record: self.flags.has("explain"),
            post_renderer: None,
            log: &log,
        };
        let rendering = helm::render(&self.chart, &compiled, &request);
        world.say(&log)?;
        let rendering = rendering.map_err(|error| self.failed(&error, (&compiled, world.debug)))?;
        let mut findings = Vec::new();
        if self.flags.is_on("check-values") {
            findings = check_values::check(&self.chart, &self.user, &compiled);
        }
        findings.iter().try_for_each(|finding| world.warn(finding)).map_err(closed)?;
        Ok(Outcome { printed: self.written(rendering, world)?, is_pointed_out: !findings.is_empty() })
    }

    fn written(&self, rendering: Rendering, world: &World<'_>) -> Result<Printed, Failed> {
        let selection = Selection {
            crds: self.flags.is_on("include-crds"),
            no_hooks: self.flags.is_on("no-hooks"),
            skip_tests: self.flags.is_on("skip-tests"),
        };
        let patterns = self.flags.texts("show-only");
        let (folder, explained) = (self.flags.filled("output-dir"), self.flags.text("explain"));
        if folder.is_none() && explained.is_none() && patterns.is_empty() {
            return Ok(Printed::Stream(rendering, selection));
        }
        let mut stream = output::stream(&rendering, selection);
        if !patterns.is_empty() {
            stream = stream.only(&patterns).map_err(|error| Failure::of(&error))?;
        }
        if let Some(folder) = folder {
            let chosen: Vec<&str> = stream.parts.iter().map(|part| &*part.path).collect();
            let documents = output::documents(&rendering, selection);
            let documents = documents.filter(|document| chosen.contains(&document.path));
            return Ok(Printed::Text(self.files(documents, &folder, world)?));
        }
        let Some(what) = explained else { return Ok(Printed::Text(stream.text)) };
        let rendering = &rendering;
        let explained = Explained { chart: &self.chart, user: &self.user, rendering, stream: &stream };
        Ok(Printed::Text(explain(&what, &explained)?))
    }

    /// Writes each document below the folder of its template.
    fn files<'d>(
        &self,
        documents: impl Iterator<Item = Document<'d>>,
        folder: &str,
        world: &World<'_>,
    ) -> Result<String, Failure> {
        let mut target = folder.to_owned();
        if self.flags.is_on("release-name") {
            target = helm::clean(&format!("{folder}/{}", self.release.name));
        }
        let mut said = String::new();
        let mut written: Vec<&str> = Vec::new();
        for Document { path, text, is_rendered } in documents {
            // Custom resource definitions are not put below the name of the release.
            let shown = format!("{}/{path}", if is_rendered { &target } else { folder });
            let text = format!("---\n# Source: {path}\n{text}\n");
            write_file(&world.directory, &shown, &text, written.contains(&path))?;
            written.push(path);
            said.push_str(&format!("wrote {shown}\n"));
        }
        // What helm prints where everything went into files: the end of an empty stream.
        Ok(format!("{said}\n"))
    }

    fn failed(&self, error: &RenderError, (compiled, debug): (&Compiled, bool)) -> Failed {
        let debug = if self.flags.has("debug") { self.flags.is_on("debug") } else { debug };
        let mut failure = Failure::of(error);
        let mut printed = String::new();
        match error {
            RenderError::Manifest { files, .. } if debug => {
                printed = output::unsorted(files);
            }
            _ if error.is_of_templates() && !debug => {
                failure.message.push_str("\n\nUse --debug flag to render out invalid YAML");
            }
            _ => {}
        }
        failure.details = match error {
            RenderError::Parse { error, .. } | RenderError::Execute { error, .. } => {
                caret::trace(error, compiled)
            }
            RenderError::Manifest { error, .. } => manifest_lines(error),
            RenderError::Schema(error) => self.schema_lines(error),
            _ => Vec::new(),
        };
        Failed { printed, failure }
    }

    /// Which file set each value that a schema forbids, and where schemas are none.
    fn schema_lines(&self, error: &SchemaError) -> Vec<String> {
        let broken = error.broken.iter().map(|BrokenSchema { charts, line, column }| {
            let folder: String = charts.iter().map(|chart| format!("charts/{chart}/")).collect();
            format!("  --> {}/{folder}values.schema.json:{line}:{column}", self.chart.name())
        });
        let line = |place: &Vec<String>| {
            let path = if place.is_empty() { "the values".to_owned() } else { place.join(".") };
            match origin::settings(&self.chart, &self.user, place).first() {
                Some(setting) => format!("  {path} is set by {}", setting.place),
                None => format!("  {path} is set by nobody"),
            }
        };
        broken.chain(error.places.iter().filter(|place| !place.is_empty()).map(line)).collect()
    }
}

/// The lines around the place where what was rendered is no YAML.
fn manifest_lines(error: &helm::manifest::ManifestError) -> Vec<String> {
    let helm::DecodeError::Yaml(problem) = &error.source else { return Vec::new() };
    if error.content.lines().any(is_secret) {
        return vec![format!(
            "  rendered from {}; the lines of a Secret are shown with --debug only",
            error.path
        )];
    }
    let wrong = usize::try_from(problem.mark().line).unwrap_or(0);
    let first = wrong.saturating_sub(3);
    let mut lines = vec![format!("  rendered from {}:", error.path)];
    for (at, line) in error.content.lines().enumerate().skip(first).take(5) {
        let mark = if at + 1 == wrong { '>' } else { ' ' };
        lines.push(format!("  {mark} {:>4} | {line}", at + 1));
    }
    lines
}

/// Whether a line makes an object a Secret, or something in a list one.
fn is_secret(line: &str) -> bool {
    let (key, kind) = line.split_once(':').unwrap_or((line, ""));
    let unquoted = |text: &str| text.trim().trim_matches(['"', '\'', '-', ' ', '{']).to_owned();
    unquoted(key) == "kind" && unquoted(kind).starts_with("Secret")
}

fn closed(error: io::Error) -> Failure {
    Failure::new(format!("standard error cannot be written: {error}"))
}

fn write_file(directory: &Path, file: &str, text: &str, append: bool) -> Result<(), Failure> {
    let failed = |action: &str, path: &str, error: &io::Error| {
        Failure::new(format!("{action} {path}: {}", super::folder::reason(error)))
    };
    let folder = helm::clean(file.rsplit_once('/').map_or(".", |(folder, _)| folder));
    if let Err(error) = fs::metadata(directory.join(&folder))
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(failed("stat", &folder, &error));
    }
    fs::create_dir_all(directory.join(&folder)).map_err(|error| failed("mkdir", &folder, &error))?;
    let mut options = fs::OpenOptions::new();
    let options = if append { options.append(true) } else { options.write(true).create(true).truncate(true) };
    let opened = options.open(directory.join(file)).map_err(|error| failed("open", file, &error));
    opened?.write_all(text.as_bytes()).map_err(|error| failed("write", file, &error))
}

fn installable(chart: &Chart, log: &Log) -> Result<(), Failure> {
    chart.check_installable(log).map_err(|error| {
        let failure = Failure::of(&error);
        match error {
            helm::InstallError::MissingDependencies(_) => {
                failure.with("to get them, run: helm dependency build")
            }
            _ => failure,
        }
    })
}

fn check_dry_run(flags: &Flags, world: &mut World<'_>) -> Result<(), Failure> {
    let Some(strategy) = flags.text("dry-run") else { return Ok(()) };
    let log = Log::default();
    match (strategy.as_str(), boolean(&strategy)) {
        ("client", _) => {}
        ("unset", _) => {
            log.warn("--dry-run is deprecated and should be replaced with '--dry-run=client'", &[]);
        }
        (_, Some(true)) => log.warn(
            &format!("boolean '--dry-run={strategy}' flag is deprecated and must be replaced with '--dry-run=client'"),
            &[],
        ),
        ("server", _) => {
            let reason = "it needs a cluster, and rendering asks none";
            return Err(Failure::new(format!("--dry-run=server is refused: {reason}")));
        }
        (_, known) => {
            let known = if known.is_some() || strategy == "none" { "" } else { "\"none\", " };
            let quoted = gotemplate::quote(strategy.as_bytes());
            let last = if known.is_empty() { "\"server\" or" } else { "\"server\", or" };
            return Err(Failure::new(format!(
                "invalid dry-run value ({quoted}). Must be {known}{last} \"client\""
            )));
        }
    }
    world.say(&log)
}

/// The flags that exclude each other, in cobra's order.
fn check_exclusive(flags: &Flags) -> Result<(), Failure> {
    for group in [["force", "force-conflicts"], ["force-replace", "force-conflicts"], ["validate", "dry-run"]]
    {
        if group.iter().all(|flag| flags.has(flag)) {
            let mut both = group;
            both.sort_unstable();
            return Err(Failure::new(format!(
                "if any flags in the group [{}] are set none of the others can be; [{}] were all set",
                group.join(" "),
                both.join(" ")
            )));
        }
    }
    Ok(())
}

fn check_labels(flags: &Flags) -> Result<(), Failure> {
    let labels = flags.texts("labels");
    let is_system = |label: &String| SYSTEM_LABELS.contains(&label.split('=').next().unwrap_or(label));
    if labels.iter().any(is_system) {
        return Err(Failure::new(format!(
            "user supplied labels contains system reserved label name. System labels: [{}]",
            SYSTEM_LABELS.join(" ")
        )));
    }
    Ok(())
}

/// The name of the release and the chart that is meant.
fn name_and_chart(flags: &Flags, world: &World<'_>) -> Result<(String, String), Failure> {
    let template = flags.text("name-template").filter(|template| !template.is_empty());
    match flags.arguments.as_slice() {
        [name, chart] => {
            if flags.is_on("generate-name") {
                return Err(Failure::new("cannot set --generate-name and also specify a name"));
            }
            if template.is_some() {
                return Err(Failure::new("cannot set --name-template and also specify a name"));
            }
            Ok((name.clone(), chart.clone()))
        }
        [chart] => match template {
            Some(template) => Ok((name_of_template(&template, world)?, chart.clone())),
            // Helm asks for a name that is made up only where there is none, and `template` has one.
            None => Ok(("release-name".to_owned(), chart.clone())),
        },
        [_, _, rest @ ..] => Err(Failure::new(format!(
            "expected at most two arguments, unexpected arguments: {}",
            rest.join(", ")
        ))),
        [] => Err(Failure::new("\"helm template\" requires at least 1 argument")),
    }
}

fn name_of_template(template: &str, world: &World<'_>) -> Result<String, Failure> {
    let environment = world.environment(false, false);
    let mut set = Set::new("name-template", Functions::sprig());
    let mut run = Run::new(&environment, Limits::default());
    set.parse("name-template", template.as_bytes())
        .and_then(|()| set.execute("name-template", &Value::Nil, &mut run))
        .map_err(|error| Failure::new(error.to_string()))?;
    Ok(String::from_utf8_lossy(&run.take_output()).into_owned())
}
