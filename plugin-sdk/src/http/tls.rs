//! TLS: verified, by the system's roots and those the operator adds.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{ClientConfig, RootCertStore, client::Resumption, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

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
    /// The client certificate cannot be used.
    #[error("the client certificate cannot be used: {0}")]
    Identity(&'static str),
    /// The library refuses its own defaults.
    #[error("the TLS library cannot be set up")]
    Library(#[from] rustls::Error),
}

/// A client certificate with its key, to be shown to servers that ask for one. Its `Debug` form shows nothing of it.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads PEM that has the certificate, then those it was issued by, and the private key (PKCS#8, PKCS#1 or SEC1, not
    /// encrypted), in any order of the two.
    ///
    /// # Errors
    /// [`TlsError::Identity`]; nothing of the text is repeated.
    pub fn from_pem(pem: &str) -> Result<Self, TlsError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| TlsError::Identity("it is not PEM"))?;
        if chain.is_empty() {
            return Err(TlsError::Identity("there is no `BEGIN CERTIFICATE` block"));
        }
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| TlsError::Identity("there is no `BEGIN PRIVATE KEY` block, or it is encrypted"))?;
        Ok(Self { chain, key })
    }
}

/// A configuration with the system's roots and those of `ca_file`, and `identity` for who asks. The provider is named here, since a process
/// default is a matter of who comes first.
pub(super) fn config(ca_file: Option<&Path>, identity: Option<&Identity>) -> Result<ClientConfig, TlsError> {
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
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(Identity { chain, key }) => {
            builder.with_client_auth_cert(chain.clone(), key.clone_key()).map_err(|_| {
                TlsError::Identity("the key is not that of the certificate, or of an unknown kind")
            })?
        }
    };
    config.resumption = Resumption::in_memory_sessions(TICKETS);
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused_by_name() {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let error = config(Some(path), None).unwrap_err().to_string();
        assert!(error.contains("Cargo.toml") && error.contains("BEGIN CERTIFICATE"), "{error}");
        assert!(matches!(config(Some(Path::new("/nowhere")), None), Err(TlsError::File { .. })));
    }

    #[test]
    fn an_identity_needs_a_certificate_and_its_own_key() {
        let [one, two] = ["one", "two"]
            .map(|name| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap())
            .map(|own| (own.cert.pem(), own.signing_key.serialize_pem()));
        let refused = |pem: &str| {
            let read = Identity::from_pem(pem).and_then(|identity| config(None, Some(&identity)));
            read.err().map(|error| error.to_string())
        };
        assert_eq!(refused(&format!("{}{}", one.0, one.1)), None);
        assert_eq!(refused(&format!("{}{}", one.1, one.0)), None);
        for (pem, why) in [
            (one.1.clone(), "BEGIN CERTIFICATE"),
            (one.0.clone(), "BEGIN PRIVATE KEY"),
            (format!("{}{}", one.0, two.1), "not that of the certificate"),
            ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n".to_owned(), "not PEM"),
        ] {
            let error = refused(&pem).unwrap();
            assert!(error.contains(why), "{error}");
        }
    }
}
