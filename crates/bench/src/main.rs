//! Load generator, crash bench and history checker; never shipped.
fn main() {}
