use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    command::{command, run, succeed},
    folder::Folder,
};

/// A disk of its own: a tmpfs of a given size, unmounted when it is dropped. Needs root.
#[derive(Debug)]
pub struct SmallDisk(Folder);

impl SmallDisk {
    /// A disk of so many bytes.
    #[must_use]
    #[track_caller]
    pub fn new(bytes: u64) -> Self {
        let disk = Self(Folder::new("small-disk"));
        let options = format!("size={bytes},mode=755");
        succeed(limited("mount").args(["-t", "tmpfs", "-o", &options, "nuncio-tests"]).arg(disk.path()));
        disk
    }

    /// A folder for a host whose database is on this disk.
    #[must_use]
    #[track_caller]
    pub fn folder(&self) -> Folder {
        let folder = Folder::new("host");
        symlink(self.path(), folder.join("data")).expect("our own folder");
        folder
    }

    /// Takes what is left of it with a file of somebody else's, but for about `left` bytes.
    ///
    /// # Panics
    /// When something else goes wrong than that the disk is full.
    pub fn fill(&self, left: u64) {
        let mut ballast = File::create(self.ballast()).expect("our own disk");
        // Others write at the same time: it is full when one more block does not fit.
        let error = loop {
            if let Err(error) = ballast.write_all(&[0; 4096]) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        let size = ballast.metadata().expect("our own file").len();
        ballast.set_len(size.saturating_sub(left)).expect("our own file");
    }

    /// Gives back what [`SmallDisk::fill`] took.
    pub fn free(&self) {
        fs::remove_file(self.ballast()).expect("it was filled");
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A program that was just killed may hold it for a moment: it goes when that lets go.
        run(limited("umount").arg("--lazy").arg(self.path()));
    }
}

fn limited(program: &str) -> Command {
    command(program, Duration::from_secs(20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_full_until_it_is_freed_and_gone_in_the_end() {
        let disk = SmallDisk::new(1 << 20);
        let path = disk.path().to_owned();
        disk.fill(0);
        assert_eq!(fs::write(path.join("a"), [1; 9000]).unwrap_err().kind(), ErrorKind::StorageFull);
        disk.free();
        fs::write(disk.folder().join("data").join("a"), [1; 9000]).unwrap();
        assert!(path.join("a").exists());
        drop(disk);
        assert!(!path.exists());
    }
}
