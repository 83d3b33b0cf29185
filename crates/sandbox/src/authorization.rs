//! Authorisation of impersonated requests by RBAC, as the real server does it.
//!
//! The token itself may do everything. A client that acts as somebody else (`Impersonate-User`) may do
//! what the roles that are bound to that user allow, so that a controller's `serviceAccountName` means
//! here what it means in a cluster.

use apimachinery::object;
use value::Value;

use crate::api::{Api, Transaction};
use crate::kinds::Kind;
use crate::status::{self, Refusal};

/// Who is asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) groups: Vec<String>,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Attributes<'a> {
    pub(crate) verb: &'a str,
    pub(crate) kind: &'a Kind,
    /// Empty for the object itself.
    pub(crate) subresource: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
}

impl User {
    /// An impersonated user, with the groups that every user of the kind has.
    pub(crate) fn impersonated(name: &str, groups: Vec<String>) -> Self {
        let mut groups = groups;
        if let Some((namespace, _)) = service_account(name)
            && groups.is_empty()
        {
            groups.push("system:serviceaccounts".to_owned());
            groups.push(format!("system:serviceaccounts:{namespace}"));
        }
        groups.push("system:authenticated".to_owned());
        Self { name: name.to_owned(), groups }
    }

    fn is_subject(&self, subject: &Value, binding_namespace: Option<&str>) -> bool {
        let name = subject.str_at(&["name"]).unwrap_or_default();
        match subject.str_at(&["kind"]).unwrap_or_default() {
            "User" => name == self.name,
            "Group" => self.groups.iter().any(|group| group == name),
            "ServiceAccount" => {
                let namespace = subject.str_at(&["namespace"]).or(binding_namespace);
                service_account(&self.name) == namespace.map(|namespace| (namespace, name))
            }
            _ => false,
        }
    }
}

fn service_account(user: &str) -> Option<(&str, &str)> {
    user.strip_prefix("system:serviceaccount:")?.split_once(':')
}

/// Refuses what no role that is bound to the user allows.
///
/// # Errors
/// The request is not allowed.
pub(crate) fn check(api: &Api, user: &User, attributes: &Attributes<'_>) -> Result<(), Refusal> {
    if user.groups.iter().any(|group| group == "system:masters") || allowed(api, user, attributes)? {
        return Ok(());
    }
    let Attributes { verb, kind, subresource, namespace, name } = attributes;
    let slash = if subresource.is_empty() { "" } else { "/" };
    let place = if namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace \"{namespace}\"")
    };
    let why = format!(
        "User \"{}\" cannot {verb} resource \"{}{slash}{subresource}\" in API group \"{}\" {place}",
        user.name, kind.plural, kind.gvk.group
    );
    Err(status::forbidden(kind.resource(), name, &why))
}

fn allowed(api: &Api, user: &User, attributes: &Attributes<'_>) -> Result<bool, Refusal> {
    const API: &str = "rbac.authorization.k8s.io/v1";
    let cluster_bindings = api.builtin(API, "ClusterRoleBinding")?;
    let bindings = api.builtin(API, "RoleBinding")?;
    let roles = (api.builtin(API, "ClusterRole")?, api.builtin(API, "Role")?);
    let transaction = api.begin();
    let everywhere = transaction.stored(&cluster_bindings, None);
    let here =
        (!attributes.namespace.is_empty()).then(|| transaction.stored(&bindings, Some(attributes.namespace)));
    let mut bound = everywhere.chain(here.into_iter().flatten()).filter(|binding| {
        let namespace = object::namespace(binding);
        list(binding, "subjects").iter().any(|subject| user.is_subject(subject, namespace))
    });
    Ok(bound.any(|binding| {
        let rules = rules(&transaction, (&roles.0, &roles.1), binding);
        rules.iter().any(|rule| allows(rule, attributes))
    }))
}

fn list<'a>(object: &'a Value, key: &str) -> &'a [Value] {
    object.get(key).and_then(Value::as_list).unwrap_or_default()
}

/// The rules of the role that a binding names.
fn rules(
    transaction: &Transaction<'_>,
    (cluster_roles, roles): (&Kind, &Kind),
    binding: &Value,
) -> Vec<Value> {
    let name = binding.str_at(&["roleRef", "name"]).unwrap_or_default();
    let role = match binding.str_at(&["roleRef", "kind"]).unwrap_or_default() {
        "ClusterRole" => transaction.get(cluster_roles, "", name),
        "Role" => transaction.get(roles, object::namespace(binding).unwrap_or_default(), name),
        _ => None,
    };
    role.map(|role| list(&role, "rules").to_vec()).unwrap_or_default()
}

fn allows(rule: &Value, attributes: &Attributes<'_>) -> bool {
    let names = |key: &str, wanted: &str| {
        list(rule, key).iter().any(|one| matches!(one.as_str(), Some(text) if text == "*" || text == wanted))
    };
    let resource = |one: &Value| match (one.as_str().unwrap_or_default(), attributes.subresource) {
        ("*", _) => true,
        (text, "") => text == attributes.kind.plural,
        (text, subresource) => text.split_once('/').is_some_and(|(resource, part)| {
            part == subresource && (resource == "*" || resource == attributes.kind.plural)
        }),
    };
    let only = list(rule, "resourceNames");
    names("verbs", attributes.verb)
        && names("apiGroups", &attributes.kind.gvk.group)
        && list(rule, "resources").iter().any(resource)
        && (only.is_empty() || only.iter().any(|name| name.as_str() == Some(attributes.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: &str, verb: &str, (subresource, name): (&str, &str)) -> bool {
        let rule = value::from_json(rule.as_bytes()).unwrap();
        let kinds = crate::kinds::Kinds::builtin();
        let kind = kinds.find("apps", "v1", "deployments").unwrap();
        allows(&rule, &Attributes { verb, kind: &kind, subresource, namespace: "a", name })
    }

    #[test]
    fn rules_allow_verbs_on_resources() {
        let rule =
            r#"{"apiGroups":["apps"],"resources":["deployments","deployments/scale"],"verbs":["get"]}"#;
        assert!(check(rule, "get", ("", "x")));
        assert!(check(rule, "get", ("scale", "x")));
        assert!(!check(rule, "get", ("status", "x")));
        assert!(!check(rule, "patch", ("", "x")));
        let other = r#"{"apiGroups":[""],"resources":["*"],"verbs":["*"]}"#;
        assert!(!check(other, "get", ("", "x")));
        let named = r#"{"apiGroups":["*"],"resources":["*"],"verbs":["*"],"resourceNames":["x"]}"#;
        assert!(check(named, "get", ("status", "x")));
        assert!(!check(named, "create", ("", "")));
    }

    #[test]
    fn subjects_are_users_groups_and_service_accounts() {
        let user = User::impersonated("system:serviceaccount:team:deployer", Vec::new());
        let subject = |json: &str| value::from_json(json.as_bytes()).unwrap();
        let account = subject(r#"{"kind":"ServiceAccount","name":"deployer","namespace":"team"}"#);
        assert!(user.is_subject(&account, None));
        let account = subject(r#"{"kind":"ServiceAccount","name":"deployer"}"#);
        assert!(user.is_subject(&account, Some("team")));
        assert!(!user.is_subject(&account, Some("other")));
        assert!(user.is_subject(&subject(r#"{"kind":"Group","name":"system:serviceaccounts:team"}"#), None));
        assert!(!user.is_subject(&subject(r#"{"kind":"User","name":"deployer"}"#), None));
    }
}
