//! What happens, for one tab.

mod watched;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use insight::rows::{Change, Query, Row};
use tokio::sync::watch::Receiver;
use tokio::time::Instant;
use value::Value;

use super::rows::query_of;
use crate::answer::{Answer, Frame};
use crate::authentication::Caller;
use crate::control_plane::ControlPlane;
use crate::error::ApiError;
use crate::list::{News, Reading};
use crate::permit::LoggedIn;
use crate::request::Request;
use crate::sessions::is_current;
use crate::sight::Sight;
use watched::{Told, Watched};

/// What happens in this time is told at once.
const GATHERED: Duration = Duration::from_millis(100);
/// Silence is broken, and the session looked at, after so long.
const SILENCE: Duration = Duration::from_secs(15);

/// `GET /api/flamingo/v1/stream`: from `position` or `Last-Event-ID` on, as long as the session lasts.
pub(crate) async fn stream(
    control: Arc<ControlPlane>,
    LoggedIn(caller): LoggedIn,
    request: Request,
) -> Result<Answer, ApiError> {
    let query = query_of(&request)?;
    let last = request.headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let position = last.or_else(|| request.parameter("position")).unwrap_or_default();
    let application = match request.parameter("application").filter(|key| !key.is_empty()) {
        None => None,
        Some(key) => Some(Watched::new(&control, key).ok_or_else(|| {
            ApiError::invalid(format!("application: {key:?} is not the key of an Application"))
        })?),
    };
    let mut tab = Tab::new(control, caller, query, application);
    tab.begin(position);
    let frames = futures::stream::unfold(tab, async |mut tab| {
        let frame = tab.next().await?;
        Some((frame, tab))
    });
    Ok(Answer::Events(frames.boxed()))
}

/// What one tab has been told.
struct Tab {
    control: Arc<ControlPlane>,
    caller: Caller,
    query: Query,
    news: Receiver<u64>,
    /// Up to which change.
    number: u64,
    /// The keys of the rows that are part of its list.
    shown: HashSet<Arc<str>>,
    watched: Option<Watched>,
    pending: VecDeque<Frame>,
    /// Under which [`Snapshots`](crate::snapshots::Snapshots) know what it has.
    tab: u64,
    has_ended: bool,
}

impl Tab {
    fn new(control: Arc<ControlPlane>, caller: Caller, query: Query, watched: Option<Watched>) -> Self {
        let news = control.list.listen();
        let (shown, pending) = (HashSet::new(), VecDeque::new());
        let tab = control.snapshots.enter();
        Self { control, caller, query, news, number: 0, shown, watched, pending, tab, has_ended: false }
    }

    /// Without a position everything is news; with one that is not known any more, nothing is certain.
    fn begin(&mut self, position: &str) {
        let is_known = {
            let control = self.control.clone();
            let list = control.list.read();
            let number = if position.is_empty() { Some(list.number()) } else { list.number_of(position) };
            self.shown = self.visible(&list);
            let shown = number.and_then(|number| self.shown_at(&list, number));
            let mut tree = |number| match &mut self.watched {
                Some(watched) if !position.is_empty() => watched.go_on(&self.control, number),
                _ => true,
            };
            match number.zip(shown).filter(|(number, _)| tree(*number)) {
                Some((number, shown)) => {
                    (self.number, self.shown) = (number, shown);
                    true
                }
                None => false,
            }
        };
        if !is_known {
            return self.reset();
        }
        if !position.is_empty() {
            self.remember();
        }
        self.tell();
    }

    /// The next event; `None` when the stream is over.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.pending.pop_front() {
                return Some(frame);
            }
            if self.has_ended {
                return None;
            }
            let is_news = self.wait().await?;
            if !is_current(&self.control, &self.caller) {
                self.has_ended = true;
                let ended = Value::map_of([("message", "the session has ended; log in again")]);
                return Some(Frame::Event { name: "ended", id: Some(self.position()), data: ended });
            }
            if !is_news {
                return Some(Frame::Silence { id: self.position() });
            }
            self.news.mark_unchanged();
            self.tell();
        }
    }

    /// Whether something has happened, and not only time passed; `None` when nothing will any more.
    async fn wait(&mut self) -> Option<bool> {
        let silent_until = Instant::now() + SILENCE;
        let tree = async {
            match &mut self.watched {
                Some(watched) => watched.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = self.news.changed() => changed.ok()?,
            () = tree => {}
            () = tokio::time::sleep_until(silent_until) => return Some(false),
        }
        tokio::time::sleep(GATHERED).await;
        Some(true)
    }

    /// What has happened since the tab was last told something.
    fn tell(&mut self) {
        let control = self.control.clone();
        // What is known of a tree at a number has to be known of that number alone.
        let until = match &self.watched {
            Some(_) => control.list.mark(),
            None => control.list.read().number(),
        };
        let is_known = self.tell_rows(&control.list.read(), until);
        if !is_known {
            return self.reset();
        }
        for (name, data) in self.application() {
            self.push(name, data);
        }
        self.seal();
    }

    /// Whether everything up to `until` is known.
    fn tell_rows(&mut self, list: &Reading<'_>, until: u64) -> bool {
        let Some(news) = list.since(self.number) else { return false };
        let (mut changes, mut is_all) = (HashMap::new(), false);
        for (_, news) in news.take_while(|(number, _)| *number <= until) {
            match news {
                News::Row(change) => merge(&mut changes, change),
                News::Rights => is_all = true,
            }
        }
        self.number = until;
        if is_all {
            // Whatever the policy says now may be about any row.
            changes.extend(self.differences(list));
            self.watched.iter_mut().for_each(Watched::touch);
        }
        if let Some(data) = self.rows(changes, is_all) {
            self.push("rows", data);
        }
        true
    }

    /// What is told of the Application that the tab shows.
    fn application(&mut self) -> Vec<Told> {
        let Some(watched) = &mut self.watched else { return Vec::new() };
        match watched.tell(&self.control, &self.caller) {
            Some(told) => told,
            None => {
                let gone = Value::map_of([("key", watched.key.as_str())]);
                self.watched = None;
                vec![("gone", gone)]
            }
        }
    }

    fn push(&mut self, name: &'static str, data: Value) {
        self.pending.push_back(Frame::Event { name, id: None, data });
    }

    /// Who has the last event of what is told at once has all of it.
    fn seal(&mut self) {
        let position = self.position();
        if let Some(Frame::Event { id, .. }) = self.pending.back_mut() {
            *id = Some(position);
        }
        self.remember();
    }

    /// Whoever comes back with this position goes on with this tree.
    fn remember(&self) {
        if let Some(watched) = &self.watched {
            self.control.snapshots.follow(self.tab, self.number, &watched.key, watched.nodes());
        }
    }

    /// Rights count at the moment of the event: who has lost them hears that the row is gone.
    fn rows(&mut self, changes: HashMap<Arc<str>, Change>, mut is_moved: bool) -> Option<Value> {
        let control = self.control.clone();
        let sight = Sight::new(&control, &self.caller);
        let mut sees = sight.sees();
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        let mut changes: Vec<Change> = changes.into_values().collect();
        changes.sort_by(|a, b| a.key.cmp(&b.key));
        for Change { key, before, now } in changes {
            let now = now.filter(|row| sees(row));
            let is_shown = now.as_ref().is_some_and(|row| self.query.takes(row));
            let was_shown = if is_shown { !self.shown.insert(key.clone()) } else { self.shown.remove(&key) };
            let before = before.filter(|row| was_shown || sees(row));
            is_moved |= was_shown != is_shown || self.query.is_moved(before.as_deref(), now.as_deref());
            match now.filter(|_| is_shown) {
                Some(row) => changed.push(row.json().clone()),
                None if was_shown => gone.push(Value::from(&*key)),
                None => {}
            }
        }
        let is_news = is_moved || !changed.is_empty() || !gone.is_empty();
        is_news.then(|| {
            Value::map_of([
                ("changed", Value::from(changed)),
                ("gone", gone.into()),
                ("moved", is_moved.into()),
            ])
        })
    }

    /// Rows that the tab shows and may not any more, or may and does not yet.
    fn differences(&self, list: &Reading<'_>) -> HashMap<Arc<str>, Change> {
        let visible = self.visible(list);
        let differs = visible.symmetric_difference(&self.shown);
        let change = |key: &Arc<str>| {
            let now = list.rows().get(key).cloned();
            (key.clone(), Change { key: key.clone(), before: now.clone(), now })
        };
        differs.map(change).collect()
    }

    /// The keys of all rows that the tab would show now.
    fn visible(&self, list: &Reading<'_>) -> HashSet<Arc<str>> {
        let sight = Sight::new(&self.control, &self.caller);
        let mut sees = sight.sees();
        let shown = list.rows().iter().filter(|row| self.query.takes(row) && sees(row));
        shown.map(|row| row.key().clone()).collect()
    }

    /// What the tab showed at an earlier number, if that is still known. Rights that have changed since make it
    /// unknown.
    fn shown_at(&self, list: &Reading<'_>, number: u64) -> Option<HashSet<Arc<str>>> {
        let mut shown = self.shown.clone();
        let sight = Sight::new(&self.control, &self.caller);
        let mut sees = sight.sees();
        let mut first = HashSet::new();
        for (_, news) in list.since(number)? {
            let change = match news {
                News::Row(change) if first.insert(change.key.clone()) => change,
                News::Row(_) => continue,
                News::Rights => return None,
            };
            match &change.before {
                Some(row) if self.query.takes(row) && sees(row) => shown.insert(change.key.clone()),
                _ => shown.remove(&change.key),
            };
        }
        Some(shown)
    }

    /// The tab asks for everything again, so that only what comes after this is news.
    fn reset(&mut self) {
        let control = self.control.clone();
        self.number = control.list.mark();
        self.shown = self.visible(&control.list.read());
        self.push("reset", Value::map());
        if let Some(gone) = self.application().into_iter().find(|(name, _)| *name == "gone") {
            self.push(gone.0, gone.1);
        }
        self.seal();
    }

    fn position(&self) -> String {
        self.control.list.position(self.number)
    }
}

/// Who comes back goes on with the tree that the tab had.
impl Drop for Tab {
    fn drop(&mut self) {
        self.control.snapshots.leave(self.tab);
    }
}

/// Several changes of a row are one, from the first to the last.
fn merge(changes: &mut HashMap<Arc<str>, Change>, change: &Change) {
    let key = change.key.clone();
    let now: Option<Arc<Row>> = change.now.clone();
    changes.entry(key).and_modify(|known| known.now = now).or_insert_with(|| change.clone());
}
