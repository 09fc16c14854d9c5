//! The options of a subscription.

use nuncio_plugin_sdk::{
    JsonSchema, Options, Refusal,
    http::HeaderValue,
    push::{Overflow, Push},
    read_options, schemars,
};
use serde::Deserialize;

/// The longest time that Apple stores a notification, in seconds: 30 days.
pub(crate) const MAX_TTL_S: u32 = 30 * 24 * 3600;
/// The longest `apns-collapse-id`, in bytes.
const MAX_COLLAPSE_BYTES: usize = 64;

/// As they are written. Members that others understand are left alone.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Written {
    /// `alert`, `background`, `voip` and so on. By itself: `background` where there is nothing to see or hear.
    push_type: Option<PushType>,
    /// 10: at once; 5: when it costs the device little; 1: without waking it. 10 by default, 5 in the background.
    priority: Option<u8>,
    /// For how many seconds Apple tries to deliver it, at most 2592000 (30 days); 0: now or never.
    ttl: Option<u32>,
    /// A later notification with the same id replaces this one on the screen; at most 64 bytes.
    collapse_id: Option<String>,
    /// Notifications with the same one are shown together.
    thread_id: Option<String>,
    /// Which of the app's categories of actions it is.
    category: Option<String>,
    /// What becomes of a text that is too long: `truncate` (the default) or `refuse`.
    overflow: Option<Overflow>,
}

/// Apple's "Sending notification requests to APNs", `apns-push-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PushType {
    /// Something to see or hear.
    Alert,
    /// Nothing to see: the app gets some seconds.
    Background,
    /// A call.
    Voip,
    /// A watch face.
    Complication,
    /// The Files app.
    Fileprovider,
    /// Management of the device.
    Mdm,
    /// A question where the device is.
    Location,
    /// A live activity.
    Liveactivity,
    /// Push to talk.
    Pushtotalk,
    /// Widgets.
    Widgets,
    /// Controls.
    Controls,
}

impl PushType {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Background => "background",
            Self::Voip => "voip",
            Self::Complication => "complication",
            Self::Fileprovider => "fileprovider",
            Self::Mdm => "mdm",
            Self::Location => "location",
            Self::Liveactivity => "liveactivity",
            Self::Pushtotalk => "pushtotalk",
            Self::Widgets => "widgets",
            Self::Controls => "controls",
        }
    }

    /// The largest payload in bytes (Apple's "Generating a remote notification").
    pub(crate) const fn most_bytes(self) -> usize {
        if matches!(self, Self::Voip) { 5120 } else { 4096 }
    }
}

/// As they are meant: checked.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) push_type: Option<PushType>,
    priority: Option<u8>,
    pub(crate) ttl: Option<u32>,
    pub(crate) collapse_id: Option<HeaderValue>,
    pub(crate) thread_id: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) overflow: Overflow,
}

impl Wanted {
    /// Reads and checks `options`.
    pub(crate) fn read(options: &Options) -> Result<Self, Refusal> {
        let written: Written = read_options(options, &[])?;
        let refused = |name: &str, why: &str, fix: &str| {
            Err(Refusal::new(format!("/options/{name}"), why).fix(fix.to_owned()))
        };
        match (written.push_type, written.priority) {
            (_, Some(priority)) if ![1, 5, 10].contains(&priority) => {
                return refused("priority", "not 10, 5 or 1", "write 10 for what is urgent, else 5");
            }
            (Some(PushType::Background), Some(10)) => {
                let why = "Apple refuses 10 for what is in the background";
                return refused("priority", why, "write 5, or leave it out");
            }
            _ => {}
        }
        if written.ttl.is_some_and(|ttl| ttl > MAX_TTL_S) {
            return refused(
                "ttl",
                "longer than the 30 days that Apple stores",
                "write at most 2592000 seconds",
            );
        }
        let collapse_id = match written.collapse_id.as_deref() {
            None => None,
            Some(id) if id.is_empty() || id.len() > MAX_COLLAPSE_BYTES => {
                return refused("collapse_id", "not 1 to 64 bytes", "write a short name, like `order-7`");
            }
            Some(id) => match HeaderValue::from_str(id) {
                Ok(value) => Some(value),
                Err(_) => {
                    let why = "a header has visible ASCII characters alone";
                    return refused("collapse_id", why, "write a name like `order-7`");
                }
            },
        };
        Ok(Self {
            push_type: written.push_type,
            priority: written.priority,
            ttl: written.ttl,
            collapse_id,
            thread_id: written.thread_id,
            category: written.category,
            overflow: written.overflow.unwrap_or_default(),
        })
    }

    /// The type of `push`, where the subscription says none: there is nothing to see of one without text, badge and sound.
    pub(crate) fn push_type(&self, push: &Push) -> PushType {
        let silent = push.title.is_empty()
            && push.text.is_empty()
            && push.badge.is_none()
            && push.sound.is_none()
            && push.own.get("aps").is_none_or(|aps| aps.get("alert").is_none());
        self.push_type.unwrap_or(if silent { PushType::Background } else { PushType::Alert })
    }

    /// The priority of what has `push_type`. What is in the background must have 5 or less.
    pub(crate) fn priority(&self, push_type: PushType) -> u8 {
        let background = push_type == PushType::Background;
        let usual = if background { 5 } else { 10 };
        let priority = self.priority.unwrap_or(usual);
        if background { priority.min(5) } else { priority }
    }
}

#[cfg(test)]
mod tests {
    use nuncio_plugin_sdk::serde_json::{Value, json};

    use super::*;

    fn read(options: Value) -> Result<Wanted, String> {
        Wanted::read(&serde_json::from_value(options).unwrap()).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn what_is_silent_goes_in_the_background_with_priority_5() {
        let wanted = read(json!({"template": "x", "priority": null})).ok().unwrap();
        let mut push = Push::default();
        assert_eq!(wanted.push_type(&push), PushType::Background);
        assert_eq!(wanted.priority(PushType::Background), 5);
        push.badge = Some(0);
        assert_eq!((wanted.push_type(&push), wanted.priority(PushType::Alert)), (PushType::Alert, 10));
        let hasty = read(json!({"priority": 10})).ok().unwrap();
        assert_eq!(hasty.priority(PushType::Background), 5);
    }

    #[test]
    fn a_wrong_option_is_named_with_its_fix() {
        for (options, want) in [
            (json!({"push_type": "loud"}), "/options/push_type: unknown variant `loud`"),
            (json!({"priority": 7}), "/options/priority: not 10, 5 or 1; "),
            (json!({"push_type": "background", "priority": 10}), "/options/priority: Apple refuses 10"),
            (json!({"ttl": 2_592_001}), "/options/ttl: longer than the 30 days"),
            (json!({"ttl": -1}), "/options/ttl: "),
            (json!({"collapse_id": "x".repeat(65)}), "/options/collapse_id: not 1 to 64 bytes"),
            (json!({"collapse_id": "é".repeat(33)}), "/options/collapse_id: not 1 to 64 bytes"),
            (json!({"collapse_id": "a\r\nb: c"}), "/options/collapse_id: a header has"),
            (json!({"overflow": "split"}), "/options/overflow: unknown variant `split`"),
        ] {
            let error = read(options).err().unwrap();
            assert!(error.starts_with(want), "{error}");
        }
    }
}
