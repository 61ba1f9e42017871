//! Meta's reading side, once for every area of the API: what is kept, who asks Meta, and which numbers there are.
//! The flow itself is in `flow`.

mod account;
mod answer;
mod audience;
mod entry;
mod errand;
mod flow;
mod followers;
mod media;
mod numbers;
mod online;
mod refusals;
mod renew;
mod series;
mod tally;
mod totals;
mod wanted;

pub(crate) use account::profile;
pub(crate) use answer::{Served, Wishes};
pub(crate) use audience::{Group, audience};
pub(crate) use entry::Got;
pub(crate) use errand::Trouble;
pub(crate) use flow::{Ask, Gateway};
pub(crate) use media::{Listing, children, list, node};
pub(crate) use numbers::{Missing, Numbers, many, numbers};
pub(crate) use online::{Online, online};
pub(crate) use renew::renew;
pub(crate) use series::{AccountNumbers, Period, Series, account_numbers};
