use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::folder::Folder;

/// A certificate authority of our own with one certificate for `localhost` and 127.0.0.1 (rustls refuses a server
/// certificate that signs itself).
#[derive(Debug)]
pub struct Authority {
    /// The authority's certificate, which clients are told to trust.
    pub ca_file: PathBuf,
    /// The server's certificate.
    pub certificate: PathBuf,
    /// The server's private key.
    pub key: PathBuf,
}

impl Authority {
    /// Writes the three files to `folder`, under `tls/`.
    #[must_use]
    pub fn in_folder(folder: &Folder) -> Self {
        let ca_key = KeyPair::generate().expect("a key");
        let mut ca = CertificateParams::new(Vec::new()).expect("no names");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.distinguished_name.push(rcgen::DnType::CommonName, "Nuncio tests");
        let ca_certificate = ca.self_signed(&ca_key).expect("a certificate");
        let issuer = Issuer::new(ca, ca_key);
        let key = KeyPair::generate().expect("a key");
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let leaf = CertificateParams::new(names).expect("two good names").signed_by(&key, &issuer);
        Self {
            ca_file: folder.write("tls/ca.pem", &ca_certificate.pem()),
            certificate: folder.write("tls/server.pem", &leaf.expect("a certificate").pem()),
            key: folder.write("tls/server.key", &key.serialize_pem()),
        }
    }
}
