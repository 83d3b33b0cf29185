//! Kubernetes API machinery without IO.
