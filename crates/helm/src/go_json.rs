//! JSON as Go's `json.Marshal` writes structs: fields in order of declaration, `<`, `>` and `&` escaped.

use value::Value;

/// A JSON value whose objects keep their order.
#[derive(Clone, Debug)]
pub(crate) enum Json {
    /// Any value; maps are sorted.
    Value(Value),
    /// A struct.
    Object(Vec<(&'static str, Json)>),
    /// A slice.
    List(Vec<Json>),
}

impl Json {
    /// Compact text.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            // Within JSON these characters stand only in texts.
            Self::Value(value) => out.push_str(
                &value::to_json(value)
                    .replace('<', "\\u003c")
                    .replace('>', "\\u003e")
                    .replace('&', "\\u0026"),
            ),
            Self::Object(fields) => {
                out.push('{');
                for (at, (name, field)) in fields.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push_str(&value::to_json(&Value::from(*name)));
                    out.push(':');
                    field.write(out);
                }
                out.push('}');
            }
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
        }
    }

    /// The same as a tree.
    pub(crate) fn tree(&self) -> Value {
        match self {
            Self::Value(value) => value.clone(),
            Self::Object(fields) => Value::map_of(fields.iter().map(|(name, field)| (*name, field.tree()))),
            Self::List(items) => Value::list_of(items.iter().map(Self::tree)),
        }
    }
}

/// The fields of a struct; `omitempty` leaves empty ones out.
#[derive(Default)]
pub(crate) struct Fields(Vec<(&'static str, Json)>);

impl Fields {
    /// A field that is always there.
    pub(crate) fn put(mut self, name: &'static str, value: Json) -> Self {
        self.0.push((name, value));
        self
    }

    /// A text with `omitempty`.
    pub(crate) fn text(self, name: &'static str, text: &str) -> Self {
        if text.is_empty() { self } else { self.put(name, Json::Value(text.into())) }
    }

    /// A boolean with `omitempty`.
    pub(crate) fn flag(self, name: &'static str, flag: bool) -> Self {
        if flag { self.put(name, Json::Value(true.into())) } else { self }
    }

    /// A list of texts with `omitempty`.
    pub(crate) fn texts(self, name: &'static str, texts: &[String]) -> Self {
        if texts.is_empty() {
            return self;
        }
        self.put(name, Json::Value(Value::list_of(texts.iter().map(String::as_str))))
    }

    /// A list with `omitempty`.
    pub(crate) fn list(self, name: &'static str, items: Vec<Json>) -> Self {
        if items.is_empty() { self } else { self.put(name, Json::List(items)) }
    }

    /// The struct.
    pub(crate) fn done(self) -> Json {
        Json::Object(self.0)
    }
}
