//! The list of the page: a row for each Application and Flux object, and what has lately happened to them.

use std::collections::VecDeque;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use engine::ObjectRef;
use insight::rows::{Change, Rows, object_of};
use tokio::sync::watch;
use value::Value;

/// Who was away for more changes than these asks for everything again.
const REMEMBERED: usize = 2048;

/// Something that readers of the list have to hear of.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// A row appeared, changed or went.
    Row(Change),
    /// Somebody may see more or less than before, or is nobody any more.
    Rights,
}

/// Rows and their changes.
pub(crate) struct List {
    /// Positions of another process mean nothing to this one.
    epoch: String,
    state: RwLock<State>,
    news: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    rows: Rows,
    /// That of the latest change or mark.
    number: u64,
    /// The latest changes and their numbers; marks have numbers too, and are none.
    lately: VecDeque<(u64, News)>,
    /// The number of the latest change that is not among them any more.
    forgotten: u64,
}

impl List {
    /// An empty list; `epoch` is unlike that of any other process.
    pub(crate) fn new(epoch: String) -> Self {
        Self { epoch, state: RwLock::default(), news: watch::Sender::new(0) }
    }

    /// Takes an object over as `now` finds it, which may be newer than what was heard of it.
    pub(crate) fn follow(&self, reference: &ObjectRef, now: impl FnOnce() -> Option<Value>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, so that an older state never comes after a newer one.
        let changes = match now() {
            Some(object) => state.rows.put(&object),
            None => state.rows.remove(reference),
        };
        self.tell(&mut state, changes.into_iter().map(News::Row));
    }

    /// Takes note that rights may have changed.
    pub(crate) fn rights_changed(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        self.tell(&mut state, [News::Rights].into_iter());
    }

    /// A number that stands for this moment alone.
    pub(crate) fn mark(&self) -> u64 {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.number += 1;
        state.number
    }

    /// Wakes with each change.
    pub(crate) fn listen(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// What is there, while nothing changes.
    pub(crate) fn read(&self) -> Reading<'_> {
        Reading { list: self, state: self.state.read().unwrap_or_else(PoisonError::into_inner) }
    }

    /// The Flux objects that have rows.
    pub(crate) fn flux_objects(&self) -> Vec<ObjectRef> {
        let list = self.read();
        let flux = list.rows().iter().filter(|row| !row.is_application());
        flux.filter_map(|row| object_of(row.key())).collect()
    }

    /// A number as clients know it.
    pub(crate) fn position(&self, number: u64) -> String {
        format!("{}-{number}", self.epoch)
    }

    fn tell(&self, state: &mut State, news: impl Iterator<Item = News>) {
        let before = state.number;
        news.for_each(|news| state.add(news));
        if state.number != before {
            self.news.send_replace(state.number);
        }
    }
}

impl State {
    fn add(&mut self, news: News) {
        self.number += 1;
        self.lately.push_back((self.number, news));
        if self.lately.len() > REMEMBERED
            && let Some((number, _)) = self.lately.pop_front()
        {
            self.forgotten = number;
        }
    }
}

/// The list at one moment.
pub(crate) struct Reading<'a> {
    list: &'a List,
    state: RwLockReadGuard<'a, State>,
}

impl Reading<'_> {
    pub(crate) fn rows(&self) -> &Rows {
        &self.state.rows
    }

    pub(crate) fn number(&self) -> u64 {
        self.state.number
    }

    pub(crate) fn position(&self) -> String {
        self.list.position(self.state.number)
    }

    /// The number of a position of this process.
    pub(crate) fn number_of(&self, position: &str) -> Option<u64> {
        let number = position.strip_prefix(&self.list.epoch)?.strip_prefix('-')?.parse().ok()?;
        (number <= self.state.number).then_some(number)
    }

    /// What has happened since then, with its numbers; `None` where that is not known any more.
    pub(crate) fn since(&self, number: u64) -> Option<impl Iterator<Item = (u64, &News)>> {
        let State { lately, forgotten, .. } = &*self.state;
        let first = lately.partition_point(|(of, _)| *of <= number);
        (*forgotten <= number).then(|| lately.range(first..).map(|(of, news)| (*of, news)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_push_no_change_out() {
        let list = List::new("test".to_owned());
        let start = list.mark();
        list.rights_changed();
        let marks: Vec<u64> = (0..2 * REMEMBERED).map(|_| list.mark()).collect();
        assert!(marks.windows(2).all(|pair| pair[0] < pair[1]) && marks[0] > start + 1);
        let numbers = |since: u64| -> Option<Vec<u64>> {
            list.read().since(since).map(|news| news.map(|(number, _)| number).collect())
        };
        assert_eq!(numbers(start), Some(vec![start + 1]));
        assert_eq!(numbers(marks[0]), Some(Vec::new()));
        (0..REMEMBERED).for_each(|_| list.rights_changed());
        assert_eq!(numbers(start), None);
        assert_eq!(numbers(start + 1).map(|known| known.len()), Some(REMEMBERED));
    }
}
