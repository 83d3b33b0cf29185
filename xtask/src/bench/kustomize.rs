//! `flamingo kustomize build` beside kustomize 5.8.2, on generated overlays.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::Table;
use crate::command::output;
use crate::flamingo;
use crate::oracles::Oracles;
use crate::process::pause;

const SIZES: [usize; 4] = [500, 1_000, 2_000, 20_000];
/// Kustomize takes minutes for more.
const LARGEST_FOR_KUSTOMIZE: usize = 2_000;
/// Runs of a large overlay; the mean counts.
const RUNS: usize = 3;
/// Runs of a small overlay, whose processor time is added up.
const STARTS: usize = 20;

/// What a build took; seconds are of processor time, so that a busy machine does not count.
struct Figures {
    seconds: f64,
    mebibytes: f64,
    text: Vec<u8>,
}

/// Measures, compares the outputs and prints a table.
///
/// # Errors
/// Something could not be run, or the outputs differ.
pub(super) fn run(oracles: &Oracles, overlays: Option<&Path>) -> Result<()> {
    let (real, ours) = (oracles.tool("kustomize")?, flamingo::build(true)?);
    let folder = tempfile::tempdir()?;
    let mut table = Table::default();
    let mut seconds = Vec::new();
    for size in SIZES {
        let overlay = generate(&folder.path().join(size.to_string()), size)?;
        let figures = measure(&ours, "kustomize build", &overlay)?;
        println!("{size:>6} objects: {:.3} s, {:.1} MiB", figures.seconds, figures.mebibytes);
        if size <= LARGEST_FOR_KUSTOMIZE {
            let other = measure(&real, "build", &overlay)?;
            println!("    kustomize: {:.3} s, {:.1} MiB", other.seconds, other.mebibytes);
            ensure!(figures.text == other.text, "the outputs for {size} objects differ");
            table.row(
                &format!("memory of {size}, share of kustomize's"),
                figures.mebibytes / other.mebibytes,
                1.0 / 3.0,
                "",
            );
        }
        seconds.push(figures.seconds);
    }
    table.row("2,000 objects", seconds[2], 0.3, "s");
    table.row("2,000 objects for each 1,000", seconds[2] / seconds[1], 2.2, "times");
    table.row("20,000 objects", seconds[3], 4.0, "s");
    let small = generate(&folder.path().join("small"), 10)?;
    let one = processor_time(&ours, "kustomize build", &small, STARTS)?;
    let other = processor_time(&real, "build", &small, STARTS)?;
    println!("10 objects: {:.1} ms of processor time, kustomize {:.1} ms", one * 1e3, other * 1e3);
    table.row("processor time of 10, share of kustomize's", one / other, 0.2, "");
    if let Some(list) = overlays {
        let (one, other, count) = of_each(&ours, &real, list)?;
        println!("{count} overlays: {one:.2} s of processor time, kustomize {other:.2} s");
        table.row("processor time of all overlays, share of kustomize's", one / other, 0.2, "");
    }
    table.print();
    Ok(())
}

/// Processor time of one cold build of each overlay in a list that kustomize builds, by ours and by kustomize, and
/// their number.
fn of_each(ours: &Path, real: &Path, list: &Path) -> Result<(f64, f64, usize)> {
    let (mut one, mut other, mut count) = (0.0, 0.0, 0);
    for overlay in fs::read_to_string(list)?.lines().map(Path::new) {
        // Those that fail, for example for want of the network, say nothing about speed.
        let Ok(theirs) = processor_time(real, "build", overlay, 1) else { continue };
        other += theirs;
        one += processor_time(ours, "kustomize build --offline", overlay, 1)?;
        count += 1;
    }
    Ok((one, other, count))
}

/// The most memory is read again and again while the program runs.
fn measure(program: &Path, arguments: &str, overlay: &Path) -> Result<Figures> {
    let result = overlay.join("../result.yaml");
    let mut command = Command::new(program);
    command.args(arguments.split(' ')).arg(overlay).stdout(Stdio::from(fs::File::create(&result)?));
    let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
    let mut most: Option<f64> = None;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // A program that has just ended has no figure any more; the last one before counts.
        if let Some(now) = kibibytes(&fs::read_to_string(format!("/proc/{}/status", child.id()))?) {
            most = Some(most.unwrap_or_default().max(now));
        }
        pause(Duration::from_micros(200));
    };
    ensure!(status.success(), "{command:?} ended with {status}");
    let kibibytes = most.with_context(|| format!("the memory of {command:?} was never seen"))?;
    let seconds = processor_time(program, arguments, overlay, RUNS)?;
    Ok(Figures { seconds, mebibytes: kibibytes / 1024.0, text: fs::read(&result)? })
}

/// The most memory that a program had, by the status that the system gives of it; a program that has ended has none.
fn kibibytes(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Processor time of one build with its start: the shell adds up what its children used.
fn processor_time(program: &Path, arguments: &str, overlay: &Path, runs: usize) -> Result<f64> {
    let script =
        format!("for _ in $(seq {runs}); do \"$0\" {arguments} \"$1\" >/dev/null || exit 1; done; times");
    let printed = output(Command::new("bash").args(["-c", &script]).arg(program).arg(overlay))?;
    let children = printed.lines().last().context("no times")?;
    let mut total = 0.0;
    for time in children.split_whitespace() {
        let (minutes, seconds) = time.trim_end_matches('s').split_once('m').context("no time")?;
        total += minutes.parse::<f64>()? * 60.0 + seconds.parse::<f64>()?;
    }
    Ok(total / runs as f64)
}

/// Half Deployments, half generated ConfigMaps that they refer to, and a patch for each tenth Deployment.
fn generate(folder: &Path, objects: usize) -> Result<PathBuf> {
    let (base, overlay) = (folder.join("base"), folder.join("overlay"));
    fs::create_dir_all(&base)?;
    fs::create_dir_all(&overlay)?;
    let half = objects / 2;
    let deployments: Vec<String> =
        (0..half).map(|number| DEPLOYMENT.replace("NUMBER", &number.to_string())).collect();
    fs::write(base.join("deployments.yaml"), deployments.join("---\n"))?;
    let mut text = "resources:\n- deployments.yaml\nconfigMapGenerator:\n".to_owned();
    for number in 0..half {
        write!(text, "- name: config-{number}\n  literals:\n  - key=value-{number}\n  - other=thing\n")?;
    }
    fs::write(base.join("kustomization.yaml"), text)?;
    let mut text = OVERLAY.to_owned();
    for number in (0..half).step_by(10) {
        fs::write(
            overlay.join(format!("patch-{number}.yaml")),
            PATCH.replace("NUMBER", &number.to_string()),
        )?;
        writeln!(text, "- path: patch-{number}.yaml")?;
    }
    fs::write(overlay.join("kustomization.yaml"), text)?;
    Ok(overlay)
}

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-NUMBER
  labels:
    tier: backend
spec:
  replicas: 1
  selector:
    matchLabels:
      app: app-NUMBER
  template:
    metadata:
      labels:
        app: app-NUMBER
    spec:
      containers:
      - name: main
        image: registry.example.com/team/app:v1
        ports:
        - containerPort: 8080
        env:
        - name: CONFIG
          valueFrom:
            configMapKeyRef:
              name: config-NUMBER
              key: key
        envFrom:
        - configMapRef:
            name: config-NUMBER
      volumes:
      - name: config
        configMap:
          name: config-NUMBER
";

const PATCH: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-NUMBER
spec:
  replicas: 3
  template:
    spec:
      containers:
      - name: main
        resources:
          limits:
            memory: 256Mi
";

const OVERLAY: &str = "resources:
- ../base
namePrefix: prod-
namespace: production
labels:
- pairs:
    env: prod
  includeSelectors: true
images:
- name: registry.example.com/team/app
  newTag: v2
patches:
";
