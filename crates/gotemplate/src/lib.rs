//! Go's `text/template` with the functions of sprig and Helm, byte for byte.
//!
//! ```
//! use gotemplate::{Entropy, Environment, Functions, Limits, MissingKey, Run, Set, Value};
//!
//! struct Zeros;
//! impl Entropy for Zeros {
//!     fn fill(&self, buffer: &mut [u8]) {
//!         buffer.fill(0);
//!     }
//! }
//!
//! let mut set = Set::new("gotpl", Functions::helm());
//! set.set_missing_key(MissingKey::Zero);
//! set.parse("chart/templates/a.yaml", b"replicas: {{ .Values.replicas | default 1 }}").unwrap();
//! let environment = Environment {
//!     now: "2026-01-02T03:04:05Z".parse().unwrap(),
//!     zone: jiff::tz::TimeZone::UTC,
//!     entropy: &Zeros,
//!     cluster: None,
//!     resolver: None,
//!     lint: false,
//! };
//! let data = Value::map_of([("Values", Value::map())]);
//! let mut run = Run::new(&environment, Limits::default());
//! set.execute("chart/templates/a.yaml", &data, &mut run).unwrap();
//! assert_eq!(run.take_output(), b"replicas: 1");
//! ```
//!
//! Parsed texts ([`Parsed`]) are immutable and shared between renders and threads. Values belong to one
//! run: maps are shared and mutable, so that what `set` does to `.Values` is seen by the next template.
//!
//! **Invariants.** Time, the local zone, entropy, the cluster and name resolution are arguments
//! ([`Environment`]). Every recursion has a depth limit, steps and memory are paid for ([`Limits`]): a
//! template that loops, recurses or grows without bound ends as an error of that template. No input panics.

mod environment;
mod error;
mod exec;
mod function;
mod functions;
mod lex;
mod node;
mod parse;
mod print;
mod record;
mod run;
mod runes;
mod set;
mod template;
mod trace;
mod value;

pub use environment::{Entropy, Environment, Lookup, LookupError, Resolve};
pub use error::{Cause, Error, ExecError, Limit, Place};
pub use function::{Failure, Function, Functions, Param};
pub use functions::{json_problem, parse_duration};
pub use print::{is_print, quote, sprintf};
pub use record::{Included, Write};
pub use run::{Limits, Run, Warning};
pub use set::{MissingKey, Parsed, Set};
pub use trace::{helm_exec_message, helm_parse_message};
pub use value::{
    ConvertError, IntType, Kind, List, ListType, Map, MapType, Method, Numbers, Object, Str, Value,
};
