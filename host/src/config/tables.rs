//! The tables of keys that stand in lists: as [`keys`](super::keys) for sections.

use super::{
    key::{Key, Kind},
    keys::key,
};

/// A list of tables, `[[NAME]]`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What one of it is.
    pub doc: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// Those that must be there.
    pub required: &'static [&'static str],
}

impl Table {
    /// How it is written in a file.
    #[must_use]
    pub fn heading(&self) -> String {
        format!("[[{}]]", self.name)
    }
}

/// Every list of tables.
#[must_use]
pub const fn tables() -> &'static [&'static Table] {
    &[&LIBRARIES, &EXEC]
}

#[rustfmt::skip]
pub(super) const LIBRARIES: Table = Table {
    name: "libraries",
    doc: "Drivers in dynamic libraries; once for each library or folder. A library has the rights of the host: list what you trust.",
    required: &["path"],
    keys: &[
        key("libraries.path", Kind::Path, "", "path", r#""/usr/lib/nuncio/libacme_sms.so""#,
            "The library, or a folder: every `*.so` in it, by name. A relative path starts at the folder of the configuration file. Neither the file nor any folder above it may be writable by others."),
        key("libraries.sha256", Kind::Sha256, "", "hexadecimal",
            r#""9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08""#,
            "What `sha256sum` says of the file: another one is not loaded. Not for a folder."),
        key("libraries.threads", Kind::Integer { min: 1, max: 64 }, "1", "threads", "2",
            "Worker threads of the library's own runtime."),
    ],
};

#[rustfmt::skip]
pub(super) const EXEC: Table = Table {
    name: "exec",
    doc: "Drivers that are programs, which the host starts and speaks to over standard input and output.",
    required: &["name", "command"],
    keys: &[
        key("exec.name", Kind::DriverName, "", "name", r#""pager""#,
            "The name of the driver, as in `[drivers.NAME]`."),
        key("exec.command", Kind::Command, "", "program and arguments", r#"["/opt/pager/driver.py", "--verbose"]"#,
            "The program and its arguments; no shell reads them. A relative path with a slash starts at the folder of the configuration file; a bare name is looked up in `PATH`."),
    ],
};
