//! Which flags the commands have.

mod lint;
mod of_several_commands;
mod show;
mod template;

pub use lint::LINT;
pub use show::SHOW;
pub use template::TEMPLATE;
