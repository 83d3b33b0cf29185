//! What people type.

pub mod argocd;
pub mod kustomize;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use url::Url;

use crate::helm::Part;
use crate::helm::flags::{LintArguments, ShowArguments, TemplateArguments};

/// GitOps with Argo CD's face and Flux's engine.
#[derive(Debug, Parser)]
#[command(name = "flamingo", version, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a simulated cluster with Flux's controllers and deploy a Git repository to it.
    Up(Up),
    /// Remove the state that `up` keeps.
    Down(Down),
    /// Run the Flux controllers against a cluster.
    FluxControllers(FluxControllers),
    /// Run the controller of Applications that Flux deploys against a cluster.
    ArgocdControllers(ArgocdControllers),
    /// Run Argo CD's API against a cluster.
    ArgocdServer(ArgocdServer),
    /// Log in to the API.
    Login(argocd::Login),
    /// List, create, sync, wait for and delete Applications.
    #[command(subcommand)]
    App(argocd::App),
    /// Say why an Application is not deployed: the chain from the commit to the Pods, and what to do.
    Why(argocd::Why),
    /// Render a Helm chart.
    Template(TemplateArguments),
    /// Examine Helm charts for possible issues.
    Lint(LintArguments),
    /// Show what is in a Helm chart.
    #[command(subcommand, alias = "inspect")]
    Show(Show),
    /// Build, compare and edit kustomizations.
    #[command(subcommand)]
    Kustomize(kustomize::Kustomize),
}

/// What of a chart is shown.
#[derive(Debug, Subcommand)]
pub enum Show {
    /// Everything.
    All(ShowArguments),
    /// `Chart.yaml`.
    Chart(ShowArguments),
    /// `values.yaml`.
    Values(ShowArguments),
    /// The README.
    Readme(ShowArguments),
    /// The custom resource definitions.
    Crds(ShowArguments),
}

impl Show {
    /// Which part, and its arguments.
    pub fn part(&self) -> (Part, &ShowArguments) {
        match self {
            Self::All(arguments) => (Part::All, arguments),
            Self::Chart(arguments) => (Part::Chart, arguments),
            Self::Values(arguments) => (Part::Values, arguments),
            Self::Readme(arguments) => (Part::Readme, arguments),
            Self::Crds(arguments) => (Part::Crds, arguments),
        }
    }
}

/// Arguments of `up`.
#[derive(Debug, Args)]
pub struct Up {
    /// The repository: an HTTP(S) URL, or the path of a local Git work tree, whose committed state is
    /// deployed. A built-in demo, where nothing is said.
    #[arg(long, value_name = "URL|PATH")]
    pub from: Option<String>,
    /// The directory in the repository.
    #[arg(long, value_name = "PATH", default_value = "./", requires = "from")]
    pub path: String,
    /// The branch, tag, commit or full reference name; the repository's default branch where nothing is said.
    #[arg(long = "ref", value_name = "REF", requires = "from")]
    pub reference: Option<String>,
    /// The namespace of all namespaced objects, whatever the manifests say.
    #[arg(long, value_name = "NAMESPACE", requires = "from")]
    pub target_namespace: Option<String>,
    /// Where the state is kept.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Forget the state of earlier runs.
    #[arg(long)]
    pub fresh: bool,
    /// The port of the API server; a free one is taken when it is in use.
    #[arg(long, default_value_t = 16443)]
    pub port: u16,
    /// The port of Argo CD's API; a free one is taken when it is in use.
    #[arg(long, default_value_t = 8080)]
    pub api_port: u16,
    /// End as soon as everything is ready (exit code 0) or certainly is not (1).
    #[arg(long)]
    pub once: bool,
    /// With `--once`, how long to wait for that.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration, requires = "once")]
    pub timeout: Duration,
}

/// Arguments of `down`.
#[derive(Debug, Args)]
pub struct Down {
    /// Where the state is kept.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// Arguments of `flux-controllers`; the flags of source-controller and kustomize-controller.
#[derive(Debug, Args)]
pub struct FluxControllers {
    /// The kubeconfig; that of the Pod's ServiceAccount where nothing is said.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Apply the CustomResourceDefinitions of the served kinds first.
    #[arg(long)]
    pub install_crds: bool,
    /// Reconcile the objects of all namespaces; otherwise only those of the runtime namespace.
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub watch_all_namespaces: bool,
    /// The namespace that the controllers run in.
    #[arg(
        long,
        value_name = "NAMESPACE",
        env = "RUNTIME_NAMESPACE",
        value_parser = clap::builder::NonEmptyStringValueParser::new(),
        required_if_eq("watch_all_namespaces", "false")
    )]
    pub runtime_namespace: Option<String>,
    /// How many objects of a kind are reconciled at once.
    #[arg(long, default_value_t = 10)]
    pub concurrent: usize,
    /// How many dry runs one Kustomization has in flight.
    #[arg(long, default_value_t = 4)]
    pub concurrent_ssa: usize,
    /// When a dependency that is not ready is looked at again.
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub requeue_dependency: Duration,
    /// The first delay after a failure.
    #[arg(long, default_value = "750ms", value_parser = duration)]
    pub min_retry_delay: Duration,
    /// The longest delay after failures.
    #[arg(long, default_value = "15m", value_parser = duration)]
    pub max_retry_delay: Duration,
    /// By how many percent intervals vary.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub interval_jitter_percentage: u8,
    /// Refuse sources and dependencies of other namespaces.
    #[arg(long, default_value_t = false, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub no_cross_namespace_refs: bool,
    /// Where notifications are sent.
    #[arg(long, value_name = "URL")]
    pub events_addr: Option<Url>,
    /// Where artifacts are kept.
    #[arg(long, value_name = "DIR")]
    pub storage_path: PathBuf,
    /// The address on which artifacts are served.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub storage_addr: String,
    /// The host and port under which others reach the artifacts.
    #[arg(long, value_name = "HOST:PORT")]
    pub storage_adv_addr: Option<String>,
    /// How long an artifact that is no longer current is kept.
    #[arg(long, default_value = "60s", value_parser = duration)]
    pub artifact_retention_ttl: Duration,
    /// How many artifacts of a source are kept.
    #[arg(long, default_value_t = 2)]
    pub artifact_retention_records: usize,
}

/// Arguments of `argocd-controllers`; those that upstream has too are flags of argocd-application-controller.
#[derive(Debug, Args)]
pub struct ArgocdControllers {
    /// The kubeconfig; that of the Pod's ServiceAccount where nothing is said.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Apply the CustomResourceDefinitions of argoproj.io first.
    #[arg(long)]
    pub install_crds: bool,
    /// The namespace of Argo CD, with its projects, repository Secrets and Applications.
    #[arg(long, short, default_value = "argocd")]
    pub namespace: String,
    /// Patterns of other namespaces whose Applications are reconciled.
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub application_namespaces: Vec<String>,
    /// How many Applications are reconciled at once.
    #[arg(long, default_value_t = 20)]
    pub status_processors: usize,
    /// After how many seconds an Application is compared when nothing wakes it.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    pub app_resync: u64,
    /// The first delay after a failure.
    #[arg(long, default_value = "750ms", value_parser = duration)]
    pub min_retry_delay: Duration,
    /// The longest delay after failures.
    #[arg(long, default_value = "3m", value_parser = duration)]
    pub max_retry_delay: Duration,
}

/// Arguments of `argocd-server`; those that upstream has too are its flags.
#[derive(Debug, Args)]
pub struct ArgocdServer {
    /// The kubeconfig; that of the Pod's ServiceAccount where nothing is said.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The namespace of Argo CD.
    #[arg(long, short, default_value = "argocd")]
    pub namespace: String,
    /// The address to listen on.
    #[arg(long, default_value = "0.0.0.0")]
    pub address: String,
    /// The port to listen on.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Serve without TLS, which has to be ended in front of the server: it cannot do so by itself yet.
    #[arg(long, required = true)]
    pub insecure: bool,
}

/// A duration as Go writes it, such as `1m30s`.
fn duration(text: &str) -> Result<Duration, apimachinery::duration::DurationError> {
    apimachinery::duration::parse(text)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_path_needs_a_repository() {
        assert!(Arguments::try_parse_from(["flamingo", "up", "--path", "x"]).is_err());
        assert!(Arguments::try_parse_from(["flamingo", "up", "--from", ".", "--path", "x"]).is_ok());
    }
}
