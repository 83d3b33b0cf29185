//! Tables of Services and the network.

use jiff::Timestamp;
use value::Value;

use super::{Columns, Normal, Wide, age, labels_text, list, name, number, or_none, selector, text, text_at};

pub(super) const KINDS: &[Columns] = &[
    Columns {
        kind: ("", "Service"),
        columns: &[
            ("Name", "string", Normal),
            ("Type", "string", Normal),
            ("Cluster-IP", "string", Normal),
            ("External-IP", "string", Normal),
            ("Port(s)", "string", Normal),
            ("Age", "string", Normal),
            ("Selector", "string", Wide),
        ],
        cells: service,
    },
    Columns {
        kind: ("", "Endpoints"),
        columns: &[("Name", "string", Normal), ("Endpoints", "string", Normal), ("Age", "string", Normal)],
        cells: endpoints,
    },
    Columns {
        kind: ("discovery.k8s.io", "EndpointSlice"),
        columns: &[
            ("Name", "string", Normal),
            ("AddressType", "string", Normal),
            ("Ports", "string", Normal),
            ("Endpoints", "string", Normal),
            ("Age", "string", Normal),
        ],
        cells: endpoint_slice,
    },
    Columns {
        kind: ("networking.k8s.io", "Ingress"),
        columns: &[
            ("Name", "string", Normal),
            ("Class", "string", Normal),
            ("Hosts", "string", Normal),
            ("Address", "string", Normal),
            ("Ports", "string", Normal),
            ("Age", "string", Normal),
        ],
        cells: ingress,
    },
    Columns {
        kind: ("networking.k8s.io", "IngressClass"),
        columns: &[
            ("Name", "string", Normal),
            ("Controller", "string", Normal),
            ("Parameters", "string", Normal),
            ("Age", "string", Normal),
        ],
        cells: ingress_class,
    },
    Columns {
        kind: ("networking.k8s.io", "NetworkPolicy"),
        columns: &[("Name", "string", Normal), ("Pod-Selector", "string", Normal), ("Age", "string", Normal)],
        cells: |policy, now| {
            vec![name(policy), selector(policy.at(&["spec", "podSelector"])), age(policy, now)]
        },
    },
];

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(",")
}

fn service(service: &Value, now: Timestamp) -> Vec<Value> {
    let r#type = text(service, &["spec", "type"]);
    let ports: Vec<String> = list(service, &["spec", "ports"])
        .iter()
        .map(|port| {
            let (number_, node, protocol) =
                (number(port, &["port"]), number(port, &["nodePort"]), text(port, &["protocol"]));
            if node > 0 { format!("{number_}:{node}/{protocol}") } else { format!("{number_}/{protocol}") }
        })
        .collect();
    vec![
        name(service),
        text_at(service, &["spec", "type"]),
        or_none(text(service, &["spec", "clusterIP"])),
        external_address(service, r#type),
        or_none(&ports.join(",")),
        age(service, now),
        or_none(&labels_text(service.at(&["spec", "selector"]))),
    ]
}

fn external_address(service: &Value, r#type: &str) -> Value {
    let own = joined(list(service, &["spec", "externalIPs"]).iter().filter_map(Value::as_str));
    match r#type {
        "ExternalName" => text_at(service, &["spec", "externalName"]),
        "LoadBalancer" => {
            let given = list(service, &["status", "loadBalancer", "ingress"]);
            let given = joined(given.iter().map(|one| text(one, &["ip"])));
            let all = joined([given.as_str(), own.as_str()].into_iter());
            if all.is_empty() { "<pending>".into() } else { all.into() }
        }
        _ => or_none(&own),
    }
}

/// The first three, and how many more there are.
fn first_three(texts: Vec<String>) -> Value {
    match texts.len() {
        0..=3 => or_none(&texts.join(",")),
        more => format!("{} + {} more...", texts[..3].join(","), more - 3).into(),
    }
}

fn endpoints(endpoints: &Value, now: Timestamp) -> Vec<Value> {
    let mut all = Vec::new();
    for subset in list(endpoints, &["subsets"]) {
        for address in list(subset, &["addresses"]) {
            let ip = text(address, &["ip"]);
            let ports = list(subset, &["ports"]);
            all.extend(ports.iter().map(|port| format!("{ip}:{}", number(port, &["port"]))));
            if ports.is_empty() {
                all.push(ip.to_owned());
            }
        }
    }
    vec![name(endpoints), first_three(all), age(endpoints, now)]
}

fn endpoint_slice(slice: &Value, now: Timestamp) -> Vec<Value> {
    let ports: Vec<String> =
        list(slice, &["ports"]).iter().map(|port| number(port, &["port"]).to_string()).collect();
    let addresses: Vec<String> = list(slice, &["endpoints"])
        .iter()
        .flat_map(|endpoint| list(endpoint, &["addresses"]))
        .filter_map(|address| address.as_str().map(str::to_owned))
        .collect();
    let unset = |cell: Value| if cell.as_str() == Some("<none>") { "<unset>".into() } else { cell };
    vec![
        name(slice),
        text_at(slice, &["addressType"]),
        unset(first_three(ports)),
        unset(first_three(addresses)),
        age(slice, now),
    ]
}

fn ingress(ingress: &Value, now: Timestamp) -> Vec<Value> {
    let hosts = joined(list(ingress, &["spec", "rules"]).iter().map(|rule| text(rule, &["host"])));
    let addresses = list(ingress, &["status", "loadBalancer", "ingress"]);
    let address = joined(addresses.iter().map(|one| text(one, &["ip"])));
    let secure = !list(ingress, &["spec", "tls"]).is_empty();
    vec![
        name(ingress),
        or_none(text(ingress, &["spec", "ingressClassName"])),
        if hosts.is_empty() { "*".into() } else { hosts.into() },
        address.into(),
        if secure { "80, 443" } else { "80" }.into(),
        age(ingress, now),
    ]
}

fn ingress_class(class: &Value, now: Timestamp) -> Vec<Value> {
    let parameters = class.at(&["spec", "parameters"]).map(|reference| {
        let group = text(reference, &["apiGroup"]);
        let dot = if group.is_empty() { "" } else { "." };
        format!("{}{dot}{group}/{}", text(reference, &["kind"]), text(reference, &["name"]))
    });
    vec![
        name(class),
        text_at(class, &["spec", "controller"]),
        or_none(&parameters.unwrap_or_default()),
        age(class, now),
    ]
}
