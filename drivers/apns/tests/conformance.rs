//! What every driver is asked.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used)]

use nuncio_driver_apns as _;
use nuncio_plugin_sdk::Device;

fn key() -> String {
    rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap().serialize_pem()
}

fn device() -> Device {
    let mut device = Device::new("apns", "ab".repeat(32));
    "phone-7".clone_into(&mut device.id);
    device
}

nuncio_plugin_sdk::testing::conformance!(
    Kit::of("apns")
        .uri("apns:phone-7")
        .device(device())
        .refuses("apns:")
        .refuses("apns://phone-7")
        .refuses("apns:a/b")
        .settings(json!({"accounts": {"app": {
            "team_id": "DEF123GHIJ", "key_id": "ABC123DEFG", "key": key(), "topic": "com.example.app",
            "url": "http://{server}",
        }}}))
        .expect(403, Outcome::Deferred, Scope::Account)
        .golden("tests/golden")
        .without("idempotency", "the id is sent as a UUID that is made of it: a test of its own")
        .http()
);
