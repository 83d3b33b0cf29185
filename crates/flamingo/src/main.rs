//! The flamingo binary: wiring only.

fn main() {}
