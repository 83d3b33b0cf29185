//! `flamingo kustomize build --watch`: builds again whenever something that was looked at has changed.

use std::io;
use std::os::fd::AsFd as _;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::unix::pipe::Sender;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use super::disk::Disk;
use super::{Reader, print, tell};

/// How often it is looked whether a file has changed.
const LOOK: Duration = Duration::from_millis(200);

/// Builds until nobody reads what is printed, if it is.
///
/// # Errors
/// The output cannot be written. A build that fails is told, and ends nothing.
pub(super) fn watch(is_printed: bool, build: impl Fn(&Disk) -> anyhow::Result<Reader>) -> anyhow::Result<()> {
    let pause = Pause::new(is_printed)?;
    loop {
        let disk = Disk::default();
        match build(&disk) {
            Ok(Reader::Gone) => return Ok(()),
            Ok(Reader::Listening) => {}
            Err(error) => tell(&format!("error: {error:#}"))?,
        }
        while !disk.has_changed() {
            if pause.take() == Reader::Gone {
                return Ok(());
            }
        }
        if is_printed && print("---\n")? == Reader::Gone {
            return Ok(());
        }
    }
}

/// What happens between two looks.
struct Pause {
    runtime: Runtime,
    /// Standard output, where it is something that can lose its reader.
    output: Option<Sender>,
}

impl Pause {
    fn new(is_printed: bool) -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let output = if is_printed {
            let _entered = runtime.enter();
            // Nothing is written to this one, so that it need not be a pipe that never blocks; files, which lose no
            // reader, are refused by the system.
            Sender::from_owned_fd_unchecked(io::stdout().as_fd().try_clone_to_owned()?).ok()
        } else {
            None
        };
        Ok(Self { runtime, output })
    }

    /// Waits until the next look, or until the reader goes away.
    fn take(&self) -> Reader {
        self.runtime.block_on(async {
            match &self.output {
                None => {
                    sleep(LOOK).await;
                    Reader::Listening
                }
                Some(output) => match timeout(LOOK, output.ready(Interest::ERROR)).await {
                    Ok(_) => Reader::Gone,
                    Err(_) => Reader::Listening,
                },
            }
        })
    }
}
