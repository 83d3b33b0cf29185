//! Annotations that all Flux kinds know.

/// Annotations with this prefix become metadata of events.
pub const EVENT_PREFIX: &str = "event.toolkit.fluxcd.io/";
