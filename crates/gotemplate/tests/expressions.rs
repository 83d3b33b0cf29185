//! The expression tables that helm made: each row is a template and what helm's engine gives for it.
#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::fs;
use std::path::Path;

use gotemplate::{
    Entropy, Environment, Failure, Functions, Kind, Limits, List, ListType, Map, MapType, Method, MissingKey,
    Numbers, Object, Param, Parsed, Run, Set, Str, Value,
};
use value::Value as Tree;

/// A generator that is good enough for keys that nobody uses.
struct Xorshift(std::cell::Cell<u64>);

impl Entropy for Xorshift {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            let mut state = self.0.get();
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            self.0.set(state);
            *byte = (state >> 24) as u8;
        }
    }
}

fn render(template: &str, header: &Tree) -> Result<Vec<u8>, String> {
    let values = header.get("values").expect("values");
    let zone = header.str_at(&["zone"]).expect("a zone");
    let is_strict = header.get("strict").and_then(Tree::as_bool).unwrap_or(false);
    const NAME: &str = "c/templates/t";
    let entropy = Xorshift(std::cell::Cell::new(0x9E37_79B9_7F4A_7C15));
    let environment = Environment {
        now: "2026-01-02T03:04:05Z".parse().expect("a time"),
        zone: jiff::tz::TimeZoneDatabase::bundled().get(zone).expect("a zone"),
        entropy: &entropy,
        cluster: None,
        resolver: None,
        lint: false,
    };
    let mut set = Set::new("gotpl", Functions::helm());
    set.set_missing_key(if is_strict { MissingKey::Error } else { MissingKey::Zero });
    let parsed = Parsed::parse(NAME, template.as_bytes(), &Functions::helm());
    set.add(&parsed.map_err(|error| gotemplate::helm_parse_message(NAME, &error))?);
    let mut run = Run::new(&environment, Limits::default());
    set.execute(NAME, &data(values), &mut run)
        .map_err(|error| gotemplate::helm_exec_message(NAME, &error))?;
    let out = run.take_output();
    let out = String::from_utf8(out).map(|text| text.replace("<no value>", "").into_bytes());
    Ok(out.unwrap_or_else(std::string::FromUtf8Error::into_bytes))
}

/// What the engine puts around the values.
fn data(values: &Tree) -> Value {
    let Value::Map(inner) = Value::from_tree(values, Numbers::Floats) else { panic!("values are a map") };
    let values = Map::of(MapType::Named("common.Values"), inner.entries().clone());
    let template = [("Name", "c/templates/t"), ("BasePath", "c/templates")]
        .into_iter()
        .map(|(key, text)| (Str::from(key), Value::from(text)))
        .collect();
    let chart = [
        ("APIVersion", Value::from("v2")),
        ("Annotations", Value::Map(Map::nil(MapType::Strings))),
        ("AppVersion", Value::from("")),
        ("Condition", Value::from("")),
        ("Dependencies", Value::List(List::nil(ListType::Any))),
        ("Deprecated", Value::from(false)),
        ("Description", Value::from("")),
        ("Home", Value::from("")),
        ("Icon", Value::from("")),
        ("IsRoot", Value::from(true)),
        ("Keywords", Value::List(List::nil(ListType::Strings))),
        ("KubeVersion", Value::from("")),
        ("Maintainers", Value::List(List::nil(ListType::Any))),
        ("Name", Value::from("c")),
        ("Sources", Value::List(List::nil(ListType::Strings))),
        ("Tags", Value::from("")),
        ("Type", Value::from("")),
        ("Version", Value::from("0.1.0")),
    ];
    let Value::Map(top) = Value::map_of([
        ("Capabilities", Value::Nil),
        ("Files", Value::object(NoFiles)),
        ("Subcharts", Value::map()),
        ("Values", Value::Map(values)),
        (
            "Release",
            Value::map_of([
                ("Name", Value::from("r")),
                ("Namespace", Value::from("n")),
                ("Service", Value::from("Helm")),
                ("IsInstall", Value::from(true)),
            ]),
        ),
        ("Chart", Value::map_of(chart)),
        ("Template", Value::Map(Map::of(MapType::Named("common.Values"), template))),
    ]) else {
        panic!("a map is a map")
    };
    Value::Map(Map::of(MapType::Named("common.Values"), top.entries().clone()))
}

/// Helm's `.Files` of a chart without files.
struct NoFiles;

const GET: Method = Method { name: "Get", params: &[Param::String] };

impl Object for NoFiles {
    fn type_name(&self) -> &str {
        "engine.files"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn element_type(&self) -> &str {
        "[]uint8"
    }

    fn method(&self, name: &[u8]) -> Option<&'static Method> {
        (name == b"Get").then_some(&GET)
    }

    fn call(&self, _: &'static Method, _: &[Value], _: &mut Run<'_>) -> Result<Value, Failure> {
        Ok("".into())
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn expected(cell: &Tree) -> Result<Vec<u8>, String> {
    match cell {
        Tree::String(text) => Ok(text.as_bytes().to_vec()),
        other => match (other.str_at(&["hex"]), other.str_at(&["error"])) {
            (Some(hex), _) => Ok((0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hexadecimal"))
                .collect()),
            (_, Some(error)) => Err(error.to_owned()),
            _ => panic!("a row without a result"),
        },
    }
}

fn shown(outcome: &Result<Vec<u8>, String>) -> String {
    match outcome {
        Ok(text) => format!("output {:?}", String::from_utf8_lossy(text)),
        Err(error) => format!("error  {error:?}"),
    }
}

#[test]
fn every_row_is_as_helm_gives_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/gotemplate");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of tables")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .collect();
    files.sort();
    let (mut rows, mut differences) = (0, Vec::new());
    for file in files {
        let text = fs::read_to_string(&file).expect("a table");
        let mut lines = text.lines().map(|line| value::from_json(line.as_bytes()).expect("JSON"));
        let header = lines.next().expect("a header");
        for row in lines {
            rows += 1;
            let cells = row.as_list().expect("a row");
            let template = cells[0].as_str().expect("a template");
            let (ours, theirs) = (render(template, &header), expected(&cells[1]));
            if ours != theirs {
                let name = file.file_stem().unwrap_or_default().to_string_lossy();
                let (theirs, ours) = (shown(&theirs), shown(&ours));
                differences.push(format!("{name}: {template:?}\n   helm {theirs}\n   ours {ours}"));
            }
        }
    }
    assert!(rows >= 1_500, "{rows} rows");
    assert!(
        differences.is_empty(),
        "{} of {rows} rows differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}
