//! Carrying steps out.

pub(super) mod deploy;
mod ensure;
mod finalize;
mod refuse;
mod sync;
