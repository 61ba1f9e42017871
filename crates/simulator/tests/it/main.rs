//! The simulator over real HTTP: every handler, every fault, and the shapes that `fixtures/meta` pins.

mod control;
mod conversations;
mod faults;
mod fixtures;
mod phone_ai;
mod phone_samples;
mod phone_ytdlp;
mod send;
mod support;
mod tokens;
mod upload;
mod webhooks;
