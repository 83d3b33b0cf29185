//! A parsed template.

use std::ops::Range;
use std::sync::Arc;

use crate::error::Place;
use crate::node::{self, Id, Ids, Kind, Names, Node};
use crate::value::Str;

/// One template: the body of a text, or of a `define` or `block` in it. Immutable.
pub(crate) struct Template {
    /// The name that it is executed by.
    pub(crate) name: Str,
    /// What it shares with the other templates of the same text.
    pub(crate) source: Arc<Source>,
    /// Its list of nodes.
    pub(crate) root: Id,
}

/// A text and all nodes parsed from it.
pub(crate) struct Source {
    /// The name that the text was parsed under.
    pub(crate) name: Arc<str>,
    pub(crate) text: Arc<[u8]>,
    pub(crate) nodes: Vec<Node>,
    /// What lists, commands and pipelines hold, one after the other.
    pub(crate) ids: Vec<Id>,
    /// The names of fields and variables, one after the other.
    pub(crate) names: Vec<Str>,
}

impl Source {
    pub(crate) fn ids(&self, ids: Ids) -> &[Id] {
        &self.ids[ids.start as usize..ids.end as usize]
    }

    pub(crate) fn names(&self, names: Names) -> &[Str] {
        &self.names[names.start as usize..names.end as usize]
    }
}

impl Template {
    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.source.nodes[id as usize]
    }

    pub(crate) fn ids(&self, ids: Ids) -> &[Id] {
        self.source.ids(ids)
    }

    pub(crate) fn names(&self, names: Names) -> &[Str] {
        self.source.names(names)
    }

    pub(crate) fn slice(&self, range: &Range<u32>) -> &[u8] {
        &self.source.text[range.start as usize..range.end as usize]
    }

    /// `parse.IsEmptyTree`: nothing but white space and definitions.
    pub(crate) fn is_empty(&self) -> bool {
        is_empty(&self.source, self.root)
    }

    /// `ErrorContext`: where a node stands, and how it is printed.
    pub(crate) fn place(&self, id: Id) -> Place {
        let pos = (self.node(id).pos as usize).min(self.source.text.len());
        let (line, column) = line_and_column(&self.source.text, pos);
        let printed = node::print(self, id);
        let rest = &self.source.text[pos..];
        let in_line = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let length = printed.len().min(in_line).max(1);
        Place { name: self.source.name.clone(), line, column, length, node: printed }
    }

    /// The line of a byte of the text, from 1.
    pub(crate) fn line_of(&self, pos: u32) -> usize {
        line_and_column(&self.source.text, pos as usize).0
    }
}

/// `parse.IsEmptyTree` of a list of nodes.
pub(crate) fn is_empty(source: &Source, root: Id) -> bool {
    let Kind::List(nodes) = &source.nodes[root as usize].kind else { return false };
    source.ids(*nodes).iter().all(|node| match &source.nodes[*node as usize].kind {
        Kind::Text(range) => {
            crate::runes::trim_space(&source.text[range.start as usize..range.end as usize]).is_empty()
        }
        _ => false,
    })
}

fn line_and_column(text: &[u8], pos: usize) -> (usize, usize) {
    let before = &text[..pos];
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let column = match before.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => pos - at - 1,
        None => pos,
    };
    (line, column)
}
