use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::PathBuf,
};

use crate::{folder::Folder, preload};

/// A wall clock that can be set, for programs that run with [`WallClock::environment`].
#[derive(Debug)]
pub struct WallClock {
    folder: Folder,
    library: PathBuf,
}

impl WallClock {
    /// A clock that is right. Compiles the shim with the system's C compiler.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        let folder = Folder::new("wall-clock");
        let library = preload::compile(&folder, "shifted_clock", include_str!("shifted_clock.c"));
        fs::write(folder.join("shift"), 0_i64.to_ne_bytes()).expect("our own folder");
        Self { folder, library }
    }

    /// The environment under which a program lives by this clock.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [("LD_PRELOAD", self.library.clone()), ("NUNCIO_SHIFT_CLOCK", self.folder.join("shift"))]
    }

    /// Sets it: so many seconds ahead of the right time, or behind it.
    pub fn set(&self, seconds: i64) {
        // In place: the program has the file mapped.
        let file = File::options().write(true).open(self.folder.join("shift")).expect("our own file");
        file.write_all_at(&seconds.to_ne_bytes(), 0).expect("our own file");
    }
}

impl Default for WallClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{command, succeed};
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_program_sees_the_clock_as_it_was_set() {
        let clock = WallClock::new();
        let ahead = || {
            let mut date = command("date", Duration::from_secs(10));
            let said: u64 = succeed(date.arg("+%s").envs(clock.environment())).trim().parse().unwrap();
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
            said.abs_diff(now)
        };
        assert!(ahead() < 60);
        for shift in [86_400, -86_400] {
            clock.set(shift);
            assert!(ahead().abs_diff(86_400) < 60);
        }
    }
}
