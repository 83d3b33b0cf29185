//! What every kind decides first: whether there is anything to reconcile at all.

use flux_api::FINALIZER;
use value::Value;

/// Facts about an object before its kind is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// It is to be deleted.
    pub(crate) deleting: bool,
    /// It carries our finalizer.
    pub(crate) has_finalizer: bool,
    /// `spec.suspend` is set.
    pub(crate) suspended: bool,
    /// Fields that are set and not supported.
    pub(crate) refused: Vec<String>,
}

/// The first step of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It goes away, and nothing of ours holds it.
    Leave,
    /// It goes away, and what it made is to be dealt with first.
    Finalize,
    /// Put our finalizer on, then reconcile.
    Adopt,
    /// Only note that the object was seen.
    Suspended,
    /// Say which fields are not supported, and do nothing.
    Refuse(Vec<String>),
    /// Reconcile.
    Reconcile,
}

/// Deletion comes before suspension, since a suspended object can be deleted; refusal comes before the
/// finalizer, since nothing will be made that it would have to guard.
pub(crate) fn decide(facts: &Facts) -> Step {
    match facts {
        Facts { deleting: true, has_finalizer: false, .. } => Step::Leave,
        Facts { deleting: true, .. } => Step::Finalize,
        Facts { suspended: true, .. } => Step::Suspended,
        Facts { refused, .. } if !refused.is_empty() => Step::Refuse(refused.clone()),
        Facts { has_finalizer: false, .. } => Step::Adopt,
        _ => Step::Reconcile,
    }
}

/// The finalizers of `object` with ours, or without.
pub(crate) fn finalizers(object: &Value, ours: bool) -> Vec<String> {
    let others = apimachinery::object::finalizers(object).filter(|finalizer| *finalizer != FINALIZER);
    others.map(str::to_owned).chain(ours.then(|| FINALIZER.to_owned())).collect()
}

/// The sentence that refuses fields by name.
pub(crate) fn refusal(kind: &str, fields: &[String]) -> String {
    let fields = fields.iter().map(|field| format!("spec.{field}")).collect::<Vec<_>>().join(", ");
    format!(
        "{fields} of {kind} is not supported by this version of Flamingo; remove it, or let Flux's own \
         controller reconcile this object"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step() {
        let facts = Facts { has_finalizer: true, ..Facts::default() };
        let refused = vec!["patches".to_owned()];
        let rows = [
            (facts.clone(), Step::Reconcile),
            (Facts::default(), Step::Adopt),
            (Facts { suspended: true, ..Facts::default() }, Step::Suspended),
            (Facts { suspended: true, deleting: true, ..facts.clone() }, Step::Finalize),
            (Facts { deleting: true, ..Facts::default() }, Step::Leave),
            (Facts { refused: refused.clone(), ..Facts::default() }, Step::Refuse(refused.clone())),
            (Facts { refused: refused.clone(), suspended: true, ..facts.clone() }, Step::Suspended),
            (Facts { refused, deleting: true, ..facts }, Step::Finalize),
        ];
        for (facts, step) in rows {
            assert_eq!(decide(&facts), step, "{facts:?}");
        }
    }
}
