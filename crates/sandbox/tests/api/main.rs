//! The sandbox as its clients see it.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test whose world cannot be set up has failed"
)]

mod harness;

mod access;
mod apply;
mod crash;
mod definitions;
mod deletion;
mod faults;
mod reading;
mod watching;
mod workloads;
mod writing;
