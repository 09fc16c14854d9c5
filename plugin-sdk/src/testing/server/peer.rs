//! Which protocol a far side speaks.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use super::wire::Wire;

/// One connection of a far side, from the greeting to the end.
pub type Conversation = Arc<dyn Fn(Wire) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Which protocol a far side speaks.
#[derive(Clone)]
#[non_exhaustive]
pub enum Peer {
    /// HTTP/1.1; a success has this body.
    Http {
        /// The media type of a success.
        content_type: String,
        /// The body of a success; with an empty one the answer is 204.
        body: String,
    },
    /// Another one on TCP, spoken by this function.
    Other(Conversation),
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http { .. } => "Http",
            Self::Other(_) => "Other",
        })
    }
}

impl Peer {
    /// HTTP whose success is 204 without a body.
    #[must_use]
    pub const fn http() -> Self {
        Self::Http { content_type: String::new(), body: String::new() }
    }

    /// A protocol of its own. The conversation should take everything, and end when the far side does.
    pub fn other<F>(converse: impl Fn(Wire) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::Other(Arc::new(move |wire| Box::pin(converse(wire))))
    }
}
