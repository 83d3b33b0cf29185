//! Where blanks and line breaks go.

use super::EmitError;
use super::scalar::{self, Style};

/// Whose style a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Which go-yaml it follows where they differ: numbers, order of keys, words that need quotes.
    pub(super) rules: crate::Rules,
    /// Whether numbers pass through JSON on their way.
    pub(super) through_json: bool,
    /// The columns of one level.
    pub(super) step: usize,
    /// Beyond this column, a plain or quoted text goes on in the next line.
    pub(super) width: usize,
    /// Whether the items of a list stand at the level of its key.
    pub(super) flat_lists: bool,
}

impl Profile {
    /// `sigs.k8s.io/yaml.Marshal`: through JSON, then go-yaml v2. Helm's `toYaml` and kustomize's output.
    pub const KUBERNETES: Self =
        Self { rules: crate::Rules::V2, through_json: true, step: 2, width: 80, flat_lists: true };

    /// go-yaml v3 as kyaml uses it: lists stand at the level of their key.
    pub(crate) const KYAML: Self =
        Self { rules: crate::Rules::V3, through_json: false, step: 2, width: usize::MAX, flat_lists: true };

    /// go-yaml v3 with an indentation of two columns: Helm's `toYamlPretty`.
    pub const V3: Self =
        Self { rules: crate::Rules::V3, through_json: false, step: 2, width: usize::MAX, flat_lists: false };
}

/// What a node is to its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Root,
    Item,
    SimpleKey,
    /// A key that needs a `?` in front.
    Key,
    Value,
}

/// The indentation outside of a collection.
#[derive(Clone, Copy)]
pub(super) struct Outer(Option<usize>);

/// The text so far, and libyaml's state of it.
pub(super) struct Layout<'a> {
    out: &'a mut String,
    profile: Profile,
    column: usize,
    /// The indentation of the innermost collection; none outside of all.
    indent: Option<usize>,
    /// Whether the last character was a blank or a line break.
    after_blank: bool,
    /// Whether the line holds nothing but indentation and indicators so far.
    at_start: bool,
}

impl<'a> Layout<'a> {
    pub(super) fn new(out: &'a mut String, profile: Profile) -> Self {
        Self { out, profile, column: 0, indent: None, after_blank: true, at_start: true }
    }

    pub(super) fn profile(&self) -> Profile {
        self.profile
    }

    pub(super) fn enter_list(&mut self, place: Place) -> Outer {
        let outer = Outer(self.indent);
        let is_flat = self.profile.flat_lists && place == Place::Value && !self.at_start;
        if !is_flat || self.indent.is_none() {
            self.indent = Some(self.deeper(place));
        }
        outer
    }

    pub(super) fn enter_map(&mut self, place: Place) -> Outer {
        let outer = Outer(self.indent);
        self.indent = Some(self.deeper(place));
        outer
    }

    pub(super) fn leave(&mut self, outer: Outer) {
        self.indent = outer.0;
    }

    fn deeper(&self, place: Place) -> usize {
        match (self.indent, place) {
            (None, _) => 0,
            // The blank after a list's dash counts as indentation.
            (Some(indent), Place::Item) => indent + 2,
            (Some(indent), _) => self.profile.step * (indent / self.profile.step + 1),
        }
    }

    /// A line, or what is left of this one, that starts with an indicator.
    pub(super) fn line(&mut self, indicator: &str) {
        self.indent();
        self.indicator(indicator, true, true);
    }

    pub(super) fn indicator(&mut self, indicator: &str, needs_blank: bool, keeps_start: bool) {
        if needs_blank && !self.after_blank {
            self.put(" ");
        }
        self.put(indicator);
        self.after_blank = false;
        self.at_start = self.at_start && keeps_start;
    }

    pub(super) fn empty_collection(&mut self, brackets: &str) {
        self.indicator(brackets, true, false);
    }

    /// A number, a truth value or null.
    pub(super) fn word(&mut self, text: &str, place: Place) {
        self.quoted_or_plain(text, "", place);
    }

    pub(super) fn text(&mut self, text: &str, place: Place) -> Result<(), EmitError> {
        let style = scalar::style(text, self.profile, place == Place::SimpleKey)?;
        match style {
            Style::Plain => self.quoted_or_plain(text, "", place),
            Style::Single => self.quoted_or_plain(text, "'", place),
            Style::Double => self.double_quoted(text, place),
            Style::Literal => self.literal(text, place),
        }
        Ok(())
    }

    pub(super) fn end_of_document(&mut self) {
        self.indent = None;
        if self.column > 0 {
            self.line_break();
        }
    }

    /// What a text goes on at when it is folded or a block.
    fn inside(&self, place: Place) -> usize {
        match self.indent {
            None => self.profile.step,
            Some(_) => self.deeper(place),
        }
    }

    fn folds(&self, place: Place) -> usize {
        if place == Place::SimpleKey { usize::MAX } else { self.profile.width }
    }

    /// A text whose line breaks, if it has any, are written as empty lines.
    fn quoted_or_plain(&mut self, text: &str, quote: &str, place: Place) {
        self.indicator(quote, true, false);
        let (width, inside) = (self.folds(place), self.inside(place));
        let is_quoted = !quote.is_empty();
        if !is_quoted && self.column + text.len() <= width {
            self.put(text);
            return;
        }
        let (mut after_space, mut after_break) = (false, false);
        for (at, char) in text.char_indices() {
            if char == ' ' {
                let next_is_space = text.as_bytes().get(at + 1) == Some(&b' ');
                let is_inner = !is_quoted || (at > 0 && at + 1 < text.len());
                if !after_space && self.column > width && is_inner && !next_is_space {
                    self.indent_to(inside);
                } else {
                    self.put(" ");
                }
                after_space = true;
            } else if scalar::is_break(char) {
                if !after_break && char == '\n' {
                    self.line_break();
                }
                self.break_of(char);
                after_break = true;
            } else {
                if after_break {
                    self.indent_to(inside);
                }
                if char == '\'' && is_quoted {
                    self.put("'");
                }
                self.put_char(char);
                (self.at_start, after_space, after_break) = (false, false, false);
            }
        }
        self.put(quote);
        self.after_blank = false;
        self.at_start = false;
    }

    fn double_quoted(&mut self, text: &str, place: Place) {
        self.indicator("\"", true, false);
        let (width, inside) = (self.folds(place), self.inside(place));
        let escapes_all = text.starts_with('\u{feff}');
        let mut after_space = false;
        for (at, char) in text.char_indices() {
            if escapes_all || scalar::needs_escape(char) {
                let escape = scalar::escape(char);
                self.put(&escape);
                after_space = false;
            } else if char == ' ' {
                if !after_space && self.column > width && at > 0 && at + 1 < text.len() {
                    self.indent_to(inside);
                    if text.as_bytes().get(at + 1) == Some(&b' ') {
                        self.put("\\");
                    }
                } else {
                    self.put(" ");
                }
                after_space = true;
            } else {
                self.put_char(char);
                after_space = false;
            }
        }
        self.indicator("\"", false, false);
    }

    fn literal(&mut self, text: &str, place: Place) {
        self.indicator("|", true, false);
        if text.starts_with(|first| first == ' ' || scalar::is_break(first)) {
            let step = self.profile.step.to_string();
            self.put(&step);
        }
        self.put(scalar::chomping(text));
        self.line_break();
        (self.after_blank, self.at_start) = (true, true);
        let inside = self.inside(place);
        let mut at_break = true;
        for char in text.chars() {
            if scalar::is_break(char) {
                self.break_of(char);
                at_break = true;
            } else {
                if at_break {
                    self.indent_to(inside);
                }
                self.put_char(char);
                (self.at_start, at_break) = (false, false);
            }
        }
    }

    pub(super) fn indent(&mut self) {
        self.indent_to(self.indent.unwrap_or(0));
    }

    fn indent_to(&mut self, indent: usize) {
        if !self.at_start || self.column > indent || (self.column == indent && !self.after_blank) {
            self.line_break();
        }
        while self.column < indent {
            self.put(" ");
        }
        self.after_blank = true;
        self.at_start = true;
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn break_of(&mut self, char: char) {
        self.out.push(char);
        self.column = 0;
        self.at_start = true;
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += if text.is_ascii() { text.len() } else { text.chars().count() };
    }

    fn put_char(&mut self, char: char) {
        self.out.push(char);
        self.column += 1;
    }
}
