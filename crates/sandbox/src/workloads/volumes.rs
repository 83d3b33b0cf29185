//! Volumes: claims of the default storage class are given a simulated volume, as a provisioner would;
//! other claims take a volume that is there and fits, or wait.

use apimachinery::object;
use value::Value;

use super::Outcome;
use super::client::{self, Builtins, MANAGER};
use super::events::{self, Event};
use crate::api::Api;
use crate::status::Refusal;
use crate::store::Location;
use crate::verbs::delete::{self, Propagation};

/// The provisioner of the class `standard`.
pub(super) const PROVISIONER: &str = "flamingo.sandbox/simulated";
const COMPONENT: &str = "persistentvolume-controller";

/// Looks at a claim, or at a volume whose claim may be gone.
pub(super) fn reconcile(api: &Api, builtins: &Builtins, at: &Location) -> Outcome {
    if *at.table == *builtins.volumes.table {
        return volume(api, builtins, at);
    }
    let Some(claim) = client::get(api, &builtins.claims, at) else {
        return release(api, builtins, at);
    };
    if object::deletion_timestamp(&claim).is_some() {
        return let_go(api, builtins, claim);
    }
    if claim.str_at(&["status", "phase"]) == Some("Bound") {
        return Ok(None);
    }
    let class = claim.str_at(&["spec", "storageClassName"]).unwrap_or_default();
    if let Some(found) = matching_volume(api, builtins, &claim, class) {
        return bind(api, builtins, claim, found);
    }
    let known = client::get(api, &builtins.storage_classes, &Location::cluster_scoped("", class));
    match known.as_ref().and_then(|class| class.str_at(&["provisioner"])) {
        Some(PROVISIONER) => {
            let made = provision(api, builtins, &claim, class)?;
            bind(api, builtins, claim, made)
        }
        Some(other) => {
            let message = format!(
                "Waiting for a volume to be created either by the external provisioner '{other}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
            );
            tell(api, builtins, &claim, ("ExternalProvisioning", &message))
        }
        None if class.is_empty() => {
            let message = "no persistent volumes available for this claim and no storage class is set";
            tell(api, builtins, &claim, ("FailedBinding", message))
        }
        None => {
            let message = format!("storageclass.storage.k8s.io \"{class}\" not found");
            tell(api, builtins, &claim, ("ProvisioningFailed", &message))
        }
    }
}

fn tell(api: &Api, builtins: &Builtins, claim: &Value, (reason, message): (&str, &str)) -> Outcome {
    let warning = reason == "ProvisioningFailed";
    events::record(api, builtins, claim, &Event { warning, reason, message, component: COMPONENT })?;
    Ok(None)
}

fn is_for(volume: &Value, claim: &Value) -> bool {
    let of = |field: &str| volume.str_at(&["spec", "claimRef", field]);
    of("name") == object::name(claim)
        && of("namespace") == object::namespace(claim)
        && of("uid").is_none_or(|uid| Some(uid) == object::uid(claim))
}

fn matching_volume(api: &Api, builtins: &Builtins, claim: &Value, class: &str) -> Option<Value> {
    let transaction = api.begin();
    let modes = |object: &Value| {
        object.at(&["spec", "accessModes"]).and_then(Value::as_list).unwrap_or_default().to_vec()
    };
    let wanted = modes(claim);
    let size = |object: &Value, path: &[&str]| {
        object
            .str_at(path)
            .and_then(|text| text.parse::<apimachinery::quantity::Quantity>().ok().map(|size| size.units()))
    };
    let least = size(claim, &["spec", "resources", "requests", "storage"]);
    let named = claim.str_at(&["spec", "volumeName"]).filter(|name| !name.is_empty());
    transaction
        .stored(&builtins.volumes, None)
        .find(|volume| {
            let free = volume.at(&["spec", "claimRef"]).is_none() || is_for(volume, claim);
            let fits = volume.str_at(&["spec", "storageClassName"]).unwrap_or_default() == class
                && wanted.iter().all(|mode| modes(volume).contains(mode))
                && size(volume, &["spec", "capacity", "storage"]) >= least;
            free && fits && named.is_none_or(|name| object::name(volume) == Some(name))
        })
        .cloned()
}

fn provision(api: &Api, builtins: &Builtins, claim: &Value, class: &str) -> Result<Value, Refusal> {
    let name = format!("pvc-{}", object::uid(claim).unwrap_or_default());
    let mut volume = Value::map_of([("metadata", Value::map_of([("name", name.as_str())]))]);
    volume.set_at(&["metadata", "annotations", "pv.kubernetes.io/provisioned-by"], PROVISIONER);
    let size = claim.at(&["spec", "resources", "requests", "storage"]).cloned().unwrap_or_default();
    volume.set_at(&["spec", "capacity", "storage"], size);
    let modes = claim.at(&["spec", "accessModes"]).cloned().unwrap_or_default();
    volume.set_at(&["spec", "accessModes"], modes);
    volume.set_at(&["spec", "persistentVolumeReclaimPolicy"], "Delete");
    volume.set_at(&["spec", "storageClassName"], class);
    volume.set_at(&["spec", "hostPath", "path"], format!("/simulated/{name}"));
    client::create(api, &builtins.volumes, volume, MANAGER)
}

fn bind(api: &Api, builtins: &Builtins, claim: Value, mut volume: Value) -> Outcome {
    let text = |path: &[&str]| claim.str_at(path).unwrap_or_default().to_owned();
    let reference = Value::map_of([
        ("apiVersion", "v1"),
        ("kind", "PersistentVolumeClaim"),
        ("name", &text(&["metadata", "name"])),
        ("namespace", &text(&["metadata", "namespace"])),
        ("uid", &text(&["metadata", "uid"])),
    ]);
    volume.set_at(&["spec", "claimRef"], reference);
    let mut volume = client::update(api, &builtins.volumes, volume, MANAGER)?;
    volume.set_at(&["status", "phase"], "Bound");
    let volume = client::update_status(api, &builtins.volumes, volume, MANAGER)?;
    let mut claim = claim;
    claim.set_at(&["spec", "volumeName"], object::name(&volume).unwrap_or_default());
    claim.set_at(&["metadata", "annotations", "pv.kubernetes.io/bind-completed"], "yes");
    let mut claim = client::update(api, &builtins.claims, claim, MANAGER)?;
    claim.set_at(&["status", "phase"], "Bound");
    for (field, from) in [("accessModes", "accessModes"), ("capacity", "capacity")] {
        let value = volume.at(&["spec", from]).cloned().unwrap_or_default();
        claim.set_at(&["status", field], value);
    }
    client::update_status(api, &builtins.claims, claim, MANAGER)?;
    Ok(None)
}

/// A claim that is to go may go when no Pod uses it.
fn let_go(api: &Api, builtins: &Builtins, mut claim: Value) -> Outcome {
    let used = |pod: &Value| {
        let volumes = pod.at(&["spec", "volumes"]).and_then(Value::as_list).unwrap_or_default();
        volumes
            .iter()
            .any(|volume| volume.str_at(&["persistentVolumeClaim", "claimName"]) == object::name(&claim))
    };
    let namespace = object::namespace(&claim).unwrap_or_default();
    if client::list(api, &builtins.pods, namespace).iter().any(used) {
        return Ok(None);
    }
    delete::remove_finalizer(&mut claim, "kubernetes.io/pvc-protection");
    client::update(api, &builtins.claims, claim, MANAGER)?;
    Ok(None)
}

/// A volume that nobody has claimed is available; one that is to go may go when its claim is gone.
fn volume(api: &Api, builtins: &Builtins, at: &Location) -> Outcome {
    let Some(mut volume) = client::get(api, &builtins.volumes, at) else { return Ok(None) };
    if object::deletion_timestamp(&volume).is_some() {
        let claim = Location {
            table: builtins.claims.table.clone(),
            namespace: volume.str_at(&["spec", "claimRef", "namespace"]).unwrap_or_default().into(),
            name: volume.str_at(&["spec", "claimRef", "name"]).unwrap_or_default().into(),
        };
        if client::get(api, &builtins.claims, &claim).is_none() {
            delete::remove_finalizer(&mut volume, "kubernetes.io/pv-protection");
            client::update(api, &builtins.volumes, volume, MANAGER)?;
        }
        return Ok(None);
    }
    let unclaimed = volume.at(&["spec", "claimRef"]).is_none();
    if unclaimed && volume.str_at(&["status", "phase"]) != Some("Available") {
        volume.set_at(&["status", "phase"], "Available");
        client::update_status(api, &builtins.volumes, volume, MANAGER)?;
    }
    Ok(None)
}

/// What becomes of a volume whose claim is gone.
fn release(api: &Api, builtins: &Builtins, at: &Location) -> Outcome {
    let found = api
        .begin()
        .stored(&builtins.volumes, None)
        .find(|volume| {
            let of = |field: &str| volume.str_at(&["spec", "claimRef", field]);
            of("name") == Some(&at.name) && of("namespace") == Some(&at.namespace) && of("uid").is_some()
        })
        .cloned();
    let Some(mut volume) = found else { return Ok(None) };
    let provisioner = object::annotation(&volume, "pv.kubernetes.io/provisioned-by");
    let deletes = volume.str_at(&["spec", "persistentVolumeReclaimPolicy"]) == Some("Delete");
    if deletes && provisioner == Some(PROVISIONER) {
        client::delete(api, &builtins.volumes, &volume, Propagation::Background)?;
    } else if volume.str_at(&["status", "phase"]) != Some("Released") {
        volume.set_at(&["status", "phase"], "Released");
        client::update_status(api, &builtins.volumes, volume, MANAGER)?;
    }
    Ok(None)
}
