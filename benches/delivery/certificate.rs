//! A certificate for the sink, and the root that vouches for it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// The files of a sink that speaks TLS.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    /// Certificate and key of the sink.
    pub(crate) sink: PathBuf,
    /// The root that clients trust.
    pub(crate) root: PathBuf,
}

impl Certificate {
    /// Makes both for 127.0.0.1, in `folder`.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(crate) fn make(folder: &Path) -> Result<Self> {
        let root_key = KeyPair::generate()?;
        let mut root = CertificateParams::new(Vec::new())?;
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.distinguished_name.push(rcgen::DnType::CommonName, "Nuncio benchmark");
        let root_pem = root.self_signed(&root_key)?.pem();
        let key = KeyPair::generate()?;
        let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
        let leaf = leaf.signed_by(&key, &Issuer::new(root, root_key))?;
        let made = Self { sink: folder.join("sink.pem"), root: folder.join("root.pem") };
        fs::write(&made.sink, format!("{}{}", leaf.pem(), key.serialize_pem()))?;
        fs::write(&made.root, root_pem)?;
        Ok(made)
    }
}
