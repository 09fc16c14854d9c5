//! What every driver is asked.

use nuncio_driver_webpush as _;
use nuncio_plugin_sdk::Device;

/// Made for these tests with `openssl ecparam -name prime256v1 -genkey`.
const KEY: &str = include_str!("keys/pkcs8.pem");

/// The browser of RFC 8291, appendix A.
fn device() -> Device {
    let mut device = Device::new("webpush", "http://{server}/push/a-capability-of-the-kit");
    device.id = "ann-laptop".to_owned();
    device.account = "shop".to_owned();
    for (name, value) in [
        ("p256dh", "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        ("auth", "BTBZMqHH6r4Tts7J_aSIgg"),
    ] {
        device.keys.insert(name.to_owned(), value.to_owned());
    }
    device
}

nuncio_plugin_sdk::testing::conformance!(
    Kit::of("webpush")
        .uri("webpush:ann-laptop")
        .refuses("webpush:")
        .refuses("webpush:ann/laptop")
        .refuses("webpush://push.example.net/push/a")
        .settings(json!({
            "accounts": {"shop": {"key": KEY, "subject": "mailto:ops@example.org"}}, "services": ["127.0.0.1"],
        }))
        .options(json!({"ttl": 60, "urgency": "high"}))
        .device(device())
        .http()
        .golden("tests/golden")
        // The key or the subject of the account.
        .expect(401, Outcome::Deferred, Scope::Account)
        .expect(403, Outcome::Deferred, Scope::Account)
        // The subscription is not there.
        .expect(404, Outcome::Gone, Scope::Recipient)
        // One service says nothing of the others, which share the lane.
        .expect(429, Outcome::Deferred, Scope::Recipient)
        .expect(502, Outcome::Deferred, Scope::Recipient)
        .expect(503, Outcome::Deferred, Scope::Recipient)
        .expect(504, Outcome::Deferred, Scope::Recipient)
        .expect(Case::Refused, Outcome::Deferred, Scope::Recipient)
        .expect(Case::Reset, Outcome::Deferred, Scope::Recipient)
        .expect(Case::Hang, Outcome::Deferred, Scope::Recipient)
        .expect(Case::Garbage, Outcome::Deferred, Scope::Recipient)
        .without("idempotency", "the id is within what is encrypted: src/driver/tests.rs opens it")
);
