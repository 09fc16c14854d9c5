//! For tests: a driver of a few lines of shell, and configurations that name it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::config::Config;

/// Delivers everything but what names a dead phone, takes inbound requests of all accounts but the second, takes devices
/// whose address is not bad, and refuses settings in which `refuse` stands.
const SCRIPT: &str = r#"
echo "{\"type\":\"hello\",\"protocol\":1,\"manifest\":$1}"
while IFS= read -r line; do
  case "$line" in
    *'"type":"create"'*refuse*) echo '{"type":"refused","errors":[{"at":"/mood","why":"no such mood"}]}' ;;
    *'"type":"create"'*) echo '{"type":"ready"}' ;;
    *'"type":"notice"'*dead-phone*)
      token=${line#*\"token\":}
      report='{"outcome":"gone","reason":"no such phone"}'
      echo "{\"type\":\"completion\",\"token\":${token%%,*},\"reports\":[$report]}" ;;
    *'"type":"notice"'*)
      token=${line#*\"token\":}
      echo "{\"type\":\"completion\",\"token\":${token%%,*},\"reports\":[{\"outcome\":\"delivered\",\"provider_id\":\"7\"}]}" ;;
    *'"method":"check_device"'*'"address":"bad'*)
      id=${line#*\"id\":}
      wrong='[{"at":"/address","why":"`bad-s3cret` is no token","fix":"write ab12"}]'
      echo "{\"type\":\"reply\",\"id\":${id%%,*},\"status\":\"invalid\",\"json\":$wrong}" ;;
    *'"method":"check_device"'*)
      id=${line#*\"id\":}
      device=${line#*\"json\":}
      echo "{\"type\":\"reply\",\"id\":${id%%,*},\"json\":$device" ;;
    *'"method":"receive"'*'"account":"second"'*)
      id=${line#*\"id\":}
      wrong='[{"at":"account","why":"there is no account of that name","fix":"configure it"}]'
      echo "{\"type\":\"reply\",\"id\":${id%%,*},\"status\":\"invalid\",\"json\":$wrong}" ;;
    *'"method":"receive"'*)
      id=${line#*\"id\":}
      answer='{"status":202,"content_type":"text/plain","receipts":[{"provider_id":"7","outcome":"delivered"}]}'
      echo "{\"type\":\"reply\",\"id\":${id%%,*},\"json\":$answer,\"blob\":\"dGhhbmtz\"}" ;;
    *'"type":"shutdown"'*) : > "$0.left"; exit 0 ;;
  esac
done
"#;

/// A folder with a configuration and a driver.
pub(crate) struct Stranger {
    folder: TempDir,
}

impl Stranger {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("driver.sh"), SCRIPT).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Whether a driver was told to leave, and did.
    pub(crate) fn left(&self) -> bool {
        self.path().join("driver.sh.left").exists()
    }

    /// The section `[[exec]]` of a driver `name` of `schemes`.
    pub(crate) fn exec(&self, name: &str, schemes: &[&str]) -> String {
        self.section(name, json!({"schemes": schemes, "methods": ["receive"]}))
    }

    /// The same of one whose devices the host keeps.
    pub(crate) fn exec_with_devices(&self, name: &str, schemes: &[&str]) -> String {
        self.section(
            name,
            json!({"schemes": schemes, "methods": ["receive", "check_device"], "devices": true}),
        )
    }

    fn section(&self, name: &str, mut manifest: Value) -> String {
        manifest["name"] = name.into();
        manifest["version"] = "1".into();
        manifest["settings"] = json!({"type": "object", "properties": {"mood": {"type": "string"}}});
        let script = self.path().join("driver.sh").display().to_string();
        let command = json!(["sh", script, manifest.to_string()]);
        format!("[[exec]]\nname = \"{name}\"\ncommand = {command}\n")
    }

    /// Writes the configuration file.
    pub(crate) fn write(&self, text: &str) -> PathBuf {
        let file = self.path().join("nuncio.toml");
        std::fs::write(&file, text).unwrap();
        file
    }

    /// The configuration of the file as it is now.
    pub(crate) fn load(&self) -> Config {
        Config::load(Some(&self.path().join("nuncio.toml")), std::iter::empty()).unwrap()
    }
}
