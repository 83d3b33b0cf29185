//! The types and CustomResourceDefinitions of the fluxcd.io kinds.
