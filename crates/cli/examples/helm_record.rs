//! Release records for real helm to read: `helm_record again < SECRET` decodes a Secret and encodes it anew,
//! `helm_record new CHART NAME NAMESPACE` renders the chart in a folder and makes its first record.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use cli::helm::Folder;
use gotemplate::{Entropy, Environment, Limits};
use helm::capabilities::Capabilities;
use helm::record::{Record, Status};
use helm::{Chart, Compiled, Release, Request};
use value::Value;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let now = jiff::Timestamp::now();
    let secret = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["again"] => {
            let mut text = Vec::new();
            std::io::stdin().read_to_end(&mut text)?;
            Record::from_secret(&value::from_json(&text)?)?.to_secret(now, false)?
        }
        ["new", chart, name, namespace] => {
            new(Path::new(chart), (name, namespace), now)?.to_secret(now, true)?
        }
        _ => bail!("record again, or record new CHART NAME NAMESPACE"),
    };
    Ok(std::io::stdout().write_all(value::to_json(&secret).as_bytes())?)
}

struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

fn new(folder: &Path, (name, namespace): (&str, &str), now: jiff::Timestamp) -> Result<Record> {
    let chart = Arc::new(Chart::from_folder(&Folder::new(folder), &helm::Log::default())?);
    let environment = Environment {
        now,
        zone: jiff::tz::TimeZone::UTC,
        entropy: &Zeros,
        cluster: None,
        resolver: None,
        lint: false,
    };
    let release =
        Release { name: name.to_owned(), namespace: namespace.to_owned(), revision: 1, is_upgrade: false };
    let values = Value::map();
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
    let rendering = helm::render(&chart, &Compiled::default(), &request)?;
    let mut record = Record::new(&chart, &values, &release, &rendering, now);
    record.set_status(Status::Deployed, "Install complete");
    Ok(record)
}
