//! Carrying steps out.

mod deploy;
mod ensure;
mod finalize;
mod refuse;
mod sync;
