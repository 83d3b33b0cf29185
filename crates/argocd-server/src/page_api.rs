//! The page's own routes: windows of the list, and one stream for each tab. Its contract is `docs/page-api.md`.

mod actions;
mod application;
mod rows;
mod session;
mod stream;

pub(crate) use actions::act;
pub(crate) use application::application;
pub(crate) use rows::rows;
pub(crate) use session::session;
pub(crate) use stream::stream;
