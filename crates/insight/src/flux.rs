//! What the conditions of Flux objects say.

use apimachinery::condition::{self, Status};
use engine::ObjectRef;
use value::Value;

use crate::{Code, Finding, Terms};

/// The Ready condition, if it says that something is wrong.
fn not_ready(object: &Value) -> Option<(String, String)> {
    let ready = condition::get(object.at(&["status", "conditions"])?, "Ready")?;
    (ready.status == Status::False).then_some((ready.reason, ready.message))
}

/// What was found, and a fix that names fields as [`Terms`] does: `{path}`.
type Found = (Code, &'static str, &'static str);

fn finding(object: &ObjectRef, (code, sentence, fix): Found, evidence: String, terms: &Terms) -> Finding {
    Finding { code, object: object.clone(), sentence: sentence.to_owned(), evidence, fix: terms.fill(fix) }
}

pub(crate) fn source(object: &Value, reference: &ObjectRef, terms: &Terms) -> Option<Finding> {
    let (reason, message) = not_ready(object)?;
    let found = match reason.as_str() {
        _ if is_full(&message) => (
            Code::NoSpace,
            "there is no space left for what is fetched",
            "free some space on the disk that holds the artifacts; it is tried again by itself",
        ),
        "AuthenticationFailed" => (
            Code::SourceUnavailable,
            "the credentials cannot be used",
            "create or correct the Secret that {credentials} names",
        ),
        "UnsupportedField" => (
            Code::Unsupported,
            "a field of the spec is not supported",
            "remove the field that the message names",
        ),
        "GitOperationFailed" => git_failure(&message),
        _ => (
            Code::SourceUnavailable,
            "the repository could not be made available",
            "see the cause; what was deployed before stays as it is",
        ),
    };
    Some(finding(reference, found, message, terms))
}

/// The words of the system, and those of the artifact store.
fn is_full(message: &str) -> bool {
    message.contains("No space left on device") || message.contains("no space is left on the disk")
}

fn git_failure(message: &str) -> Found {
    let says = |part: &str| message.contains(part);
    if says("authentication required") || says("authorization failed") {
        let fix = "put valid credentials into a Secret and name it in {credentials}";
        return (Code::SourceUnavailable, "the Git server wants credentials", fix);
    }
    if says("couldn't find remote ref") || says("unable to resolve") || says("no match found for semver") {
        let fix = "set {ref} to a branch, tag or commit that exists, or push it";
        return (Code::SourceContent, "the repository does not have the wanted revision", fix);
    }
    if says("repository not found") {
        let fix = "correct {url}; a private repository also needs {credentials}";
        return (Code::SourceUnavailable, "there is no such repository", fix);
    }
    if says("is empty") {
        return (Code::SourceContent, "the repository is empty", "push a first commit");
    }
    let fix = "check {url} and that the server can be reached from here; it is tried again by itself";
    (Code::SourceUnavailable, "the repository cannot be reached", fix)
}

pub(crate) fn kustomization(object: &Value, reference: &ObjectRef, terms: &Terms) -> Option<Finding> {
    let (reason, message) = not_ready(object)?;
    let found = match reason.as_str() {
        "ArtifactFailed" if message.contains("path not found") => (
            Code::SourceContent,
            "the path is not in the source",
            "set {path} to a directory of the repository, or commit the missing one; {refresh} fetches a commit that was \
             just pushed",
        ),
        "ArtifactFailed" => (
            Code::Waiting,
            "the source has no artifact",
            "see the source; this object goes on by itself when it is ready",
        ),
        "BuildFailed" => (
            Code::BuildFailed,
            "the manifests could not be built; nothing was changed in the cluster",
            match message.contains("spec.patches[") {
                true => "correct the field that the cause names",
                false => "correct the file that the cause names and commit",
            },
        ),
        "ReconciliationFailed" => apply_failure(&message),
        "PruneFailed" => (
            Code::PruneFailed,
            "objects could not be deleted",
            "remove what holds them (a finalizer, a webhook, missing rights); it is tried again by itself",
        ),
        "HealthCheckFailed" => (
            Code::Unhealthy,
            "what was applied is not healthy",
            "see the objects that the cause names; a corrected commit is deployed at once",
        ),
        "DependencyNotReady" => (
            Code::Waiting,
            "a dependency is not ready",
            "see the object that the cause names; this one goes on by itself",
        ),
        "UnsupportedField" => (
            Code::Unsupported,
            "a field of the spec is not supported",
            "remove the field that the message names",
        ),
        _ => (Code::ApplyRefused, "the reconciliation failed", "see the cause"),
    };
    let message = if found.0 == Code::BuildFailed { terms.of_build(&message) } else { message };
    Some(finding(reference, found, message, terms))
}

fn apply_failure(message: &str) -> Found {
    let says = |part: &str| message.contains(part);
    let sentence = "the cluster refused an object; nothing of its stage was applied";
    let fix = if says("namespace not specified") {
        "give the object a metadata.namespace, or set {targetNamespace}"
    } else if says("namespaces \"") && says("not found") {
        "add the Namespace to the source, or create it"
    } else if says("no matches for kind") {
        "install the CustomResourceDefinition first, or correct apiVersion and kind"
    } else if says("immutable") {
        "revert the change, or set spec.force to let the object be deleted and created again"
    } else if says("(Forbidden)") {
        "give the identity that applies the missing rights"
    } else {
        "correct the field that the cause names and commit"
    };
    (Code::ApplyRefused, sentence, fix)
}
