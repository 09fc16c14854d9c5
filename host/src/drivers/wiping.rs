//! Settings are overwritten once they were handed over: what is not there cannot leak.

use serde_json::Value;
use zeroize::Zeroize as _;

use crate::config::Config;

/// Overwrites every text of the drivers' settings in `config`. Drivers have copies of what they need.
pub fn wipe(config: &mut Config) {
    config.drivers.values_mut().for_each(overwrite);
    config.drivers.clear();
    config.settings.wipe();
}

/// Overwrites every text in `value`.
pub(super) fn overwrite(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(overwrite),
        Value::Object(map) => map.values_mut().for_each(overwrite),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_text_is_left() {
        let mut value = json!({"a": "secret", "b": [{"c": "secret"}], "n": 1});
        overwrite(&mut value);
        assert_eq!(value, json!({"a": "", "b": [{"c": ""}], "n": 1}));
    }
}
