//! Why a library is not loaded.

use std::path::PathBuf;

/// Why a library is not loaded: what is wrong, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be found, opened or read.
    #[error("{path}: cannot be read: {source}", path = path.display())]
    Read {
        /// The file, as it was named.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}
