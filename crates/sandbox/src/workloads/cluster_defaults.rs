//! What every namespace has: the service account `default` and the server's certificate authority.

use value::Value;

use super::Outcome;
use super::client::{self, Builtins, MANAGER};
use crate::api::Api;
use crate::store::Location;

const AUTHORITY: &str = "kube-root-ca.crt";

/// Creates what is absent.
pub(super) fn reconcile(api: &Api, builtins: &Builtins, namespace: &str) -> Outcome {
    let at = |table: &str, name: &str| Location {
        table: table.into(),
        namespace: namespace.into(),
        name: name.into(),
    };
    let Some(live) =
        client::get(api, &builtins.namespaces, &Location::cluster_scoped("namespaces", namespace))
    else {
        return Ok(None);
    };
    if apimachinery::object::deletion_timestamp(&live).is_some() {
        return Ok(None);
    }
    let named =
        |name: &str| Value::map_of([("metadata", Value::map_of([("name", name), ("namespace", namespace)]))]);
    if client::get(api, &builtins.service_accounts, &at("serviceaccounts", "default")).is_none() {
        client::create(api, &builtins.service_accounts, named("default"), MANAGER)?;
    }
    let live = client::get(api, &builtins.config_maps, &at("configmaps", AUTHORITY));
    let up_to_date =
        live.as_ref().is_some_and(|map| map.str_at(&["data", "ca.crt"]) == Some(api.authority.as_str()));
    if !up_to_date {
        let mut map = live.clone().unwrap_or_else(|| named(AUTHORITY));
        map.set_at(&["data", "ca.crt"], api.authority.as_str());
        match live {
            Some(_) => client::update(api, &builtins.config_maps, map, MANAGER)?,
            None => client::create(api, &builtins.config_maps, map, MANAGER)?,
        };
    }
    Ok(None)
}
