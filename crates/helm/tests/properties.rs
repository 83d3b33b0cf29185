//! No input of any kind panics, hangs or grows without bound.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up is to end there")]

use std::io::Write as _;
use std::sync::Arc;

use go_semver::{Constraints, Version};
use gotemplate::{Entropy, Environment, Limits};
use helm::capabilities::{Capabilities, KubeVersion};
use helm::provenance::Keyring;
use helm::record::Record;
use helm::repository::Index;
use helm::{Chart, Compiled, File, Log, Release, Request, strvals, unpack, values};
use proptest::prelude::*;
use value::Value;

fn archive(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, data) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        // Paths that the library itself refuses are written as they are.
        if let Some(name) = header.as_old_mut().name.get_mut(..path.len()) {
            name.copy_from_slice(path.as_bytes());
        }
        header.set_cksum();
        tar.append(&header, &data[..]).unwrap();
    }
    gzip(&tar.into_inner().unwrap())
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(data).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn hostile_archives_are_refused_with_the_reason() {
    for (path, reason) in [
        ("app//etc/passwd", "chart illegally contains absolute paths"),
        ("app/../../x", "chart illegally references parent directory"),
        ("app\\..\\..\\x", "chart illegally references parent directory"),
        ("app/c:/x", "chart contains illegally named files"),
        ("app\\c:\\x", "chart contains illegally named files"),
        ("Chart.yaml", "chart illegally contains content outside the base directory: \"Chart.yaml\""),
        ("Chart.yaml/x", "chart yaml not in base directory"),
    ] {
        let refused = unpack(&archive(&[(path.to_owned(), b"x".to_vec())])).unwrap_err();
        assert_eq!(refused.to_string(), reason, "{path}");
    }
    assert_eq!(unpack(b"not an archive").unwrap_err().to_string(), "gzip: invalid header");
    assert_eq!(unpack(b"text").unwrap_err().to_string(), "unexpected EOF");
    assert_eq!(unpack(b"").unwrap_err().to_string(), "EOF");
    assert_eq!(unpack(&gzip(b"")).unwrap_err().to_string(), "no files in chart archive");
    let whole = archive(&[("app/Chart.yaml".to_owned(), vec![b'x'; 4096])]);
    assert_eq!(unpack(&whole[..whole.len() / 2]).unwrap_err().to_string(), "unexpected EOF");
}

#[test]
fn a_bomb_ends_before_it_is_unpacked() {
    let bomb = archive(&[("app/Chart.yaml".to_owned(), vec![0; 101 * 1024 * 1024])]);
    assert!(bomb.len() < 1024 * 1024);
    assert_eq!(
        unpack(&bomb).unwrap_err().to_string(),
        "decompressed chart is larger than the maximum size 104857600"
    );
    let half = archive(&[("sub/Chart.yaml".to_owned(), vec![0; 60 * 1024 * 1024])]);
    let nested = archive(&[
        ("app/Chart.yaml".to_owned(), b"apiVersion: v2\nname: app\nversion: 1.0.0\n".to_vec()),
        ("app/charts/a.tgz".to_owned(), half.clone()),
        ("app/charts/b.tgz".to_owned(), half),
    ]);
    // Each archive alone is small enough, and none is a chart; together they are too much.
    Chart::from_archive(&nested, "app.tgz", &Log::default()).unwrap_err();
}

#[test]
fn backslashes_and_byte_order_marks_are_taken_away() {
    let files =
        unpack(&archive(&[("app\\templates\\a.yaml".to_owned(), b"\xef\xbb\xbfa: 1".to_vec())])).unwrap();
    assert_eq!((&*files[0].name, &*files[0].data), ("templates/a.yaml", &b"a: 1"[..]));
}

struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

fn render(files: &[(&str, &str)]) -> Result<String, String> {
    let file = |(name, text): &(&str, &str)| File {
        name: (*name).into(),
        data: text.as_bytes().into(),
        modified: None,
    };
    let chart = Chart::from_files(files.iter().map(file).collect(), &Log::default())
        .map_err(|error| error.to_string())?;
    let release = Release { name: "r".to_owned(), namespace: "n".to_owned(), revision: 1, is_upgrade: false };
    let environment = Environment {
        now: jiff::Timestamp::UNIX_EPOCH,
        zone: jiff::tz::TimeZone::UTC,
        entropy: &Zeros,
        cluster: None,
        resolver: None,
        lint: false,
    };
    let request = Request {
        values: &Value::map(),
        release: &release,
        capabilities: &Capabilities::default(),
        environment: &environment,
        limits: Limits { steps: 100_000, ..Limits::default() },
        skip_schema: false,
        subchart_notes: false,
        record: false,
        post_renderer: None,
        log: &Log::default(),
    };
    let rendering =
        helm::render(&Arc::new(chart), &Compiled::default(), &request).map_err(|error| error.to_string())?;
    Ok(helm::output::stream(&rendering, helm::output::Selection::default()).text)
}

const CHART: (&str, &str) = ("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n");

#[test]
fn a_template_without_end_ends_as_an_error() {
    for text in [
        "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
        "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
        "{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}",
    ] {
        let error = render(&[CHART, ("templates/a.yaml", text)]).unwrap_err();
        let end: String = error.chars().rev().take(300).collect::<Vec<_>>().into_iter().rev().collect();
        assert!(
            ["exceeded", "limit", "more than", "nested reference"].iter().any(|word| end.contains(word)),
            "{text}: {end}"
        );
    }
    // As in Helm, what cannot be written as YAML is an empty text.
    let text = "{{ $_ := set .Values \"a\" .Values }}a: [{{ toYaml .Values }}]";
    let rendered = render(&[CHART, ("templates/a.yaml", text)]).unwrap();
    assert_eq!(rendered, "---\n# Source: app/templates/a.yaml\na: []\n");
}

#[test]
fn a_schema_from_elsewhere_is_refused() {
    for reference in
        ["https://example.com/schema.json", "http://example.com/x", "file:///etc/passwd", "other.json"]
    {
        let schema = format!(r#"{{"$ref":"{reference}"}}"#);
        let error = render(&[CHART, ("values.schema.json", &schema)]).unwrap_err();
        assert!(error.contains("refused"), "{error}");
    }
    render(&[CHART, ("values.schema.json", r#"{"$ref":"urn:example:x"}"#)]).unwrap();
}

#[test]
fn a_chain_of_references_does_not_use_up_the_stack() {
    let links: Vec<String> =
        (0..400).map(|at| format!(r##""a{at}":{{"$ref":"#/$defs/a{}"}}"##, at + 1)).collect();
    let schema = format!(
        r##"{{"$defs":{{{},"a400":{{"properties":{{"x":{{"$ref":"#/$defs/a0"}}}},"additionalProperties":{{"$ref":"#/$defs/a0"}}}}}},"$ref":"#/$defs/a0"}}"##,
        links.join(",")
    );
    let nested = |levels: usize| format!("{}1{}", "{x: ".repeat(levels), "}".repeat(levels));
    let values = |levels: usize| format!("a: {}\n", nested(levels));
    render(&[CHART, ("values.yaml", &values(90)), ("values.schema.json", &schema)]).unwrap();
    let error = render(&[CHART, ("values.yaml", &values(150)), ("values.schema.json", &schema)]).unwrap_err();
    assert!(error.contains("403 references within values.schema.json are too many"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_an_archive_or_refused(data in prop::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(unpack(&data).is_err(), "no gzip header comes about by chance");
        if let Ok(files) = unpack(&gzip(&data)) {
            prop_assert!(!files.is_empty() && files.iter().map(|file| file.data.len()).sum::<usize>() <= data.len());
        }
        prop_assert!(Chart::from_archive(&data, "x.tgz", &Log::default()).is_err());
    }

    #[test]
    fn any_damage_to_an_archive_is_survived(at in 0usize..400, byte in any::<u8>(), cut in 0usize..400) {
        let mut whole = archive(&[
            ("app/Chart.yaml".to_owned(), CHART.1.as_bytes().to_vec()),
            ("app/templates/a.yaml".to_owned(), b"a: {{ 1 }}".to_vec()),
        ]);
        let place = at % whole.len();
        whole[place] = byte;
        if let Ok(chart) = Chart::from_archive(&whole, "x.tgz", &Log::default()) {
            // As Go, we stop at the end of the tar, before the checksum.
            prop_assert!(chart.raw.iter().all(|file| file.data.len() <= 1024));
        }
        whole.truncate(cut % (whole.len() / 2));
        prop_assert!(Chart::from_archive(&whole, "x.tgz", &Log::default()).is_err());
    }

    #[test]
    fn any_paths_stay_inside(paths in prop::collection::vec("[a-c./\\\\:]{1,20}", 1..5)) {
        let entries: Vec<_> = paths.into_iter().map(|path| (path, b"x".to_vec())).collect();
        if let Ok(files) = unpack(&archive(&entries)) {
            for file in files {
                prop_assert!(!file.name.starts_with('/') && !file.name.split('/').any(|part| part == ".."));
            }
        }
    }

    #[test]
    fn any_text_is_a_chart_file_an_index_or_refused(text in "[a-z:\\-\\[\\]{}&*!|>'\"#\n 0-9.,~^<=]{0,200}") {
        let file = |name: &str| File { name: name.into(), data: text.as_bytes().into(), modified: None };
        drop(Chart::from_files(vec![file("Chart.yaml"), file("values.yaml"), file("Chart.lock")], &Log::default()));
        drop(Index::parse(text.as_bytes()));
        drop(Index::parse(format!("apiVersion: v1\nentries:\n  a:\n  - {text}").as_bytes()));
        if let Ok(read) = values::from_yaml(text.as_bytes()) {
            let again = values::from_yaml(yaml::to_yaml(&read).unwrap().as_bytes()).unwrap();
            prop_assert_eq!(again, read);
        }
        drop(Record::decode(text.as_bytes()));
        drop(Keyring::parse(text.as_bytes()));
        drop(KubeVersion::parse(&text));
        if let Ok(version) = Version::parse_strict(&text) {
            prop_assert_eq!(version.to_string(), Version::parse(&text).unwrap().to_string());
        }
        drop(Constraints::parse(&text));
    }

    #[test]
    fn any_set_line_is_read_or_refused(text in "[a-c.\\[\\]={},\\\\0-9\\-\" n]{0,120}") {
        for parse in [strvals::parse, strvals::parse_string, strvals::parse_json, strvals::parse_literal] {
            let mut values = value::from_json(br#"{"a":{"b":[1,{"c":2}]},"b":[[1]],"c":"text"}"#).unwrap();
            let before = values.clone();
            let outcome = parse(&text, &mut values);
            prop_assert!(values.as_map().is_some());
            prop_assert!(outcome.is_err() || text.contains('=') || values == before, "only = sets something");
        }
    }

    #[test]
    fn any_schema_is_applied_or_refused(text in "[\\[\\]{}:,\"a-z$/#0-9.*+?()|]{0,150}", key in "(type|enum|pattern|\\$ref|properties|allOf|not|items|format)") {
        let wrapped = format!(r#"{{"{key}": {text}}}"#);
        for schema in [&text, &wrapped] {
            let files = [CHART, ("values.yaml", "a: {b: [1, x]}\nc: text\n"), ("values.schema.json", schema)];
            prop_assert_eq!(render(&files), render(&files), "the same schema says the same");
        }
    }

    #[test]
    fn any_ignore_rules_are_read_or_refused(rules in "[a-c*?!/\\[\\]\\\\\n .\\-^]{0,60}") {
        struct One(String);
        impl helm::Tree for One {
            fn location(&self) -> &str {
                "/chart"
            }
            fn list(&self, path: &str) -> Result<Vec<helm::Entry>, helm::TreeError> {
                let names = if path.is_empty() { ["Chart.yaml", "a"] } else { ["b", "c"] };
                let entry = |name: &str| helm::Entry {
                    name: name.to_owned(),
                    kind: if name == "a" { helm::EntryKind::Directory } else { helm::EntryKind::File },
                    size: 1,
                    modified: None,
                    link: None,
                };
                Ok(names.iter().map(|name| entry(name)).collect())
            }
            fn read(&self, path: &str) -> Result<Arc<[u8]>, helm::TreeError> {
                Ok(if path == ".helmignore" { self.0.as_bytes().into() } else { CHART.1.as_bytes().into() })
            }
        }
        if let Ok(chart) = Chart::from_folder(&One(rules), &Log::default()) {
            prop_assert!(chart.raw.iter().all(|file| ["Chart.yaml", ".helmignore", "a/b", "a/c"].contains(&&*file.name)));
        }
    }
}
