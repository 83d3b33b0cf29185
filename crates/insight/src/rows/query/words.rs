//! The words of a search: `shop -health:healthy image:nginx "two words"`.

use super::Facet;
use crate::rows::Row;

/// Words that must all be found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words(Vec<Word>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    field: Field,
    /// In small letters.
    text: String,
    is_unwanted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Any,
    Name,
    Facet(Facet),
    /// Its own, or the one that it deploys to.
    Namespace,
    Repository,
    Image,
}

impl Words {
    /// Every text is a search: what names no field is looked for as it is.
    pub(super) fn parse(text: &str) -> Self {
        Self(split(text).into_iter().filter_map(|word| Word::parse(&word)).collect())
    }

    pub(super) fn take(&self, row: &Row) -> bool {
        self.0.iter().all(|word| word.is_in(row) != word.is_unwanted)
    }
}

impl Word {
    fn parse(word: &str) -> Option<Self> {
        let (is_unwanted, word) = match word.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, word),
        };
        let named = word.split_once(':').and_then(|(name, rest)| Some((Field::named(name)?, rest)));
        let (field, text) = named.unwrap_or((Field::Any, word));
        (!text.is_empty()).then(|| Self { field, text: text.to_lowercase(), is_unwanted })
    }

    fn is_in(&self, row: &Row) -> bool {
        let has = |text: &str| contains(text, &self.text);
        match self.field {
            Field::Any => row.text.contains(&self.text),
            Field::Name => has(row.name()),
            Field::Facet(facet) => has(row.facet(facet)),
            Field::Namespace => has(row.namespace()) || has(row.destination_namespace()),
            Field::Repository => row.repository.contains(&self.text),
            Field::Image => row.images.contains(&self.text),
        }
    }
}

impl Field {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "name" => Self::Name,
            "health" => Self::Facet(Facet::Health),
            "sync" => Self::Facet(Facet::Sync),
            "kind" => Self::Facet(Facet::Kind),
            "project" => Self::Facet(Facet::Project),
            "ns" => Self::Namespace,
            "repo" => Self::Repository,
            "image" => Self::Image,
            _ => return None,
        })
    }
}

/// `lower` is in small letters, as are most names.
fn contains(text: &str, lower: &str) -> bool {
    text.contains(lower) || (text.contains(char::is_uppercase) && text.to_lowercase().contains(lower))
}

/// At spaces that stand in no quotes; a quote that is not closed reaches to the end.
fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
    for character in text.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            ' ' | '\t' | '\n' if !is_quoted => words.push(std::mem::take(&mut word)),
            other => word.push(other),
        }
    }
    words.push(word);
    words
}
