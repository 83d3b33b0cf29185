//! What a command takes from the outside, and where it writes.

use std::io::{self, Read, Write};
use std::net::ToSocketAddrs as _;

use gotemplate::{Entropy, Environment, Resolve};
use helm::Log;

use super::failure::Failure;

/// Which context of which kubeconfig is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The file.
    pub kubeconfig: Option<&'a str>,
    /// The context's name.
    pub name: Option<&'a str>,
}

/// Standard input and outputs, and the parts of the environment that matter.
pub struct World<'a> {
    /// Standard input, for `--values -`.
    pub input: &'a mut dyn Read,
    /// Standard output.
    pub out: &'a mut dyn Write,
    /// Standard error.
    pub err: &'a mut dyn Write,
    /// The namespace where no flag names one: `HELM_NAMESPACE`, or that of a context, the current one where
    /// none is named, of a kubeconfig, that of the environment where none is named.
    pub namespace: &'a dyn Fn(Context<'_>) -> String,
    /// Whether `HELM_DEBUG` is on.
    pub debug: bool,
    /// `HOME`, where the default keyring is.
    pub home: Option<std::path::PathBuf>,
    /// The directory that relative paths are relative to.
    pub directory: std::path::PathBuf,
    /// Waits a moment before `--watch` looks again; false ends it.
    pub pause: &'a mut dyn FnMut() -> bool,
    /// What time it is: asked once for each rendering.
    pub now: &'a dyn Fn() -> jiff::Timestamp,
    /// The local time zone.
    pub zone: jiff::tz::TimeZone,
}

impl World<'_> {
    /// The environment of templates.
    pub(crate) fn environment(&self, dns: bool, lint: bool) -> Environment<'static> {
        Environment {
            now: (self.now)(),
            zone: self.zone.clone(),
            entropy: &System,
            cluster: None,
            resolver: dns.then_some(&System),
            lint,
        }
    }

    /// Says something on standard error.
    pub(crate) fn warn(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.err, "{text}")
    }

    /// Says what was logged since the last time.
    pub(crate) fn say(&mut self, log: &Log) -> Result<(), Failure> {
        let said = log.take().iter().try_for_each(|line| self.warn(line));
        said.map_err(|error| Failure::new(format!("standard error cannot be written: {error}")))
    }
}

struct System;

impl Entropy for System {
    fn fill(&self, buffer: &mut [u8]) {
        // A system without random numbers cannot make keys, and must not make weak ones.
        getrandom::fill(buffer).unwrap_or_else(|error| panic!("the system has no random numbers: {error}"));
    }
}

impl Resolve for System {
    fn resolve(&self, host: &str) -> String {
        let addresses = (host, 0).to_socket_addrs();
        addresses
            .ok()
            .and_then(|mut found| found.next())
            .map_or_else(String::new, |found| found.ip().to_string())
    }
}
