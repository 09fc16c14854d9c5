//! Where the key comes from: the configuration, or a file beside the database that is made at the first start.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_lc_rs::rand;
use rusqlite::{Connection, OptionalExtension};

use super::{key::SealingKey, sealer::Sealer};
use crate::storage::sqlite::{connection, error::OpenError};

/// What the fingerprint in `meta` is of: by it a key is known to be that of the database.
const CHECKED: &str = "the key of this database";

/// More than a key file ever has.
const MOST_BYTES: u64 = 1024;

/// The key of a database, found or made.
pub(in crate::storage::sqlite) struct Keyring {
    pub(in crate::storage::sqlite) sealer: Arc<Sealer>,
}

/// The key file of a database.
pub(in crate::storage::sqlite) fn file_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".key");
    name.into()
}

impl Keyring {
    /// Finds the key of the database at `path`, or makes one for a database that has none yet.
    ///
    /// # Errors
    /// When the key is missing, is that of another database, or cannot be read or written.
    pub(in crate::storage::sqlite) fn open(
        db: &Connection,
        path: &Path,
        configured: Option<&SealingKey>,
    ) -> Result<Self, OpenError> {
        let known = known(db).map_err(|source| connection::refused(path, source))?;
        let file = file_of(path);
        let key = match configured {
            Some(key) => key.clone(),
            None => match stored(&file)? {
                Some(key) => key,
                None if known.is_none() => made(&file)?,
                None => return Err(OpenError::KeyMissing { path: path.into(), key: file }),
            },
        };
        let keyring = Self::of(&key, known, path, configured)?;
        keyring.remember(db).map_err(|source| connection::refused(path, source))?;
        Ok(keyring)
    }

    /// Finds the key of the database at `path`, which is only read.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(in crate::storage::sqlite) fn find(
        db: &Connection,
        path: &Path,
        configured: Option<&SealingKey>,
    ) -> Result<Self, OpenError> {
        let known = known(db).map_err(|source| connection::refused(path, source))?;
        let file = file_of(path);
        let key = configured.cloned().map_or_else(|| stored(&file), |key| Ok(Some(key)))?;
        let key = key.ok_or_else(|| OpenError::KeyMissing { path: path.into(), key: file })?;
        Self::of(&key, known, path, configured)
    }

    /// A keyring with `key`, whose fingerprint must be `known` where there is one.
    fn of(
        key: &SealingKey,
        known: Option<String>,
        path: &Path,
        configured: Option<&SealingKey>,
    ) -> Result<Self, OpenError> {
        let file = file_of(path);
        let sealer = Sealer::new(key).map_err(|_| OpenError::KeyUnreadable { key: file.clone() })?;
        let print = sealer.fingerprint(CHECKED);
        if known.is_some_and(|known| known != print) {
            let from =
                configured.map_or_else(|| file.display().to_string(), |_| "[storage] encryption_key".into());
            return Err(OpenError::KeyWrong { path: path.into(), from });
        }
        Ok(Self { sealer: Arc::new(sealer) })
    }

    /// Writes down of which key the database is, as soon as it has a place for it: before anything is sealed.
    pub(in crate::storage::sqlite) fn remember(&self, db: &Connection) -> rusqlite::Result<()> {
        if has_meta(db)? {
            let print = self.sealer.fingerprint(CHECKED);
            let remember = "INSERT OR IGNORE INTO meta (key, value) VALUES ('sealing_key', CAST(?1 AS BLOB))";
            db.execute(remember, [print])?;
        }
        Ok(())
    }
}

fn has_meta(db: &Connection) -> rusqlite::Result<bool> {
    db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'meta'")?.exists([])
}

fn known(db: &Connection) -> rusqlite::Result<Option<String>> {
    if !has_meta(db)? {
        return Ok(None);
    }
    let known = "SELECT CAST(value AS TEXT) FROM meta WHERE key = 'sealing_key'";
    db.query_row(known, [], |row| row.get(0)).optional()
}

fn stored(file: &Path) -> Result<Option<SealingKey>, OpenError> {
    let mut text = String::new();
    let read = File::open(file).and_then(|open| open.take(MOST_BYTES).read_to_string(&mut text));
    match read {
        Ok(_) => {
            SealingKey::parse(&text).map(Some).ok_or_else(|| OpenError::KeyUnreadable { key: file.into() })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(OpenError::KeyUnreadable { key: file.into() })
        }
        Err(source) => Err(OpenError::File { path: file.into(), source }),
    }
}

/// Makes a key. Its file is whole and on stable storage before anything is sealed with it.
fn made(file: &Path) -> Result<SealingKey, OpenError> {
    let failed = |source| OpenError::File { path: file.into(), source };
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| failed(io::Error::other("the system has no randomness")))?;
    let key = SealingKey::of(bytes);
    // What a start that was cut off left behind is no key of anything.
    let partial = file.with_extension("key.new");
    fs::remove_file(&partial).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(failed(error)),
    })?;
    let mut open = private(&partial).map_err(failed)?;
    open.write_all(key.written().as_bytes()).and_then(|()| open.sync_all()).map_err(failed)?;
    fs::rename(&partial, file).map_err(failed)?;
    // Under its name, too, which some file systems put on the disk with the file alone.
    File::open(file).and_then(|named| named.sync_all()).map_err(failed)?;
    connection::sync_entry(file).map_err(failed)?;
    tracing::info!(
        key = %file.display(),
        "the key of what is encrypted in the database was made: it belongs to every backup"
    );
    Ok(key)
}

/// Makes a file that only its owner may read, and that was not there.
pub(in crate::storage::sqlite) fn private(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}
