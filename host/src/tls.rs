//! TLS of the listener: certificates and their key from files, which are read again while the host runs.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject as _},
    },
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_rustls::TlsAcceptor;

use crate::config::Tls;

/// What the listener offers, best first (RFC 7301).
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why the files cannot be used: which one, and what is wrong with it. Says nothing of a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file cannot be read.
    #[error("[http] tls: {what} `{}` cannot be read: {source}", path.display())]
    Read {
        /// Certificates or key.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no PEM, or holds nothing of the kind.
    #[error("[http] tls: {what} `{}` {why}", path.display())]
    Pem {
        /// Certificates or key.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Certificates and key do not go together, or are of a kind that is not supported.
    #[error("[http] tls: the certificate `{}` and the key `{}` cannot be used together: {source}", cert.display(), key.display())]
    Pair {
        /// The certificates.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
        /// What the library says.
        source: rustls::Error,
    },
    /// The library refuses its own defaults.
    #[error("[http] tls: {0}")]
    Library(rustls::Error),
}

/// The certificates that the listener shows.
pub(crate) struct Certificates {
    files: Tls,
    provider: Arc<CryptoProvider>,
    now: RwLock<Arc<CertifiedKey>>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Certificates {
    /// Reads the files.
    pub(crate) fn read(files: &Tls) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let now = RwLock::new(Arc::new(pair(files, &provider)?));
        Ok(Arc::new(Self { files: files.clone(), provider, now }))
    }

    /// Reads the files again; connections from now on see what is in them.
    pub(crate) fn again(&self) -> Result<(), TlsError> {
        let new = Arc::new(pair(&self.files, &self.provider)?);
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// What shakes hands: TLS 1.2 and 1.3, no clients' certificates.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, TlsError> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Library)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn pair(files: &Tls, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let (cert, key) = (Path::new(&files.cert), Path::new(&files.key));
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(|error| wrong("the certificate", cert, error))?;
    if chain.is_empty() {
        return Err(wrong("the certificate", cert, pem::Error::NoItemsFound));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong("the key", key, error))?;
    let pair = |source| TlsError::Pair { cert: cert.to_owned(), key: key.to_owned(), source };
    CertifiedKey::from_der(chain, secret, provider).map_err(pair)
}

fn wrong(what: &'static str, path: &Path, error: pem::Error) -> TlsError {
    let path = path.to_owned();
    match error {
        pem::Error::Io(source) => TlsError::Read { what, path, source },
        pem::Error::NoItemsFound => {
            TlsError::Pem { what, path, why: "holds none: write it in PEM (`-----BEGIN`)".to_owned() }
        }
        error => TlsError::Pem { what, path, why: format!("is no PEM: {error}") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Files {
        dir: tempfile::TempDir,
    }

    impl Files {
        fn new() -> Self {
            Self { dir: tempfile::tempdir().unwrap() }
        }

        fn path(&self, name: &str) -> String {
            self.dir.path().join(name).display().to_string()
        }

        fn tls(&self) -> Tls {
            Tls { cert: self.path("c.pem"), key: self.path("k.pem") }
        }

        /// A new pair of certificate and key.
        fn write(&self) -> String {
            let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
            std::fs::write(self.path("c.pem"), made.cert.pem()).unwrap();
            std::fs::write(self.path("k.pem"), made.signing_key.serialize_pem()).unwrap();
            made.cert.pem()
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_name() {
        let files = Files::new();
        let refused = || Certificates::read(&files.tls()).unwrap_err().to_string();
        assert!(refused().contains("c.pem` cannot be read"), "{}", refused());
        files.write();
        Certificates::read(&files.tls()).unwrap();
        std::fs::write(files.path("c.pem"), "hello").unwrap();
        assert!(refused().contains("the certificate") && refused().contains("holds none"), "{}", refused());
        files.write();
        std::fs::write(files.path("k.pem"), "-----BEGIN PRIVATE KEY-----\nx").unwrap();
        assert!(refused().contains("the key") && refused().contains("k.pem"), "{}", refused());
        files.write();
        let other = Files::new();
        other.write();
        std::fs::copy(other.path("k.pem"), files.path("k.pem")).unwrap();
        assert!(refused().contains("cannot be used together"), "{}", refused());
    }

    #[test]
    fn files_are_read_again_and_bad_ones_change_nothing() {
        let files = Files::new();
        files.write();
        let certificates = Certificates::read(&files.tls()).unwrap();
        let shown = || certificates.now.read().unwrap().cert[0].clone();
        let before = shown();
        std::fs::write(files.path("k.pem"), "").unwrap();
        assert!(certificates.again().is_err());
        assert_eq!(shown(), before);
        files.write();
        certificates.again().unwrap();
        assert_ne!(shown(), before);
    }
}
