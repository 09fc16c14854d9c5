//! A driver asks its host for a device, and is asked about one.

use nuncio_plugin_sdk::{
    core::abi,
    serde_json::{self, Value, json},
};

use crate::{
    host::{Said, Told},
    made::Made,
    notice,
};

/// The token and the JSON of the driver's question.
fn question(made: &Made) -> (u64, Value) {
    made.host.wait(|told| {
        told.iter().find_map(|one| match one {
            Told::Asked { token, json } => Some((*token, serde_json::from_str(json).unwrap())),
            _ => None,
        })
    })
}

/// What the driver says after the host answered its question like this.
fn answered(status: i32, json: &str) -> Said {
    let notices = notice::lot(["device"]);
    let made = Made::new("single", "project");
    assert_eq!(made.submit(&notices), (abi::OK, 1));
    let (token, asked) = question(&made);
    assert_eq!(asked, json!({"project": "project", "device": "d1"}));
    made.reply(token + 1000, abi::OK, "{}");
    made.reply(token, status, json);
    made.reply(token, abi::OK, "{}");
    made.host.completed(1).remove(0).1.remove(0)
}

#[test]
fn the_answer_of_the_host_reaches_the_delivery_that_asked() {
    let said = answered(abi::OK, r#"{"device": {"address": "ab12", "later": 1}}"#);
    assert_eq!((said.status, said.excerpt.as_str()), (abi::DELIVERED, "ab12"));
    assert_eq!(answered(abi::OK, r#"{"device": null}"#).status, abi::GONE);
    assert_eq!(answered(abi::OK, "{}").status, abi::GONE);
}

#[test]
fn a_host_that_cannot_say_defers_with_its_reason() {
    let said = answered(abi::FAILED, r#"{"why": "the store is busy"}"#);
    assert_eq!((said.status, said.reason.as_str()), (abi::DEFERRED, "the store is busy"));
    assert_eq!(answered(abi::OK, "{").reason, "the host's answer cannot be read");
}

#[test]
fn an_older_host_has_no_devices() {
    let notices = notice::lot(["device"]);
    let made = Made::new("single", "unsupported");
    assert_eq!(made.submit(&notices), (abi::OK, 1));
    let said = made.host.completed(1).remove(0).1.remove(0);
    assert_eq!(said.status, abi::DEFERRED);
    assert!(said.reason.contains("this host keeps no devices"), "{}", said.reason);
}

#[test]
fn a_delivery_that_waits_for_an_answer_ends_with_the_driver() {
    let notices = notice::lot(["device"]);
    let made = Made::new("single", "ends");
    assert_eq!(made.submit(&notices), (abi::OK, 1));
    let (token, _) = question(&made);
    made.shutdown(0);
    assert_eq!(made.host.completed(1).len(), 1);
    made.reply(token, abi::OK, r#"{"device": null}"#);
}

#[test]
fn a_device_is_checked_by_the_driver() {
    let made = Made::new("single", "check device");
    let device = json!({"id": "d1", "scheme": "test", "account": "default", "address": "AB12"});
    assert_eq!(made.call(1, "check_device", &device.to_string(), b""), abi::OK);
    let (status, kept, _) = made.host.replied(1);
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!((status, &kept["address"], &kept["id"]), (abi::OK, &json!("ab12"), &json!("d1")));
    assert_eq!(made.call(2, "check_device", "{}", b""), abi::OK);
    let (status, refused, _) = made.host.replied(2);
    assert_eq!((status, refused.contains("/address")), (abi::INVALID, true));
    assert_eq!(made.call(3, "check_device", "7", b""), abi::OK);
    assert_eq!(made.host.replied(3).0, abi::INVALID);
}
