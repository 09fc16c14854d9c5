//! What every driver must do, checked by the SDK's kit: on the driver as it is linked into this
//! test, and on the library that a host loads.

use {{crate}} as _;

nuncio_plugin_sdk::conformance!(
    Kit::of("{{name}}")
        .uri("{{example}}")
        .refuses("{{scheme}}:some/where")
        .settings(json!({"url": "http://{server}/messages", "token": "a-token-that-nobody-sees"}))
        .http()
        // A token that the vendor does not take is a matter of ours.
        .expect(401, Outcome::Deferred, Scope::Account)
        .expect(403, Outcome::Deferred, Scope::Account)
);
