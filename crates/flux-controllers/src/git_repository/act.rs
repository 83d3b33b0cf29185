//! Carrying out what was decided over a GitRepository.

mod artifact;
mod conclude;
mod finalize;

pub(super) use artifact::Done;
