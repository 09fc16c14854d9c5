//! Which SDK a new driver is built with.

use std::path::{Path, PathBuf};

use nuncio_plugin_sdk::VERSION;
use serde_json::{Value, json};

/// Where Cargo finds the SDK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sdk {
    /// A folder: the SDK as it was when this program was built, or what the author named.
    Path(PathBuf),
    /// A version, from the registry.
    Version(String),
}

impl Sdk {
    /// The one that `wanted` names, a folder or a version; without a word the checkout that this program was built
    /// from while it is there, else the version that it was built with.
    ///
    /// # Errors
    /// When `wanted` is neither.
    pub(super) fn find(wanted: Option<&str>) -> Result<Self, String> {
        match wanted {
            Some(text) => Self::wanted(text),
            None => Ok(Self::beside(Path::new(env!("CARGO_MANIFEST_DIR")))),
        }
    }

    fn beside(host: &Path) -> Self {
        let folder = host.parent().map(|root| root.join("plugin-sdk"));
        match folder.filter(|folder| folder.join("Cargo.toml").is_file()) {
            Some(folder) => Self::Path(folder),
            None => Self::Version(VERSION.to_owned()),
        }
    }

    fn wanted(text: &str) -> Result<Self, String> {
        if text.starts_with(|c: char| c.is_ascii_digit()) && !Path::new(text).exists() {
            return if text.split('.').all(|part| part.parse::<u32>().is_ok()) {
                Ok(Self::Version(text.to_owned()))
            } else {
                Err(format!("--sdk `{text}` is not a version: write one like {VERSION}"))
            };
        }
        let folder = Path::new(text);
        let is_sdk = std::fs::read_to_string(folder.join("Cargo.toml"))
            .is_ok_and(|manifest| manifest.contains("name = \"nuncio-plugin-sdk\""));
        match folder.canonicalize() {
            Ok(whole) if is_sdk => Ok(Self::Path(whole)),
            _ => Err(format!(
                "--sdk `{text}` is neither a version nor the folder of the SDK: write one like {VERSION}, or the \
                 path of `plugin-sdk` in a checkout of Nuncio"
            )),
        }
    }

    /// The members of the dependency in `Cargo.toml`.
    pub(super) fn dependency(&self) -> String {
        match self {
            Self::Path(folder) => format!("path = {}", toml::Value::from(folder.display().to_string())),
            Self::Version(version) => format!("version = \"{version}\""),
        }
    }

    /// What there is to be done about it before the driver is published.
    pub(super) fn before_publishing(&self) -> String {
        let where_ = match self {
            Self::Path(_) => format!("by its path on this machine: write `version = \"{VERSION}\"` instead"),
            Self::Version(version) => {
                format!("by version {version}: any 1.x does, and each host of major 1 loads it")
            }
        };
        format!("`Cargo.toml` names the SDK {where_}.")
    }

    /// For people.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Path(folder) => format!("the SDK in {}", folder.display()),
            Self::Version(version) => format!("the SDK {version} from the registry"),
        }
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Path(folder) => json!({ "path": folder }),
            Self::Version(version) => json!({ "version": version }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkout_is_used_while_it_is_there() {
        let host = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(Sdk::find(None), Ok(Sdk::Path(host.parent().unwrap().join("plugin-sdk"))));
        let gone = tempfile::tempdir().unwrap();
        assert_eq!(Sdk::beside(&gone.path().join("host")), Sdk::Version(VERSION.to_owned()));
    }

    #[test]
    fn a_version_or_the_folder_of_an_sdk_can_be_named() {
        assert_eq!(Sdk::find(Some("1.0")).unwrap().dependency(), "version = \"1.0\"");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin-sdk");
        let named = Sdk::find(folder.to_str()).unwrap();
        assert!(named.dependency().starts_with("path = \"/"), "{}", named.dependency());
        assert!(Sdk::find(Some("1.x")).unwrap_err().contains("is not a version"));
        for wrong in ["nowhere", "", "/"] {
            assert!(Sdk::find(Some(wrong)).unwrap_err().contains("neither"), "{wrong}");
        }
    }
}
