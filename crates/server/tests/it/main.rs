//! The server from outside: real sockets, a temporary store, the simulator as Meta.

mod settings;
mod tidy;
