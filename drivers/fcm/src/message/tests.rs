use nuncio_plugin_sdk::{Content, Options, SubscriberUri};
use proptest::prelude::*;

use super::*;

fn made(body: &Value, text: &str, options: Value) -> Result<Value, Refusal> {
    let uri = SubscriberUri::parse("fcm:a").unwrap();
    let options: Options = serde_json::from_value(options).unwrap();
    let body = body.to_string();
    let mut notice = Notice::new("d", &uri, &[], &options);
    notice.body = body.as_bytes();
    notice.created_ms = 1_700_000_000_000;
    notice.content = Content::text(text).with_subject(if text.is_empty() { "" } else { "Title" });
    Message::of(&notice).map(|message| message.body("token"))
}

#[test]
fn each_member_stands_where_the_reference_has_it() {
    let body = json!({
        "data": {"order": 7, "name": "x", "deep": {"a": [1]}}, "badge": 3, "sound": "ding",
        "image": "https://a.example/b.png", "link": "https://a.example/7",
        "fcm": {"android": {"notification": {"channel_id": "orders"}}, "fcm_options": {"analytics_label": "o"}},
    });
    let options = json!({"ttl": 60, "collapse_key": "order-7", "validate_only": true});
    let made = made(&body, "It is here", options).unwrap();
    assert_eq!(
        made,
        json!({"validate_only": true, "message": {
            "token": "token",
            "notification": {"title": "Title", "body": "It is here", "image": "https://a.example/b.png"},
            "data": {"order": "7", "name": "x", "deep": "{\"a\":[1]}", "link": "https://a.example/7"},
            "android": {
                "priority": "HIGH", "ttl": "60s", "collapse_key": "order-7",
                "notification": {"sound": "ding", "notification_count": 3, "channel_id": "orders"},
            },
            "apns": {
                "headers": {
                    "apns-priority": "10", "apns-expiration": "1700000060", "apns-collapse-id": "order-7",
                },
                "payload": {"aps": {"badge": 3, "sound": "ding", "mutable-content": 1}},
                "fcm_options": {"image": "https://a.example/b.png"},
            },
            "webpush": {
                "headers": {"Urgency": "high", "TTL": "60"}, "fcm_options": {"link": "https://a.example/7"},
            },
            "fcm_options": {"analytics_label": "o"},
        }})
    );
}

#[test]
fn what_is_silent_has_data_and_a_low_priority() {
    let made = made(&json!({"data": {"refresh": true}, "badge": 1}), "", json!({})).unwrap();
    assert_eq!(
        made["message"],
        json!({
            "token": "token", "data": {"refresh": "true"}, "android": {"priority": "NORMAL"},
            "apns": {
                "headers": {"apns-priority": "5"},
                "payload": {"aps": {"badge": 1, "content-available": 1}},
            },
            "webpush": {"headers": {"Urgency": "normal"}},
        })
    );
}

#[test]
fn what_fcm_refuses_is_refused_by_name() {
    let refused = |body: Value| made(&body, "x", json!({})).unwrap_err().to_string();
    for key in ["from", "message_type", "google.x", "googlex", "gcm", "gcm.notification.x"] {
        let error = refused(json!({"data": {key: "1"}}));
        assert_eq!(error, format!("/data/{key}: FCM keeps this key for itself; call it otherwise"));
    }
    for name in TAKEN {
        assert!(refused(json!({"fcm": {name: "x"}})).starts_with(&format!("/fcm/{name}: ")));
    }
    assert!(refused(json!({"data": {"x": "y".repeat(5000)}})).contains("4096"));
    assert!(
        made(&json!({}), &"x".repeat(5000), json!({"overflow": "refuse"}))
            .unwrap_err()
            .to_string()
            .contains("4096")
    );
}

proptest! {
    #[test]
    fn a_message_never_has_more_bytes_than_it_may(text in ".{0,6000}", data in "\\PC{0,500}") {
        if let Ok(mut made) = made(&json!({"data": {"d": data}}), &text, json!({})) {
            made["message"].as_object_mut().unwrap().remove("token");
            prop_assert!(made["message"].to_string().len() <= MOST_BYTES);
            let body = made["message"]["notification"]["body"].as_str().unwrap_or_default();
            prop_assert!(text == body || text.starts_with(body.trim_end_matches('…')));
        } else {
            prop_assert!(data.len() > 1000);
        }
    }
}
