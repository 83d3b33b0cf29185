//! Tables of configuration, namespaces, nodes and events.

use jiff::Timestamp;
use value::Value;

use super::age::since;
use super::{Columns, Normal, Wide, age, count, list, name, number, or_none, text, text_at};

pub(super) const KINDS: &[Columns] = &[
    Columns {
        kind: ("", "ConfigMap"),
        columns: &[("Name", "string", Normal), ("Data", "string", Normal), ("Age", "string", Normal)],
        cells: |map, now| {
            vec![name(map), (count(map, &["data"]) + count(map, &["binaryData"])).into(), age(map, now)]
        },
    },
    Columns {
        kind: ("", "Secret"),
        columns: &[
            ("Name", "string", Normal),
            ("Type", "string", Normal),
            ("Data", "string", Normal),
            ("Age", "string", Normal),
        ],
        cells: |secret, now| {
            vec![name(secret), text_at(secret, &["type"]), count(secret, &["data"]).into(), age(secret, now)]
        },
    },
    Columns {
        kind: ("", "Namespace"),
        columns: &[("Name", "string", Normal), ("Status", "string", Normal), ("Age", "string", Normal)],
        cells: |namespace, now| {
            vec![name(namespace), text_at(namespace, &["status", "phase"]), age(namespace, now)]
        },
    },
    Columns {
        kind: ("", "ServiceAccount"),
        columns: &[("Name", "string", Normal), ("Age", "string", Normal)],
        cells: |account, now| vec![name(account), age(account, now)],
    },
    Columns {
        kind: ("", "Node"),
        columns: &[
            ("Name", "string", Normal),
            ("Status", "string", Normal),
            ("Roles", "string", Normal),
            ("Age", "string", Normal),
            ("Version", "string", Normal),
            ("Internal-IP", "string", Wide),
            ("External-IP", "string", Wide),
            ("OS-Image", "string", Wide),
            ("Kernel-Version", "string", Wide),
            ("Container-Runtime", "string", Wide),
        ],
        cells: node,
    },
    Columns { kind: ("", "Event"), columns: EVENT, cells: event },
    Columns { kind: ("events.k8s.io", "Event"), columns: EVENT, cells: event },
    Columns {
        kind: ("coordination.k8s.io", "Lease"),
        columns: &[("Name", "string", Normal), ("Holder", "string", Normal), ("Age", "string", Normal)],
        cells: |lease, now| vec![name(lease), text_at(lease, &["spec", "holderIdentity"]), age(lease, now)],
    },
    Columns {
        kind: ("scheduling.k8s.io", "PriorityClass"),
        columns: &[
            ("Name", "string", Normal),
            ("Value", "integer", Normal),
            ("Global-Default", "boolean", Normal),
            ("Age", "string", Normal),
            ("PreemptionPolicy", "string", Normal),
        ],
        cells: |class, now| {
            vec![
                name(class),
                number(class, &["value"]).into(),
                (class.get("globalDefault") == Some(&Value::Bool(true))).into(),
                age(class, now),
                text_at(class, &["preemptionPolicy"]),
            ]
        },
    },
    Columns {
        kind: ("apiregistration.k8s.io", "APIService"),
        columns: &[
            ("Name", "string", Normal),
            ("Service", "string", Normal),
            ("Available", "string", Normal),
            ("Age", "string", Normal),
        ],
        cells: |service, now| vec![name(service), "Local".into(), "Unknown".into(), age(service, now)],
    },
    Columns {
        kind: ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        columns: WEBHOOKS,
        cells: webhooks,
    },
    Columns {
        kind: ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        columns: WEBHOOKS,
        cells: webhooks,
    },
];

const WEBHOOKS: &[super::Heading] =
    &[("Name", "string", Normal), ("Webhooks", "integer", Normal), ("Age", "string", Normal)];

fn webhooks(configuration: &Value, now: Timestamp) -> Vec<Value> {
    vec![name(configuration), count(configuration, &["webhooks"]).into(), age(configuration, now)]
}

const EVENT: &[super::Heading] = &[
    ("Last Seen", "string", Normal),
    ("Type", "string", Normal),
    ("Reason", "string", Normal),
    ("Object", "string", Normal),
    ("Subobject", "string", Wide),
    ("Source", "string", Wide),
    ("Message", "string", Normal),
    ("First Seen", "string", Wide),
    ("Count", "string", Wide),
    ("Name", "string", Wide),
];

fn node(node: &Value, now: Timestamp) -> Vec<Value> {
    let ready = list(node, &["status", "conditions"])
        .iter()
        .find(|condition| text(condition, &["type"]) == "Ready")
        .map_or(
            "Unknown",
            |condition| if text(condition, &["status"]) == "True" { "Ready" } else { "NotReady" },
        );
    let roles: Vec<&str> = apimachinery::object::labels(node)
        .filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/"))
        .collect();
    let address = |r#type: &str| {
        let addresses = list(node, &["status", "addresses"]);
        let found = addresses.iter().find(|address| text(address, &["type"]) == r#type);
        or_none(found.map(|address| text(address, &["address"])).unwrap_or_default())
    };
    let info = |field: &str| text(node, &["status", "nodeInfo", field]);
    vec![
        name(node),
        ready.into(),
        or_none(&roles.join(",")),
        age(node, now),
        info("kubeletVersion").into(),
        address("InternalIP"),
        address("ExternalIP"),
        or_none(info("osImage")),
        or_none(info("kernelVersion")),
        or_none(info("containerRuntimeVersion")),
    ]
}

/// Both shapes of events: the core group's and that of `events.k8s.io`.
fn event(event: &Value, now: Timestamp) -> Vec<Value> {
    let first = |paths: &[&[&str]]| {
        paths
            .iter()
            .map(|path| text(event, path))
            .find(|text| !text.is_empty())
            .unwrap_or_default()
            .to_owned()
    };
    let began = first(&[&["firstTimestamp"], &["deprecatedFirstTimestamp"], &["eventTime"]]);
    let seen = first(&[&["series", "lastObservedTime"], &["lastTimestamp"], &["deprecatedLastTimestamp"]]);
    let seen = if seen.is_empty() { began.clone() } else { seen };
    let times = [&["series", "count"][..], &["count"], &["deprecatedCount"]]
        .iter()
        .map(|path| number(event, path))
        .find(|count| *count > 0)
        .unwrap_or(1);
    let about = |field: &str| first(&[&["involvedObject", field], &["regarding", field]]);
    let object = format!("{}/{}", about("kind").to_lowercase(), about("name"));
    let source = first(&[&["source", "component"], &["reportingComponent"], &["reportingController"]]);
    let host = first(&[&["source", "host"]]);
    let source = if host.is_empty() { source } else { format!("{source}, {host}") };
    vec![
        since(&seen, now).into(),
        text_at(event, &["type"]),
        text_at(event, &["reason"]),
        object.into(),
        about("fieldPath").into(),
        source.into(),
        first(&[&["message"], &["note"]]).trim().into(),
        since(&began, now).into(),
        times.into(),
        name(event),
    ]
}
