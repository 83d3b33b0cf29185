//! What the API server knows about the fields of a kind.
//!
//! One tree serves built-in kinds, whose schemas refer to each other by name and may be recursive, and
//! custom kinds, whose structural schema stands in the CustomResourceDefinition. A node is built when it
//! is first looked at, so that a process pays for the kinds it meets.

mod crd;
mod parse;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use regex::Regex;
use value::{Key, Value};

pub use crd::FieldError;

/// A built-in definition.
pub(crate) fn definition(name: &str, source: Value) -> Schema {
    Schema(Arc::new(Deferred { node: OnceLock::new(), source, name: Some(Arc::from(name)) }))
}

/// A schema, cheap to clone. Dereferences to its [`Node`].
#[derive(Clone)]
pub struct Schema(Arc<Deferred>);

struct Deferred {
    node: OnceLock<Node>,
    /// The OpenAPI form that the node is built from.
    source: Value,
    /// The name of the definition that it is.
    name: Option<Arc<str>>,
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A map with named fields or with free keys.
    Object,
    /// A list.
    Array,
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
}

impl Type {
    /// The name in OpenAPI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }
}

/// How the elements of a list belong together (`x-kubernetes-list-type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListType {
    /// The list is one value with one owner.
    #[default]
    Atomic,
    /// Each element is its own key.
    Set,
    /// Elements are maps that are told apart by their key fields.
    Map,
}

/// How the entries of a map belong together (`x-kubernetes-map-type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MapType {
    /// Each entry has its own owners.
    #[default]
    Granular,
    /// The map is one value with one owner.
    Atomic,
}

/// Keys that are not properties.
#[derive(Clone, Debug)]
pub enum AdditionalProperties {
    /// Whatever they hold is allowed.
    Anything,
    /// They are refused.
    Nothing,
    /// They hold values of this schema.
    Of(Schema),
}

/// How a strategic merge patch treats a field (`x-kubernetes-patch-strategy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PatchStrategy {
    /// Lists are merged, by key or as sets.
    pub merge: bool,
    /// Only the keys that the patch lists stay.
    pub retain_keys: bool,
}

/// A validation rule in CEL, kept as text; it is evaluated elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// The expression.
    pub rule: String,
    /// The message when the rule does not hold.
    pub message: Option<String>,
    /// An expression that makes the message.
    pub message_expression: Option<String>,
    /// The reason of the error, such as `FieldValueInvalid`.
    pub reason: Option<String>,
    /// The path of the field that the error names, relative to the rule's place.
    pub field_path: Option<String>,
    /// Whether `oldSelf` is optional, so that the rule runs on creation too.
    pub optional_old_self: bool,
}

/// A pattern with its text as it stands in the schema.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The regular expression as written.
    pub text: Arc<str>,
    /// The compiled expression; `None` where this engine cannot compile it, and nothing is checked.
    pub regex: Option<Regex>,
}

/// Value checks beside the type.
#[derive(Clone, Debug, Default)]
pub struct Constraints {
    /// The allowed values.
    pub enumeration: Option<Vec<Value>>,
    /// The pattern of a text.
    pub pattern: Option<Pattern>,
    /// The smallest number.
    pub minimum: Option<Value>,
    /// Whether the smallest number itself is refused.
    pub exclusive_minimum: bool,
    /// The largest number.
    pub maximum: Option<Value>,
    /// Whether the largest number itself is refused.
    pub exclusive_maximum: bool,
    /// What a number must be a multiple of.
    pub multiple_of: Option<Value>,
    /// The least length of a text in characters.
    pub min_length: Option<u64>,
    /// The greatest length of a text in characters.
    pub max_length: Option<u64>,
    /// The least number of elements.
    pub min_items: Option<u64>,
    /// The greatest number of elements.
    pub max_items: Option<u64>,
    /// Whether elements must differ.
    pub unique_items: bool,
    /// The least number of entries.
    pub min_properties: Option<u64>,
    /// The greatest number of entries.
    pub max_properties: Option<u64>,
    /// Schemas that must all hold.
    pub all_of: Vec<Schema>,
    /// Schemas of which at least one must hold.
    pub any_of: Vec<Schema>,
    /// Schemas of which exactly one must hold.
    pub one_of: Vec<Schema>,
    /// A schema that must not hold.
    pub not: Option<Schema>,
}

/// What is known about one place of an object.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// The name of the definition that this is, such as `io.k8s.api.core.v1.PodSpec`.
    pub definition: Option<Arc<str>>,
    /// The type; `None` where values of several types are accepted.
    pub r#type: Option<Type>,
    /// The named fields of an object.
    pub properties: Arc<BTreeMap<Key, Schema>>,
    /// What other keys of an object hold; `None` where the schema does not say.
    pub additional_properties: Option<AdditionalProperties>,
    /// The elements of a list.
    pub items: Option<Schema>,
    /// The fields that must be there.
    pub required: Arc<[Key]>,
    /// The format, such as `int32` or `date-time`.
    pub format: Option<Arc<str>>,
    /// Whether null is a value.
    pub nullable: bool,
    /// The default.
    pub default: Option<Value>,
    /// Whether both an integer and a text are accepted.
    pub int_or_string: bool,
    /// Whether fields that the schema does not name are kept.
    pub preserve_unknown_fields: bool,
    /// Whether the value is an object with apiVersion, kind and metadata.
    pub embedded_resource: bool,
    /// `x-kubernetes-list-type`; `None` where the schema does not say.
    pub list_type: Option<ListType>,
    /// The fields that tell the elements of a list of maps apart.
    pub list_map_keys: Arc<[Key]>,
    /// `x-kubernetes-map-type`; `None` where the schema does not say.
    pub map_type: Option<MapType>,
    /// The strategy of a strategic merge patch.
    pub patch_strategy: Option<PatchStrategy>,
    /// The field that tells list elements apart in a strategic merge patch.
    pub patch_merge_key: Option<Key>,
    /// Whether Go holds an optional field by pointer, so that its zero is written and not left out.
    pub pointer: bool,
    /// Whether Go writes null when there is nothing in the field.
    pub written_null: bool,
    /// Checks beside the type; `None` where there are none.
    pub constraints: Option<Arc<Constraints>>,
    /// Validation rules in CEL.
    pub validations: Arc<[Rule]>,
}

impl Schema {
    /// A schema of a node that is known already.
    pub fn of_node(node: Node) -> Self {
        Self(Arc::new(Deferred { node: OnceLock::from(node), source: Value::Null, name: None }))
    }

    /// A schema that is built from its OpenAPI form when it is first looked at. References are to
    /// built-in definitions.
    pub(crate) fn deferred(source: Value) -> Self {
        Self(Arc::new(Deferred { node: OnceLock::new(), source, name: None }))
    }

    /// The schema of objects about which nothing is known: every field is kept and has its own owners.
    pub fn anything() -> Self {
        Self::of_node(Node { r#type: Some(Type::Object), preserve_unknown_fields: true, ..Node::default() })
    }

    /// The schema of a custom kind, from `spec.versions[].schema.openAPIV3Schema` of its definition.
    /// `metadata` gets the fields that every object has, `apiVersion` and `kind` are texts.
    ///
    /// # Errors
    /// What makes the schema not structural, with the place of each finding below `openAPIV3Schema`.
    pub fn from_crd(open_api_v3_schema: &Value) -> Result<Self, Vec<FieldError>> {
        crd::structural(open_api_v3_schema)
    }

    /// The schema of a field or an entry of an object; `None` where the schema does not know the key.
    pub fn property(&self, key: &str) -> Option<&Schema> {
        self.properties.get(key).or(match &self.additional_properties {
            Some(AdditionalProperties::Of(schema)) => Some(schema),
            _ => None,
        })
    }

    /// The schema at a path of keys; a list is entered by its element whatever the key.
    pub fn at(&self, path: &[&str]) -> Option<&Schema> {
        path.iter().try_fold(self, |schema, key| match &schema.items {
            Some(items) => items.property(key),
            None => schema.property(key),
        })
    }
}

impl Deref for Schema {
    type Target = Node;
    fn deref(&self) -> &Node {
        self.0.node.get_or_init(|| parse::node(&self.0.source, self.0.name.as_ref()))
    }
}

/// Says little: definitions may be recursive.
impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.node.get() {
            None => f.write_str("Schema(not looked at)"),
            Some(node) => {
                let name = node.definition.as_deref().or(node.r#type.map(Type::as_str));
                write!(f, "Schema({})", name.unwrap_or("any"))
            }
        }
    }
}
