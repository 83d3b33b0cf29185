//! A read-only smart-HTTP Git server over a local repository.
