//! Which files a `[[libraries]]` names.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

/// The libraries that `path` names: itself, or every `*.so` in it by name where it is a folder.
///
/// # Errors
/// When the folder cannot be read. A file that is not there is an error of whoever opens it.
pub(super) fn libraries(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path()));
    let mut all: Vec<_> = entries.collect::<io::Result<_>>()?;
    all.retain(|file| file.extension() == Some(OsStr::new("so")) && !file.is_dir());
    all.sort_unstable();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_names_its_libraries_in_order_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.so", "a.so", "c.so.1", "readme"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("d.so")).unwrap();
        let found = libraries(folder.path()).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.so", "b.so"]);
        let absent = folder.path().join("absent.so");
        assert_eq!(libraries(&absent).unwrap(), [absent]);
    }
}
