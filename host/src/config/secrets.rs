//! Keys that hold a secret: references are resolved, and what is shown or compared is a digest.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    check::Wrong,
    key::Key,
    keys::keys,
    load::read,
    node::{Node, Raw},
    place::{Place, Problem},
};

/// Where secrets may come from.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) env: &'a BTreeMap<String, String>,
    pub(super) folder: &'a Path,
}

impl Sources<'_> {
    /// `node` with the secret in the place of its reference, `{ env = "X" }` or `{ file = "PATH" }`.
    pub(super) fn resolved(self, node: Node) -> Result<Node, Wrong> {
        let Raw::Table(table) = &node.raw else { return Ok(node) };
        let mut members = table.iter();
        let (Some((kind, Node { raw: Raw::Text(name), .. })), None) = (members.next(), members.next()) else {
            return Ok(node);
        };
        let (found, fix) = match kind.as_str() {
            "env" => (
                self.env.get(name).cloned().ok_or_else(|| format!("the variable {name} is not set")),
                format!("set {name}, or write {{ file = \"PATH\" }}"),
            ),
            "file" => (
                read(&self.folder.join(name)),
                "make the file readable for this user, or write { env = \"NAME\" }".to_owned(),
            ),
            _ => return Ok(node),
        };
        let text = found.map_err(|why| Wrong { place: node.place.clone(), why, fix })?;
        Ok(Node { raw: Raw::Text(text.trim_end_matches(['\n', '\r']).to_owned()), ..node })
    }
}

/// The warning of a secret that stands in the file itself.
pub(super) fn inline(key: &Key, node: &Node) -> Option<Problem> {
    let written = key.kind.is_secret() && matches!(node.raw, Raw::Text(_));
    (written && matches!(node.place, Place::File { .. })).then(|| {
        Problem::new(node.place.clone(), key.name, "a secret stands in the file")
            .fix("write { env = \"NAME\" } or { file = \"PATH\" }")
    })
}

/// `values` with a digest in the place of each secret: enough to see that one has changed.
pub(super) fn hidden(mut values: Value) -> Value {
    for key in keys().iter().filter(|key| key.kind.is_secret()) {
        let pointer = format!("/{}", key.name.replace('.', "/"));
        if let Some(value) = values.pointer_mut(&pointer)
            && let Some(secret) = value.as_str()
        {
            let digest = Sha256::digest(secret.as_bytes());
            *value = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
        }
    }
    values
}
