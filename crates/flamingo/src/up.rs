//! `flamingo up`: a simulated cluster, the controllers and one repository, in one process.

use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use apimachinery::gvk::GroupVersionKind;
use argocd_server::Server;
use cli::arguments::Up;
use cli::progress::Progress;
use cluster::{Cluster, Resource, Target};
use flux_controllers::{Controllers, Settings};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use git_server::{Head, Repository, RepositoryError};
use sandbox::{Sandbox, StartError};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::controllers::stop_signal;
use crate::data_dir::DataDir;
use crate::deployment::{Deployment, Reporter, State};
use crate::kubernetes;
use crate::origin::Origin;
use crate::serving;

/// How often a local repository is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How often the deployment is looked at while it is not ready, and when it is.
const BUSY: Duration = Duration::from_millis(200);
const IDLE: Duration = Duration::from_secs(10);
/// What is wrong for so long is no passing state of a deployment that goes on.
const SETTLED: Duration = Duration::from_secs(3);

/// Runs until it is stopped; with `--once`, until the deployment is ready or certainly is not.
pub(crate) async fn up(arguments: Up) -> anyhow::Result<ExitCode> {
    // What is wrong with the arguments is said before anything is started, or forgotten.
    let given = Origin::given(&arguments).await?;
    let data_dir = DataDir::locate(arguments.data_dir.as_deref())?.take(arguments.fresh)?;
    let mut reporter = Reporter::new(Progress::start());
    reporter.doing("starting the simulated cluster");
    let sandbox = start_sandbox(&data_dir.path, &arguments).await?;
    let kubeconfig = data_dir.path.join("kubeconfig");
    sandbox.write_kubeconfig(&kubeconfig).context("the kubeconfig cannot be written")?;
    let origin = match given {
        Some(origin) => origin,
        None => Origin::demo(&data_dir.path).await?,
    };
    reporter.say(&introduction(sandbox.url(), &kubeconfig));

    let stop = CancellationToken::new();
    let cluster = kubernetes::connect(Some(&kubeconfig)).await?;
    let definitions = [flux_api::definitions::all()?, argocd_api::definitions::all()?].concat();
    kubernetes::install(&cluster, definitions).await?;
    reporter.say(&format!("Deploying {}, directory {}", origin.described, origin.path));
    let mut deployment = Deployment::create(&cluster, &origin).await?;
    let settings = loopback::Settings::default();
    let loopback = loopback::Controllers::start(&cluster, settings, kubernetes::clock(), &stop).await?;
    // A local repository is served at another address than last time, so the source has to change before
    // anybody fetches from it.
    deployment.until_current(&origin).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await.context("no port is free for artifacts")?;
    let settings = Settings::new(data_dir.path.join("artifacts"));
    let controllers = Controllers::start(&cluster, settings, kubernetes::clock(), listener, &stop).await?;

    let api = start_api(&cluster, arguments.api_port, loopback.preview(), &stop).await?;
    reporter.say(&address_of_api(&api, first_password(&cluster).await?)?);

    for name in deployment.retire_others().await? {
        reporter.say(&format!("Removing {name} and its objects, which an earlier run deployed"));
    }

    let world = (&sandbox, &origin);
    let outcome = tokio::select! {
        outcome = follow(&mut deployment, world, &mut reporter, &arguments) => outcome,
        signal = stop_signal() => {
            reporter.say(&format!(
                "Stopped. The state is kept in {}; `flamingo up` goes on with it, `flamingo down` removes it.",
                data_dir.path.display()
            ));
            signal.map(|()| ExitCode::SUCCESS)
        }
    };
    stop.cancel();
    tokio::join!(controllers.stopped(), loopback.stopped(), api.stopped());
    sandbox.stop().await.context("the simulated cluster did not stop cleanly")?;
    outcome
}

/// The API, on the port that is wanted or a free one.
async fn start_api(
    cluster: &Cluster,
    port: u16,
    preview: loopback::Preview,
    stop: &CancellationToken,
) -> anyhow::Result<Server> {
    let listener = match TcpListener::bind(("127.0.0.1", port)).await {
        Err(error) if error.kind() == ErrorKind::AddrInUse => TcpListener::bind("127.0.0.1:0").await,
        outcome => outcome,
    };
    let listener = listener.context("no port is free for the API")?;
    let (clock, namespace) = (kubernetes::clock(), loopback::Settings::default().namespace);
    argocd_server::bootstrap(&kubernetes::session(cluster), &namespace, &*clock).await?;
    let settings = argocd_server::Settings {
        namespace,
        loopback_only: true,
        page: Some(serving::packed()),
        preview: Some(serving::previews(preview)),
    };
    Ok(Server::start(listener, cluster.clone(), settings, clock, stop).await?)
}

/// The password that `admin` had at first; `None` where somebody has deleted it, as one does after changing it.
async fn first_password(cluster: &Cluster) -> anyhow::Result<Option<String>> {
    let secrets = Resource::new(GroupVersionKind::new("", "v1", "Secret"), "secrets", true);
    let target =
        Target::new(&secrets, &loopback::Settings::default().namespace, argocd_server::INITIAL_PASSWORD);
    let secret =
        kubernetes::session(cluster).get(&target).await.context("the first password cannot be read")?;
    Ok(secret.and_then(|secret| argocd_server::initial_password(&secret)))
}

fn address_of_api(api: &Server, password: Option<String>) -> anyhow::Result<String> {
    let address = api.address();
    // As it was started: it need not be on the path.
    let flamingo = std::env::args().next().unwrap_or_else(|| "flamingo".to_owned());
    let password = match password {
        Some(password) => format!("The first password of admin: {password}"),
        None => "The first password of admin was deleted; use the one that it has now.".to_owned(),
    };
    Ok(format!(
        "Argo CD's API is at http://{address}. This link logs your browser in, once and within ten minutes:\n\n  \
         {}\n\n{password}\n\nTry: {flamingo} login http://{address}\n     {flamingo} app list\n",
        api.login_link()?
    ))
}

async fn start_sandbox(data_dir: &Path, arguments: &Up) -> anyhow::Result<Sandbox> {
    let config = |port| sandbox::Config {
        data_dir: Some(data_dir.join("cluster")),
        port,
        ..sandbox::Config::in_memory(kubernetes::clock())
    };
    match Sandbox::start(config(arguments.port)).await {
        Err(StartError::Listen { source, .. }) if source.kind() == ErrorKind::AddrInUse => {
            Ok(Sandbox::start(config(0)).await?)
        }
        outcome => Ok(outcome?),
    }
}

fn introduction(url: &str, kubeconfig: &Path) -> String {
    format!(
        "A simulated Kubernetes cluster runs at {url}. Its API is real; nothing runs in containers, and Pods \
         become ready by simulation.\n\n  export KUBECONFIG={}\n\nTry: kubectl get applications -A\n     kubectl get \
         gitrepositories,kustomizations -A\n     kubectl get all -A\n     flux get all -A\n",
        kubeconfig.display()
    )
}

/// Reports the state of the deployment, and asks for a look at the source on each new commit.
async fn follow(
    deployment: &mut Deployment,
    (sandbox, origin): (&Sandbox, &Origin),
    reporter: &mut Reporter,
    arguments: &Up,
) -> anyhow::Result<ExitCode> {
    let mut commits = commits(origin.local.as_ref());
    let give_up = arguments.once.then(|| Instant::now() + arguments.timeout);
    let mut since = Instant::now();
    let mut lasting: Option<Instant> = None;
    let mut first = true;
    loop {
        reporter.refusal(sandbox.write_refusal());
        let took = if first { reporter.elapsed() } else { since.elapsed() };
        let state = deployment.state(since.elapsed()).await?;
        reporter.report(&state, took);
        let pause = match &state {
            State::Ready(_) if arguments.once => return Ok(ExitCode::SUCCESS),
            State::Ready(_) => {
                if first {
                    reporter.say("Ctrl-C stops it; the state is kept.");
                }
                first = false;
                IDLE
            }
            _ => BUSY,
        };
        lasting = lasting.or_else(|| Some(Instant::now())).filter(|_| is_lasting(&state));
        if give_up.is_some_and(|give_up| Instant::now() > give_up) {
            let timeout = apimachinery::duration::format(arguments.timeout);
            let what = match &state {
                State::Progressing(what) => format!(" ({what})"),
                _ => String::new(),
            };
            reporter.say(&format!("✗ Not ready within {timeout}{what}; --timeout allows more."));
            return Ok(ExitCode::FAILURE);
        }
        if arguments.once && lasting.is_some_and(|since| since.elapsed() > SETTLED) {
            reporter.say("✗ This does not pass by itself, so --once ends here.");
            return Ok(ExitCode::FAILURE);
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            commit = commits.next() => {
                if let Some(commit) = commit {
                    since = Instant::now();
                    lasting = None;
                    reporter.forget();
                    reporter.say(&format!("New commit {commit}"));
                    deployment.request(&commit).await?;
                    tokio::time::sleep(BUSY).await;
                }
            }
        }
    }
}

/// Whether something is wrong that stays until somebody changes it.
fn is_lasting(state: &State) -> bool {
    matches!(state, State::Failed(findings) if findings.iter().any(|finding| finding.code.is_lasting()))
}

/// New commits of a local repository; the one that is there at the start is none.
fn commits(repository: Option<&Repository>) -> BoxStream<'static, String> {
    let Some(repository) = repository else { return futures::stream::pending().boxed() };
    let heads = git_server::watch_refs(repository.clone(), LOOK).skip(1);
    let commit = |head: Result<Head, RepositoryError>| {
        std::future::ready(match head {
            Ok(head) => head.commit,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the repository cannot be read");
                None
            }
        })
    };
    heads.filter_map(commit).boxed()
}
