//! `helm_warm CHART TIMES`: renders a chart of a folder with ever new values in one process, and prints the CPU
//! seconds that one rendering takes once the chart is parsed, and `keys` if it makes some.

#![expect(clippy::print_stdout, reason = "the number is for the one who measures")]

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use cli::helm::Folder;
use gotemplate::{Entropy, Environment, Limits};
use helm::capabilities::Capabilities;
use helm::{Chart, Compiled, Release, Request};
use value::Value;

/// Seconds that are measured at least, unless a chart is rendered this often before.
const LEAST: f64 = 0.2;
const MOST: u32 = 5_000;
/// Who asks for so many random bytes at once looks for a prime.
const PRIME: usize = 128;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("no chart")?;
    let times: u32 = arguments.next().context("no number")?.parse()?;
    let chart = Arc::new(Chart::from_folder(&Folder::new(Path::new(&folder)), &helm::Log::default())?);
    let compiled = Compiled::default();
    // Some schemas allow no value that they do not know; then the revision alone is new.
    let allows_any = render(&chart, &compiled, (0, true)).is_ok();
    render(&chart, &compiled, (0, allows_any))?;
    let before = cpu_seconds()?;
    let mut rendered = 0;
    let mut taken = 0.0;
    // Linux counts in ticks of some milliseconds, so a fast chart is rendered more often.
    while rendered < times || (taken < LEAST && rendered < MOST) {
        rendered += 1;
        render(&chart, &compiled, (rendered, allows_any))?;
        taken = cpu_seconds()? - before;
    }
    let keys = if MAKES_KEYS.get() { " keys" } else { "" };
    println!("{}{keys}", taken / f64::from(rendered));
    Ok(())
}

fn render(chart: &Arc<Chart>, compiled: &Compiled, (at, allows_any): (u32, bool)) -> Result<()> {
    let environment = Environment {
        now: jiff::Timestamp::now(),
        zone: jiff::tz::TimeZone::UTC,
        entropy: &Counter(Cell::new(u64::from(at))),
        cluster: None,
        resolver: None,
        lint: false,
    };
    let release = Release {
        name: "release-name".to_owned(),
        namespace: "default".to_owned(),
        revision: i64::from(at),
        is_upgrade: false,
    };
    let values = Value::map_of(allows_any.then_some(("warm", at)));
    let request = Request {
        values: &values,
        release: &release,
        capabilities: &Capabilities::default(),
        environment: &environment,
        limits: Limits::default(),
        skip_schema: false,
        subchart_notes: false,
        record: false,
        post_renderer: None,
        log: &helm::Log::default(),
    };
    let rendering = helm::render(chart, compiled, &request)?;
    let stream = helm::output::stream(&rendering, helm::output::Selection::default());
    anyhow::ensure!(stream.text.ends_with('\n'), "no output");
    Ok(())
}

thread_local! {
    static MAKES_KEYS: Cell<bool> = const { Cell::new(false) };
}

/// SplitMix64: the same in every run, and no key made with it is used.
struct Counter(Cell<u64>);

impl Entropy for Counter {
    fn fill(&self, buffer: &mut [u8]) {
        if buffer.len() >= PRIME {
            MAKES_KEYS.set(true);
        }
        for chunk in buffer.chunks_mut(8) {
            let state = self.0.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
            self.0.set(state);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// How long this thread has run, as Linux counts it.
fn cpu_seconds() -> Result<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().context("no time")?.parse()?;
    Ok(nanoseconds / 1e9)
}
