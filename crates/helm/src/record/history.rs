//! The rules of a release's history.

use super::{Record, Status};

/// The revision that counts as deployed: of several the highest, as helm takes it.
pub fn deployed(history: &[Record]) -> Option<&Record> {
    let deployed = history.iter().filter(|record| record.status() == Status::Deployed);
    deployed.max_by_key(|record| record.revision())
}

/// The highest revision.
pub fn last(history: &[Record]) -> Option<&Record> {
    history.iter().max_by_key(|record| record.revision())
}

/// The revision that comes next.
pub fn next_revision(history: &[Record]) -> i64 {
    last(history).map_or(1, |record| record.revision() + 1)
}

/// Whether an installation may take the name; `replace` allows it after an uninstallation or a failure.
pub fn is_name_free(history: &[Record], replace: bool) -> bool {
    match last(history) {
        None => true,
        Some(last) => replace && matches!(last.status(), Status::Uninstalled | Status::Failed),
    }
}

/// What is to be stored when a revision is deployed: all revisions that counted as deployed before, as
/// superseded.
pub fn superseded(history: &[Record], deployed: i64) -> Vec<Record> {
    let before = |record: &&Record| record.status() == Status::Deployed && record.revision() != deployed;
    let superseded = |record: &Record| {
        let mut record = record.clone();
        let description = record.description().to_owned();
        record.set_status(Status::Superseded, &description);
        record
    };
    history.iter().filter(before).map(superseded).collect()
}

/// The revisions to delete before a new one is stored, so that `limit` are left with it; 0 is no limit.
/// The deployed one is never deleted.
pub fn to_prune(history: &[Record], limit: usize) -> Vec<i64> {
    if limit == 0 {
        return Vec::new();
    }
    let keep = limit - 1;
    let mut revisions: Vec<i64> = history.iter().map(Record::revision).collect();
    revisions.sort_unstable();
    let kept = deployed(history).map(Record::revision);
    let excess = revisions.len().saturating_sub(keep);
    revisions.into_iter().filter(|revision| Some(*revision) != kept).take(excess).collect()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    fn history(statuses: &[&str]) -> Vec<Record> {
        let record = |(at, status): (usize, &&str)| {
            let json = format!(r#"{{"name":"a","version":{},"info":{{"status":"{status}"}}}}"#, at + 1);
            Record::decode(base64::engine::general_purpose::STANDARD.encode(json).as_bytes()).unwrap()
        };
        statuses.iter().enumerate().map(record).collect()
    }

    #[test]
    fn the_deployed_revision_is_never_pruned() {
        let history = history(&["deployed", "failed", "failed", "failed"]);
        assert_eq!(to_prune(&history, 3), [2, 3]);
        assert_eq!(to_prune(&history, 10), [0; 0]);
        assert_eq!(to_prune(&history, 0), [0; 0]);
        assert_eq!(next_revision(&history), 5);
    }

    #[test]
    fn a_name_is_free_after_an_uninstallation_only_for_those_who_replace() {
        let history = history(&["superseded", "uninstalled"]);
        assert!(!is_name_free(&history, false));
        assert!(is_name_free(&history, true));
        assert!(is_name_free(&[], false));
    }

    #[test]
    fn what_was_deployed_is_superseded() {
        let history = history(&["deployed", "deployed", "pending-upgrade"]);
        let stored: Vec<i64> = superseded(&history, 3).iter().map(Record::revision).collect();
        assert_eq!(stored, [1, 2]);
    }
}
