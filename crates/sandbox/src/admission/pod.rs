//! What the server's default admission adds to Pods: service account, priority, tolerations, status.

use apimachinery::defaulting;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use value::{Map, Value};

use crate::api::Transaction;
use crate::chance;
use crate::status::{self, Refusal};

const TOKEN_FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Completes a new Pod.
///
/// # Errors
/// Its service account does not exist.
pub(super) fn on_create(transaction: &Transaction<'_>, pod: &mut Value) -> Result<(), Refusal> {
    add_service_account(transaction, pod)?;
    defaulting::admit(pod, &GroupVersionKind::new("", "v1", "Pod"));
    if pod.at(&["spec", "enableServiceLinks"]).is_none() {
        pod.set_at(&["spec", "enableServiceLinks"], true);
    }
    let quality = quality_of_service(pod);
    pod.set_at(&["status"], Value::map_of([("phase", "Pending"), ("qosClass", quality)]));
    Ok(())
}

fn add_service_account(transaction: &Transaction<'_>, pod: &mut Value) -> Result<(), Refusal> {
    if pod.str_at(&["spec", "serviceAccountName"]).is_none_or(str::is_empty) {
        pod.set_at(&["spec", "serviceAccountName"], "default");
    }
    let name = pod.str_at(&["spec", "serviceAccountName"]).unwrap_or_default().to_owned();
    let namespace = object::namespace(pod).unwrap_or_default().to_owned();
    pod.set_at(&["spec", "serviceAccount"], name.as_str());
    let accounts = transaction.api.builtin("v1", "ServiceAccount")?;
    let Some(account) = transaction.get(&accounts, &namespace, &name) else {
        let why = format!(
            "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
        );
        let pods = transaction.api.builtin("v1", "Pod")?;
        return Err(status::forbidden(pods.resource(), object::name(pod).unwrap_or_default(), &why));
    };
    let mounts = pod
        .at(&["spec", "automountServiceAccountToken"])
        .or_else(|| account.get("automountServiceAccountToken"))
        .and_then(Value::as_bool)
        .unwrap_or(true);
    if let Some(secrets) = account.get("imagePullSecrets")
        && pod.at(&["spec", "imagePullSecrets"]).is_none()
    {
        pod.set_at(&["spec", "imagePullSecrets"], secrets.clone());
    }
    if mounts { mount_token(pod) } else { Ok(()) }
}

fn mount_token(pod: &mut Value) -> Result<(), Refusal> {
    let volume = format!("kube-api-access-{}", chance::suffix()?);
    let mut added = false;
    for list in ["initContainers", "containers"] {
        let mut containers = pod.at(&["spec", list]).and_then(Value::as_list).unwrap_or_default().to_vec();
        for container in &mut containers {
            let mut mounts =
                container.get("volumeMounts").and_then(Value::as_list).unwrap_or_default().to_vec();
            if mounts.iter().any(|mount| mount.str_at(&["mountPath"]) == Some(TOKEN_FOLDER)) {
                continue;
            }
            mounts.push(Value::map_of([
                ("mountPath", Value::from(TOKEN_FOLDER)),
                ("name", volume.as_str().into()),
                ("readOnly", true.into()),
            ]));
            container.set_at(&["volumeMounts"], mounts);
            added = true;
        }
        if !containers.is_empty() {
            pod.set_at(&["spec", list], containers);
        }
    }
    if added {
        let mut volumes = pod.at(&["spec", "volumes"]).and_then(Value::as_list).unwrap_or_default().to_vec();
        volumes.push(token_volume(&volume));
        pod.set_at(&["spec", "volumes"], volumes);
    }
    Ok(())
}

fn token_volume(name: &str) -> Value {
    let item = |key: &str, path: &str| Value::map_of([("key", key), ("path", path)]);
    let token = Value::map_of([("expirationSeconds", Value::from(3607)), ("path", "token".into())]);
    let authority = Value::map_of([
        ("name", Value::from("kube-root-ca.crt")),
        ("items", Value::list_of([item("ca.crt", "ca.crt")])),
    ]);
    let field = Value::map_of([("apiVersion", "v1"), ("fieldPath", "metadata.namespace")]);
    let namespace = Value::map_of([("path", Value::from("namespace")), ("fieldRef", field)]);
    let downward = Value::map_of([("items", Value::list_of([namespace]))]);
    let sources = Value::list_of([
        Value::map_of([("serviceAccountToken", token)]),
        Value::map_of([("configMap", authority)]),
        Value::map_of([("downwardAPI", downward)]),
    ]);
    let projected = Value::map_of([("defaultMode", Value::from(420)), ("sources", sources)]);
    Value::map_of([("name", Value::from(name)), ("projected", projected)])
}

/// By processor and memory only: nothing asked is BestEffort, all limited at what is asked is Guaranteed.
fn quality_of_service(pod: &Value) -> &'static str {
    let containers = ["initContainers", "containers"]
        .into_iter()
        .flat_map(|list| pod.at(&["spec", list]).and_then(Value::as_list).unwrap_or_default());
    let (mut any, mut all) = (false, true);
    for container in containers {
        let of = |kind: &str| {
            let map = container.at(&["resources", kind]).and_then(Value::as_map).cloned();
            map.unwrap_or_default()
                .into_iter()
                .filter(|(key, _)| matches!(&**key, "cpu" | "memory"))
                .collect::<Map>()
        };
        let (requests, limits) = (of("requests"), of("limits"));
        any |= !requests.is_empty() || !limits.is_empty();
        all &= limits.len() == 2 && (requests.is_empty() || requests == limits);
    }
    match (any, all) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}
