//! All Kubernetes IO: clients, watches, apply, wait, the controller runtime.
