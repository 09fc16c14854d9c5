//! The options of a subscription.

use nuncio_plugin_sdk::{JsonSchema, Options, Refusal, push::Overflow, read_options, schemars};
use serde::Deserialize;

/// The longest time that FCM keeps a message, in seconds: 28 days.
const MAX_TTL_S: u32 = 2_419_200;
/// The longest collapse key, in bytes: what APNs takes, to which FCM hands it on.
const MAX_COLLAPSE_BYTES: usize = 64;

/// As they are written. Members that others understand are left alone.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Wanted {
    /// `high`: at once; `normal`: when it costs the device little. `high` by default, `normal` where there is nothing to
    /// see.
    pub(crate) priority: Option<Priority>,
    /// For how many seconds FCM keeps it for a device that is away, at most 2419200 (28 days); 0: now or never.
    pub(crate) ttl: Option<u32>,
    /// A later message with the same key replaces one that is kept; at most 64 bytes.
    pub(crate) collapse_key: Option<String>,
    /// FCM checks the message and sends it to nobody.
    pub(crate) validate_only: bool,
    /// What becomes of a text that is too long: `truncate` (the default) or `refuse`.
    pub(crate) overflow: Overflow,
}

/// How soon a message is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Priority {
    /// At once, waking the device.
    High,
    /// When it costs the device little.
    Normal,
}

impl Wanted {
    /// Reads and checks `options`.
    pub(crate) fn read(options: &Options) -> Result<Self, Refusal> {
        let wanted: Self = read_options(options, &[])?;
        if wanted.ttl.is_some_and(|ttl| ttl > MAX_TTL_S) {
            return Err(Refusal::new("/options/ttl", "longer than the 28 days that FCM keeps messages")
                .fix("write at most 2419200 seconds"));
        }
        let visible = |key: &String| {
            (1..=MAX_COLLAPSE_BYTES).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if wanted.collapse_key.as_ref().is_some_and(|key| !visible(key)) {
            return Err(Refusal::new("/options/collapse_key", "not 1 to 64 visible ASCII characters")
                .fix("write a short name, like `order-7`"));
        }
        Ok(wanted)
    }
}

#[cfg(test)]
mod tests {
    use nuncio_plugin_sdk::serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_wrong_option_is_named_with_its_fix() {
        let read = |options: Value| {
            Wanted::read(&serde_json::from_value(options).unwrap()).map_err(|refusal| refusal.to_string())
        };
        assert_eq!(read(json!({"template": "x", "ttl": 60})).ok().unwrap().ttl, Some(60));
        for (options, want) in [
            (json!({"priority": "urgent"}), "/options/priority: unknown variant `urgent`"),
            (json!({"ttl": 2_419_201}), "/options/ttl: longer than the 28 days"),
            (json!({"collapse_key": "a b"}), "/options/collapse_key: not 1 to 64"),
            (json!({"collapse_key": "x".repeat(65)}), "/options/collapse_key: not 1 to 64"),
            (json!({"overflow": "split"}), "/options/overflow: unknown variant `split`"),
        ] {
            let error = read(options).err().unwrap();
            assert!(error.starts_with(want), "{error}");
        }
    }
}
