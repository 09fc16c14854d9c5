//! Values that are kept as JSON.

use serde::{Serialize, de::DeserializeOwned};

use crate::storage::StoreError;

/// Reads a stored value; `what` names it in the error.
pub(super) fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(format!("{what}: {error}")))
}

/// Writes a value to be stored.
pub(super) fn write<T: Serialize>(what: &str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(format!("{what}: {error}")))
}
