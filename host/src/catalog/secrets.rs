//! Secrets in options: shown as `***`, and kept when that is sent back.

use nuncio_core::{Manifest, Options};
use serde_json::Value;

const MASK: &str = "***";
/// Secret whoever serves the scheme, also while its driver is missing.
const ALWAYS: &str = "/secret";

/// `options` as they may be shown.
pub(super) fn masked(options: &Options, manifest: Option<&Manifest>) -> Options {
    on_secrets(options, manifest, |_, value| mask(value))
}

/// `options` with the masks in them replaced by what `old` has in their places.
pub(super) fn restored(options: &Options, old: &Options, manifest: Option<&Manifest>) -> Options {
    let old = Value::Object(old.0.clone());
    on_secrets(options, manifest, |pointer, value| {
        if let Some(kept) = old.pointer(pointer) {
            restore(value, kept);
        }
    })
}

fn on_secrets(options: &Options, manifest: Option<&Manifest>, change: impl Fn(&str, &mut Value)) -> Options {
    let mut all = Value::Object(options.0.clone());
    let pointers = manifest.map(|manifest| manifest.option_secrets.as_slice()).unwrap_or_default();
    for pointer in pointers.iter().map(String::as_str).chain([ALWAYS]) {
        if let Some(value) = all.pointer_mut(pointer) {
            change(pointer, value);
        }
    }
    match all {
        Value::Object(map) => Options(map),
        _ => Options::default(),
    }
}

fn mask(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(mask),
        Value::Object(map) => map.values_mut().for_each(mask),
        Value::Null => {}
        _ => *value = Value::from(MASK),
    }
}

fn restore(value: &mut Value, old: &Value) {
    match (value, old) {
        (Value::Array(list), Value::Array(old)) => {
            list.iter_mut().zip(old).for_each(|(value, old)| restore(value, old));
        }
        (Value::Object(map), Value::Object(old)) => {
            for (name, value) in map {
                if let Some(old) = old.get(name) {
                    restore(value, old);
                }
            }
        }
        (value, old) if *value == MASK => *value = old.clone(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn options(value: Value) -> Options {
        serde_json::from_value(value).unwrap()
    }

    fn manifest() -> Manifest {
        let text = json!({
            "name": "x", "version": "1", "schemes": ["x"], "option_secrets": ["/secret", "/post_headers"],
        });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn a_secret_is_not_shown_and_comes_back_from_its_mask() {
        let old = options(
            json!({"secret": ["one", "two"], "post_headers": {"Authorization": "b"}, "subject": "s"}),
        );
        let shown = masked(&old, Some(&manifest()));
        assert_eq!(
            shown,
            options(
                json!({"secret": ["***", "***"], "post_headers": {"Authorization": "***"}, "subject": "s"})
            )
        );
        assert_eq!(restored(&shown, &old, Some(&manifest())), old);
        assert_eq!(masked(&old, None).get("secret"), shown.get("secret"));
    }

    #[test]
    fn a_new_secret_stays() {
        let (old, new) = (options(json!({"secret": "old"})), options(json!({"secret": "new"})));
        assert_eq!(restored(&new, &old, None), new);
        assert_eq!(restored(&new, &Options::default(), None), new);
    }
}
