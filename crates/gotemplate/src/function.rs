//! Functions that templates call, with the signatures that Go would check by reflection.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use thiserror::Error;

use crate::error::{Error, Limit};
use crate::functions;
use crate::run::Run;
use crate::value::Value;

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Param {
    /// `interface {}`
    Any,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `uint32`
    Uint32,
    /// `float64`
    Float,
    /// `string`
    String,
    /// `map[string]interface {}`
    Map,
    /// `[]interface {}`
    List,
    /// A named Go type that only an object can have, such as `time.Time`.
    Object(&'static str),
    /// `time.Duration`
    Duration,
    /// Any number of the following type; only as the last parameter.
    Variadic(&'static Param),
}

impl Param {
    /// As Go's `%s` of the type prints it.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint32 => "uint32",
            Self::Float => "float64",
            Self::String => "string",
            Self::Map => "map[string]interface {}",
            Self::List => "[]interface {}",
            Self::Object(name) => name,
            Self::Duration => "time.Duration",
            Self::Variadic(element) => element.type_name(),
        }
    }
}

/// A function of templates.
pub struct Function {
    /// The name that templates call it by.
    pub name: &'static str,
    /// The types of its parameters; arguments were checked against them before the call.
    pub params: &'static [Param],
    /// What it does.
    pub call: fn(&mut Run<'_>, &[Value]) -> Result<Value, Failure>,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{:?}", self.name, self.params)
    }
}

/// Why a function or a method failed.
#[derive(Debug, Error)]
pub enum Failure {
    /// The function's own message.
    #[error("{0}")]
    Message(String),
    /// A template that the function executed (`include`, `tpl`) failed.
    #[error("{context}{error}")]
    Template {
        /// What the function says before the error of the template, such as `cannot parse template "…": `.
        context: String,
        /// The error of the template.
        error: Box<Error>,
    },
    /// A limit of the run was reached.
    #[error("{0}")]
    Limit(#[from] Limit),
}

impl Failure {
    /// A failure with a message of the function's own.
    pub fn message(text: impl Into<String>) -> Self {
        Self::Message(text.into())
    }
}

/// The functions that templates of a set may call. Go's own (`and`, `index`, `printf`, …) are always there.
#[derive(Clone)]
pub struct Functions(Arc<BTreeMap<&'static str, &'static Function>>);

static SPRIG: LazyLock<Functions> = LazyLock::new(|| Functions::of(&[functions::SPRIG]));
static HELM: LazyLock<Functions> = LazyLock::new(|| Functions::of(&[functions::SPRIG, functions::HELM]));

impl Functions {
    /// None but Go's own.
    pub fn none() -> Self {
        Self(Arc::default())
    }

    /// The functions of sprig v3.3.0 (without `env` and `expandenv`).
    pub fn sprig() -> Self {
        SPRIG.clone()
    }

    /// The functions of helm 4.3.1: sprig's and Helm's.
    pub fn helm() -> Self {
        HELM.clone()
    }

    /// These and the given ones, which take precedence.
    #[must_use]
    pub fn with(mut self, more: &'static [Function]) -> Self {
        Arc::make_mut(&mut self.0).extend(more.iter().map(|function| (function.name, function)));
        self
    }

    /// The function of a name.
    pub fn get(&self, name: &str) -> Option<&'static Function> {
        self.0.get(name).copied()
    }

    /// All names in order, without Go's own.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }

    fn of(tables: &[&[&'static [Function]]]) -> Self {
        let all = tables.iter().flat_map(|tables| tables.iter()).flat_map(|table| table.iter());
        Self(Arc::new(all.map(|function| (function.name, function)).collect()))
    }
}
