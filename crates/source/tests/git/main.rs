//! The Git client against the real `git http-backend`, and against servers that misbehave.

#![expect(clippy::unwrap_used, reason = "a test may end at a failed step")]

mod backend;
mod failures;
mod recorded;
mod repository;
