//! A message becomes [`Rendered`] once, before its driver sees it.

mod defaults;
mod rendered;
mod renderer;

pub use rendered::Rendered;
pub use renderer::{RenderError, Renderer, Source};
