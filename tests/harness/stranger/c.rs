use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use super::place::{root, strangers};
use crate::command::{command, run};

/// How long the C compiler may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Builds the driver in the C file `source` as its author would: C99 to the letter, no warnings, our header. Returns
/// the library's path.
#[must_use]
#[track_caller]
pub fn c_library(source: &Path) -> PathBuf {
    c_compiler(source, &root().join("plugin-sdk/include"), &[])
}

/// As [`c_library`], with the header in the folder `include`, and with `more` arguments (`-fsanitize=address`).
#[must_use]
#[track_caller]
pub fn c_compiler(source: &Path, include: &Path, more: &[&str]) -> PathBuf {
    let name = source.file_stem().expect("a file has a name").to_string_lossy();
    let folder = strangers().join("c");
    fs::create_dir_all(&folder).expect("our own folder");
    let kind: String = more.iter().flat_map(|one| one.chars()).filter(char::is_ascii_alphanumeric).collect();
    let library = folder.join(format!("lib{name}{kind}.{}", env::consts::DLL_EXTENSION));
    // Another test may have it open: a new file takes its place.
    let fresh = library.with_extension(format!("{}-{:?}", std::process::id(), std::thread::current().id()));
    let mut compiler = command("cc", LIMIT);
    compiler.args(["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-shared", "-fPIC"]);
    compiler.args(["-fvisibility=hidden", "-I"]).arg(include).args(more).arg("-o").arg(&fresh).arg(source);
    let output = run(compiler.arg("-pthread"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {}\n{said}", source.display(), output.status);
    fs::rename(&fresh, &library).expect("our own folder");
    library
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Folder;

    #[test]
    fn a_c_file_becomes_a_library() {
        let folder = Folder::new("c");
        let source = folder.write(
            "nothing.c",
            "#include \"nuncio_driver.h\"\nint nothing(void);\nint nothing(void) { return 0; }\n",
        );
        assert!(c_library(&source).exists());
    }

    #[test]
    #[should_panic(expected = "unused")]
    fn a_warning_of_the_compiler_is_an_error() {
        let folder = Folder::new("c");
        let source =
            folder.write("careless.c", "int careless(void);\nint careless(void) { int unused; return 0; }\n");
        c_library(&source).exists().then_some(()).unwrap();
    }
}
