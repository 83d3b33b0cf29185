//! The commands that read charts: their inputs, outputs and the part of the environment that counts.

use std::env;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use cli::arguments::Show;
use cli::helm::flags::{LintArguments, TemplateArguments};
use cli::helm::{self, Context, World};

/// `flamingo template`.
pub(crate) fn template(arguments: &TemplateArguments) -> anyhow::Result<ExitCode> {
    run(|world| helm::template(&arguments.0, world))
}

/// `flamingo lint`.
pub(crate) fn lint(arguments: &LintArguments) -> anyhow::Result<ExitCode> {
    run(|world| helm::lint(&arguments.0, world))
}

/// `flamingo show`.
pub(crate) fn show(show: &Show) -> anyhow::Result<ExitCode> {
    let (part, arguments) = show.part();
    run(|world| helm::show(part, &arguments.0, world))
}

fn run(act: impl Fn(&mut World<'_>) -> io::Result<u8>) -> anyhow::Result<ExitCode> {
    let (mut input, mut out, mut err) =
        (io::stdin().lock(), BufWriter::new(io::stdout().lock()), io::stderr());
    let mut pause = pause;
    let mut world = world((&mut input, &mut out, &mut err), &mut pause)?;
    Ok(act(&mut world).context("the output cannot be written")?.into())
}

/// What a command sees of its surroundings, with its input, output and standard error.
///
/// # Errors
/// The current folder cannot be found out.
pub(crate) fn world<'a>(
    (input, out, err): (&'a mut dyn Read, &'a mut dyn Write, &'a mut dyn Write),
    pause: &'a mut dyn FnMut() -> bool,
) -> anyhow::Result<World<'a>> {
    Ok(World {
        input,
        out,
        err,
        namespace: &namespace,
        debug: variable("HELM_DEBUG").as_deref().and_then(helm::flags::boolean).unwrap_or(false),
        home: home(),
        directory: env::current_dir().context("the current folder cannot be found out")?,
        pause,
        now: &jiff::Timestamp::now,
        zone: jiff::tz::TimeZone::system(),
    })
}

/// How often `--watch` looks at the files.
const MOMENT: Duration = Duration::from_millis(300);

#[expect(clippy::disallowed_methods, reason = "there is no runtime here, and nothing else to do meanwhile")]
fn pause() -> bool {
    std::thread::sleep(MOMENT);
    true
}

#[expect(clippy::disallowed_methods, reason = "this is the edge at which the environment is read")]
fn home() -> Option<PathBuf> {
    env::var_os("HOME").map(PathBuf::from)
}

/// A variable of the environment that says something.
#[expect(clippy::disallowed_methods, reason = "this is the edge at which the environment is read")]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

/// As helm: what `HELM_NAMESPACE` says, else the namespace of the context.
fn namespace(asked: Context<'_>) -> String {
    if let Some(namespace) = variable("HELM_NAMESPACE") {
        return namespace;
    }
    let files = match (asked.kubeconfig, variable("KUBECONFIG")) {
        (Some(file), _) => vec![PathBuf::from(file)],
        (None, Some(files)) => env::split_paths(&files).collect(),
        (None, None) => home().map(|home| home.join(".kube/config")).into_iter().collect(),
    };
    let name = asked.name.map(str::to_owned).or_else(|| variable("HELM_KUBECONTEXT"));
    let found = files.iter().find_map(|file| context_namespace(file, name.as_deref()));
    found.unwrap_or_else(|| "default".to_owned())
}

fn context_namespace(file: &Path, name: Option<&str>) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let config = kube::config::Kubeconfig::from_yaml(&text).ok()?;
    let name = name.or(config.current_context.as_deref())?;
    let context = config.contexts.iter().find(|context| context.name == name)?;
    context.context.as_ref()?.namespace.clone().filter(|namespace| !namespace.is_empty())
}
