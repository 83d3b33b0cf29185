//! The decision table.

use flux_api::git_repository::Reference;

use super::decide::{Form, News, Stored, lists_first, news, precedence};

fn stored(revision: &str, same_content_settings: bool) -> Stored {
    Stored { revision: revision.into(), path: "p".into(), digest: "d".into(), same_content_settings }
}

#[test]
fn commit_wins_over_name_over_semver_over_tag_over_branch() {
    let text = |text: &str| Some(text.to_owned());
    let mut reference = Reference {
        branch: text("b"),
        tag: text("t"),
        semver: text("s"),
        name: text("n"),
        commit: text("c"),
    };
    assert_eq!(precedence(&reference), Form::Commit("c".into()));
    reference.commit = None;
    assert_eq!(precedence(&reference), Form::Name("n".into()));
    reference.name = None;
    assert_eq!(precedence(&reference), Form::Semver("s".into()));
    reference.semver = None;
    assert_eq!(precedence(&reference), Form::Tag("t".into()));
    reference.tag = None;
    assert_eq!(precedence(&reference), Form::Branch("b".into()));
    reference.branch = None;
    assert_eq!(precedence(&reference), Form::Branch("master".into()));
}

#[test]
fn an_artifact_is_made_anew_only_for_news() {
    let rows = [
        (None, News::Revision),
        (Some(stored("r", true)), News::Nothing),
        (Some(stored("r", false)), News::Content),
        (Some(stored("old", true)), News::Revision),
        (Some(stored("old", false)), News::Revision),
    ];
    for (stored, expected) in rows {
        assert_eq!(news(stored.as_ref(), "r"), expected, "{stored:?}");
    }
}

#[test]
fn the_remote_is_listed_first_only_when_that_can_save_a_fetch() {
    let branch = Form::Branch("main".into());
    assert!(lists_first(Some(&stored("r", true)), &branch));
    assert!(!lists_first(Some(&stored("r", false)), &branch));
    assert!(!lists_first(None, &branch));
    assert!(!lists_first(Some(&stored("r", true)), &Form::Semver("1.x".into())));
}
