//! One integration binary: real programs, real files, a fixture server on loopback.

mod tool;
