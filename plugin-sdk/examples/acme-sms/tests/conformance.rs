//! What every driver must do, as Nuncio's kit knows it: linked, and loaded as a library.

use acme_sms as _;

nuncio_plugin_sdk::conformance!(
    Kit::of("acme-sms")
        .uri("acme-sms:+15551234567")
        .refuses("acme-sms:5551234567")
        .refuses("acme-sms:ann")
        .settings(json!({"api": "http://{server}/v1", "key": "a-key-that-nobody-sees", "receipt_secret": "nor-this-one"}))
        .options(json!({"sender": "Kit"}))
        .replies("application/json", r#"{"id": "m-1", "parts": 1}"#)
        .expect(401, Outcome::Deferred, Scope::Account)
        .expect(402, Outcome::Deferred, Scope::Account)
        .expect(403, Outcome::Deferred, Scope::Account)
);
