//! Each setting that is wrong is named, with what to do.

use nuncio_plugin_sdk::{
    Manifest, Plugin,
    glue::{Package, manifest},
    serde_json::{self, Value, json},
};

use super::*;

fn resolve(value: Value) -> Result<(Route, Mailbox), SettingsError> {
    serde_json::from_value::<Settings>(value).unwrap().resolve()
}

#[test]
fn nothing_set_is_a_closed_route() {
    let (route, from) = resolve(json!({})).unwrap();
    assert!(matches!(route, Route::Closed) && from.email.user() == "nuncio");
}

#[test]
fn a_relay_has_its_usual_port() {
    for (settings, expected) in [
        (json!({"relay": "smtp://mail.example.org"}), "mail.example.org:587 (STARTTLS)"),
        (json!({"relay": "smtps://mail.example.org"}), "mail.example.org:465 (TLS)"),
        (json!({"relay": "smtp://mail.example.org:2525/"}), "mail.example.org:2525 (STARTTLS)"),
        (json!({"relay": "smtp://127.0.0.1", "tls": "none"}), "127.0.0.1:25 (plain)"),
        (json!({"relay": "smtp://[::1]:26", "tls": "none"}), "::1:26 (plain)"),
        (json!({"relay": "smtp://localhost", "tls": "none"}), "localhost:25 (plain)"),
    ] {
        let (route, _) = resolve(settings).unwrap();
        let Route::Relay(relay) = route else { panic!("no relay") };
        assert_eq!(relay.endpoint().to_string(), expected);
    }
}

#[test]
fn a_wrong_setting_is_named() {
    for (settings, at) in [
        (json!({"relay": "smtp://a.example", "sendmail": "/usr/sbin/sendmail"}), "/sendmail"),
        (json!({"relay": "mail.example.org:587"}), "/relay"),
        (json!({"relay": "http://mail.example.org"}), "/relay"),
        (json!({"relay": "smtp://"}), "/relay"),
        (json!({"relay": "smtp://mail.example.org/x"}), "/relay"),
        (json!({"relay": "smtp://ann:hunter2@mail.example.org"}), "/relay"),
        (json!({"relay": "smtp://mail.example.org", "tls": "none"}), "/tls"),
        (json!({"relay": "smtp://10.0.0.1", "tls": "none"}), "/tls"),
        (json!({"relay": "smtps://localhost", "tls": "none"}), "/relay"),
        (json!({"relay": "smtp://a.example", "username": "ann"}), "/username"),
        (json!({"relay": "smtp://a.example", "password": "hunter2"}), "/password"),
        (json!({"relay": "smtp://a.example", "helo": "a b"}), "/helo"),
        (json!({"relay": "smtp://a.example", "ca_file": "/nonexistent/ca.pem"}), "/ca_file"),
        (json!({"relay": "smtp://a.example", "connections": 0}), "/connections"),
        (json!({"sendmail": " "}), "/sendmail"),
        (json!({"sendmail": "/usr/sbin/sendmail", "username": "ann", "password": "hunter2"}), "/username"),
        (json!({"from": "nobody"}), "/from"),
        (json!({"from": "jürgen@example.org"}), "/from"),
    ] {
        let error = resolve(settings).unwrap_err();
        assert_eq!(error.0[0].at, at, "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn every_wrong_setting_is_named_at_once() {
    let error = resolve(json!({"relay": "smtp://", "from": "x", "username": "ann"})).unwrap_err();
    assert_eq!(
        error.0.iter().map(|refusal| refusal.at.as_str()).collect::<Vec<_>>(),
        ["/from", "/relay", "/username"]
    );
}

#[test]
fn the_manifest_says_what_the_host_must_know() {
    let package = Package { version: "1.0.0", homepage: "", license: "" };
    let manifest: Manifest = manifest::<crate::Mailto>(package);
    assert_eq!((manifest.name.as_str(), manifest.schemes.as_slice()), ("mailto", &["mailto".to_owned()][..]));
    assert_eq!(manifest.secrets, ["/password"]);
    assert!(manifest.settings["properties"]["relay"]["description"].as_str().unwrap().contains("STARTTLS"));
    assert_eq!(manifest.settings["additionalProperties"], json!(false));
    assert_eq!(crate::Mailto::IDEMPOTENCY, "message-id");
}
