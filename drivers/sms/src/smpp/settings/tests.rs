use nuncio_plugin_sdk::serde_json::{self, Value, json};

use super::*;

fn settings(more: Value) -> Settings {
    let mut all = json!({"url": "smpp://smsc.example.org", "system_id": "acme", "password": "hunter2"});
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

#[test]
fn what_is_wrong_is_named() {
    for (more, at) in [
        (json!({"window": 0}), "/window"),
        (json!({"window": 1001}), "/window"),
        (json!({"system_id": ""}), "/system_id"),
        (json!({"system_id": "sixteen-letters-"}), "/system_id"),
        (json!({"service_type": "EVENTS"}), "/service_type"),
        (json!({"system_type": "é"}), "/system_type"),
    ] {
        let wrong: Vec<_> = settings(more.clone()).limits().into_iter().map(|one| one.at).collect();
        assert_eq!(wrong, [at], "{more}");
    }
    for (more, at) in [
        (json!({"response_timeout": "10"}), "/response_timeout"),
        (json!({"enquire_link": "2h"}), "/enquire_link"),
    ] {
        assert_eq!(settings(more).times().unwrap_err().at, at);
    }
    assert!(!format!("{:?}", settings(json!({}))).contains("hunter2"));
}

#[test]
fn a_validity_is_a_relative_time() {
    let validity = |text: &str| settings(json!({"validity": text})).form().map(|form| form.validity);
    assert_eq!(validity("6h").unwrap(), "000000060000000R");
    assert_eq!(validity("2d").unwrap(), "000002000000000R");
    assert_eq!(validity("90m").unwrap(), "000000013000000R");
    for text in ["30s", "64d", "soon"] {
        assert_eq!(validity(text).unwrap_err().at, "/validity");
    }
}
