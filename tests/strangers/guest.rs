//! A host that was built without the drivers that the tests load into it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use nuncio_tests::{Folder, Host, Recipe, binary, command::succeed};
use serde_json::Value;

/// The program with as few drivers as there are; `./tests/run` builds it.
fn program() -> PathBuf {
    env::var_os("NUNCIO_BIN_LOG_ONLY").map_or_else(binary, PathBuf::from)
}

/// A host that loads `library`, with the settings of its drivers as sections of TOML.
pub(crate) fn recipe(library: &Path, settings: &str) -> Recipe {
    let path = Value::from(library.display().to_string());
    Recipe::new().binary(program()).section(&format!("[[libraries]]\npath = {path}\n\n{settings}"))
}

/// Where the drivers of `recipe` come from, by their names.
pub(crate) fn origins(recipe: &Recipe) -> Vec<(String, String)> {
    let folder = Folder::new("origins");
    let configuration = recipe.write(&folder);
    let mut list = recipe.command(Duration::from_secs(30));
    let listed = succeed(list.args(["drivers", "list", "--json", "--config"]).arg(configuration));
    let listed: Vec<Value> = serde_json::from_str(&listed).expect("a list of drivers");
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    listed.iter().map(|one| (text(one, "name"), text(one, "origin"))).collect()
}

/// A line in the file at `path` that holds `part`, once there is one.
pub(crate) fn line(path: &Path, part: &str) -> String {
    nuncio_tests::until(part, Duration::from_secs(20), || {
        let text = fs::read_to_string(path).ok()?;
        text.lines().find(|line| line.contains(part)).map(str::to_owned)
    })
}

/// How a delivery to `uri` of `text` ends: the delivery as the API shows it, with its failures.
pub(crate) fn sent(host: &Host, uri: &str, text: &str, state: &str) -> Value {
    let notification = serde_json::json!({"to": [uri], "content": {"subject": "Frozen", "text": text}});
    let ids = host.notify(&notification);
    host.settled(&ids[0], state, Duration::from_secs(20))
}
