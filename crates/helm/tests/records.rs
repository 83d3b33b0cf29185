//! Records that helm 3.21.0 and helm 4.3.1 wrote on a real control plane, made anew by
//! `cargo xtask conformance records --remake`.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up is to end there")]

use helm::manifest::Event;
use helm::record::history::{deployed, last, next_revision};
use helm::record::{Record, Status, secret_name};
use value::Value;

fn records(text: &str) -> Vec<(Value, Record)> {
    let secrets = value::from_json(text.as_bytes()).unwrap();
    let record = |secret: &Value| (secret.clone(), Record::from_secret(secret).unwrap());
    secrets.as_list().unwrap().iter().map(record).collect()
}

const HELM_3: &str = include_str!("records/helm3.json");
const HELM_4: &str = include_str!("records/helm.json");

#[test]
fn records_are_written_again_without_loss() {
    let now = "2026-01-02T03:04:05Z".parse().unwrap();
    for (secret, record) in records(HELM_3).into_iter().chain(records(HELM_4)) {
        let ours = record.to_secret(now, false).unwrap();
        assert_eq!(Record::from_secret(&ours).unwrap(), record);
        for path in [&["type"][..], &["metadata", "name"], &["metadata", "namespace"]] {
            assert_eq!(ours.at(path), secret.at(path), "{path:?}");
        }
        let mut labels = secret.at(&["metadata", "labels"]).unwrap().clone();
        let labels = labels.as_map_mut().unwrap();
        labels.remove("createdAt");
        labels.insert("modifiedAt", now.as_second().to_string());
        assert_eq!(ours.at(&["metadata", "labels"]).unwrap().as_map(), Some(&*labels));
        assert_eq!(
            secret.str_at(&["metadata", "name"]),
            Some(secret_name(record.name(), record.revision()).as_str())
        );
    }
}

#[test]
fn records_say_what_helm_put_into_them() {
    let three: Vec<Record> = records(HELM_3).into_iter().map(|(_, record)| record).collect();
    let four: Vec<Record> = records(HELM_4).into_iter().map(|(_, record)| record).collect();
    assert_eq!(deployed(&three).unwrap().revision(), 2);
    assert_eq!(next_revision(&three), 3);
    assert_eq!(last(&four).unwrap().status(), Status::Uninstalled);
    let second = four.iter().find(|record| record.revision() == 2).unwrap();
    assert_eq!(second.config().unwrap().to_string(), r#"{"a":2,"b":{"c":"1.5"}}"#);
    assert_eq!(second.chart(), ("app", "1.2.3"));
    assert_eq!(second.apply_method(), "ssa");
    assert_eq!(second.labels, [("team".to_owned(), "x".to_owned())]);
    assert!(second.manifest().starts_with("---\n# Source: app/templates/cm.yaml\n"));
    assert_eq!(
        second.hooks().iter().map(|(_, events)| events.clone()).collect::<Vec<_>>(),
        [[Event::PostUpgrade, Event::Test]]
    );
    assert!(second.last_deployed().unwrap().is_some());
    assert_eq!(three[0].apply_method(), "");
}
