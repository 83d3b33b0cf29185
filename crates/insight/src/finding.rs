//! The record.

use std::fmt;

use engine::ObjectRef;

/// What kind of trouble a finding is about; programs can rely on the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The source could not be fetched.
    SourceUnavailable,
    /// The source exists, and what is asked of it does not.
    SourceContent,
    /// A disk is full.
    NoSpace,
    /// The manifests could not be built.
    BuildFailed,
    /// The cluster refused an object.
    ApplyRefused,
    /// Objects could not be deleted.
    PruneFailed,
    /// What was applied did not become healthy.
    Unhealthy,
    /// Something else has to be ready first.
    Waiting,
    /// A field that is not supported.
    Unsupported,
    /// An Application cannot be deployed as it is.
    InvalidApplication,
    /// A Pod's image cannot be had.
    ImagePull,
    /// A Pod ends again and again.
    CrashLoop,
    /// No node takes a Pod.
    Unschedulable,
    /// A Job failed.
    JobFailed,
}

impl Code {
    /// Whether it stays until somebody changes the source, the Application or the cluster.
    pub fn is_lasting(self) -> bool {
        match self {
            Self::SourceContent
            | Self::BuildFailed
            | Self::ApplyRefused
            | Self::Unsupported
            | Self::InvalidApplication
            | Self::ImagePull
            | Self::JobFailed => true,
            Self::SourceUnavailable
            | Self::NoSpace
            | Self::PruneFailed
            | Self::Unhealthy
            | Self::Waiting
            | Self::CrashLoop
            | Self::Unschedulable => false,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Something that is wrong, with its cause and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// For programs.
    pub code: Code,
    /// The object that it is about.
    pub object: ObjectRef,
    /// What is wrong, as one sentence without a full stop.
    pub sentence: String,
    /// What shows it: the message of a condition, a state.
    pub evidence: String,
    /// What to do.
    pub fix: String,
}

/// Two or three lines: what and where, why, what to do.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&told(&self.object.to_string(), &self.sentence, &self.evidence, &self.fix))
    }
}

/// The lines of a finding, of which only the texts are known.
pub fn told(object: &str, sentence: &str, evidence: &str, fix: &str) -> String {
    let mut text = format!("{object}: {sentence}");
    if !evidence.is_empty() {
        text += &format!("\n  cause: {}", evidence.trim_end().replace('\n', "\n         "));
    }
    text + "\n  fix:   " + fix
}
