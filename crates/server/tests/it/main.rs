//! The server from outside: real sockets, a temporary store, the simulator as Meta.

mod client;
mod flow;
mod house;
mod outage;
mod pages;
mod settings;
mod slow;
mod tidy;
mod webhook;
