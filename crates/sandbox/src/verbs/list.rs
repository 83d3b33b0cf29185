//! Lists, in pages that belong to one revision.

use std::collections::BTreeMap;

use apimachinery::object;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use value::{Map, Value};

use super::Target;
use super::selection::Selection;
use crate::api::{Api, Transaction};
use crate::status::{self, Refusal};
use crate::store::ChangeKind;

/// How a list is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListOptions {
    pub(crate) limit: Option<usize>,
    pub(crate) token: Option<String>,
    pub(crate) revision: Option<u64>,
    /// Whether the revision is wanted exactly and not as the least one.
    pub(crate) exact: bool,
}

/// A page of objects.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    /// The revision that all pages show.
    pub(crate) revision: u64,
    /// What the next page is asked with.
    pub(crate) token: Option<String>,
    /// How many objects are on the pages that follow, where that is known.
    pub(crate) remaining: Option<usize>,
}

/// The selected objects, in the version of the request.
///
/// # Errors
/// The revision is not there yet or is no longer known, or the token is not one of ours.
pub(crate) fn list(
    api: &Api,
    target: &Target,
    selection: &Selection,
    options: &ListOptions,
) -> Result<Page, Refusal> {
    let transaction = api.begin();
    let now = transaction.revision();
    let token = options.token.as_deref().map(Token::parse).transpose()?;
    if let Some(wanted) = options.revision.filter(|wanted| *wanted > now) {
        return Err(status::too_large_revision(wanted, now));
    }
    let revision = match &token {
        Some(token) => token.revision,
        None => options.revision.filter(|_| options.exact).unwrap_or(now),
    };
    let from = token.as_ref().map(|token| (token.namespace.as_str(), token.name.as_str()));
    let stored: Vec<Value> = if revision == now {
        transaction.writer().list(&target.kind.table, selection.namespace(), from).cloned().collect()
    } else {
        drop(transaction);
        past(api, target, revision)?
            .into_values()
            .filter(|object| from.is_none_or(|from| place(object) >= from))
            .collect()
    };
    Ok(page(target, selection, options, (stored, revision)))
}

fn place(object: &Value) -> (&str, &str) {
    (object::namespace(object).unwrap_or_default(), object::name(object).unwrap_or_default())
}

fn page(
    target: &Target,
    selection: &Selection,
    options: &ListOptions,
    (stored, revision): (Vec<Value>, u64),
) -> Page {
    let mut selected =
        stored.iter().map(|object| target.kind.show(object)).filter(|object| selection.matches(object));
    let Some(limit) = options.limit.filter(|limit| *limit > 0) else {
        return Page { items: selected.collect(), revision, token: None, remaining: None };
    };
    let items: Vec<Value> = selected.by_ref().take(limit).collect();
    let Some(next) = selected.next() else {
        return Page { items, revision, token: None, remaining: None };
    };
    let (namespace, name) = place(&next);
    let token = Token { revision, namespace: namespace.to_owned(), name: name.to_owned() };
    let remaining = (!selection.is_selective()).then(|| 1 + selected.count());
    Page { items, revision, token: Some(token.to_text()), remaining }
}

/// The table as it was at a revision: the present one with the changes since taken back.
fn past(api: &Api, target: &Target, revision: u64) -> Result<BTreeMap<(String, String), Value>, Refusal> {
    let place = |object: &Value| {
        let (namespace, name) = place(object);
        (namespace.to_owned(), name.to_owned())
    };
    // A write between the two looks is among the changes that are taken back.
    let transaction: Transaction<'_> = api.begin();
    let mut objects: BTreeMap<_, _> =
        transaction.stored(&target.kind, None).map(|object| (place(object), object.clone())).collect();
    let seen = transaction.revision();
    drop(transaction);
    let (changes, _) =
        api.store.changes_after(&target.kind.table, revision).map_err(|_| status::continue_expired())?;
    for change in changes.into_iter().rev().filter(|change| change.revision <= seen) {
        match (change.kind, change.before) {
            (ChangeKind::Added, _) | (_, None) => objects.remove(&place(&change.object)),
            (_, Some(before)) => objects.insert(place(&before), before),
        };
    }
    Ok(objects)
}

/// What a `continue` parameter says.
struct Token {
    revision: u64,
    namespace: String,
    name: String,
}

impl Token {
    fn to_text(&self) -> String {
        let token = Value::map_of([
            ("v", Value::from("meta.k8s.io/v1")),
            ("rv", self.revision.into()),
            ("start", format!("{}/{}", self.namespace, self.name).into()),
        ]);
        BASE64_URL_SAFE_NO_PAD.encode(value::to_json(&token))
    }

    fn parse(text: &str) -> Result<Self, Refusal> {
        let read = || {
            let json = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
            let token = value::from_json(&json).ok()?;
            let (namespace, name) = token.str_at(&["start"])?.split_once('/')?;
            let revision = u64::try_from(token.get("rv")?.as_i64()?).ok()?;
            Some(Self { revision, namespace: namespace.to_owned(), name: name.to_owned() })
        };
        read().ok_or_else(|| {
            status::bad_request(
                "invalid continue token: continue key is not valid: it is not one of this server",
            )
        })
    }
}

impl Page {
    /// `metadata` of the list.
    pub(crate) fn metadata(&self) -> Value {
        let mut metadata = Map::from_iter([("resourceVersion", self.revision.to_string())]);
        if let Some(token) = &self.token {
            metadata.insert("continue", token.as_str());
        }
        if let Some(remaining) = self.remaining {
            metadata.insert("remainingItemCount", Value::from(remaining as u64));
        }
        metadata.into()
    }
}
