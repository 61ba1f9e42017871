//! Decides what to answer, runs the reel pipeline, sends without ever repeating. This is the
//! product itself, kept apart from the web server so that it can be tested without one.
#![doc = include_str!("../README.md")]

mod accounts;
mod asking;
mod bot;
mod brake;
pub mod channel;
mod choices;
pub mod command;
mod context;
mod day;
mod deliver;
mod desk;
mod erase;
pub mod files;
mod final_text;
mod language;
mod library;
mod line;
mod pipeline;
mod place;
pub mod plan;
mod print;
mod pushed;
mod reel;
mod reply;
pub mod send;
mod settings;
mod stage;
mod talk;
pub mod texts;
pub mod told;

pub use accounts::{Accounts, StaticAccounts};
pub use bot::{Bot, BotError, BotParts};
pub use brake::{Brake, BrakeSettings, Pace};
pub use day::{Day, day_of, zone};
pub use final_text::{Answer, compose, cut};
pub use language::choose;
pub use plan::{new_event, plan_event};
pub use pushed::{OurSides, PushedError, pushed_event};
pub use reel::reel_again;
pub use settings::{BotSettings, FileSettings, SendSettings};
