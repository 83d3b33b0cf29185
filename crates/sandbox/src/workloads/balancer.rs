//! Addresses of load balancers and of Ingresses, which a cloud or an ingress controller gives on a real cluster.

use value::Value;

use super::Outcome;
use super::client::{self, Builtins};
use super::owned;
use crate::api::Api;
use crate::store::Location;

/// Of a network for documentation (RFC 5737): there is nothing behind it, and nobody else has it.
const ADDRESS: &str = "192.0.2.1";

/// Gives a Service of type `LoadBalancer` or an Ingress its address, and takes it from other Services.
pub(super) fn reconcile(api: &Api, builtins: &Builtins, at: &Location) -> Outcome {
    let is_ingress = *at.table == *builtins.ingresses.table;
    let kind = if is_ingress { &builtins.ingresses } else { &builtins.services };
    let Some(live) = client::get(api, kind, at) else { return Ok(None) };
    let is_balanced = is_ingress || live.str_at(&["spec", "type"]) == Some("LoadBalancer");
    let known = live.at(&["status", "loadBalancer", "ingress"]).and_then(Value::as_list).unwrap_or_default();
    if is_balanced != known.is_empty() {
        return Ok(None);
    }
    let mut balancer = Value::map();
    if is_balanced {
        let mut address = Value::map_of([("ip", ADDRESS)]);
        if !is_ingress {
            address.set_at(&["ipMode"], "VIP");
        }
        balancer.set_at(&["ingress"], Value::list_of([address]));
    }
    let mut status = live.get("status").cloned().unwrap_or_else(Value::map);
    status.set_at(&["loadBalancer"], balancer);
    owned::write_status(api, kind, &live, status)?;
    Ok(None)
}
