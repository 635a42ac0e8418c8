//! From paths to streams with an identity: which files, their sha256, and what they are by content.

mod collector;
mod identify;
mod input;
mod place;
mod walk;

pub use identify::{Identified, Item, Unread, identify, identify_place, names};
pub use input::{Input, inputs};
pub use place::{Feed, Place, Watch};
pub use walk::{Found, Walked, walk};
