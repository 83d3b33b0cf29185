//! `flamingo flux-controllers`, `argocd-controllers` and `argocd-server`: components of a cluster.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use cli::arguments::{ArgocdControllers, ArgocdServer, FluxControllers};
use flux_controllers::{Controllers, Settings};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::kubernetes;
use crate::serving;

pub(crate) async fn flux(arguments: FluxControllers) -> anyhow::Result<ExitCode> {
    let cluster = kubernetes::connect(arguments.kubeconfig.as_deref()).await?;
    if arguments.install_crds {
        kubernetes::install(&cluster, flux_api::definitions::all()?).await?;
    }
    let listener = TcpListener::bind(&arguments.storage_addr)
        .await
        .with_context(|| format!("artifacts cannot be served on {}", arguments.storage_addr))?;
    let stop = CancellationToken::new();
    let settings = flux_settings(arguments);
    let controllers = Controllers::start(&cluster, settings, kubernetes::clock(), listener, &stop).await?;
    stop_signal().await?;
    stop.cancel();
    controllers.stopped().await;
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn argocd(arguments: ArgocdControllers) -> anyhow::Result<ExitCode> {
    let cluster = kubernetes::connect(arguments.kubeconfig.as_deref()).await?;
    if arguments.install_crds {
        kubernetes::install(&cluster, argocd_api::definitions::all()?).await?;
    }
    let stop = CancellationToken::new();
    let settings = argocd_settings(arguments);
    let controllers = loopback::Controllers::start(&cluster, settings, kubernetes::clock(), &stop).await?;
    stop_signal().await?;
    stop.cancel();
    controllers.stopped().await;
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn server(arguments: ArgocdServer) -> anyhow::Result<ExitCode> {
    let ArgocdServer { kubeconfig, namespace, address, port, insecure: _ } = arguments;
    let cluster = kubernetes::connect(kubeconfig.as_deref()).await?;
    let listener = TcpListener::bind((address.as_str(), port))
        .await
        .with_context(|| format!("the API cannot be served on {address}:{port}"))?;
    let clock = kubernetes::clock();
    argocd_server::bootstrap(&kubernetes::session(&cluster), &namespace, &*clock).await?;
    let stop = CancellationToken::new();
    let looking = loopback::Settings { namespace: namespace.clone(), ..loopback::Settings::default() };
    let preview = loopback::Preview::start(&cluster, looking, clock.clone(), &stop)
        .await
        .inspect_err(|error| {
            tracing::warn!(error = error as &dyn std::error::Error, "nothing can be told of Flux objects");
        })
        .ok();
    let settings = argocd_server::Settings {
        namespace,
        loopback_only: false,
        page: Some(serving::packed()),
        preview: preview.map(serving::previews),
    };
    let server = argocd_server::Server::start(listener, cluster, settings, clock, &stop).await?;
    stop_signal().await?;
    stop.cancel();
    server.stopped().await;
    Ok(ExitCode::SUCCESS)
}

fn argocd_settings(arguments: ArgocdControllers) -> loopback::Settings {
    let ArgocdControllers {
        kubeconfig: _,
        install_crds: _,
        namespace,
        application_namespaces,
        status_processors,
        app_resync,
        min_retry_delay,
        max_retry_delay,
    } = arguments;
    loopback::Settings {
        namespace,
        application_namespaces,
        concurrent: status_processors,
        resync: Duration::from_secs(app_resync),
        min_retry_delay,
        max_retry_delay,
        ..loopback::Settings::default()
    }
}

fn flux_settings(arguments: FluxControllers) -> Settings {
    let FluxControllers {
        kubeconfig: _,
        install_crds: _,
        storage_addr: _,
        watch_all_namespaces,
        runtime_namespace,
        concurrent,
        concurrent_ssa,
        requeue_dependency,
        min_retry_delay,
        max_retry_delay,
        interval_jitter_percentage,
        no_cross_namespace_refs,
        events_addr,
        storage_path,
        storage_adv_addr,
        artifact_retention_ttl,
        artifact_retention_records,
    } = arguments;
    Settings {
        watch_namespace: if watch_all_namespaces { None } else { runtime_namespace },
        concurrent,
        concurrent_ssa,
        requeue_dependency,
        min_retry_delay,
        max_retry_delay,
        events_addr,
        storage_path,
        storage_adv_addr,
        artifact_retention_ttl,
        artifact_retention_records,
        no_cross_namespace_refs,
        interval_jitter_percentage,
    }
}

/// Ends on Ctrl-C, or when the process is asked to end.
pub(crate) async fn stop_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
