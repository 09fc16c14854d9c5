//! A driver of Nuncio: delivers to `{{scheme}}:` subscribers.

mod driver;
mod settings;

pub use driver::{{Driver}};
pub use settings::Settings;
