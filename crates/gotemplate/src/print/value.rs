//! Values of any type with a verb (`fmt/print.go`).

use super::{MAX_DEPTH, Printer};
use crate::error::Limit;
use crate::value::{IntType, Kind, List, ListType, Map, MapType, Object, Str, Value};

/// An address says nothing; Go's differs from run to run.
const ADDRESS: &str = "0xc000000000";

impl Printer {
    /// An argument of its own; `%T` and `%p` are about it, not in it.
    pub(super) fn argument(&mut self, value: &Value, verb: char) {
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.pad(b"<nil>"),
            (Value::Nil, _) => self.bad_verb(value, verb),
            (_, 'T') => self.plain_string(value.type_name().as_bytes()),
            (Value::List(_) | Value::Map(_) | Value::Bytes(_), 'p') => self.text(ADDRESS),
            (_, 'p') => self.bad_verb(value, verb),
            // `%w` is for errors alone, which no value here is.
            (Value::List(_) | Value::Map(_) | Value::Object(_), 'w') => self.bad_verb(value, verb),
            _ => self.value(value, verb, 0),
        }
    }

    /// The value of an action, which is that behind a pointer.
    pub(super) fn action(&mut self, value: &Value) {
        match value {
            Value::Object(object) if object.kind() == Kind::Ptr && object.string().is_none() => {
                self.structure(&**object, Kind::Struct, 'v', 0);
            }
            _ => self.argument(value, 'v'),
        }
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) {
        if self.is_over() {
            return;
        }
        if depth > MAX_DEPTH {
            self.excess = Some(Limit::Nesting(MAX_DEPTH));
            return;
        }
        match value {
            Value::Nil if verb == 'v' && self.flags.sharp_v => self.text("interface {}(nil)"),
            Value::Nil if verb == 'v' || depth > 0 => self.text("<nil>"),
            Value::Nil => self.bad_verb(value, verb),
            Value::Bool(flag) if matches!(verb, 't' | 'v') => {
                self.pad(if *flag { b"true" } else { b"false" });
            }
            Value::Int(number, int_type) => match crate::functions::durations::int_string(*number, *int_type)
            {
                Some(text) if self.is_stringable(verb) => self.string(value, text.as_bytes(), verb),
                _ => self.integer(value, number.cast_unsigned(), !int_type.is_unsigned(), verb),
            },
            Value::Float(number) => self.float_verb(value, *number, verb),
            Value::Complex(real, imaginary) => self.complex(value, *real, *imaginary, verb),
            Value::String(text) => self.string(value, text, verb),
            Value::Bytes(bytes) => self.bytes(bytes, verb, depth),
            Value::List(list) => stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.list(list, verb, depth)),
            Value::Map(map) => stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.map(map, verb, depth)),
            Value::Object(object) => self.object(value, &**object, verb, depth),
            Value::Bool(_) => self.bad_verb(value, verb),
        }
    }

    /// Whether `String` and `Error` are asked.
    fn is_stringable(&self, verb: char) -> bool {
        !self.is_complaining && !self.flags.sharp_v && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
    }

    fn bad_verb(&mut self, value: &Value, verb: char) {
        self.text(&format!("%!{verb}("));
        if value.is_nil() {
            self.text("<nil>");
        } else {
            self.text(value.type_name());
            self.out.push(b'=');
            let was = std::mem::replace(&mut self.is_complaining, true);
            self.value(value, 'v', 0);
            self.is_complaining = was;
        }
        self.out.push(b')');
    }

    fn string(&mut self, value: &Value, text: &[u8], verb: char) {
        match verb {
            'v' if self.flags.sharp_v => self.quoted_string(text),
            'v' | 's' => self.plain_string(text),
            'q' => self.quoted_string(text),
            'x' | 'X' => self.hex_string(text, verb == 'X'),
            _ => self.bad_verb(value, verb),
        }
    }

    fn integer(&mut self, value: &Value, bits: u64, is_signed: bool, verb: char) {
        match verb {
            'v' if self.flags.sharp_v && !is_signed => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.digits(bits, 16, false, 'v');
                self.flags.sharp = sharp;
            }
            'v' | 'd' => self.digits(bits, 10, is_signed, verb),
            'b' => self.digits(bits, 2, is_signed, verb),
            'o' | 'O' => self.digits(bits, 8, is_signed, verb),
            'x' | 'X' => self.digits(bits, 16, is_signed, verb),
            'c' => self.character(bits),
            'q' => self.quoted_character(bits),
            'U' => self.unicode(bits),
            _ => self.bad_verb(value, verb),
        }
    }

    fn float_verb(&mut self, value: &Value, number: f64, verb: char) {
        match verb {
            'v' => self.float(number, b'g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => self.float(number, verb as u8, None),
            'f' | 'e' | 'E' => self.float(number, verb as u8, Some(6)),
            'F' => self.float(number, b'f', Some(6)),
            _ => self.bad_verb(value, verb),
        }
    }

    fn complex(&mut self, value: &Value, real: f64, imaginary: f64, verb: char) {
        if !"vbgGxXfFeE".contains(verb) {
            return self.bad_verb(value, verb);
        }
        self.out.push(b'(');
        self.float_verb(value, real, verb);
        let plus = std::mem::replace(&mut self.flags.plus, true);
        self.float_verb(value, imaginary, verb);
        self.flags.plus = plus;
        self.text("i)");
    }

    fn bytes(&mut self, bytes: &Str, verb: char, depth: usize) {
        match verb {
            's' => self.plain_string(bytes),
            'q' => self.quoted_string(bytes),
            'x' | 'X' => self.hex_string(bytes, verb == 'X'),
            'v' if self.flags.sharp_v => {
                // Go knows the type of an argument by its other name.
                self.text(if depth == 0 { "[]byte{" } else { "[]uint8{" });
                self.separated(bytes, ", ", |printer, byte| {
                    printer.text(&format!("{byte:#x}"));
                });
                self.out.push(b'}');
            }
            _ => {
                self.out.push(b'[');
                if self.flags.is_plain() && matches!(verb, 'v' | 'd') {
                    self.plain_bytes(bytes);
                } else {
                    self.separated(bytes, " ", |printer, byte| printer.byte(*byte, verb));
                }
                self.out.push(b']');
            }
        }
    }

    fn byte(&mut self, byte: u8, verb: char) {
        self.value(&Value::Int(byte.into(), IntType::Uint8), verb, 1);
    }

    fn separated<T>(&mut self, items: &[T], separator: &str, mut write: impl FnMut(&mut Self, &T)) {
        for (at, item) in items.iter().enumerate() {
            if self.is_over() {
                return;
            }
            if at > 0 {
                self.text(separator);
            }
            write(self, item);
        }
    }

    fn list(&mut self, list: &List, verb: char, depth: usize) {
        let items = list.items();
        if self.flags.sharp_v {
            self.text(list.list_type().name());
            if list.is_nil() {
                return self.text("(nil)");
            }
            self.out.push(b'{');
            self.separated(&items, ", ", |printer, item| printer.element(item, verb, depth));
            return self.out.push(b'}');
        }
        self.out.push(b'[');
        let is_any = list.list_type() == ListType::Any;
        self.separated(&items, " ", |printer, item| {
            if item.is_nil() && is_any { printer.text("<nil>") } else { printer.element(item, verb, depth) }
        });
        self.out.push(b']');
    }

    fn element(&mut self, value: &Value, verb: char, depth: usize) {
        self.value(value, verb, depth + 1);
    }

    fn map(&mut self, map: &Map, verb: char, depth: usize) {
        let entries: Vec<(Str, Value)> =
            map.entries().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let name = match map.map_type() {
            MapType::Any => "map[string]interface {}",
            other => other.name(),
        };
        self.entries(name, &entries, verb, depth);
    }

    fn entries(&mut self, name: &str, entries: &[(Str, Value)], verb: char, depth: usize) {
        let (open, separator, close) = if self.flags.sharp_v {
            (format!("{name}{{"), ", ", b'}')
        } else {
            ("map[".to_owned(), " ", b']')
        };
        self.text(&open);
        self.separated(entries, separator, |printer, (key, value)| {
            printer.element(&Value::String(key.clone()), verb, depth);
            printer.out.push(b':');
            printer.element(value, verb, depth);
        });
        self.out.push(close);
    }

    fn object(&mut self, value: &Value, object: &dyn Object, verb: char, depth: usize) {
        if self.is_stringable(verb)
            && let Some(text) = object.string()
        {
            return self.string(value, &text, verb);
        }
        if self.flags.sharp_v
            && let Some(text) = object.go_string()
        {
            return self.plain_string(&text);
        }
        match object.kind() {
            Kind::Map => self.entries(object.type_name(), &object.entries(), verb, depth),
            Kind::Slice => {
                let items: Vec<Value> = object.entries().into_iter().map(|(_, value)| value).collect();
                let (open, separator, close) = if self.flags.sharp_v {
                    (format!("{}{{", object.type_name()), ", ", b'}')
                } else {
                    ("[".to_owned(), " ", b']')
                };
                self.text(&open);
                self.separated(&items, separator, |printer, item| printer.element(item, verb, depth));
                self.out.push(close);
            }
            Kind::Ptr if depth > 0 => self.pointer(value, verb),
            kind => self.structure(object, kind, verb, depth),
        }
    }

    /// A pointer within something.
    fn pointer(&mut self, value: &Value, verb: char) {
        match verb {
            'v' if self.flags.sharp_v => self.text(&format!("({})({ADDRESS})", value.type_name())),
            'v' => self.text(ADDRESS),
            'b' | 'o' | 'd' | 'x' | 'X' => self.integer(value, 0xC0_0000_0000, false, verb),
            _ => self.bad_verb(value, verb),
        }
    }

    fn structure(&mut self, object: &dyn Object, kind: Kind, verb: char, depth: usize) {
        let name = object.type_name();
        if kind == Kind::Ptr && depth == 0 {
            self.out.push(b'&');
        }
        if self.flags.sharp_v {
            self.text(name.trim_start_matches('*'));
        }
        let names_fields = self.flags.plus_v || self.flags.sharp_v;
        let separator = if self.flags.sharp_v { ", " } else { " " };
        self.out.push(b'{');
        self.separated(&object.entries(), separator, |printer, (name, value)| {
            if names_fields {
                printer.out.extend_from_slice(name);
                printer.out.push(b':');
            }
            printer.element(value, verb, depth);
        });
        self.out.push(b'}');
    }
}
