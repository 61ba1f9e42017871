//! Calls that publish: a container is made, Meta works on it, and one call makes it a post.

mod container;
mod delete;
mod limit;
mod make;
mod post;
mod status;
mod upload;

pub use container::{Kind, Problem, Source, UserTag, Work};
pub use delete::DeleteMedia;
pub use limit::{Allowance, PublishingLimit};
pub use make::{Made, MakeContainer};
pub use post::Publish;
pub use status::{ContainerStatus, Status, StatusCode};
