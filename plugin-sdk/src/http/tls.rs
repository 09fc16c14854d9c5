//! TLS: verified, by the system's roots and those the operator adds.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{ClientConfig, RootCertStore, client::Resumption, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, pem::PemObject};

/// Tickets that are kept for resuming sessions, of all servers together; rustls keeps up to 8 of a server. Its own
/// default is enough for 32 servers, and webhooks go to many more.
const TICKETS: usize = 8 * 1024;

/// Why there is no TLS configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file cannot be read as PEM.
    #[error("`{}` cannot be read as a file of PEM certificates", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls_pki_types::pem::Error,
    },
    /// The file has no certificate, or one that cannot be a root.
    #[error("`{}` has no usable certificate; it must hold at least one `BEGIN CERTIFICATE` block", .0.display())]
    Empty(PathBuf),
    /// The library refuses its own defaults.
    #[error("the TLS library cannot be set up")]
    Library(#[from] rustls::Error),
}

/// A configuration with the system's roots and those of `ca_file`. The provider is named here, since a process
/// default is a matter of who comes first.
pub(super) fn config(ca_file: Option<&Path>) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore::empty();
    // What the system offers and cannot be read is left out: one odd certificate must not switch webhooks off.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let read = |source| TlsError::File { path: path.to_owned(), source };
        let extra: Vec<_> =
            CertificateDer::pem_file_iter(path).map_err(read)?.collect::<Result<_, _>>().map_err(read)?;
        if roots.add_parsable_certificates(extra).0 == 0 {
            return Err(TlsError::Empty(path.to_owned()));
        }
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::in_memory_sessions(TICKETS);
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused_by_name() {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let error = config(Some(path)).unwrap_err().to_string();
        assert!(error.contains("Cargo.toml") && error.contains("BEGIN CERTIFICATE"), "{error}");
        assert!(matches!(config(Some(Path::new("/nowhere"))), Err(TlsError::File { .. })));
    }
}
