//! What every driver is asked.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used)]

#[path = "../src/test_key.rs"]
mod test_key;

use nuncio_driver_fcm as _;
use nuncio_plugin_sdk::Device;

fn device() -> Device {
    let mut device = Device::new("fcm", "cR1p-xyz_0:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx");
    "phone-7".clone_into(&mut device.id);
    device
}

/// One body is both an access token and an accepted message.
const BOTH: &str = r#"{"access_token": "ya29.a0Ael9sCO", "expires_in": 3599, "token_type": "Bearer", "name": "projects/demo/messages/1"}"#;

nuncio_plugin_sdk::testing::conformance!(
    Kit::of("fcm")
        .uri("fcm:phone-7")
        .device(device())
        .refuses("fcm:")
        .refuses("fcm://phone-7")
        .refuses("fcm:a/b")
        .settings(json!({"accounts": {"app": {
            "service_account": test_key::service_account("http://{server}/token").to_string(),
            "url": "http://{server}",
        }}}))
        .expect(400, Outcome::Rejected, Scope::Message)
        .expect(401, Outcome::Deferred, Scope::Account)
        .expect(403, Outcome::Deferred, Scope::Account)
        .expect(404, Outcome::Deferred, Scope::Account)
        .expect(410, Outcome::Deferred, Scope::Account)
        .golden("tests/golden")
        .replies("application/json", BOTH)
);
