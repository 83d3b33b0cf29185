//! The sandbox as its clients see it.

mod harness;

mod access;
