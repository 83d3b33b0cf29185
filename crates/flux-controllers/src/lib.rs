//! Controllers for the fluxcd.io kinds.
