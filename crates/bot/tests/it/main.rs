//! The bot's tests: tables for what is pure, and everything else against the simulator.

mod final_text;
mod language;
mod plan;
mod send;
mod texts;
mod world;
