//! Tables of volumes.

use jiff::Timestamp;
use value::Value;

use super::{Columns, Normal, Wide, age, list, name, text, text_at};

pub(super) const KINDS: &[Columns] = &[
    Columns {
        kind: ("", "PersistentVolumeClaim"),
        columns: &[
            ("Name", "string", Normal),
            ("Status", "string", Normal),
            ("Volume", "string", Normal),
            ("Capacity", "string", Normal),
            ("Access Modes", "string", Normal),
            ("StorageClass", "string", Normal),
            ("VolumeAttributesClass", "string", Normal),
            ("Age", "string", Normal),
            ("VolumeMode", "string", Wide),
        ],
        cells: claim,
    },
    Columns {
        kind: ("", "PersistentVolume"),
        columns: &[
            ("Name", "string", Normal),
            ("Capacity", "string", Normal),
            ("Access Modes", "string", Normal),
            ("Reclaim Policy", "string", Normal),
            ("Status", "string", Normal),
            ("Claim", "string", Normal),
            ("StorageClass", "string", Normal),
            ("VolumeAttributesClass", "string", Normal),
            ("Reason", "string", Normal),
            ("Age", "string", Normal),
            ("VolumeMode", "string", Wide),
        ],
        cells: volume,
    },
    Columns {
        kind: ("storage.k8s.io", "StorageClass"),
        columns: &[
            ("Name", "string", Normal),
            ("Provisioner", "string", Normal),
            ("ReclaimPolicy", "string", Normal),
            ("VolumeBindingMode", "string", Normal),
            ("AllowVolumeExpansion", "string", Normal),
            ("Age", "string", Normal),
        ],
        cells: class,
    },
];

fn modes(object: &Value, path: &[&str]) -> Value {
    let short = |mode: &Value| match mode.as_str().unwrap_or_default() {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => "",
    };
    list(object, path).iter().map(short).collect::<Vec<_>>().join(",").into()
}

fn unset(text: &str) -> Value {
    if text.is_empty() { "<unset>".into() } else { text.into() }
}

fn claim(claim: &Value, now: Timestamp) -> Vec<Value> {
    let leaving = claim.at(&["metadata", "deletionTimestamp"]).is_some();
    let phase = if leaving { "Terminating" } else { text(claim, &["status", "phase"]) };
    vec![
        name(claim),
        phase.into(),
        text_at(claim, &["spec", "volumeName"]),
        text_at(claim, &["status", "capacity", "storage"]),
        modes(claim, &["status", "accessModes"]),
        text_at(claim, &["spec", "storageClassName"]),
        unset(text(claim, &["spec", "volumeAttributesClassName"])),
        age(claim, now),
        unset(text(claim, &["spec", "volumeMode"])),
    ]
}

fn volume(volume: &Value, now: Timestamp) -> Vec<Value> {
    let claim = |field: &str| text(volume, &["spec", "claimRef", field]);
    let claimed = if claim("name").is_empty() {
        String::new()
    } else {
        format!("{}/{}", claim("namespace"), claim("name"))
    };
    let leaving = volume.at(&["metadata", "deletionTimestamp"]).is_some();
    let phase = if leaving { "Terminating" } else { text(volume, &["status", "phase"]) };
    vec![
        name(volume),
        text_at(volume, &["spec", "capacity", "storage"]),
        modes(volume, &["spec", "accessModes"]),
        text_at(volume, &["spec", "persistentVolumeReclaimPolicy"]),
        phase.into(),
        claimed.into(),
        text_at(volume, &["spec", "storageClassName"]),
        unset(text(volume, &["spec", "volumeAttributesClassName"])),
        text_at(volume, &["status", "reason"]),
        age(volume, now),
        unset(text(volume, &["spec", "volumeMode"])),
    ]
}

fn class(class: &Value, now: Timestamp) -> Vec<Value> {
    let default = apimachinery::object::annotation(class, "storageclass.kubernetes.io/is-default-class");
    let shown = text(class, &["metadata", "name"]);
    let shown = if default == Some("true") { format!("{shown} (default)") } else { shown.to_owned() };
    let expands = class.get("allowVolumeExpansion") == Some(&Value::Bool(true));
    vec![
        shown.into(),
        text_at(class, &["provisioner"]),
        text_at(class, &["reclaimPolicy"]),
        text_at(class, &["volumeBindingMode"]),
        if expands { "true" } else { "false" }.into(),
        age(class, now),
    ]
}
