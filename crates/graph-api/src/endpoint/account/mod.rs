//! Calls about the account itself.

mod demographics;
mod insights;
mod profile;

pub use demographics::AccountDemographics;
pub use insights::{AccountInsights, Cut};
pub use profile::{AccountProfile, GetProfile};
