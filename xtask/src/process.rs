//! Programs that run beside this one, and never outlive it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io, net};

use anyhow::{Context as _, Result, bail};

/// Starts a program, says its process id, and ends it when standard input closes, which happens even
/// when the one that holds it is killed. Ctrl-C is for the holder: it must not end the guard first.
const GUARD: &str = r#"trap '' INT
"$@" 1>&2 </dev/null &
echo $!
exec >&-
cat >/dev/null
kill -KILL $! 2>/dev/null
wait $! 2>/dev/null"#;

/// How long a program may take to show that it works.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// How often it is looked whether a program still runs.
const LOOK: Duration = Duration::from_millis(500);

/// A running program; it ends when this is dropped.
pub(crate) struct Running {
    guard: Child,
    pid: u32,
    log: PathBuf,
    started: Instant,
}

impl Running {
    /// Starts a program. What it prints goes to the file `log`.
    ///
    /// # Errors
    /// It could not be started.
    pub(crate) fn start(command: &Command, log: &Path) -> Result<Self> {
        let output = fs::File::create(log).with_context(|| log.display().to_string())?;
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD, "guard"]).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => guard.env(name, value),
                None => guard.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            guard.current_dir(folder);
        }
        let started = Instant::now();
        let mut guard = guard
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(output)
            .spawn()
            .with_context(|| format!("{command:?} could not be started"))?;
        let mut pid = String::new();
        let answer = guard.stdout.take().context("the guard has no output")?;
        BufReader::new(answer).read_line(&mut pid)?;
        let pid = pid.trim().parse().with_context(|| format!("{command:?} has no process id"))?;
        Ok(Self { guard, pid, log: log.to_owned(), started })
    }

    /// The process id of the program.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// When it was started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// The first line that holds `text` among those printed after the first `skipped` of its kind.
    ///
    /// # Errors
    /// The program ended, or nothing of that kind was printed in time.
    pub(crate) fn line(&self, text: &str, skipped: usize) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        let (mut last_look, mut is_over) = (Instant::now(), false);
        loop {
            let printed = self.printed()?;
            if let Some(line) = printed.lines().filter(|line| line.contains(text)).nth(skipped) {
                return Ok(line.to_owned());
            }
            if is_over {
                bail!("no line with “{text}” was printed; {}", self.last_words());
            }
            // Looking starts a program, which would show in what is measured meanwhile.
            if last_look.elapsed() > LOOK {
                last_look = Instant::now();
                is_over = last_look > deadline || !self.is_alive();
            }
            pause(Duration::from_millis(5));
        }
    }

    /// The end of what it printed, for a message about what went wrong.
    pub(crate) fn last_words(&self) -> String {
        match self.printed() {
            Ok(printed) => {
                let lines: Vec<&str> = printed.lines().collect();
                let tail = lines[lines.len().saturating_sub(15)..].join("\n");
                format!("{} ends with\n{tail}", self.log.display())
            }
            Err(error) => format!("what it printed cannot be read: {error}"),
        }
    }

    fn printed(&self) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(&self.log)?).into_owned())
    }

    /// Whether it still runs. A program that ended stays a zombie until its guard ends.
    pub(crate) fn is_alive(&self) -> bool {
        let state = Command::new("ps").args(["-o", "stat=", "-p", &self.pid.to_string()]).output();
        state.is_ok_and(|output| output.status.success() && !output.stdout.starts_with(b"Z"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        if let Err(error) = self.guard.wait() {
            println!("warning: process {} may still run: {error}", self.pid);
        }
    }
}

/// Waits. The tasks do one thing after the other and have no runtime whose worker could be blocked.
#[expect(clippy::disallowed_methods, reason = "there is no runtime here")]
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// Repeats `attempt` until it gives something.
///
/// # Errors
/// It gave nothing in time, or failed.
pub(crate) fn until<T>(what: &str, mut attempt: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = attempt()? {
            return Ok(value);
        }
        if Instant::now() > deadline {
            bail!("{what}: not within {} s", PATIENCE.as_secs());
        }
        pause(Duration::from_millis(100));
    }
}

/// A port of the loopback interface that was free a moment ago.
///
/// # Errors
/// There is none.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// What a program printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Printed {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a program to its end; how it ends is for the caller to judge.
///
/// # Errors
/// It could not be started.
pub(crate) fn capture(command: &mut Command) -> Result<Printed> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("{command:?} could not be started"))?;
    Ok(Printed {
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
