//! Any bytes are a schema or refused, whatever the values.

#![no_main]

use std::sync::Arc;

use gotemplate::{Entropy, Environment, Limits};
use helm::capabilities::Capabilities;
use helm::{Chart, Compiled, File, Log, Release, Request};
use libfuzzer_sys::fuzz_target;
use value::Value;

struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

fuzz_target!(|schema: &[u8]| {
    let file = |name: &str, data: &[u8]| File { name: name.into(), data: data.into(), modified: None };
    let log = Log::default();
    let chart = Chart::from_files(
        vec![
            file("Chart.yaml", b"apiVersion: v2\nname: app\nversion: 1.0.0\n"),
            file("values.yaml", b"a: {b: [1, x, null], c: {d: 1.5}}\ne: text\n"),
            file("values.schema.json", schema),
        ],
        &log,
    )
    .expect("a chart, whatever its schema");
    let environment = Environment {
        now: jiff::Timestamp::UNIX_EPOCH,
        zone: jiff::tz::TimeZone::UTC,
        entropy: &Zeros,
        cluster: None,
        resolver: None,
        lint: false,
    };
    let release = Release { name: "r".to_owned(), namespace: "n".to_owned(), revision: 1, is_upgrade: false };
    let request = Request {
        values: &Value::map(),
        release: &release,
        capabilities: &Capabilities::default(),
        environment: &environment,
        limits: Limits::default(),
        skip_schema: false,
        subchart_notes: false,
        record: false,
        post_renderer: None,
        log: &log,
    };
    drop(helm::render(&Arc::new(chart), &Compiled::default(), &request));
});
