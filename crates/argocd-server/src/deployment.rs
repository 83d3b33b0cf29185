//! What an Application consists of at this moment.

use std::collections::HashMap;

use engine::ObjectRef;
use engine::inventory::Entry;
use insight::chain::{self, Deployment as Told};
use insight::rows::key_of;
use insight::tree::{Placed, tree};
use insight::{Finding, Terms};
use value::{Map, Value};

use crate::control_plane::ControlPlane;

/// The option that generates the Flux objects, so that the Application has the fields to correct.
const AUTO_CREATE: &str = "AutoCreateFluxResources=true";

/// The Flux objects of an Application and all that came of them.
pub(crate) struct Deployment {
    application: Value,
    source: Option<Value>,
    workload: Option<Value>,
    pub(crate) tree: Vec<Placed>,
}

impl Deployment {
    pub(crate) fn of(control: &ControlPlane, application: &Value) -> Self {
        let roots = roots(application);
        let flux = |is_wanted: &dyn Fn(&str) -> bool| {
            let found = roots.iter().filter(|root| is_wanted(&root.reference.group));
            found.filter_map(|root| control.objects.get(&root.reference)?.flux.clone()).next()
        };
        let is_source = |group: &str| group == "source.toolkit.fluxcd.io";
        Self {
            application: application.clone(),
            source: flux(&is_source),
            workload: flux(&|group| !is_source(group)),
            tree: tree(&roots, &control.objects),
        }
    }

    /// The place of an object in the tree.
    pub(crate) fn find(&self, reference: &ObjectRef) -> Option<&Placed> {
        self.tree.iter().find(|placed| placed.reference == *reference)
    }

    /// The links from the commit to the Pods.
    pub(crate) fn chain(&self) -> Vec<Value> {
        let steps = chain::chain(&self.told()).into_iter();
        let step = |step: chain::Step| {
            let mut json = Value::map_of([
                ("name", Value::from(step.link.as_str())),
                ("state", step.state.as_str().into()),
                ("text", step.text.into()),
            ]);
            if let Some(since) = step.since {
                json.set_at(&["since"], since);
            }
            json
        };
        steps.map(step).collect()
    }

    /// What is wrong, the cause first.
    pub(crate) fn findings(&self, control: &ControlPlane) -> Vec<Finding> {
        chain::findings(&self.told(), control.clock.now(), self.terms())
    }

    /// The nodes by key, as the page shows them.
    pub(crate) fn nodes(&self) -> Vec<(String, Value)> {
        let synced = self.synced();
        let node = |placed: &Placed| (key_of(&placed.reference), page_node(placed, &synced));
        self.tree.iter().map(node).collect()
    }

    /// In which terms fixes are said.
    fn terms(&self) -> &'static Terms {
        let options = self.application.at(&["spec", "syncPolicy", "syncOptions"]).and_then(Value::as_list);
        let is_generated =
            options.unwrap_or_default().iter().any(|option| option.as_str() == Some(AUTO_CREATE));
        if is_generated { &Terms::APPLICATION } else { &Terms::FLUX }
    }

    fn told(&self) -> Told<'_> {
        Told {
            application: Some(&self.application),
            source: self.source.as_ref(),
            workload: self.workload.as_ref(),
            tree: &self.tree,
        }
    }

    /// The sync status of what it is known of: the Flux objects by the status of the Application; what these
    /// deployed by its being there, as long as the workload is current.
    fn synced(&self) -> HashMap<&ObjectRef, String> {
        let resources = self.application.at(&["status", "resources"]).and_then(Value::as_list);
        let status = |reference: &ObjectRef| {
            let own = resources
                .unwrap_or_default()
                .iter()
                .find(|own| entry(own).is_some_and(|own| own.reference == *reference));
            own?.str_at(&["status"]).map(str::to_owned)
        };
        let is_synced = self.application.str_at(&["status", "sync", "status"]) == Some("Synced");
        let by_reference: HashMap<&ObjectRef, &Placed> =
            self.tree.iter().map(|placed| (&placed.reference, placed)).collect();
        let mut synced = HashMap::new();
        for own in self.tree.iter().filter(|placed| placed.parents.is_empty()) {
            synced.extend(status(&own.reference).map(|status| (&own.reference, status)));
            for entry in own.node.iter().flat_map(|node| &node.deployed) {
                let Some(child) = by_reference.get(&entry.reference) else { continue };
                let status = match child.node {
                    None => "OutOfSync",
                    Some(_) if is_synced => "Synced",
                    Some(_) => continue,
                };
                synced.insert(&child.reference, status.to_owned());
            }
        }
        synced
    }
}

/// The Flux objects of an Application, as its controller has written them down.
fn roots(application: &Value) -> Vec<Entry> {
    let resources = application.at(&["status", "resources"]).and_then(Value::as_list);
    resources.unwrap_or_default().iter().filter_map(entry).collect()
}

fn entry(resource: &Value) -> Option<Entry> {
    let text = |field: &str| resource.str_at(&[field]).unwrap_or_default().to_owned();
    let reference = ObjectRef {
        group: text("group"),
        kind: resource.str_at(&["kind"])?.to_owned(),
        namespace: text("namespace"),
        name: resource.str_at(&["name"])?.to_owned(),
    };
    Some(Entry { reference, version: text("version") })
}

/// A finding as the page shows it.
pub(crate) fn finding(finding: &Finding) -> Value {
    let ObjectRef { kind, namespace, name, .. } = &finding.object;
    let object = Value::map_of([
        ("key", Value::from(key_of(&finding.object))),
        ("kind", kind.as_str().into()),
        ("namespace", namespace.as_str().into()),
        ("name", name.as_str().into()),
    ]);
    Value::map_of([
        ("code", Value::from(finding.code.to_string())),
        ("object", object),
        ("sentence", finding.sentence.as_str().into()),
        ("evidence", finding.evidence.as_str().into()),
        ("fix", finding.fix.as_str().into()),
    ])
}

fn page_node(placed: &Placed, synced: &HashMap<&ObjectRef, String>) -> Value {
    let mut node = Map::new();
    let ObjectRef { group, kind, namespace, name } = &placed.reference;
    let texts = [("group", group), ("version", &placed.version), ("kind", kind), ("namespace", namespace)];
    node.insert("key", key_of(&placed.reference));
    texts.into_iter().for_each(|(field, text)| drop(node.insert(field, text.as_str())));
    node.insert("name", name.as_str());
    node.insert("parents", Value::list_of(placed.parents.iter().map(key_of)));
    if let Some(status) = synced.get(&placed.reference) {
        node.insert("sync", status.as_str());
    }
    let Some(known) = &placed.node else {
        node.insert("health", "Missing");
        return Value::from(node);
    };
    node.insert("uid", known.uid.as_str());
    node.insert("created", known.created.as_str());
    if let Some(health) = &known.health {
        node.insert("health", health.status.as_str());
        if !health.message.is_empty() {
            node.insert("healthMessage", health.message.as_str());
        }
    }
    if !known.info.is_empty() {
        let line = |info: &insight::tree::Info| Value::map_of([("name", info.name), ("value", &info.value)]);
        node.insert("info", Value::list_of(known.info.iter().map(line)));
    }
    if !known.images.is_empty() {
        node.insert("images", Value::list_of(known.images.iter().map(String::as_str)));
    }
    Value::from(node)
}
