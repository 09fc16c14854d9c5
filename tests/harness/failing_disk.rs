use std::{fs, path::PathBuf};

use crate::{folder::Folder, preload};

/// A disk that fails to sync when it is told to, for programs that run with [`FailingDisk::environment`].
#[derive(Debug)]
pub struct FailingDisk {
    folder: Folder,
    library: PathBuf,
}

impl FailingDisk {
    /// A disk that does not fail yet. Compiles the shim with the system's C compiler.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        let folder = Folder::new("failing-disk");
        let library = preload::compile(&folder, "failing_fsync", include_str!("failing_fsync.c"));
        Self { folder, library }
    }

    /// The environment under which a program has this disk.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [("LD_PRELOAD", self.library.clone()), ("NUNCIO_FAIL_FSYNC", self.told())]
    }

    /// After so many more calls every fsync fails with `EIO`.
    pub fn fail_after(&self, calls: u32) {
        // Whole at once: the program may read at any time.
        let fresh = self.folder.write("fresh", &calls.to_string());
        fs::rename(fresh, self.told()).expect("our own folder");
    }

    /// It works again.
    pub fn mend(&self) {
        fs::remove_file(self.told()).expect("it was told to fail");
    }

    fn told(&self) -> PathBuf {
        self.folder.join("told")
    }
}

impl Default for FailingDisk {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{command, run};
    use std::{path::Path, time::Duration};

    fn syncs(disk: &FailingDisk, file: &Path) -> bool {
        let mut sync = command("sync", Duration::from_secs(10));
        run(sync.arg(file).envs(disk.environment())).status.success()
    }

    #[test]
    fn it_fails_after_as_many_calls_as_it_is_told_and_until_it_is_mended() {
        let disk = FailingDisk::new();
        let file = disk.folder.write("file", "text");
        assert!(syncs(&disk, &file));
        disk.fail_after(0);
        assert!(!syncs(&disk, &file));
        disk.fail_after(1);
        assert!(syncs(&disk, &file), "each program begins to count anew");
        disk.mend();
        assert!(syncs(&disk, &file));
    }
}
