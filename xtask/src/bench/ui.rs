//! The page in a browser: sizes, first rows, typing, scrolling, trees, changes.

use std::fs;

use anyhow::{Context as _, Result};

use super::Table;
use crate::{flamingo, page};

/// Measures in the browser of this machine; the tasks in `ui/bench` say what.
pub(super) fn bench() -> Result<()> {
    let browser = page::browser().context("no browser is installed, and CHROMIUM is not set")?;
    page::build()?;
    let binary = flamingo::build(true)?;
    let measured = page::bench(&browser, &binary);
    let figures = fs::read_to_string(page::folder().join("test-results/bench.json"))?;
    let figures: Vec<serde_json::Value> = serde_json::from_str(&figures).context("bench.json")?;
    let mut table = Table::default();
    for figure in &figures {
        let number = |field: &str| figure[field].as_f64().with_context(|| format!("no {field} in {figure}"));
        let text = |field: &str| figure[field].as_str().with_context(|| format!("no {field} in {figure}"));
        let (ours, limit) = (number("value")?, number("limit")?);
        if figure["isFloor"] == true {
            table.at_least(text("measure")?, ours, limit, text("unit")?);
        } else {
            table.row(text("measure")?, ours, limit, text("unit")?);
        }
    }
    table.print();
    measured
}
