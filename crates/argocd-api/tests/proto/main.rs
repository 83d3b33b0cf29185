//! The descriptors of Argo CD's API, held against upstream's own types, the definitions, recorded answers, and
//! another implementation of protobuf.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod definitions;
mod errors;
mod methods;
mod random;
mod recordings;
mod sources;
mod upstream;

use argocd_api::proto::Descriptors;

fn descriptors() -> &'static Descriptors {
    argocd_api::proto::descriptors().expect("the descriptors can be read")
}

/// Package of Argo CD's own kinds.
const V1ALPHA1: &str = "github.com.argoproj.argo_cd.v3.pkg.apis.application.v1alpha1";
