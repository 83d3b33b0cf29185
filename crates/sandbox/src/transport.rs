//! HTTP: from bytes to a verb and back.

mod answer;
mod auth;
mod body;
mod connections;
mod dispatch;
mod negotiation;
mod parameters;
mod resource;
mod route;
mod watch_stream;

pub(crate) use connections::serve;
pub(crate) use dispatch::Service;
