//! What deleting an Application deletes.

use argocd_api::Application;
use cluster::Error;
use engine::ObjectRef;
use engine::controls::is_kept;
use insight::rows::key_of;
use value::Value;

use crate::application::Reconciliation;
use crate::reflect;

/// See [`super::Preview::removal`].
pub(super) async fn of(look: &Reconciliation<'_>, cascades: bool) -> Result<Value, Error> {
    let mut list = List { goes: Vec::new(), stays: Vec::new() };
    list.goes(&look.object);
    let namespace = Application::parse(&look.object)
        .map(|application| application.destination.namespace)
        .unwrap_or_default();
    let kinds = &look.controller.kinds;
    for kind in [&kinds.kustomizations, &kinds.git_repositories, &kinds.secrets] {
        for object in look.generated(kind, &namespace).await? {
            match cascades {
                true => list.goes(&object),
                false => list.stays(&object, "it is deleted only with what was deployed"),
            }
            list.deployed(look, &object, cascades).await?;
        }
    }
    list.not_ours(look);
    Ok(Value::map_of([("goes", Value::from(list.goes)), ("stays", Value::from(list.stays))]))
}

struct List {
    goes: Vec<Value>,
    stays: Vec<Value>,
}

impl List {
    fn goes(&mut self, object: &Value) {
        self.goes.extend(ObjectRef::of(object).map(|reference| item(&reference, None)));
    }

    fn stays(&mut self, object: &Value, why: &str) {
        self.stays.extend(ObjectRef::of(object).map(|reference| item(&reference, Some(why))));
    }

    /// What a workload deployed goes with it, as the finalizer has Flux delete all of it; unless an object says that
    /// it is to be kept.
    async fn deployed(
        &mut self,
        look: &Reconciliation<'_>,
        workload: &Value,
        cascades: bool,
    ) -> Result<(), Error> {
        for entry in reflect::children_of(workload) {
            if !cascades {
                self.stays.push(item(&entry.reference, Some("it goes on running without the Application")));
                continue;
            }
            let live = look.read(&entry).await?;
            match live.as_ref().is_some_and(is_kept) {
                true => {
                    self.stays.push(item(&entry.reference, Some("an annotation says that it is to be kept")))
                }
                false => self.goes.push(item(&entry.reference, None)),
            }
        }
        Ok(())
    }

    /// Flux objects that somebody else made, and that the Application only shows.
    fn not_ours(&mut self, look: &Reconciliation<'_>) {
        let views = &look.controller.views;
        let resources = look.object.at(&["status", "resources"]).and_then(Value::as_list);
        for resource in resources.unwrap_or_default() {
            let text = |field: &str| resource.str_at(&[field]).unwrap_or_default();
            let view = match text("kind") {
                "Kustomization" => &views.kustomizations,
                "GitRepository" => &views.git_repositories,
                _ => continue,
            };
            let found = view.get(text("namespace"), text("name"));
            if let Some(object) = found.filter(|object| !look.name.owns(object)) {
                self.stays(&object, "it was not generated for this Application");
            }
        }
    }
}

fn item(reference: &ObjectRef, why: Option<&str>) -> Value {
    let mut item = Value::map_of([("key", key_of(reference))]);
    if let Some(why) = why {
        item.set_at(&["why"], why);
    }
    item
}
