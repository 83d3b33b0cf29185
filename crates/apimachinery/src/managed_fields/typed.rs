//! What merging has to know about the type of a place.

use value::{Key, Value};

use crate::schema::{AdditionalProperties, ListType, MapType, Schema, Type};

const RAW_EXTENSION: &str = "io.k8s.apimachinery.pkg.runtime.RawExtension";
const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";

/// The type of a place.
#[derive(Clone, Copy)]
pub(super) struct TypeRef<'s> {
    of: Of<'s>,
    /// Whether a schema around this one keeps fields that it does not name.
    preserve: bool,
}

#[derive(Clone, Copy)]
enum Of<'s> {
    Schema(&'s Schema),
    /// Maps have separate fields, lists are atomic, all the way down.
    Deduced,
    /// One value, whatever it is.
    Untyped,
    /// The schema does not know the field.
    Undeclared,
}

/// What a value of a type may be; the variant is taken by the value at hand.
#[derive(Clone, Copy, Default)]
pub(super) struct Atom<'s> {
    pub(super) map: Option<MapAtom<'s>>,
    pub(super) list: Option<ListAtom<'s>>,
    pub(super) scalar: Option<Scalar>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Numeric,
    Text,
    Boolean,
    Untyped,
}

#[derive(Clone, Copy)]
pub(super) struct MapAtom<'s> {
    pub(super) atomic: bool,
    fields: Option<&'s Schema>,
    element: TypeRef<'s>,
    preserve: bool,
}

#[derive(Clone, Copy)]
pub(super) struct ListAtom<'s> {
    pub(super) relation: Relation<'s>,
    pub(super) element: TypeRef<'s>,
}

/// How the elements of a list are told apart.
#[derive(Clone, Copy)]
pub(super) enum Relation<'s> {
    Atomic,
    Set,
    Keys(&'s [Key]),
}

impl<'s> TypeRef<'s> {
    pub(super) fn root(schema: &'s Schema) -> Self {
        Self::of(schema, false)
    }

    pub(super) fn undeclared() -> Self {
        Self { of: Of::Undeclared, preserve: false }
    }

    fn of(schema: &'s Schema, preserve: bool) -> Self {
        // A named definition is converted for itself; what is kept around it does not reach into it.
        let preserve = preserve && schema.definition.is_none();
        Self { of: Of::Schema(schema), preserve: preserve || schema.preserve_unknown_fields }
    }

    fn deduced() -> Self {
        Self { of: Of::Deduced, preserve: false }
    }

    fn untyped() -> Self {
        Self { of: Of::Untyped, preserve: false }
    }

    pub(super) fn is_undeclared(&self) -> bool {
        matches!(self.of, Of::Undeclared)
    }

    pub(super) fn default(&self) -> Option<&'s Value> {
        match self.of {
            Of::Schema(schema) => schema.default.as_ref(),
            _ => None,
        }
    }

    /// What a value of this type may be. An undeclared field is like one of which nothing is known:
    /// objects are pruned before they get here, and a stale entry must not fail a request.
    pub(super) fn atom(&self) -> Atom<'s> {
        match self.of {
            Of::Untyped => self.any(true),
            Of::Deduced | Of::Undeclared => self.any(false),
            Of::Schema(schema) => self.schema_atom(schema),
        }
    }

    /// The atom for a value: only the part that the value is, if the type has it.
    pub(super) fn atom_for(&self, value: Option<&Value>) -> Atom<'s> {
        let atom = self.atom();
        match value {
            Some(Value::Map(_)) if atom.map.is_some() => Atom { map: atom.map, ..Atom::default() },
            Some(Value::List(_)) if atom.list.is_some() => Atom { list: atom.list, ..Atom::default() },
            Some(Value::Null | Value::Map(_) | Value::List(_)) | None => atom,
            Some(_) if atom.scalar.is_some() => Atom { scalar: atom.scalar, ..Atom::default() },
            Some(_) => atom,
        }
    }

    fn any(&self, atomic: bool) -> Atom<'s> {
        let element = if atomic { Self::untyped() } else { Self::deduced() };
        Atom {
            map: Some(MapAtom { atomic, fields: None, element, preserve: false }),
            list: Some(ListAtom { relation: Relation::Atomic, element: Self::untyped() }),
            scalar: Some(Scalar::Untyped),
        }
    }

    fn schema_atom(&self, schema: &'s Schema) -> Atom<'s> {
        match schema.definition.as_deref() {
            Some(RAW_EXTENSION) => return self.any(true),
            Some(QUANTITY) => return Atom { scalar: Some(Scalar::Untyped), ..Atom::default() },
            _ => {}
        }
        let scalar = |scalar| Atom { scalar: Some(scalar), ..Atom::default() };
        match schema.r#type {
            None => Atom {
                map: Some(self.map_atom(schema)),
                list: Some(self.list_atom(schema)),
                scalar: Some(Scalar::Untyped),
            },
            Some(Type::Object) => Atom { map: Some(self.map_atom(schema)), ..Atom::default() },
            Some(Type::Array) => Atom { list: Some(self.list_atom(schema)), ..Atom::default() },
            Some(Type::Integer | Type::Number) => scalar(Scalar::Numeric),
            Some(Type::Boolean) => scalar(Scalar::Boolean),
            Some(Type::String) => match schema.format.as_deref() {
                None | Some("" | "byte") => scalar(Scalar::Text),
                Some(_) => scalar(Scalar::Untyped),
            },
        }
    }

    fn map_atom(&self, schema: &'s Schema) -> MapAtom<'s> {
        let element = match &schema.additional_properties {
            Some(AdditionalProperties::Of(element)) => Self::of(element, self.preserve),
            Some(AdditionalProperties::Anything) => Self::deduced(),
            Some(AdditionalProperties::Nothing) => Self::undeclared(),
            None if self.preserve || schema.properties.is_empty() => Self::deduced(),
            None => Self::undeclared(),
        };
        MapAtom {
            atomic: schema.map_type == Some(MapType::Atomic),
            fields: Some(schema),
            element,
            preserve: self.preserve,
        }
    }

    fn list_atom(&self, schema: &'s Schema) -> ListAtom<'s> {
        let merges = schema.patch_strategy.is_some_and(|strategy| strategy.merge);
        let relation = match (schema.list_type, &schema.patch_merge_key) {
            (Some(ListType::Map), _) => Relation::Keys(&schema.list_map_keys),
            (Some(ListType::Set), _) => Relation::Set,
            (None, Some(key)) if merges => Relation::Keys(std::slice::from_ref(key)),
            (None, None) if merges => Relation::Set,
            _ => Relation::Atomic,
        };
        let element = match &schema.items {
            Some(items) => Self::of(items, self.preserve),
            None => Self::untyped(),
        };
        ListAtom { relation, element }
    }
}

impl<'s> Atom<'s> {
    /// Whether both atoms have the same parts, so that two values are of one shape.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let shape = |atom: &Self| (atom.map.is_some(), atom.list.is_some(), atom.scalar.is_some());
        shape(self) == shape(other)
    }
}

impl<'s> MapAtom<'s> {
    /// Whether the schema names the field.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.fields.is_some_and(|schema| schema.properties.contains_key(name))
    }

    /// The type of a field.
    pub(super) fn field(&self, name: &str) -> TypeRef<'s> {
        match self.fields.and_then(|schema| schema.properties.get(name)) {
            Some(schema) => TypeRef::of(schema, self.preserve),
            None => self.element,
        }
    }
}
