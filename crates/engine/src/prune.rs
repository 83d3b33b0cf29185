//! Which objects may be deleted.

use value::Value;

use crate::change::Owner;
use crate::controls;

/// What to do with an object that an inventory names and the new revision does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Delete it.
    Delete,
    /// Leave it: it does not exist any more.
    Gone,
    /// Leave it: somebody else owns it now.
    Foreign,
    /// Leave it: a label or an annotation says so.
    Kept,
}

/// Decides over one object of a stale inventory entry. `live` was read after the entry became stale.
///
/// An object that Flux has to leave alone is not deleted; nor is one that no longer carries the
/// owner's labels, since then another deployment has taken it over.
///
/// Source: fluxcd/pkg/ssa `manager_delete.go`.
pub fn decide(live: Option<&Value>, owner: &Owner) -> Verdict {
    match live {
        None => Verdict::Gone,
        Some(live) if !owner.owns(live) => Verdict::Foreign,
        Some(live) if controls::is_kept(live) => Verdict::Kept,
        Some(_) => Verdict::Delete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_ours_and_not_kept_is_deleted() {
        let owner = Owner { group: "g".into(), name: "app".into(), namespace: "ns".into() };
        let live = |extra: &str| {
            let text = format!(r#"{{"metadata":{{"labels":{{"g/name":"app","g/namespace":"ns"{extra}}}}}}}"#);
            value::from_json(text.as_bytes()).expect("valid")
        };
        let kept = format!(r#","{}":"Disabled""#, controls::PRUNE);
        assert_eq!(decide(Some(&live("")), &owner), Verdict::Delete);
        assert_eq!(decide(Some(&live(&kept)), &owner), Verdict::Kept);
        assert_eq!(decide(Some(&Value::map()), &owner), Verdict::Foreign);
        assert_eq!(decide(None, &owner), Verdict::Gone);
    }
}
