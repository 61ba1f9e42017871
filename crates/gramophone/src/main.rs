//! Self-hosted Instagram Business server: one binary.
fn main() {}
