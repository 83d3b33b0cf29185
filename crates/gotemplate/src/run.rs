//! The state of a run: output, budgets, and what is recorded.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use go_semver::Constraints;

use crate::environment::Environment;
use crate::error::Limit;
use crate::functions::Pattern;
use crate::record::{Recorder, Write};
use crate::set::Set;
use crate::template::Template;
use crate::value::{Map, Str, Value, WeakMap, deep_equal};

/// What a run may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Actions, calls and iterations.
    pub steps: u64,
    /// Nesting of `{{template}}`; Go's is 100,000.
    pub depth: usize,
    /// Nesting of `include` of one name; Helm's is 1,000.
    pub includes: usize,
    /// Bytes written by all templates together.
    pub output: usize,
    /// Bytes of all strings and lists that functions made.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 50_000_000, depth: 100_000, includes: 1_000, output: 64 << 20, memory: 1 << 30 }
    }
}

/// A failure of a template that lint mode lets pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Helm's words for it.
    pub what: &'static str,
    /// What the template says.
    pub message: String,
    /// Whether the template asked to fail, which helm takes for information.
    pub is_asked_for: bool,
}

/// One rendering: of one template or of all templates of a chart, one after another.
///
/// Values that templates made or changed may hold each other; when the run ends, maps that were changed
/// by a template (`set`, `merge`) are emptied, so that nothing stays behind. Keep the run until the last
/// template was executed.
pub struct Run<'a> {
    pub(crate) environment: &'a Environment<'a>,
    pub(crate) limits: Limits,
    pub(crate) out: Vec<u8>,
    pub(crate) steps: u64,
    pub(crate) memory: u64,
    /// Where the output of the `include` or template in progress begins; recorded ranges start there.
    pub(crate) base: usize,
    /// Lists for arguments, kept so that calls need not allocate.
    pub(crate) spare: Vec<Vec<Value>>,
    pub(crate) depth: usize,
    pub(crate) includes: HashMap<Str, usize>,
    pub(crate) set: Option<Rc<Set>>,
    pub(crate) parsed: HashMap<Str, Rc<Vec<Arc<Template>>>>,
    pub(crate) patterns: HashMap<Str, Rc<Pattern>>,
    pub(crate) constraints: HashMap<Str, Rc<Constraints>>,
    pub(crate) recorder: Option<Recorder>,
    /// What `required` and `fail` would have refused outside of lint mode.
    pub warnings: Vec<Warning>,
    changed: Vec<WeakMap>,
}

impl<'a> Run<'a> {
    /// A run with nothing written yet.
    pub fn new(environment: &'a Environment<'a>, limits: Limits) -> Self {
        Self {
            environment,
            limits,
            out: Vec::new(),
            steps: 0,
            memory: 0,
            base: 0,
            spare: Vec::new(),
            depth: 0,
            includes: HashMap::new(),
            set: None,
            parsed: HashMap::new(),
            patterns: HashMap::new(),
            constraints: HashMap::new(),
            recorder: None,
            warnings: Vec::new(),
            changed: Vec::new(),
        }
    }

    /// Takes what was written since the last call (or what a failed template had written so far).
    pub fn take_output(&mut self) -> Vec<u8> {
        // The room that it grew into serves the next template.
        let out = self.out.to_vec();
        self.out.clear();
        out
    }

    /// The world of the run.
    pub fn environment(&self) -> &'a Environment<'a> {
        self.environment
    }

    /// Records from now on which action wrote which bytes, and which values below `root` it read.
    pub fn record(&mut self, root: &Map) {
        self.recorder = Some(Recorder::new(root));
    }

    /// Takes the writes recorded since the last call, in the order of the output that
    /// [`Run::take_output`] gives. Call it before or after that, once per template.
    pub fn take_writes(&mut self) -> Vec<Write> {
        self.recorder.as_mut().map(|recorder| std::mem::take(&mut recorder.writes)).unwrap_or_default()
    }

    /// A function reads an entry of a map.
    pub(crate) fn reads(&mut self, map: &Map, key: &[u8]) {
        if let Some(recorder) = &mut self.recorder {
            recorder.read(map, key, None);
        }
    }

    /// Pays for one step.
    pub(crate) fn step(&mut self) -> Result<(), Limit> {
        self.steps += 1;
        if self.steps > self.limits.steps { Err(Limit::Steps(self.limits.steps)) } else { Ok(()) }
    }

    /// Pays for what takes as long as so many steps.
    pub(crate) fn steps_at_once(&mut self, steps: u64) -> Result<(), Limit> {
        self.steps = self.steps.saturating_add(steps);
        self.step()
    }

    /// `reflect.DeepEqual`; each pair of values that is compared is a step.
    pub(crate) fn deep_equal(&mut self, a: &Value, b: &Value) -> Result<bool, Limit> {
        let mut left = self.limits.steps.saturating_sub(self.steps);
        let equal = deep_equal(a, b, &mut left);
        self.steps = self.limits.steps - left.min(self.limits.steps);
        match equal {
            Err(Limit::Steps(_)) => Err(Limit::Steps(self.limits.steps)),
            other => other,
        }
    }

    /// Pays for memory before a function takes it.
    ///
    /// # Errors
    /// The run has used up its memory.
    pub fn charge(&mut self, bytes: usize) -> Result<(), Limit> {
        self.memory = self.memory.saturating_add(bytes as u64);
        if self.memory > self.limits.memory { Err(Limit::Memory(self.limits.memory)) } else { Ok(()) }
    }

    /// What is left to be paid for.
    pub(crate) fn memory_left(&self) -> u64 {
        self.limits.memory.saturating_sub(self.memory)
    }

    /// A random number.
    pub(crate) fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        self.environment.entropy.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A random number below another; zero where that is zero.
    pub(crate) fn random_below(&self, limit: u64) -> u64 {
        // The high half of the product is even enough for any limit that templates meet.
        ((u128::from(self.random()) * u128::from(limit)) >> 64) as u64
    }

    /// Remembers that a template put something into a map, which may have closed a cycle.
    pub(crate) fn changed(&mut self, map: &Map, value: &Value) {
        if matches!(value, Value::Map(_) | Value::List(_)) {
            self.changed.push(map.downgrade());
        }
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        for map in std::mem::take(&mut self.changed) {
            map.clear();
        }
    }
}
