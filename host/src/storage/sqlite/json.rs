//! Values that are kept as JSON.

use nuncio_core::Attributes;
use rusqlite::Row;
use serde::{Serialize, de::DeserializeOwned};

use crate::storage::StoreError;

/// Reads a stored value; `what` names it in the error.
pub(super) fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(format!("{what}: {error}")))
}

/// The attributes in column `column` of a message whose id is in column 0.
pub(super) fn attributes(row: &Row<'_>, column: usize) -> Result<Attributes, StoreError> {
    let text = row.get_ref(column)?.as_str().unwrap_or_default();
    Attributes::read(text).map_err(|error| {
        let id = row.get::<_, i64>(0).unwrap_or_default();
        StoreError::Corrupt(format!("attributes of message {id}: {error}"))
    })
}

/// Writes a value to be stored.
pub(super) fn write<T: Serialize>(what: &str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(format!("{what}: {error}")))
}
