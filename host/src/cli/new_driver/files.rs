//! The files of a new driver.

use std::{
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    fs, io,
    path::Path,
};

use super::{
    name::{Name, Scheme},
    sdk::Sdk,
};

macro_rules! template {
    ($name:literal) => {
        include_str!(concat!("../../../../plugin-sdk/template/", $name))
    };
}

/// Where each goes, and what it is made of.
const FILES: [(&str, &str); 9] = [
    ("Cargo.toml", template!("manifest.toml")),
    ("README.md", template!("README.md")),
    (".gitignore", template!("gitignore")),
    (".github/workflows/ci.yml", template!("ci.yml")),
    ("nuncio.toml", template!("nuncio.toml")),
    ("src/lib.rs", template!("lib.rs")),
    ("src/driver.rs", template!("driver.rs")),
    ("src/settings.rs", template!("settings.rs")),
    ("tests/conformance.rs", template!("conformance.rs")),
];

/// What the templates are filled with.
#[derive(Clone, Debug)]
pub(super) struct Blanks(Vec<(&'static str, String)>);

impl Blanks {
    pub(super) fn new(name: &Name, scheme: &Scheme, sdk: &Sdk) -> Self {
        let file = format!("{DLL_PREFIX}{}{DLL_SUFFIX}", name.package_in_rust());
        Self(vec![
            ("name", name.as_str().to_owned()),
            ("package", name.package()),
            ("crate", name.package_in_rust()),
            ("Driver", name.type_name()),
            ("scheme", scheme.name.clone()),
            ("example", scheme.example.clone()),
            ("sdk", sdk.dependency()),
            ("publish", sdk.before_publishing()),
            ("rust", env!("CARGO_PKG_RUST_VERSION").to_owned()),
            ("library", format!("target/release/{file}")),
            ("file", file),
        ])
    }

    fn fill(&self, template: &str) -> String {
        let Self(blanks) = self;
        blanks
            .iter()
            .fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
    }
}

/// Writes the files into `folder`, which is made if need be, and returns their names.
///
/// # Errors
/// When `folder` is not empty, or cannot be written to.
pub(super) fn write(folder: &Path, blanks: &Blanks) -> io::Result<Vec<&'static str>> {
    fs::create_dir_all(folder)?;
    if fs::read_dir(folder)?.next().is_some() {
        return Err(io::Error::from(io::ErrorKind::DirectoryNotEmpty));
    }
    for (name, template) in FILES {
        let path = folder.join(name);
        if let Some(above) = path.parent() {
            fs::create_dir_all(above)?;
        }
        fs::write(path, blanks.fill(template))?;
    }
    Ok(FILES.map(|(name, _)| name).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blanks() -> Blanks {
        let name = Name::parse("acme-sms", &[]).unwrap();
        Blanks::new(&name, &Scheme::parse("acme").unwrap(), &Sdk::Version("1.0".to_owned()))
    }

    #[test]
    fn every_file_of_the_template_is_written_and_no_blank_is_left() {
        let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin-sdk/template");
        let on_disk = fs::read_dir(templates).unwrap().count();
        assert_eq!(FILES.len(), on_disk, "each file of plugin-sdk/template has a line in FILES");
        for (name, template) in FILES {
            let text = blanks().fill(template);
            let left = blanks().0.iter().any(|(blank, _)| text.contains(&format!("{{{{{blank}}}}}")));
            let unknown = text.split("{{").skip(1).any(|rest| rest.starts_with(|c: char| c.is_alphabetic()));
            assert!(!left && !unknown, "{name}: {text}");
        }
    }

    #[test]
    fn nothing_is_written_where_something_is() {
        let folder = tempfile::tempdir().unwrap();
        let written = write(&folder.path().join("new/acme"), &blanks()).unwrap();
        assert!(written.contains(&"src/driver.rs"));
        fs::write(folder.path().join("notes"), "mine").unwrap();
        let error = write(folder.path(), &blanks()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::DirectoryNotEmpty);
        assert!(!folder.path().join("Cargo.toml").exists());
    }
}
