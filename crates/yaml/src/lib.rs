//! Go-compatible YAML.
