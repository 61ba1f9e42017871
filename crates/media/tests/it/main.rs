//! One integration binary: real programs, real files, a fixture server on loopback.

mod check;
mod download;
mod fit;
mod fixture;
mod hostile;
mod net;
mod proxy;
mod tool;
