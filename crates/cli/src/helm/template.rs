//! `flamingo template`: what `helm template` prints.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gotemplate::{Functions, Limits, Run, Set, Value};
use helm::capabilities::{Capabilities, KubeVersion};
use helm::output::{self, Selection, Stream};
use helm::record::SYSTEM_LABELS;
use helm::{Chart, Compiled, Release, RenderError, Rendering, Request};

use super::explain::{Explained, explain};
use super::failure::Failure;
use super::flags::Flags;
use super::user_values::{self, UserValues};
use super::watch::Seen;
use super::world::World;
use super::{caret, chart, check_values, origin};

/// Renders a chart and prints it; with `--watch`, again whenever something that it reads has changed. The
/// exit code is 0, or 1 where something is wrong.
///
/// # Errors
/// Standard output cannot be written.
pub fn template(flags: &Flags, world: &mut World<'_>) -> io::Result<u8> {
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
        Ok(printed) => {
            printed.write(world.out)?;
            world.out.flush()?;
            Ok(0)
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

fn run(flags: &Flags, world: &mut World<'_>) -> Result<Printed, Failed> {
    flags.check_refused()?;
    let kube_version = chart::kube_version(flags)?;
    check_dry_run(flags)?;
    check_exclusive(flags)?;
    if flags.has("explain") && flags.filled("output-dir").is_some() {
        return Err(
            Failure::new("--explain is refused with --output-dir: it explains what is printed").into()
        );
    }
    let (name, reference) = name_and_chart(flags, world)?;
    let path = chart::locate(&reference, world)?;
    chart::verify(&path, flags, world)?;
    let user = user_values::read(flags, world)?;
    let chart = chart::load(&path)?;
    job(flags, (name, kube_version), (chart, user), world)?.print(world)
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
    let flags = &Flags::of_template(arguments)?;
    flags.check_refused()?;
    let kube_version = chart::kube_version(flags)?;
    let (name, _) = name_and_chart(flags, world)?;
    let user = user_values::of_files(values)?;
    let chart = Chart::from_folder(chart).map_err(|error| Failure::of(&error))?;
    let printed = job(flags, (name, kube_version), (chart, user), world)?.print(world);
    printed.map(Printed::into_text).map_err(|failed| match failed.printed.as_str() {
        "" => failed.failure,
        printed => failed.failure.with("what was rendered:").with(printed),
    })
}

fn job<'a>(
    flags: &'a Flags,
    (name, kube_version): (String, Option<KubeVersion>),
    (chart, user): (Chart, UserValues),
    world: &World<'_>,
) -> Result<Job<'a>, Failure> {
    let chart = Arc::new(chart);
    installable(&chart)?;
    helm::check_release_name(&name).map_err(|error| Failure::of(&error))?;
    check_labels(flags)?;
    let mut capabilities = Capabilities::default();
    if let Some(version) = kube_version {
        capabilities.kube_version = version;
    }
    capabilities.api_versions.extend(flags.list("api-versions"));
    let release = Release {
        name,
        namespace: flags.filled("namespace").unwrap_or_else(|| world.namespace.clone()),
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
    fn print(&self, world: &mut World<'_>) -> Result<Printed, Failed> {
        let environment = world.environment(self.flags.is_on("enable-dns"), false);
        let compiled = Compiled::default();
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
        };
        let rendering =
            helm::render(&self.chart, &compiled, &request).map_err(|error| self.failed(&error, &compiled))?;
        if self.chart.metadata.deprecated {
            world.warn("warning: this chart is deprecated").map_err(closed)?;
        }
        for warning in &rendering.warnings {
            world.warn(&format!("warning: {warning}")).map_err(closed)?;
        }
        if self.flags.is_on("check-values") {
            for finding in check_values::check(&self.chart, &self.user, &compiled) {
                world.warn(&finding).map_err(closed)?;
            }
        }
        self.written(rendering, world)
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
            return Ok(Printed::Text(self.files(&stream, &folder, world)?));
        }
        let Some(what) = explained else { return Ok(Printed::Text(stream.text)) };
        let rendering = &rendering;
        let explained = Explained { chart: &self.chart, user: &self.user, rendering, stream: &stream };
        Ok(Printed::Text(explain(&what, &explained)?))
    }

    /// Writes each document below the folder of its template.
    fn files(&self, stream: &Stream, folder: &str, world: &World<'_>) -> Result<String, Failure> {
        let mut target = folder.to_owned();
        if self.flags.is_on("release-name") {
            target = format!("{folder}/{}", self.release.name);
        }
        let mut said = String::new();
        let mut written: Vec<&str> = Vec::new();
        for part in &stream.parts {
            // Custom resource definitions are not put below the name of the release.
            let below = if part.origin.is_some() { &target } else { folder };
            let shown = format!("{below}/{}", part.path);
            let text = format!("---\n# Source: {}\n{}\n", part.path, &stream.text[part.range.clone()]);
            let path = world.directory.join(&shown);
            let append = written.contains(&part.path.as_str());
            write_file(&path, &text, append)
                .map_err(|error| Failure::new(format!("open {shown}: {}", super::folder::reason(&error))))?;
            written.push(&part.path);
            said.push_str(&format!("wrote {shown}\n"));
        }
        // What helm prints where everything went into files: the end of an empty stream.
        Ok(format!("{said}\n"))
    }

    fn failed(&self, error: &RenderError, compiled: &Compiled) -> Failed {
        let mut failure = Failure::of(error);
        let mut printed = String::new();
        match error {
            RenderError::Manifest { files, .. } if self.flags.is_on("debug") => {
                printed = output::unsorted(files);
            }
            _ if error.is_of_templates() && !self.flags.is_on("debug") => {
                failure.message.push_str("\n\nUse --debug flag to render out invalid YAML");
            }
            _ => {}
        }
        failure.details = match error {
            RenderError::Parse { error, .. } | RenderError::Execute { error, .. } => {
                caret::trace(error, compiled)
            }
            RenderError::Manifest { error, .. } => manifest_lines(error),
            RenderError::Schema(error) => self.schema_lines(&error.places),
            _ => Vec::new(),
        };
        Failed { printed, failure }
    }

    /// Which file set each value that a schema forbids.
    fn schema_lines(&self, places: &[Vec<String>]) -> Vec<String> {
        let line = |place: &Vec<String>| {
            let path = if place.is_empty() { "the values".to_owned() } else { place.join(".") };
            match origin::settings(&self.chart, &self.user, place).first() {
                Some(setting) => format!("  {path} is set by {}", setting.place),
                None => format!("  {path} is set by nobody"),
            }
        };
        places.iter().filter(|place| !place.is_empty()).map(line).collect()
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

fn write_file(path: &Path, text: &str, append: bool) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    let options = if append { options.append(true) } else { options.write(true).create(true).truncate(true) };
    options.open(path)?.write_all(text.as_bytes())
}

fn installable(chart: &Chart) -> Result<(), Failure> {
    chart.check_installable().map_err(|error| {
        let failure = Failure::of(&error);
        match error {
            helm::InstallError::MissingDependencies(_) => {
                failure.with("to get them, run: helm dependency build")
            }
            _ => failure,
        }
    })
}

fn check_dry_run(flags: &Flags) -> Result<(), Failure> {
    let Some(strategy) = flags.text("dry-run") else { return Ok(()) };
    match strategy.as_str() {
        "unset" | "client" | "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(()),
        "server" => {
            Err(Failure::new("--dry-run=server is refused: it needs a cluster, and rendering asks none"))
        }
        "none" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Err(Failure::new(format!(
            "invalid dry-run value (\"{strategy}\"). Must be \"server\" or \"client\""
        ))),
        _ => Err(Failure::new(format!(
            "invalid dry-run value (\"{strategy}\"). Must be \"none\", \"server\", or \"client\""
        ))),
    }
}

fn check_exclusive(flags: &Flags) -> Result<(), Failure> {
    for first in ["force", "force-replace"] {
        if flags.has(first) && flags.has("force-conflicts") {
            let mut both = [first, "force-conflicts"];
            both.sort_unstable();
            return Err(Failure::new(format!(
                "if any flags in the group [{first} force-conflicts] are set none of the others can be; [{}] were all set",
                both.join(" ")
            )));
        }
    }
    Ok(())
}

fn check_labels(flags: &Flags) -> Result<(), Failure> {
    let labels = flags.list("labels");
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
