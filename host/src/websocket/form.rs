//! The two forms of a frame: text holds JSON, binary holds MessagePack. Within the host all is JSON.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::msgpack;

/// The form of a frame; a reply has that of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Text.
    Json,
    /// Binary.
    MessagePack,
}

impl Form {
    /// What a request in this form is called.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Json => "text (JSON)",
            Self::MessagePack => "binary (MessagePack)",
        }
    }

    /// The JSON text of a frame's payload; of a text frame it is not looked at yet.
    ///
    /// # Errors
    /// Why a binary frame is not MessagePack that JSON can hold.
    pub(super) fn text(self, payload: Bytes) -> Result<Bytes, String> {
        match self {
            Self::Json => Ok(payload),
            Self::MessagePack => msgpack::to_json(&payload).map(Bytes::from),
        }
    }

    /// A frame that holds a JSON text of the host's own making.
    ///
    /// # Errors
    /// When it is not JSON after all.
    pub(crate) fn frame(self, text: Vec<u8>) -> Result<Message, String> {
        match self {
            Self::Json => Utf8Bytes::try_from(text).map(Message::Text).map_err(|error| error.to_string()),
            Self::MessagePack => msgpack::of_json(&text).map(Message::binary),
        }
    }
}
