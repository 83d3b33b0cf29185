//! Which kinds a cluster serves.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, RwLock};

use apimachinery::gvk::GroupVersionKind;
use http::Method;
use value::Value;

use crate::{Error, Resource, Session};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// The kinds of one cluster, read when first needed and again when an unknown kind is asked for.
#[derive(Default)]
pub(crate) struct RestMapper {
    kinds: RwLock<Option<Arc<Kinds>>>,
    reading: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Kinds {
    served: HashMap<GroupVersionKind, Resource>,
    /// By group and kind, in the version that the server prefers, which is the newest stable one.
    preferred: HashMap<(String, String), Resource>,
    /// Those whose objects can be listed and watched, in the preferred version.
    watchable: Vec<Resource>,
    /// Groups whose discovery is not current: what they lack may exist all the same.
    stale: HashSet<String>,
}

impl RestMapper {
    pub(crate) fn forget(&self) {
        *self.kinds.write().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }

    fn known(&self) -> Option<Arc<Kinds>> {
        self.kinds.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    pub(crate) async fn find(&self, session: &Session, gvk: &GroupVersionKind) -> Result<Resource, Error> {
        let before = self.known();
        if let Some(found) = before.as_ref().and_then(|kinds| kinds.served.get(gvk)) {
            return Ok(found.clone());
        }
        let kinds = self.read_again(session, before).await?;
        match kinds.served.get(gvk) {
            Some(found) => Ok(found.clone()),
            None if kinds.stale.contains(&gvk.group) => {
                Err(Error::IncompleteDiscovery { group: gvk.group.clone(), kind: gvk.kind.clone() })
            }
            None => Err(Error::NoMatch(gvk.clone())),
        }
    }

    /// The kind in the version that the server prefers.
    pub(crate) async fn find_preferred(
        &self,
        session: &Session,
        gvk: &GroupVersionKind,
    ) -> Result<Resource, Error> {
        let key = (gvk.group.clone(), gvk.kind.clone());
        let before = self.known();
        if let Some(found) = before.as_ref().and_then(|kinds| kinds.preferred.get(&key)) {
            return Ok(found.clone());
        }
        let kinds = self.read_again(session, before).await?;
        match kinds.preferred.get(&key) {
            Some(found) => Ok(found.clone()),
            None if kinds.stale.contains(&gvk.group) => {
                Err(Error::IncompleteDiscovery { group: gvk.group.clone(), kind: gvk.kind.clone() })
            }
            None => Err(Error::NoMatch(gvk.clone())),
        }
    }

    /// All kinds whose objects can be listed and watched, in the version that the server prefers.
    pub(crate) async fn watchable(&self, session: &Session) -> Result<Vec<Resource>, Error> {
        let kinds = match self.known() {
            Some(kinds) => kinds,
            None => self.read_again(session, None).await?,
        };
        Ok(kinds.watchable.clone())
    }

    /// Reads discovery, unless somebody else did while this call waited for its turn.
    async fn read_again(&self, session: &Session, before: Option<Arc<Kinds>>) -> Result<Arc<Kinds>, Error> {
        let _turn = self.reading.lock().await;
        let now = self.known();
        let was_read_meanwhile = match (&before, &now) {
            (Some(before), Some(now)) => !Arc::ptr_eq(before, now),
            (None, Some(_)) => true,
            _ => false,
        };
        if let (true, Some(now)) = (was_read_meanwhile, now) {
            return Ok(now);
        }
        let kinds = Arc::new(read(session).await?);
        *self.kinds.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(kinds.clone());
        Ok(kinds)
    }
}

async fn read(session: &Session) -> Result<Kinds, Error> {
    let mut kinds = Kinds::default();
    for path in ["/api", "/apis"] {
        let (_, list) = session.call_accepting(Method::GET, path, None, AGGREGATED).await?;
        for group in items(&list, "items") {
            let name = group.str_at(&["metadata", "name"]).unwrap_or_default();
            items(group, "versions").for_each(|version| add_version(&mut kinds, name, version));
        }
    }
    Ok(kinds)
}

fn items<'a>(of: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    of.get(field).and_then(Value::as_list).unwrap_or_default().iter()
}

fn add_version(kinds: &mut Kinds, group: &str, version: &Value) {
    if version.str_at(&["freshness"]) == Some("Stale") {
        kinds.stale.insert(group.to_owned());
    }
    let name = version.str_at(&["version"]).unwrap_or_default();
    for facts in items(version, "resources") {
        let (Some(plural), Some(kind)) =
            (facts.str_at(&["resource"]), facts.str_at(&["responseKind", "kind"]))
        else {
            continue;
        };
        let gvk = GroupVersionKind::new(group, name, kind);
        let namespaced = facts.str_at(&["scope"]) == Some("Namespaced");
        let resource = Resource::new(gvk.clone(), plural, namespaced);
        if let Entry::Vacant(preferred) = kinds.preferred.entry((group.to_owned(), kind.to_owned())) {
            preferred.insert(resource.clone());
            kinds.watchable.extend(can_be_watched(facts).then(|| resource.clone()));
        }
        kinds.served.insert(gvk, resource);
    }
}

fn can_be_watched(facts: &Value) -> bool {
    let has = |wanted: &str| items(facts, "verbs").any(|verb| verb.as_str() == Some(wanted));
    has("list") && has("watch")
}
