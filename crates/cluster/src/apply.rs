//! Applying a set of objects in stages.

use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use engine::change::{Change, has_drifted, is_immutable};
use engine::inventory::Entry;
use engine::order::{Stage, stages};
use engine::{ObjectRef, controls, takeover};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use thiserror::Error;
use value::Value;

use crate::runtime::Run;
use crate::{Applied, Apply, Error, Propagation, Session, Target, wait};

/// How a set is applied.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The field manager.
    pub manager: &'a str,
    /// Whether an object with a changed immutable field is deleted and created again.
    pub force: bool,
    /// How many dry runs are in flight at once.
    pub concurrency: usize,
}

/// What was done to one object.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The object, with the version that was applied.
    pub entry: Entry,
    /// What was done.
    pub change: Change,
    /// The object as the server stores it; `None` for one that was skipped unseen.
    pub live: Option<Value>,
}

/// What was done to a set, in apply order.
#[derive(Clone, Debug, Default)]
pub struct ChangeSet {
    /// One entry an object.
    pub entries: Vec<Entered>,
}

impl ChangeSet {
    /// One line for each object that was changed: `Kind/namespace/name created`.
    pub fn log(&self) -> Vec<String> {
        let changed = |entered: &&Entered| matches!(entered.change, Change::Created | Change::Configured);
        let line = |entered: &Entered| format!("{} {}", entered.entry.reference, entered.change.word());
        self.entries.iter().filter(changed).map(line).collect()
    }
}

/// Why a set could not be applied.
#[derive(Debug, Error)]
pub enum Cause {
    /// The server would refuse the object. Nothing of its stage was applied.
    #[error("{}", dry_run_text(.object, .source))]
    DryRun {
        /// Which object.
        object: ObjectRef,
        /// The refusal.
        source: Box<Error>,
    },
    /// The server refused what its dry run accepted.
    #[error("{object} apply failed: {source}")]
    Apply {
        /// Which object.
        object: ObjectRef,
        /// The refusal.
        source: Box<Error>,
    },
    /// What other tools left in the metadata could not be taken over.
    #[error("{object} metadata.managedFields cleanup failed: {source}")]
    Takeover {
        /// Which object.
        object: ObjectRef,
        /// The refusal.
        source: Box<Error>,
    },
    /// An object with a changed immutable field could not be deleted to be created again.
    #[error("{object} immutable field detected, failed to delete object: {source}")]
    Recreate {
        /// Which object.
        object: ObjectRef,
        /// The refusal.
        source: Box<Error>,
    },
    /// A stage that the next one builds on did not become ready.
    #[error("{0}")]
    Unready(wait::Failure),
    /// The wait for a stage ended, since newer input came or the process stops.
    #[error("the wait for {0} was interrupted")]
    Interrupted(&'static str),
    /// An object without apiVersion, kind or name.
    #[error("an object of the build has no apiVersion, kind or metadata.name")]
    Incomplete,
}

/// A failed apply with what had been done before.
#[derive(Debug, Error)]
#[error("{cause}")]
pub struct Failure {
    /// Why it ended.
    #[source]
    pub cause: Box<Cause>,
    /// What was done to the objects of earlier stages, and to earlier ones of the same stage.
    pub done: ChangeSet,
}

/// Source: fluxcd/pkg/ssa `errors/dryrun.go`.
fn dry_run_text(object: &ObjectRef, error: &Error) -> String {
    if error.is_not_found() {
        let what = if object.namespace.is_empty() { "namespace not specified" } else { "not found" };
        return format!("{object} {what}: {error}");
    }
    let reason = error.status().map(|status| status.reason.as_str()).unwrap_or_default();
    let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    format!("{object} dry-run failed{reason}: {error}")
}

/// Applies `objects` stage by stage.
///
/// Flow: of each stage all objects are dry-run first, and one refusal leaves the whole stage untouched;
/// then those are applied whose dry run differs from what is live. Definitions and classes are awaited
/// before the next stage, since it may use them; `run` holds no worker meanwhile.
///
/// Guarantees: objects that labels or annotations exempt are not written. An object that exists is
/// deleted only when its immutable fields changed and `force` (or its own annotation) says so.
///
/// # Errors
/// The first refusal in apply order, with what was done until then.
pub async fn apply(
    session: &Session,
    run: &Run,
    objects: Vec<Value>,
    options: Options<'_>,
) -> Result<ChangeSet, Failure> {
    let mut done = ChangeSet::default();
    for stage in stages(objects) {
        if let Err(cause) = apply_stage((session, run), &stage, options, &mut done).await {
            return Err(Failure { cause: Box::new(cause), done });
        }
    }
    Ok(done)
}

async fn apply_stage(
    (session, run): (&Session, &Run),
    stage: &Stage,
    options: Options<'_>,
    done: &mut ChangeSet,
) -> Result<(), Cause> {
    let plans: Vec<_> = stage.objects.iter().map(|object| plan(session, object, options)).collect();
    let planned: Vec<Planned<'_>> =
        stream::iter(plans).buffered(options.concurrency.max(1)).try_collect().await?;
    let first = done.entries.len();
    for planned in planned {
        done.entries.push(carry_out(session, planned, options).await?);
    }
    let entered = &done.entries[first..];
    let is_changed_definition = |entered: &Entered| {
        entered.entry.reference.kind == "CustomResourceDefinition" && entered.change != Change::Unchanged
    };
    if stage.awaited {
        const AWAITED: &str = "definitions and classes";
        let ready = run.waiting(AWAITED, wait::until_current(session, entered)).await;
        ready.map_err(|_| Cause::Interrupted(AWAITED))?.map_err(Cause::Unready)?;
    }
    if entered.iter().any(is_changed_definition) {
        session.cluster().forget_kinds();
    }
    Ok(())
}

/// An object with what its dry run said.
struct Planned<'a> {
    desired: &'a Value,
    target: Target,
    entry: Entry,
    step: Step,
}

enum Step {
    Leave(Change, Option<Value>),
    Apply(Change),
    Recreate(Value),
}

async fn plan<'a>(session: &Session, desired: &'a Value, options: Options<'_>) -> Result<Planned<'a>, Cause> {
    let reference = ObjectRef::of(desired).ok_or(Cause::Incomplete)?;
    let version = GroupVersionKind::of(desired).map(|gvk| gvk.version).unwrap_or_default();
    let entry = Entry { reference, version };
    let refused = |source| Cause::DryRun { object: entry.reference.clone(), source: Box::new(source) };
    let target = session.target(desired).await.map_err(refused)?;
    let step = if controls::is_skipped(desired, None) {
        Step::Leave(Change::Skipped, None)
    } else if controls::says(desired, controls::SSA, "IfNotPresent") {
        match session.get(&target).await.map_err(refused)? {
            Some(live) => Step::Leave(Change::Skipped, Some(live)),
            None => dry_run(session, desired, &target, options).await?,
        }
    } else {
        dry_run(session, desired, &target, options).await?
    };
    Ok(Planned { desired, target, entry, step })
}

/// The dry run comes before the look at the live object: for an object that does not exist yet, which
/// is the common case of a first sync, its answer says so and saves a request.
async fn dry_run(
    session: &Session,
    desired: &Value,
    target: &Target,
    options: Options<'_>,
) -> Result<Step, Cause> {
    let reference = || ObjectRef::of(desired).ok_or(Cause::Incomplete);
    let how = Apply { manager: options.manager, force: true, dry_run: true };
    let answer = session.apply(target, desired, how).await;
    if let Ok(Applied { created: true, .. }) = answer {
        return Ok(Step::Apply(Change::Created));
    }
    if let Err(error) = &answer
        && !error.status().is_some_and(|status| is_immutable(status.code, &status.message))
    {
        let Err(source) = answer else { return Err(Cause::Incomplete) };
        return Err(Cause::DryRun { object: reference()?, source: Box::new(source) });
    }
    let live = match session.get(target).await {
        Ok(live) => live,
        Err(source) => return Err(Cause::DryRun { object: reference()?, source: Box::new(source) }),
    };
    match (answer, live) {
        (_, Some(live)) if controls::is_skipped(desired, Some(&live)) => {
            Ok(Step::Leave(Change::Skipped, Some(live)))
        }
        (Ok(_), None) => Ok(Step::Apply(Change::Created)),
        (Ok(dry), Some(live)) => compare(session, (desired, live, dry.object), target, options).await,
        (Err(_), Some(live)) if recreates(desired, &live, options) => Ok(Step::Recreate(live)),
        (Err(source), _) => Err(Cause::DryRun { object: reference()?, source: Box::new(source) }),
    }
}

fn recreates(desired: &Value, live: &Value, options: Options<'_>) -> bool {
    options.force || controls::either_says(desired, Some(live), controls::FORCE, "enabled")
}

async fn compare(
    session: &Session,
    (desired, live, dry): (&Value, Value, Value),
    target: &Target,
    options: Options<'_>,
) -> Result<Step, Cause> {
    if let Some(patch) = takeover::patch(desired, &live, options.manager) {
        let taken = session.json_patch(target, options.manager, &patch).await;
        if let Err(source) = taken {
            let object = ObjectRef::of(desired).ok_or(Cause::Incomplete)?;
            return Err(Cause::Takeover { object, source: Box::new(source) });
        }
        return Ok(Step::Apply(Change::Configured));
    }
    Ok(if has_drifted(&live, &dry) {
        Step::Apply(Change::Configured)
    } else {
        Step::Leave(Change::Unchanged, Some(live))
    })
}

async fn carry_out(session: &Session, planned: Planned<'_>, options: Options<'_>) -> Result<Entered, Cause> {
    let Planned { desired, target, entry, step } = planned;
    let change = match step {
        Step::Leave(change, live) => return Ok(Entered { entry, change, live }),
        Step::Apply(change) => change,
        Step::Recreate(live) => {
            if let Err(source) = delete_and_wait(session, &target, &live).await {
                return Err(Cause::Recreate { object: entry.reference, source: Box::new(source) });
            }
            Change::Created
        }
    };
    let how = Apply { manager: options.manager, force: true, dry_run: false };
    match session.apply(&target, desired, how).await {
        Ok(applied) => Ok(Entered { entry, change, live: Some(applied.object) }),
        Err(source) => Err(Cause::Apply { object: entry.reference, source: Box::new(source) }),
    }
}

async fn delete_and_wait(session: &Session, target: &Target, live: &Value) -> Result<(), Error> {
    let uid = object::uid(live).unwrap_or_default();
    session.delete(target, uid, Propagation::Background).await?;
    wait::until_gone(session, target, uid).await
}
