//! Our `template`, `lint` and `show` on the Helm corpus, against what helm 4.3.1 printed.

#![expect(clippy::expect_used, reason = "a test that cannot be set up is to end there")]

#[path = "helm/case.rs"]
#[expect(dead_code, reason = "the goldens are made elsewhere")]
mod case;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use case::{Case, said};
use clap::Parser as _;
use cli::arguments::{Arguments, Command};
use cli::helm::{self, World};

/// What a run printed, and how it ended.
struct Printed {
    stdout: String,
    stderr: String,
    code: u8,
}

fn run(arguments: &[String], folder: &Path) -> Printed {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut code = 2;
    let parsed =
        Arguments::try_parse_from(std::iter::once("flamingo".to_owned()).chain(arguments.iter().cloned()));
    match parsed {
        Err(error) => writeln!(StringSink(&mut err), "Error: {error}").expect("a vector takes everything"),
        Ok(parsed) => {
            let mut world = World {
                input: &mut std::io::empty(),
                out: &mut out,
                err: &mut err,
                namespace: &|_| "default".to_owned(),
                debug: false,
                home: None,
                pause: &mut || false,
                directory: folder.to_owned(),
                now: &|| "2026-01-02T03:04:05Z".parse().expect("a time"),
                zone: jiff::tz::TimeZone::UTC,
            };
            let ended = match parsed.command {
                Command::Template(arguments) => helm::template(&arguments.0, &mut world),
                Command::Lint(arguments) => helm::lint(&arguments.0, &mut world),
                Command::Show(show) => {
                    let (part, arguments) = show.part();
                    helm::show(part, &arguments.0, &mut world)
                }
                _ => panic!("{arguments:?} is no command of charts"),
            };
            code = ended.expect("vectors take everything");
        }
    }
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Printed { stdout: text(out).replace(&folder.display().to_string(), "$DIR"), stderr: text(err), code }
}

struct StringSink<'a>(&'a mut Vec<u8>);

impl std::fmt::Write for StringSink<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[test]
fn the_corpus_renders_as_helm_renders_it() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/helm");
    let mut files: Vec<_> = fs::read_dir(&corpus)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    let mut different = String::new();
    let mut cases = 0;
    for file in files {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        if name == "public-charts" {
            continue;
        }
        cases += 1;
        let case = Case::parse(&fs::read_to_string(&file).expect("a case"));
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().canonicalize().expect("a path");
        case.write(&folder).expect("files");
        let ours = run(&case.arguments, &folder);
        let error = said(&ours.stderr, &folder);
        assert_eq!(ours.code, u8::from(case.stderr.contains("Error: ")), "{name}: {}", ours.stderr);
        if ours.stdout != case.stdout {
            write!(
                different,
                "\n=== {name}: stdout\n--- helm\n{}--- ours\n{}{}\n",
                case.stdout, ours.stdout, ours.stderr
            )
            .expect("a string takes everything");
        } else if error != case.stderr {
            write!(different, "\n=== {name}: stderr\n--- helm\n{}\n--- ours\n{error}\n", case.stderr)
                .expect("a string takes everything");
        }
    }
    assert!(cases >= 80, "only {cases} cases");
    assert!(different.is_empty(), "{different}");
}

#[test]
fn every_flag_of_helm_template_is_known() {
    let ours: BTreeSet<&str> =
        helm::flags::TEMPLATE.flags.iter().map(|flag| flag.name).chain(["help"]).collect();
    let list = include_str!("helm/template-flags.txt");
    let missing: Vec<&str> =
        list.lines().filter_map(|line| line.strip_prefix("--")).filter(|flag| !ours.contains(flag)).collect();
    assert!(missing.is_empty(), "{missing:?} are neither done nor refused");
    assert!(list.lines().count() > 60, "the list is incomplete");
}

#[test]
fn the_documentation_lists_every_flag_with_what_comes_of_it() {
    let docs = include_str!("../../../docs/helm.md");
    for flag in helm::flags::TEMPLATE.flags {
        let name = format!("| `--{}`", flag.name);
        let row = docs.lines().find(|line| {
            line.strip_prefix(&name).is_some_and(|rest| rest.starts_with(' ') || rest.starts_with(','))
        });
        let row = row.unwrap_or_else(|| panic!("{} is not documented", flag.name));
        let wanted = match flag.effect {
            helm::flags::Effect::Done => "| done |".to_owned(),
            helm::flags::Effect::NotForRendering => "| accepted: ".to_owned(),
            helm::flags::Effect::Refused(reason) => format!("| refused: {reason} |"),
            helm::flags::Effect::Ours => "| ours |".to_owned(),
        };
        assert!(row.contains(&wanted), "{row}");
    }
}

/// A chart for what helm cannot do.
fn chart() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in [
        ("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n"),
        ("values.yaml", "replicas: 1\nimage:\n  name: nginx\n  tag: \"1\"\n"),
        ("my.yaml", "replica: 3\nimage:\n  tag: \"2\"\n"),
        (
            "templates/_h.tpl",
            "{{- define \"labels\" -}}\nversion: {{ .Values.image.tag | quote }}\n{{- end }}\n",
        ),
        (
            "templates/d.yaml",
            "kind: Deployment\nmetadata:\n  name: web\n  labels:\n    {{- include \"labels\" . | nindent 4 }}\nspec:\n  replicas: {{ .Values.replicas }}\n  image: {{ .Values.image.name }}\n",
        ),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, text).expect("a file");
    }
    folder
}

fn template(folder: &Path, arguments: &[&str]) -> Printed {
    let all: Vec<String> = ["template", "."].iter().chain(arguments).map(|word| (*word).to_owned()).collect();
    run(&all, folder)
}

#[test]
fn a_line_is_explained_by_its_template_and_its_values() {
    let folder = chart();
    let explained =
        template(folder.path(), &["-f", "my.yaml", "--explain", "Deployment/web.metadata.labels.version"]);
    assert_eq!(
        explained.stdout,
        "line 7:     version: \"2\"\n  object    Deployment/web\n  template  app/templates/d.yaml:5: {{include \"labels\" . | nindent 4}}\n  template  app/templates/_h.tpl:2: {{.Values.image.tag | quote}}\n  value     .Values.image.tag = \"2\", set by my.yaml:3\n            values.yaml:4 says \"1\"\n"
    );
    let by_line = template(folder.path(), &["-f", "my.yaml", "--explain", "7"]);
    assert_eq!(by_line.stdout, explained.stdout);
    let literal = template(folder.path(), &["--explain", "4"]);
    assert_eq!(
        literal.stdout,
        "line 4: metadata:\n  object    Deployment/web\n  template  app/templates/d.yaml:2\n"
    );
    let missing = template(folder.path(), &["--explain", "Deployment/web.metadata.nope"]);
    assert_eq!(
        missing.stderr,
        "Error: --explain Deployment/web.metadata.nope: Deployment web has no metadata.nope\n"
    );
    let nothing = template(folder.path(), &["--explain", "Service/web"]);
    assert_eq!(
        nothing.stderr,
        "Error: --explain Service/web: no such object is rendered\n  rendered are: Deployment/web\n"
    );
}

#[test]
fn values_are_explained_that_come_through_variables_with_and_range() {
    let folder = chart();
    let text = "{{- $image := .Values.image }}\n{{- $tag := printf \"v%s\" $image.tag }}\nkind: Pod\nmetadata:\n  name: web\nspec:\n  image: {{ $image.name }}:{{ $tag }}\n  {{- with .Values.image }}\n  short: {{ .name }}\n  {{- end }}\n  ports:\n  {{- range $at, $port := .Values.ports }}\n  - port: {{ $port.number }}\n    at: {{ $at }}\n  {{- end }}\n  {{- range .Values.hosts }}\n  - host: {{ . }}\n  {{- end }}\n  {{- $all := dict \"i\" (index .Values \"image\") }}\n  last: {{ get $all.i \"tag\" }}\n";
    fs::write(folder.path().join("templates/p.yaml"), text).expect("a file");
    fs::write(
        folder.path().join("my.yaml"),
        "image:\n  tag: \"2\"\nports:\n- number: 80\n- number: 81\nhosts:\n- a.example\n",
    )
    .expect("a file");
    let values = |field: &str| -> Vec<String> {
        let what = format!("Pod/web.spec.{field}");
        let explained = template(folder.path(), &["-f", "my.yaml", "--explain", &what]);
        assert_eq!(explained.stderr, "", "{field}");
        let lines = explained.stdout.lines().filter(|line| line.starts_with("  value"));
        lines.map(|line| line.trim_start_matches("  value     ").to_owned()).collect()
    };
    let name = ".Values.image.name = \"nginx\", set by values.yaml:3";
    let tag = ".Values.image.tag = \"2\", set by my.yaml:2";
    assert_eq!(values("image"), [name, tag]);
    assert_eq!(values("short"), [name]);
    for port in ["ports[1].port", "ports.[1].port", "ports[port=81].port"] {
        assert_eq!(values(port), [".Values.ports.1.number = 81, set by my.yaml:5"], "{port}");
    }
    assert_eq!(values("ports.1.port"), [".Values.ports.1.number = 81, set by my.yaml:5"]);
    assert_eq!(values("ports.2.host"), [".Values.hosts = [\"a.example\"], set by my.yaml:6"]);
    assert_eq!(values("last"), [tag]);
}

#[test]
fn values_that_nobody_knows_are_pointed_out() {
    let folder = chart();
    let checked = template(folder.path(), &["-f", "my.yaml", "--set", "image.tga=3", "--check-values"]);
    assert_eq!(
        checked.stderr,
        "my.yaml:1: replica: the chart does not know it; did you mean replicas?\n--set: image.tga: the chart does not know it; did you mean image.tag?\n"
    );
    assert!(!checked.stdout.is_empty());
    assert_eq!(checked.code, 3);
    let known = template(folder.path(), &["--set", "image.tag=3", "--check-values"]);
    assert_eq!((known.stderr.as_str(), known.code), ("", 0));
}

#[test]
fn an_error_in_a_template_is_shown_with_a_caret_and_its_includes() {
    let folder = chart();
    fs::write(
        folder.path().join("templates/_h.tpl"),
        "{{ define \"labels\" }}\n\ta: {{ .Values.x.y }}\n{{ end }}",
    )
    .expect("a file");
    let failed = template(folder.path(), &[]);
    assert!(failed.stderr.starts_with("Error: app/templates/d.yaml:5:8\n"), "{}", failed.stderr);
    let caret = failed.stderr.split_once("  --> ").expect("a place").1;
    assert_eq!(
        caret,
        "app/templates/_h.tpl:2:15\n    |\n  2 | \ta: {{ .Values.x.y }}\n    | \t      ^^^^^^^^^^^\n  included by app/templates/d.yaml:5:8: {{ include \"labels\" . }}\n"
    );
}

#[test]
fn a_schema_error_names_the_path_and_the_file() {
    let folder = chart();
    let schema = r#"{"properties":{"image":{"properties":{"tag":{"type":"integer"}}}}}"#;
    fs::write(folder.path().join("values.schema.json"), schema).expect("a file");
    let failed = template(folder.path(), &["-f", "my.yaml"]);
    assert_eq!(
        failed.stderr,
        "Error: values don't meet the specifications of the schema(s) in the following chart(s):\napp:\n- at '/image/tag': got string, want integer\n\n  image.tag is set by my.yaml:3\n"
    );
}

#[test]
fn what_is_refused_is_refused_by_name() {
    let folder = chart();
    for flag in helm::flags::TEMPLATE.flags {
        let helm::flags::Effect::Refused(reason) = flag.effect else { continue };
        let argument = match flag.takes {
            helm::flags::Takes::Switch => format!("--{}", flag.name),
            _ => format!("--{}=x", flag.name),
        };
        let refused = template(folder.path(), &[&argument]);
        let error = format!("Error: --{} is refused: {reason}\n", flag.name);
        assert_eq!(refused.stderr.split_inclusive('\n').next_back(), Some(&*error));
        assert_eq!(refused.stdout, "");
    }
}

#[test]
fn a_chart_is_rendered_again_when_it_changes() {
    let folder = chart();
    let values = folder.path().join("values.yaml");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut changes =
        vec!["replicas: 22\nimage: {name: a, tag: b}\n", "replicas: 333\nimage: {name: a, tag: b}\n"];
    let mut world = World {
        input: &mut std::io::empty(),
        out: &mut out,
        err: &mut err,
        namespace: &|_| "default".to_owned(),
        debug: false,
        home: None,
        directory: folder.path().to_owned(),
        pause: &mut || changes.pop().is_some_and(|text| fs::write(&values, text).is_ok()),
        now: &|| "2026-01-02T03:04:05Z".parse().expect("a time"),
        zone: jiff::tz::TimeZone::UTC,
    };
    let parsed = Arguments::try_parse_from(["flamingo", "template", ".", "--watch"]).expect("arguments");
    let Command::Template(arguments) = parsed.command else { panic!("another command") };
    assert_eq!(helm::template(&arguments.0, &mut world).expect("vectors take everything"), 0);
    let out = String::from_utf8(out).expect("text");
    let replicas: Vec<&str> = out.lines().filter(|line| line.contains("replicas:")).collect();
    assert_eq!(replicas, ["  replicas: 1", "  replicas: 333", "  replicas: 22"]);
}

#[test]
fn a_watched_chart_knows_the_time_and_the_files_of_set_file() {
    let folder = chart();
    let text = "kind: Time\nnow: {{ now | date \"15:04:05\" }}\nmore: {{ .Values.more }}\n";
    fs::write(folder.path().join("templates/d.yaml"), text).expect("a file");
    let more = folder.path().join("../more.txt");
    let more = more.with_file_name(format!("{}.txt", folder.path().file_name().expect("a name").display()));
    fs::write(&more, "one").expect("a file");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let seconds = std::cell::Cell::new(0);
    let now = || {
        seconds.set(seconds.get() + 1);
        jiff::Timestamp::from_second(seconds.get()).expect("a time")
    };
    let mut changes = vec!["three"];
    let mut world = World {
        input: &mut std::io::empty(),
        out: &mut out,
        err: &mut err,
        namespace: &|_| "default".to_owned(),
        debug: false,
        home: None,
        directory: folder.path().to_owned(),
        pause: &mut || changes.pop().is_some_and(|text| fs::write(&more, text).is_ok()),
        now: &now,
        zone: jiff::tz::TimeZone::UTC,
    };
    let set = format!("more={}", more.display());
    let parsed = Arguments::try_parse_from(["flamingo", "template", ".", "--watch", "--set-file", &set])
        .expect("arguments");
    let Command::Template(arguments) = parsed.command else { panic!("another command") };
    assert_eq!(helm::template(&arguments.0, &mut world).expect("vectors take everything"), 0);
    let out = String::from_utf8(out).expect("text");
    let lines: Vec<&str> =
        out.lines().filter(|line| line.starts_with("now") || line.starts_with("more")).collect();
    assert_eq!(lines, ["now: 00:00:01", "more: one", "now: 00:00:02", "more: three"]);
    fs::remove_file(more).expect("a file");
}

#[test]
fn what_can_be_read_only_once_is_not_watched() {
    let folder = chart();
    for arguments in [["--watch", "--values", "-"], ["--watch", "--set-file", "a=-"]] {
        assert_eq!(
            template(folder.path(), &arguments).stderr,
            "Error: --watch is refused for values from standard input, which can be read only once\n  give --values or --set-file a file\n"
        );
    }
}

#[test]
fn what_may_be_a_secret_is_in_no_message() {
    let folder = chart();
    let secret = "kind: Secret\npassword: {{ .Values.password }}\nother: b: c\n";
    fs::write(folder.path().join("templates/d.yaml"), secret).expect("a file");
    let broken = template(folder.path(), &["--set", "password=hunter2"]);
    assert!(broken.stderr.contains("the lines of a Secret are shown with --debug only"), "{}", broken.stderr);
    let schema = r#"{"properties": {"password": {"minLength": 30}}}"#;
    fs::write(folder.path().join("values.schema.json"), schema).expect("a file");
    let refused = template(folder.path(), &["--set", "password=hunter2"]);
    assert!(refused.stderr.contains("password is set by --set\n"), "{}", refused.stderr);
    for printed in [broken, refused] {
        assert!(!printed.stderr.contains("hunter2"), "{}", printed.stderr);
    }
}

#[test]
fn empty_flags_are_none() {
    let folder = chart();
    let plain = template(folder.path(), &[]);
    for flags in [&["--output-dir="][..], &["--namespace="], &["--kubeconfig="], &["--debug", "--debug"]] {
        let printed = template(folder.path(), flags);
        assert_eq!(printed.stdout, plain.stdout, "{flags:?}: {}", printed.stderr);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_with_its_place() {
    let folder = chart();
    let place = |arguments: &[&str]| {
        let failed = template(folder.path(), arguments);
        let place = failed.stderr.lines().find_map(|line| line.strip_prefix("  --> ").map(str::to_owned));
        let place = place.unwrap_or_else(|| panic!("no place: {}", failed.stderr));
        place.replace(&folder.path().display().to_string(), "$DIR")
    };
    fs::write(folder.path().join("my.yaml"), "a: 1\n---\nb: [1\nc: 2\n").expect("a file");
    assert_eq!(place(&["-f", "my.yaml"]), "my.yaml:4:2");
    fs::write(folder.path().join("values.schema.json"), "{\n  \"a\": x\n}").expect("a file");
    assert_eq!(place(&[]), "app/values.schema.json:2:8");
    fs::write(folder.path().join("values.yaml"), "a: 1\nb: {c: d\n").expect("a file");
    assert_eq!(place(&[]), "$DIR/values.yaml:3:1");
    fs::create_dir_all(folder.path().join("charts/sub")).expect("folders");
    fs::write(folder.path().join("values.yaml"), "").expect("a file");
    fs::write(folder.path().join("charts/sub/Chart.yaml"), "name: [").expect("a file");
    assert_eq!(place(&[]), "$DIR/charts/sub/Chart.yaml:2:1");
}

#[test]
fn files_of_documents_are_those_of_helm() {
    let folder = chart();
    let text = "kind: Pod\nmetadata: {name: c}\n---\nkind: Job\nmetadata: {name: d, annotations: {helm.sh/hook: test}}\n";
    fs::write(folder.path().join("templates/d.yaml"), text).expect("a file");
    for _ in 0..2 {
        template(folder.path(), &["--output-dir", "out"]);
        // Made by helm 4.3.1.
        assert_eq!(
            fs::read_to_string(folder.path().join("out/app/templates/d.yaml")).expect("a file"),
            "---\n# Source: app/templates/d.yaml\nkind: Pod\nmetadata: {name: c}\n\n---\n# Source: app/templates/d.yaml\nkind: Job\nmetadata: {name: d, annotations: {helm.sh/hook: test}}\n\n"
        );
    }
}

#[test]
fn help_names_every_flag_and_what_comes_of_it() {
    let folder = chart();
    for arguments in [&["-h"][..], &["-f", "my.yaml", "--help"]] {
        let help = template(folder.path(), arguments);
        assert_eq!((help.stderr.as_str(), help.code), ("", 0));
        for flag in helm::flags::TEMPLATE.flags {
            assert!(help.stdout.contains(&format!("--{} ", flag.name)), "{}", flag.name);
        }
    }
}

#[test]
fn files_that_are_no_text_are_refused() {
    let folder = chart();
    fs::write(folder.path().join("key.jks"), b"\xfe\xed\x00\xff").expect("a file");
    let printed = template(folder.path(), &["--set-file", "image.tag=key.jks"]);
    assert_eq!(
        printed.stderr,
        "Error: failed parsing --set-file data: key.jks is refused: it is not UTF-8, and values hold text only; give its content as base64\n"
    );
}

#[test]
fn files_are_written_of_the_chosen_templates_only() {
    let folder = chart();
    let missing = template(folder.path(), &["-s", "templates/none.yaml", "--output-dir", "out"]);
    assert_eq!(missing.stderr, "Error: could not find template templates/none.yaml in chart\n");
    assert!(!folder.path().join("out").exists());
    let explained = template(folder.path(), &["--explain", "3", "--output-dir", "out"]);
    assert!(
        explained.stderr.starts_with("Error: --explain is refused with --output-dir"),
        "{}",
        explained.stderr
    );
}
