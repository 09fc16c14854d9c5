//! What every driver is asked, of an account at each of the gateways.

use nuncio_driver_sms as _;

/// What all gateways have in common: an answer that every message of an account meets alike holds the account. With
/// `expect`, a success without the vendor's own words is none.
macro_rules! gateway {
    ($name:ident, $account:tt, $type:expr, $success:expr $(, $more:ident)?) => {
        mod $name {
            nuncio_plugin_sdk::conformance!(
                [301_u16, 302, 307, 401, 402, 403, 404, 405]
                    .into_iter()
                    .fold(Kit::of("sms"), |kit, status| kit.expect(
                        status,
                        Outcome::Deferred,
                        Scope::Account
                    ))
                    .uri("sms:+15551230101")
                    .uri("sms:+447700900123,+4915112345678?body=Hello%20%F0%9F%98%80")
                    .refuses("sms:5551230101")
                    .refuses("sms:7042;phone-context=example.org")
                    .settings(json!({"accounts": {"main": $account}}))
                    .replies($type, $success)
                    .golden(concat!("tests/golden/", stringify!($name)))
                    $(.$more(204, Outcome::Deferred, Scope::Account))?
            );
        }
    };
}

gateway!(
    twilio,
    {
        "kind": "twilio", "api": "http://{server}", "account_sid": "AC0123456789abcdef0123456789abcdef",
        "auth_token": "a-token-that-nobody-sees", "sender": "+15005550006",
        "status_callback": "https://nuncio.example/v2/inbound/sms/main",
    },
    "application/json",
    r#"{"sid": "SM0123456789abcdef0123456789abcdef", "num_segments": "1", "error_code": null}"#,
    expect
);

gateway!(
    vonage,
    {
        "kind": "vonage", "api": "http://{server}", "api_key": "abcd1234", "api_secret": "a-secret-that-nobody-sees",
        "sender": "+447700900001", "signature_secret": "nor-this-one-anywhere",
        "status_callback": "https://nuncio.example/v2/inbound/sms/main",
    },
    "application/json",
    r#"{"message-count": "1", "messages": [{"to": "447700900000", "message-id": "0C000000217B7F02", "status": "0"}]}"#,
    expect
);

gateway!(
    kannel,
    {
        "kind": "kannel", "url": "http://{server}/cgi-bin/sendsms", "username": "nuncio",
        "password": "a-password-that-nobody-sees", "sender": "Nuncio", "receipt_secret": "nor-this-one-anywhere",
        "status_callback": "http://nuncio.internal:8888/v2/inbound/sms/main",
    },
    "text/html",
    "0: Accepted for delivery"
);

gateway!(
    http,
    {
        "kind": "http", "url": "http://{server}/v1/messages", "sender": "Nuncio",
        "headers": {"content-type": "application/json", "authorization": "Bearer {token}"},
        "body": "{\"to\": \"{to}\", \"from\": \"{from}\", \"text\": \"{text}\", \"notify\": \"{callback}\"}",
        "token": "a-token-that-nobody-sees", "id": "/id",
        "status_callback": "https://nuncio.example/v2/inbound/sms/main",
        "receipt": {"secret": "nor-this-one-anywhere", "status": "state", "statuses": {"ok": "delivered"}},
    },
    "application/json",
    r#"{"id": "m-1"}"#
);
