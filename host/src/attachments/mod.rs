//! Files that go with a message: how they are looked at when they come in, and how they are stored with it.

mod attachment;
mod carried;
mod media_type;
mod stored;

pub use attachment::Attachment;
pub use carried::carried;
pub use media_type::media_type;
pub use stored::{StoredError, enclose, open};
