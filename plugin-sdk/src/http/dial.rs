//! From an endpoint to a connection: the guard, then TLS.

use std::{io, sync::Arc};

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::{endpoint::Endpoint, stream::Stream};
use crate::connect::{GuardError, GuardedConnector};

/// Why there is no connection to speak HTTP on.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
    #[error(transparent)]
    Guard(#[from] GuardError),
    #[error("{0}")]
    Tls(io::Error),
}

/// Which HTTP a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    Http1,
    Http2,
}

/// Opens connections.
pub(super) struct Dial {
    connector: GuardedConnector,
    tls: TlsConnector,
}

impl Dial {
    /// A dialler on `connector`. HTTP/2 is spoken where the far side chooses it by ALPN (RFC 7301).
    pub(super) fn new(connector: GuardedConnector, mut tls: ClientConfig) -> Self {
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self { connector, tls: TlsConnector::from(Arc::new(tls)) }
    }

    pub(super) async fn open(&self, to: &Endpoint) -> Result<(Stream, Speaks), DialError> {
        let tcp = self.connector.connect(to.host(), to.port()).await?;
        if !to.tls() {
            return Ok((Stream::Clear(tcp), Speaks::Http1));
        }
        let name = ServerName::try_from(to.host().to_owned())
            .map_err(|error| DialError::Tls(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
        let stream = self.tls.connect(name, tcp).await.map_err(DialError::Tls)?;
        let chosen = stream.get_ref().1.alpn_protocol();
        let speaks = if chosen == Some(b"h2") { Speaks::Http2 } else { Speaks::Http1 };
        Ok((Stream::Secured(Box::new(stream)), speaks))
    }
}
