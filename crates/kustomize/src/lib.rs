//! kustomize build as a pure function of a file tree.
