//! Watches: what is there, then what changes, with bookmarks.
//!
//! A watch keeps no queue of its own. It remembers the revision that it has told and reads on in the
//! table's history when the table's signal says that there is more, so that a slow client costs nothing
//! but its own connection, and is told to start anew (410) when the history has moved on without it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use value::{Map, Value};

use super::Target;
use super::selection::Selection;
use crate::api::Api;
use crate::status::{self, Refusal};
use crate::store::{Change, ChangeKind};

/// As the real server's: about once a minute.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
/// Marks the bookmark after which the initial events are complete.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// How a watch is asked for.
#[derive(Clone, Debug)]
pub(crate) struct WatchOptions {
    pub(crate) start: Start,
    pub(crate) bookmarks: bool,
    pub(crate) timeout: Duration,
}

/// Where a watch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// With what is there.
    Now {
        /// Whether a bookmark says when that is complete.
        announced: bool,
    },
    /// After a revision.
    After(u64),
}

/// One event of a watch.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) r#type: &'static str,
    pub(crate) object: Value,
}

/// A running watch.
pub(crate) struct Watch {
    api: Arc<Api>,
    target: Target,
    selection: Selection,
    bookmarks: bool,
    end: Instant,
    next_bookmark: Instant,
    signal: watch::Receiver<u64>,
    /// Events that are ready.
    ready: VecDeque<Event>,
    /// Every change up to this revision has been told or is ready.
    told: u64,
    over: bool,
}

impl Watch {
    /// Starts a watch.
    ///
    /// # Errors
    /// A simulated crash has ended the sandbox.
    pub(crate) fn new(
        api: Arc<Api>,
        target: Target,
        selection: Selection,
        options: &WatchOptions,
    ) -> Result<Self, Refusal> {
        if api.store.has_crashed() {
            return Err(Refusal::Crashed);
        }
        let now = Instant::now();
        let mut watch = Self {
            signal: api.store.signal(&target.kind.table),
            api,
            target,
            selection,
            bookmarks: options.bookmarks,
            end: now + options.timeout,
            next_bookmark: now + BOOKMARK_EVERY,
            ready: VecDeque::new(),
            told: 0,
            over: false,
        };
        match options.start {
            Start::After(revision) => watch.told = revision,
            Start::Now { announced } => watch.initial(announced),
        }
        Ok(watch)
    }

    fn initial(&mut self, announced: bool) {
        let transaction = self.api.begin();
        let present = transaction
            .stored(&self.target.kind, self.selection.namespace())
            .map(|object| self.target.kind.show(object))
            .filter(|object| self.selection.matches(object));
        self.ready = present.map(|object| Event { r#type: "ADDED", object }).collect();
        self.told = transaction.revision();
        drop(transaction);
        if announced {
            let bookmark = self.bookmark(true);
            self.ready.push_back(bookmark);
        }
    }

    /// The next event; `None` when the watch is over.
    ///
    /// # Errors
    /// A simulated crash has ended the sandbox.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, Refusal> {
        loop {
            if self.api.store.has_crashed() {
                return Err(Refusal::Crashed);
            }
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            if self.over {
                return Ok(None);
            }
            self.signal.mark_unchanged();
            self.read_on();
            if self.ready.is_empty() && !self.over {
                self.wait().await;
            }
        }
    }

    /// Reads the table's history from where the watch stands.
    fn read_on(&mut self) {
        match self.api.store.changes_after(&self.target.kind.table, self.told) {
            Ok((changes, now)) => {
                self.told = self.told.max(now);
                let events: Vec<_> = changes.into_iter().filter_map(|change| self.event(change)).collect();
                self.ready.extend(events);
            }
            Err(expired) => {
                self.over = true;
                let object = status::expired(self.told, expired.oldest).to_value();
                self.ready.push_back(Event { r#type: "ERROR", object });
            }
        }
    }

    async fn wait(&mut self) {
        let deadline = if self.bookmarks { self.end.min(self.next_bookmark) } else { self.end };
        tokio::select! {
            changed = self.signal.changed() => self.over = changed.is_err(),
            () = tokio::time::sleep_until(deadline) => {
                let now = Instant::now();
                self.over = now >= self.end;
                // The last one lets the client go on from here when the watch has run out.
                if self.bookmarks {
                    self.next_bookmark = now + BOOKMARK_EVERY;
                    let bookmark = self.bookmark(false);
                    self.ready.push_back(bookmark);
                }
            }
        }
    }

    /// What a change is for somebody who sees only the selected objects.
    fn event(&self, change: Change) -> Option<Event> {
        let Change { kind, object, before, .. } = change;
        let object = self.target.kind.show(&object);
        let before = before.map(|before| self.target.kind.show(&before));
        let was = before.as_ref().is_some_and(|before| self.selection.matches(before));
        let is = kind != ChangeKind::Deleted && self.selection.matches(&object);
        match (was, is) {
            (false, false) => None,
            (false, true) => Some(Event { r#type: "ADDED", object }),
            (true, true) => Some(Event { r#type: "MODIFIED", object }),
            (true, false) if kind == ChangeKind::Deleted => Some(Event { r#type: "DELETED", object }),
            (true, false) => {
                // It is still there and no longer selected: its last selected state, at this revision.
                let mut last = before?;
                let revision = object.at(&["metadata", "resourceVersion"]).cloned().unwrap_or_default();
                last.set_at(&["metadata", "resourceVersion"], revision);
                Some(Event { r#type: "DELETED", object: last })
            }
        }
    }

    fn bookmark(&self, initial_events_end: bool) -> Event {
        let mut metadata = Map::from_iter([("resourceVersion", Value::from(self.told.to_string()))]);
        if initial_events_end {
            metadata.insert("annotations", Value::map_of([(INITIAL_EVENTS_END, "true")]));
        }
        let object = Value::map_of([
            ("apiVersion", Value::from(self.target.kind.gvk.api_version())),
            ("kind", self.target.kind.gvk.kind.as_str().into()),
            ("metadata", metadata.into()),
        ]);
        Event { r#type: "BOOKMARK", object }
    }
}
