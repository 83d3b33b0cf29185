//! Which template line wrote which bytes.

use gotemplate::{Entropy, Environment, Functions, Limits, Run, Set, Value};

struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

#[test]
fn every_byte_is_traced_to_the_line_that_wrote_it() {
    let environment = Environment {
        now: jiff::Timestamp::UNIX_EPOCH,
        zone: jiff::tz::TimeZone::UTC,
        entropy: &Zeros,
        cluster: None,
        resolver: None,
        lint: false,
    };
    let mut set = Set::new("gotpl", Functions::helm());
    set.parse("c/_h.tpl", b"{{ define \"labels\" }}a: 1\n{{ .b }}{{ end }}").expect("partials");
    set.parse("c/t.yaml", b"x:\n{{ include \"labels\" . | indent 2 }}\n{{ if .b }}y: {{ .b }}{{ end }}\n")
        .expect("a template");
    let mut run = Run::new(&environment, Limits::default());
    let data = Value::map_of([("b", "B")]);
    run.record(data.as_map().expect("a map"));
    set.execute("c/t.yaml", &data, &mut run).expect("output");
    let writes = run.take_writes();
    let out = run.take_output();
    assert_eq!(out, b"x:\n  a: 1\n  B\ny: B\n");
    let shown: Vec<(String, usize, Option<String>)> = writes
        .iter()
        .map(|write| {
            let text = String::from_utf8_lossy(&out[write.range.clone()]).into_owned();
            (text, write.line, write.action.clone())
        })
        .collect();
    let expected = [
        ("x:\n", 1, None),
        ("  a: 1\n  B", 2, Some("{{include \"labels\" . | indent 2}}")),
        ("\n", 2, None),
        ("y: ", 3, None),
        ("B", 3, Some("{{.b}}")),
        ("\n", 3, None),
    ];
    let expected: Vec<(String, usize, Option<String>)> = expected
        .iter()
        .map(|(text, line, action)| ((*text).to_owned(), *line, action.map(str::to_owned)))
        .collect();
    assert_eq!(shown, expected);
    let read: Vec<String> = writes[4].values.iter().map(|way| way.join("/")).collect();
    assert_eq!(read, ["b"]);
    assert!(writes[1].values.is_empty(), "what the included template read is said there");
    let included = &writes[1].included;
    assert_eq!(included.len(), 1);
    assert_eq!(included[0].name.as_deref(), Some("labels"));
    let inner: Vec<(&str, usize, std::ops::Range<usize>)> =
        included[0].writes.iter().map(|write| (&*write.name, write.line, write.range.clone())).collect();
    assert_eq!(inner, [("c/_h.tpl", 1, 0..5), ("c/_h.tpl", 2, 5..6)]);
}
