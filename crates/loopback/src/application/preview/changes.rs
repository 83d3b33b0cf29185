//! What deploying an artifact would change in the cluster.

use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use cluster::{Apply, Error, Session, Target};
use engine::ObjectRef;
use engine::change::has_drifted;
use engine::controls::{is_kept, is_skipped};
use flux_api::Kustomization;
use futures::StreamExt as _;
use insight::rows::key_of;
use value::Value;

use super::trouble;
use crate::application::Reconciliation;
use crate::reflect;

/// So many objects are compared; beyond, the rest is not known.
const MAX_OBJECTS: usize = 500;
/// So many at once.
const CONCURRENT: usize = 16;
/// As Flux applies.
const HOW: Apply<'static> = Apply { manager: "kustomize-controller", force: true, dry_run: true };

/// What would change.
pub(super) struct Changes {
    /// `{"key", "change"}`, changes first.
    pub(super) objects: Vec<Value>,
    pub(super) is_complete: bool,
    /// Why it is not known, or would fail.
    pub(super) problem: Option<Value>,
}

/// What `workload` would change if it deployed the artifact that `source` has.
pub(super) async fn of(look: &Reconciliation<'_>, source: &Value, workload: &Value) -> Changes {
    let wanted = match wanted(look, source, workload).await {
        Ok(wanted) => wanted,
        Err(problem) => {
            return Changes { objects: Vec::new(), is_complete: false, problem: Some(problem) };
        }
    };
    let is_complete = wanted.len() <= MAX_OBJECTS;
    let stale = match stale(workload, look, &wanted).await {
        Ok(stale) => stale,
        Err(error) => {
            let fix = "see the cause; a sync tells the same";
            let problem = trouble("it is not known what would be deleted", &error.to_string(), fix);
            return Changes { objects: Vec::new(), is_complete: false, problem: Some(problem) };
        }
    };
    let session = &look.session;
    let compared: Vec<(Value, Result<&'static str, Error>)> =
        futures::stream::iter(wanted.into_iter().take(MAX_OBJECTS))
            .map(async |object| {
                let change = change(session, &object).await;
                (object, change)
            })
            .buffered(CONCURRENT)
            .collect()
            .await;
    let mut problem = None;
    let mut objects: Vec<(u8, Value)> = Vec::new();
    for (object, change) in compared {
        let Some(reference) = ObjectRef::of(&object) else { continue };
        let change = change.unwrap_or_else(|error| {
            let sentence = format!("{reference} would be refused");
            let fix = "correct the object in the source and commit";
            problem.get_or_insert_with(|| trouble(&sentence, &error.to_string(), fix));
            "refused"
        });
        objects.push((rank(change), entry(&reference, change)));
    }
    objects.extend(stale.iter().map(|reference| (rank("delete"), entry(reference, "delete"))));
    objects.sort_by_key(|(rank, _)| *rank);
    let objects = objects.into_iter().map(|(_, object)| object).collect();
    Changes { objects, is_complete: is_complete && problem.is_none(), problem }
}

/// The objects as they would be applied, or what is in the way of building them.
async fn wanted(look: &Reconciliation<'_>, source: &Value, workload: &Value) -> Result<Vec<Value>, Value> {
    let artifact = |field: &str| source.str_at(&["status", "artifact", field]).unwrap_or_default();
    let spec = Kustomization::parse(workload)
        .map_err(|error| trouble("the Kustomization cannot be read", &error.to_string(), "correct it"))?;
    if workload.at(&["spec", "kubeConfig"]).is_some() {
        let fix = "see the cluster that it deploys to";
        return Err(trouble(
            "it deploys to another cluster, which is not looked at",
            "spec.kubeConfig is set",
            fix,
        ));
    }
    let built = look.objects((artifact("url"), artifact("digest")), workload).await;
    let built = built
        .map_err(|why| trouble("the source is not here yet", &why, "it is fetched by the sync"))?
        .map_err(|error| {
            let fix = "correct the file that the cause names and commit";
            trouble("the manifests cannot be built", &error.to_string(), fix)
        })?;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let owner = manifests::owner(&text(object::namespace(workload)), &text(object::name(workload)));
    Ok(built.into_iter().map(|object| manifests::marked(object, &owner, &spec)).collect())
}

fn rank(change: &str) -> u8 {
    match change {
        "refused" => 0,
        "delete" => 1,
        "create" => 2,
        "update" => 3,
        _ => 4,
    }
}

fn entry(reference: &ObjectRef, change: &str) -> Value {
    Value::map_of([("key", key_of(reference).as_str()), ("change", change)])
}

/// What is owned now, is not in the source any more, and would be pruned.
async fn stale(
    workload: &Value,
    look: &Reconciliation<'_>,
    built: &[Value],
) -> Result<Vec<ObjectRef>, Error> {
    if workload.at(&["spec", "prune"]).and_then(Value::as_bool) != Some(true) {
        return Ok(Vec::new());
    }
    let (namespace, name) = (object::namespace(workload), object::name(workload));
    let live =
        look.controller.views.kustomizations.get(namespace.unwrap_or_default(), name.unwrap_or_default());
    let owned = live.as_ref().map(reflect::children_of).unwrap_or_default();
    let kept: Vec<ObjectRef> = built.iter().filter_map(ObjectRef::of).collect();
    let mut stale = Vec::new();
    for entry in owned.into_iter().filter(|entry| !kept.contains(&entry.reference)) {
        if !look.read(&entry).await?.as_ref().is_some_and(is_kept) {
            stale.push(entry.reference);
        }
    }
    Ok(stale)
}

/// What applying an object would do to it.
async fn change(session: &Session, object: &Value) -> Result<&'static str, Error> {
    let gvk = GroupVersionKind::of(object).ok_or(Error::Incomplete("apiVersion and kind"))?;
    let resource = match session.resource(&gvk).await {
        Ok(resource) => resource,
        // It may be defined by what is deployed before it.
        Err(Error::NoMatch(_)) => return Ok("create"),
        Err(error) => return Err(error),
    };
    let name = object::name(object).unwrap_or_default();
    let target = Target::new(&resource, object::namespace(object).unwrap_or_default(), name);
    let live = session.get(&target).await?;
    if is_skipped(object, live.as_ref()) {
        return Ok("none");
    }
    let Some(live) = live else { return Ok("create") };
    let applied = session.apply(&target, object, HOW).await?.object;
    Ok(if has_drifted(&live, &applied) { "update" } else { "none" })
}
