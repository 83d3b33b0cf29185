//! `flamingo flux-controllers`: the Flux controllers as a component of a cluster.

use std::process::ExitCode;

use anyhow::Context as _;
use cli::arguments::FluxControllers;
use flux_controllers::{Controllers, Settings};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::kubernetes;

pub(crate) async fn run(arguments: FluxControllers) -> anyhow::Result<ExitCode> {
    let cluster = kubernetes::connect(arguments.kubeconfig.as_deref()).await?;
    if arguments.install_crds {
        kubernetes::install_definitions(&cluster).await?;
    }
    let listener = TcpListener::bind(&arguments.storage_addr)
        .await
        .with_context(|| format!("artifacts cannot be served on {}", arguments.storage_addr))?;
    let stop = CancellationToken::new();
    let settings = settings(arguments);
    let controllers = Controllers::start(&cluster, settings, kubernetes::clock(), listener, &stop).await?;
    stop_signal().await?;
    stop.cancel();
    controllers.stopped().await;
    Ok(ExitCode::SUCCESS)
}

fn settings(arguments: FluxControllers) -> Settings {
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
