//! Any text is a template or refused, and ends within its limits.

#![no_main]

use gotemplate::{Entropy, Environment, Functions, Limits, MissingKey, Run, Set, Value};
use libfuzzer_sys::fuzz_target;

struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

fuzz_target!(|text: &[u8]| {
    let mut set = Set::new("gotpl", Functions::helm());
    set.set_missing_key(MissingKey::Zero);
    if set.parse("chart/templates/a.yaml", text).is_err() {
        return;
    }
    let environment = Environment {
        now: jiff::Timestamp::UNIX_EPOCH,
        zone: jiff::tz::TimeZone::UTC,
        entropy: &Zeros,
        cluster: None,
        resolver: None,
        lint: false,
    };
    let values = Value::map_of([("a", Value::from("x")), ("n", Value::int(3)), ("m", Value::map())]);
    let data = Value::map_of([("Values", values)]);
    let limits = Limits { steps: 100_000, output: 1 << 20, memory: 32 << 20, ..Limits::default() };
    let mut run = Run::new(&environment, limits);
    // What it says does not matter, only that it ends.
    drop(set.execute("chart/templates/a.yaml", &data, &mut run));
    assert!(run.take_output().len() <= (1 << 20) + text.len());
});
