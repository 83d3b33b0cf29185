//! No template panics, hangs or takes memory without bound.
#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::fs;
use std::path::Path;

use gotemplate::{
    Entropy, Environment, Error, Functions, Limit, Limits, MissingKey, Numbers, Run, Set, Value,
};
use proptest::prelude::*;

struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

/// Small enough that thousands of runs are quick.
const SMALL: Limits =
    Limits { steps: 20_000, depth: 2_000, includes: 1_000, output: 1 << 20, memory: 8 << 20 };

fn render(template: &[u8], values: &Value, limits: Limits) -> Result<Vec<u8>, Error> {
    let environment = Environment {
        now: jiff::Timestamp::UNIX_EPOCH,
        zone: jiff::tz::TimeZone::UTC,
        entropy: &Zeros,
        cluster: None,
        resolver: None,
        lint: false,
    };
    let mut set = Set::new("gotpl", Functions::helm());
    set.set_missing_key(MissingKey::Zero);
    set.parse("t", template)?;
    let mut run = Run::new(&environment, limits);
    set.execute("t", values, &mut run)?;
    Ok(run.take_output())
}

/// Large enough for what is meant to be refused by the size of one value.
const MIDDLE: Limits =
    Limits { steps: 1_000_000, depth: 100_000, includes: 1_000, output: 1 << 20, memory: 4 << 20 };

/// The limit that ends a template.
fn limit_of(template: &str) -> Option<Limit> {
    render(template.as_bytes(), &Value::map(), MIDDLE).err().and_then(|error| error.limit())
}

#[test]
fn what_grows_without_bound_ends_at_a_limit() {
    let grows = [
        r#"{{ range 1000000000000 }}{{ end }}"#,
        r#"{{ range 100000000 }}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{{ end }}"#,
        r#"{{ repeat 100000000000 "x" }}"#,
        r#"{{ $d := dict }}{{ $x := repeat 100000 "A" }}{{ range $i := until 10000 }}{{ $_ := set $d (toString $i) (b64dec $x) }}{{ end }}"#,
        r#"{{ $x := "xxxxxxxx" }}{{ range 100 }}{{ $x = printf "%s%s" $x $x }}{{ end }}"#,
        r#"{{ $x := "xxxxxxxx" }}{{ range 100 }}{{ $x = cat $x $x }}{{ end }}"#,
        r#"{{ $x := "xxxxxxxx" }}{{ range 100 }}{{ $x = replace "x" "xxxx" $x }}{{ end }}"#,
        r#"{{ $x := "xxxxxxxx" }}{{ range 100 }}{{ $x = indent 1000000 $x }}{{ end }}"#,
        r#"{{ $x := list 1 2 }}{{ range 100 }}{{ $x = concat $x $x }}{{ end }}"#,
        r#"{{ $x := list 1 }}{{ range 100 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}"#,
        r#"{{ $x := list 1 }}{{ range 100 }}{{ $x = list $x $x }}{{ end }}{{ toYaml $x }}"#,
        r#"{{ $x := list 1 }}{{ range 100 }}{{ $x = list $x $x }}{{ end }}{{ toYamlPretty $x }}"#,
        r#"{{ $x := list 1 }}{{ range 100 }}{{ $x = list $x $x }}{{ end }}{{ toPrettyJson $x }}"#,
        r#"{{ $x := list 1 }}{{ range 100 }}{{ $x = list $x $x }}{{ end }}{{ toToml (dict "a" $x) }}"#,
        r#"{{ $x := list 1 }}{{ range 100 }}{{ $x = list $x $x }}{{ end }}{{ $x }}"#,
        r#"{{ $x := list 1 }}{{ range 100 }}{{ $x = list $x $x }}{{ end }}{{ quote $x }}"#,
        r#"{{ $x := list 1 }}{{ range 100 }}{{ $x = list $x $x }}{{ end }}{{ deepCopy $x }}"#,
        r#"{{ $x := list 1 }}{{ $y := list 1 }}{{ range 100 }}{{ $x = list $x $x }}{{ $y = list $y $y }}{{ end }}{{ deepEqual $x $y }}"#,
        r#"{{ $x := dict }}{{ $y := dict }}{{ range 100 }}{{ $x = dict "a" $x "b" $x }}{{ $y = dict "a" $y "b" $y }}{{ end }}{{ merge $x $y }}"#,
        r#"{{ until 1000000000 }}"#,
        r#"{{ untilStep 0 9223372036854775807 1 }}"#,
        r#"{{ seq 1000000000 }}"#,
        r#"{{ randAlphaNum 100000000000 }}"#,
        r#"{{ randBytes 100000000000 }}"#,
        r#"{{ range 1000 }}{{ bcrypt "x" }}{{ end }}"#,
        r#"{{ range 1000 }}{{ genPrivateKey "ed25519" }}{{ end }}"#,
        r#"{{ $x := repeat 1000 "%1000000d" }}{{ printf $x }}{{ printf $x 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 }}"#,
        r#"{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}"#,
        r#"{{ define "a" }}{{ tpl "{{ include \"a\" . }}" . }}{{ template "b" . }}{{ end }}{{ define "b" }}{{ template "b" . }}{{ end }}{{ template "b" . }}"#,
        r#"{{ $x := dict }}{{ $_ := set $x "x" $x }}{{ $x }}"#,
        r#"{{ $x := dict }}{{ $_ := set $x "x" $x }}{{ deepCopy $x }}"#,
        r#"{{ $x := dict }}{{ $_ := set $x "x" $x }}{{ toToml $x }}"#,
        r#"{{ $x := dict }}{{ $y := dict }}{{ $_ := set $x "x" $x }}{{ $_ := set $y "x" $y }}{{ merge $x $y }}"#,
        r#"{{ $x := dict }}{{ $y := dict }}{{ $_ := set $x "x" $x }}{{ $_ := set $y "x" $y }}{{ deepEqual $x $y }}"#,
    ];
    for template in grows {
        assert!(limit_of(template).is_some(), "{template}");
    }
}

#[test]
fn what_nests_deeply_ends_as_in_go_or_at_a_limit() {
    let includes = r#"{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}"#;
    let error = render(includes.as_bytes(), &Value::map(), Limits::default()).expect_err("recursion");
    let text = error.to_string();
    assert!(text.contains("rendering template has a nested reference name: a: unable to execute template"));
    assert_eq!(error.chain().len(), 1_002);
    let parens = format!("{{{{ {}1{} }}}}", "(".repeat(20_000), ")".repeat(20_000));
    let text = render(parens.as_bytes(), &Value::map(), Limits::default()).expect_err("parens").to_string();
    assert_eq!(text, "template: t:1: max expression depth exceeded");
    let blocks = format!("{}{}", "{{ if true }}".repeat(20_000), "{{ end }}".repeat(20_000));
    assert!(render(blocks.as_bytes(), &Value::map(), Limits::default()).is_err());
    let chain = format!("{{{{ if false }}}}{}{{{{ end }}}}", "{{ else if false }}".repeat(9_000));
    assert_eq!(render(chain.as_bytes(), &Value::map(), Limits::default()).expect("a chain"), b"");
    let nested = r#"{{ $x := dict }}{{ range 200000 }}{{ $x = dict "a" $x }}{{ end }}{{ len $x }}"#;
    assert_eq!(render(nested.as_bytes(), &Value::map(), Limits::default()).expect("depth"), b"1");
    let lists = r#"{{ $x := list }}{{ range 200000 }}{{ $x = list $x }}{{ end }}{{ toJson $x | len }}"#;
    assert!(render(lists.as_bytes(), &Value::map(), Limits::default()).is_err());
}

#[test]
fn a_map_that_holds_itself_is_let_go() {
    struct Counted {
        _alive: std::rc::Rc<()>,
    }
    impl gotemplate::Object for Counted {
        fn type_name(&self) -> &str {
            "counted"
        }
        fn as_any(&self) -> &dyn std::any::Any {
            self
        }
    }
    let alive = std::rc::Rc::new(());
    let values = Value::map_of([("o", Value::object(Counted { _alive: alive.clone() }))]);
    let template = br#"{{ $x := dict "o" .o }}{{ $_ := set $x "self" $x }}{{ $_ := set $x "l" (list $x) }}"#;
    render(template, &values, SMALL).expect("a map may hold itself");
    drop(values);
    assert_eq!(std::rc::Rc::strong_count(&alive), 1);
}

fn function_names() -> Vec<String> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/gotemplate/functions.txt");
    let list = fs::read_to_string(list).expect("the list of functions");
    // These take seconds for a single call in a build for tests.
    let slow = [
        "genCA",
        "genSelfSignedCert",
        "genSignedCert",
        "genPrivateKey",
        "derivePassword",
        "bcrypt",
        "htpasswd",
    ];
    let names = list.lines().filter(|line| !line.starts_with('#'));
    names.filter(|name| !slow.iter().any(|slow| name.starts_with(slow))).map(str::to_owned).collect()
}

fn token() -> impl Strategy<Value = String> {
    let words = [
        "{{", "}}", "{{-", "-}}", " ", "\n", "if", "else", "end", "range", "with", "define", "template",
        "block", "break", "continue", "nil", "true", ".", ".a", "$", "$x", ":=", "=", ",", "|", "(", ")",
        "\"a\"", "\"", "`", "'x'", "'", "1", "-1", "0x", "1e9", "1.5", "1i", "/*", "*/", "include", "tpl",
        "printf", "é", "\u{0}",
    ];
    prop_oneof![
        4 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => proptest::sample::select(function_names()),
        1 => ".{0,4}",
    ]
}

fn argument() -> impl Strategy<Value = String> {
    let words = [
        "nil",
        "true",
        "0",
        "1",
        "-1",
        "3",
        "9223372036854775807",
        "-9223372036854775807",
        "1.5",
        "1e308",
        "\"\"",
        "\"a\"",
        "\"%d %*s\"",
        "\"[a-z\"",
        "\"(a*)*\"",
        "\"2006-01-02\"",
        "\"1h\"",
        "\"a: [1\"",
        "\"{\\\"a\\\":\"",
        "\"1.2.3\"",
        "\">=1.x\"",
        "\"\\xff\"",
        "\"é☃\"",
        ".",
        ".a",
        ".a.b",
        ".l",
        ".m",
        "(list)",
        "(list 1 \"a\" nil)",
        "(dict)",
        "(dict \"a\" 1)",
        "(semver \"1.2.3\")",
        "(mustToDuration \"1h\")",
        "(now)",
        "(until 3)",
        "1i",
        "$",
    ];
    proptest::sample::select(words.to_vec()).prop_map(str::to_owned)
}

fn values() -> Value {
    let json = br#"{"a":{"b":"c"},"l":[1,"x",null,{"k":[true]}],"m":{"x":1.5,"y":"z"},"s":"text"}"#;
    Value::from_tree(&value::from_json(json).expect("JSON"), Numbers::Floats)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_parse_or_fail(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(render(&text, &values(), SMALL));
    }

    #[test]
    fn any_tokens_render_or_fail(tokens in proptest::collection::vec(token(), 0..40)) {
        drop(render(tokens.concat().as_bytes(), &values(), SMALL));
        drop(render(tokens.join(" ").as_bytes(), &values(), SMALL));
    }

    #[test]
    fn any_call_gives_a_value_or_fails(
        calls in proptest::collection::vec(
            (proptest::sample::select(function_names()), proptest::collection::vec(argument(), 0..5)), 1..4)
    ) {
        let calls: Vec<String> = calls.iter().map(|(name, arguments)| format!("{name} {}", arguments.join(" "))).collect();
        let template = format!("{{{{ {} }}}}", calls.join(" | "));
        if let Ok(out) = render(template.as_bytes(), &values(), SMALL) {
            prop_assert!(out.len() <= SMALL.output);
        }
    }
}
