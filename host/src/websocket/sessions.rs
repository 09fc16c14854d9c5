//! All connections: how many there may be, and how they end together.

use std::{sync::Arc, time::Duration};

use hyper_util::rt::TokioIo;
use tokio::sync::watch;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::protocol::{Role, WebSocketConfig},
};

use super::{
    connection::Connection,
    hub::Hub,
    places::{Full, Place, Places},
    session::Session,
};
use crate::{api::Face, config::Config};

/// What a request has beside the messages that it posts.
const ENVELOPE: usize = 64 << 10;
/// What is read from a connection, and gathered for it, at once.
const BUFFER: usize = 16 << 10;

/// All connections.
pub struct Sessions {
    hub: Arc<Hub>,
    places: Places,
    largest: usize,
    stop: watch::Sender<bool>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").field("hub", &self.hub).finish_non_exhaustive()
    }
}

impl Sessions {
    /// As many as the configuration allows.
    #[must_use]
    pub fn new(hub: Arc<Hub>, config: &Config) -> Self {
        let queues = &config.queues;
        let largest = queues.max_messages_post_size.max(queues.max_queue_metadata) + ENVELOPE;
        let places = Places::new(&config.websocket);
        Self { hub, places, largest, stop: watch::Sender::new(false) }
    }

    /// A place for one more connection, if there is one.
    pub(super) fn place(&self) -> Result<Place, Full> {
        self.places.take()
    }

    /// Serves a connection that becomes one of ours as soon as its client has heard of it.
    pub(super) fn serve(&self, face: Face, place: Place, upgrade: hyper::upgrade::OnUpgrade) {
        let (stop, largest) = (self.stop.subscribe(), self.largest);
        let connection = Arc::new(Connection::new(face.clone(), Arc::clone(&self.hub)));
        let bounds = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(Some(largest))
            .max_frame_size(Some(largest));
        tokio::spawn(async move {
            let gauge = metrics::gauge!("nuncio_websocket_connections");
            match upgrade.await {
                Ok(upgraded) => {
                    let io = TokioIo::new(upgraded);
                    let stream = WebSocketStream::from_raw_socket(io, Role::Server, Some(bounds)).await;
                    gauge.increment(1.0);
                    Session::new(stream, face, connection, place).run(stop, largest).await;
                    gauge.decrement(1.0);
                }
                Err(error) => {
                    tracing::debug!(%error, "a connection did not become a WebSocket");
                    connection.close().await;
                }
            }
        });
    }

    /// Ends all connections within `grace`: what they asked is answered, and they are told why.
    pub async fn stop(&self, grace: Duration) {
        self.stop.send_replace(true);
        if tokio::time::timeout(grace, self.places.freed()).await.is_err() {
            tracing::warn!("WebSocket connections were open at the end of the grace and are cut");
        }
    }
}
