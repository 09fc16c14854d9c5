//! Pre-signed URLs, as Zaqar has them (zaqar/common/urls.py): whoever holds one may do what it names, and nothing else.
//!
//! A path opens itself and what stands below it, segment by segment; Zaqar searches it in the path as a regular
//! expression.

mod grant;
mod presented;
mod signer;

pub use grant::{Grant, Unsignable};
pub use presented::Presented;
pub use signer::Signer;
