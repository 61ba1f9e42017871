//! The simulator over real HTTP.

mod phone_ai;
mod phone_samples;
mod phone_ytdlp;
