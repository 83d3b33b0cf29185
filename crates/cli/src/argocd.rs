//! The commands that talk to the API.
//!
//! They are clients like any other: what they can do, the API lets everybody do who may.

mod applications;
mod client;
mod login;
mod progress;
mod settings;
mod show;
mod why;

pub use applications::{CommandError, Outcome, run};
pub use client::{Client, ClientError};
pub use login::{LoginError, login};
pub use settings::{Settings, SettingsError};
pub use why::why;
