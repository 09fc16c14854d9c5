//! A message becomes [`Content`](nuncio_core::Content) once, before its driver sees it.

mod defaults;
mod renderer;

pub use renderer::{RenderError, Renderer, Source};
