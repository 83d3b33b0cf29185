//! A place in a template, shown with the text around it.

use gotemplate::Error;
use helm::Compiled;

/// The place where a template failed, and the places that led there, innermost first.
pub(crate) fn trace(error: &Error, compiled: &Compiled) -> Vec<String> {
    let chain = error.chain();
    let mut lines = Vec::new();
    match (error, chain.last()) {
        (_, Some(last)) => {
            let place = &last.place;
            lines.extend(shown(compiled, &place.name, (place.line, place.column), &place.node));
        }
        (Error::Parse { name, line, offset, .. }, None) => {
            let column = compiled.source(name).map_or(0, |text| column_of(&text, *offset, *line));
            lines.extend(shown(compiled, name, (*line, column), ""));
        }
        _ => {}
    }
    for outer in chain.iter().rev().skip(1) {
        let place = &outer.place;
        lines.push(format!(
            "  included by {}:{}:{}: {{{{ {} }}}}",
            place.name, place.line, place.column, place.node
        ));
    }
    lines
}

/// The column of an offset, if it lies on that line.
fn column_of(text: &[u8], offset: usize, line: usize) -> usize {
    let before = &text[..offset.min(text.len())];
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let lines = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    if lines == line { before.len() - start } else { 0 }
}

/// A line of a template with carets below the node; columns count bytes from 0, as Go's do.
fn shown(compiled: &Compiled, path: &str, (line, column): (usize, usize), node: &str) -> Vec<String> {
    let head = format!("  --> {path}:{line}:{}", column + 1);
    let Some(text) = compiled.source(path) else { return vec![head] };
    let text = String::from_utf8_lossy(&text);
    let Some(content) = text.split('\n').nth(line.saturating_sub(1)) else { return vec![head] };
    let content = content.trim_end_matches('\r');
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    let (start, length) = span(content, column, node);
    let before: String = content
        .char_indices()
        .take_while(|(at, _)| *at < start)
        .map(|(_, char)| if char == '\t' { '\t' } else { ' ' })
        .collect();
    vec![
        head,
        format!("  {margin} |"),
        format!("  {number} | {content}"),
        format!("  {margin} | {before}{}", "^".repeat(length)),
    ]
}

/// Where the node starts and how many characters it has. Go points into the middle of chains of fields.
fn span(content: &str, column: usize, node: &str) -> (usize, usize) {
    let column = column.min(content.len());
    let (Some(before), Some(after)) = (content.get(..column), content.get(column..)) else {
        return (column, 1);
    };
    let splits = node.char_indices().map(|(at, _)| node.split_at(at));
    let whole = splits.into_iter().find(|(left, right)| before.ends_with(left) && after.starts_with(right));
    match whole {
        Some((left, _)) => (column - left.len(), node.chars().count().max(1)),
        None => (column, 1),
    }
}
