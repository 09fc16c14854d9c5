//! An address that is listened on.

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

use crate::{app::StartError, listener};

/// A listener that is served.
pub(crate) struct Door {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Door {
    /// Serves `router` on a listener.
    pub(crate) fn open(
        (listener, address): (TcpListener, SocketAddr),
        acceptor: Option<TlsAcceptor>,
        router: Router,
        bounds: listener::Bounds,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(listener::serve(listener, acceptor, router, bounds, stopped));
        Self { address, stop, server }
    }

    /// Ends it: what was asked is answered within `grace`.
    pub(crate) async fn close(mut self, grace: Duration) {
        drop(self.stop);
        if tokio::time::timeout(grace, &mut self.server).await.is_err() {
            tracing::warn!(address = %self.address, "requests were open at the end of the grace and are cut");
            self.server.abort();
        }
    }
}

/// Listens on `address`, which `key` says.
pub(crate) async fn bound(
    key: &'static str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let listen = |source| StartError::Listen { key, address, source };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    Ok((listener, address))
}
