//! Where in a message something stands.

use std::fmt;

/// A field or item, and what it stands in.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
    pub(super) depth: usize,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Name(&'a str),
    At(usize),
}

impl<'a> Place<'a> {
    /// The message itself, by its name.
    pub(super) fn root(name: &'a str) -> Self {
        Self { parent: None, step: Step::Name(name), depth: 0 }
    }

    pub(super) fn name(&'a self, name: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Name(name), depth: self.depth + 1 }
    }

    pub(super) fn at(&'a self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::At(index), depth: self.depth }
    }
}

/// The path of field names; of the message itself its name.
impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The name of the message is not part of the path of its fields.
        if let Some(parent) = self.parent.filter(|parent| parent.parent.is_some()) {
            write!(f, "{parent}")?;
            if matches!(self.step, Step::Name(_)) {
                f.write_str(".")?;
            }
        }
        match self.step {
            Step::Name(name) => f.write_str(name),
            Step::At(index) => write!(f, "[{index}]"),
        }
    }
}
