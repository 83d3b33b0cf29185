//! The page's own API: who sees what, what a tab is told, and how it is told again.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod actions;
mod application;
mod files;
mod link;
mod list;
mod object;
mod projects;
mod resources;
mod stream;
mod world;
