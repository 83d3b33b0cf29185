//! The page's own routes: windows of the list, and one stream for each tab. Its contract is `docs/page-api.md`.

mod actions;
mod application;
mod names;
mod object;
mod previews;
mod rows;
mod session;
mod stream;

pub(crate) use actions::act;
pub(crate) use application::application;
pub(crate) use names::names;
pub(crate) use object::object;
pub(crate) use previews::{preview_application, preview_removal, preview_sync};
pub(crate) use rows::rows;
pub(crate) use session::session;
pub(crate) use stream::stream;
