use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{folder::Folder, preload};

/// What a power cut would leave of a folder: each file as it was at its last fsync, and none that was removed before
/// the folder's last fsync.
///
/// A program that runs with [`Shadow::environment`] keeps it up to date.
#[derive(Debug)]
pub struct Shadow {
    folder: Folder,
    library: PathBuf,
    of: PathBuf,
}

impl Shadow {
    /// A shadow of the files in the folder `of`. Compiles the shim with the system's C compiler.
    #[must_use]
    #[track_caller]
    pub fn of(of: &Path) -> Self {
        let folder = Folder::new("shadow");
        let library = preload::compile(&folder, "fsync_shadow", include_str!("fsync_shadow.c"));
        fs::create_dir(folder.join("files")).expect("our own folder");
        Self { folder, library, of: of.canonicalize().expect("the folder exists") }
    }

    /// The environment under which a program is shadowed.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, PathBuf); 3] {
        [
            ("LD_PRELOAD", self.library.clone()),
            ("NUNCIO_SHADOW_OF", self.of.clone()),
            ("NUNCIO_SHADOW_TO", self.folder.join("files")),
        ]
    }

    /// Drops what was written and not synced: puts the shadow in the place of the folder's files. The program must
    /// have ended.
    #[track_caller]
    pub fn recover(&self) {
        fs::remove_dir_all(&self.of).expect("the program has ended");
        fs::create_dir(&self.of).expect("our own folder");
        for file in fs::read_dir(self.folder.join("files")).expect("our own folder").flatten() {
            // A copy that the kill cut short was never completed by its fsync.
            if file.file_name() != ".fresh" {
                fs::copy(file.path(), self.of.join(file.file_name())).expect("our own files");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{command, succeed};
    use std::time::Duration;

    /// Writes `text` to `name` and syncs it by a program that runs under the shadow.
    fn write_and_sync(shadow: &Shadow, name: &str, text: &str, how: &[&str]) {
        let path = shadow.of.join(name);
        fs::write(&path, text).unwrap();
        succeed(command("sync", Duration::from_secs(10)).args(how).arg(path).envs(shadow.environment()));
    }

    #[test]
    fn only_what_was_synced_survives() {
        let data = Folder::new("data");
        let shadow = Shadow::of(data.path());
        write_and_sync(&shadow, "a", "kept", &[]);
        write_and_sync(&shadow, "b", "kept too", &["--data"]);
        fs::write(data.join("a"), "kept, not this").unwrap();
        fs::write(data.join("c"), "lost").unwrap();
        shadow.recover();
        assert_eq!(fs::read_to_string(data.join("a")).unwrap(), "kept");
        assert_eq!(fs::read_to_string(data.join("b")).unwrap(), "kept too");
        assert!(!data.join("c").exists());
    }

    #[test]
    fn a_removed_file_is_back_unless_its_folder_was_synced() {
        let data = Folder::new("data");
        let shadow = Shadow::of(data.path());
        for name in ["a", "b"] {
            write_and_sync(&shadow, name, "text", &[]);
        }
        fs::remove_file(data.join("a")).unwrap();
        let mut sync = command("sync", Duration::from_secs(10));
        succeed(sync.arg(data.path()).envs(shadow.environment()));
        fs::remove_file(data.join("b")).unwrap();
        shadow.recover();
        assert!(!data.join("a").exists());
        assert!(data.join("b").exists());
    }
}
