//! Notifications in browsers, at a push service that verifies who sends them and decrypts what they are.

use std::process::Output;

use nuncio_tests::{
    Browser, Host, PushService, Recipe, binary,
    command::{command, run},
    failures, until,
};
use serde_json::{Value, json};

use crate::clock::SOON;

const KEY: &str = include_str!("../../drivers/webpush/tests/keys/pkcs8.pem");
const PUBLIC: &str = include_str!("../../drivers/webpush/tests/keys/public.txt");
/// A public key that is not that of the account: of RFC 8291's browser.
const OTHER: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

/// A host with one account, and a push service whose word on keys it believes.
fn begin() -> (PushService, Host) {
    let service = PushService::start();
    let section = format!(
        "[drivers.webpush]\nservices = [\"127.0.0.1\"]\n[drivers.webpush.accounts.shop]\n\
         key = \"\"\"{KEY}\"\"\"\nsubject = \"mailto:ops@example.org\"\n[events]\nqueue = \"ops\""
    );
    (service, Recipe::new().section(&section).start())
}

/// A browser whose page subscribed with `key`, as the device `id`.
fn register(service: &PushService, host: &Host, id: &str, key: &str) -> Browser {
    let browser = service.subscribe(key);
    host.request("PUT", &format!("/v2/devices/{id}"), &browser.device()).expect(201);
    browser
}

fn shown(service: &PushService, browser: &Browser, n: usize) -> Vec<Value> {
    let all = until(&format!("{n} notifications"), SOON, || {
        Some(service.shown(browser)).filter(|all| all.len() >= n)
    });
    all.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect()
}

fn nuncio(host: &Host, arguments: &[&str]) -> Output {
    let mut nuncio = command(binary(), SOON);
    nuncio.arg("--config").arg(host.folder().join("nuncio.toml")).current_dir(host.folder().path());
    run(nuncio.args(arguments))
}

/// Neither the log nor the API has what would let somebody else push.
fn nothing_tells(host: &Host, browser: &Browser) {
    let log = host.log();
    let devices = host.get("/v2/devices").expect(200).text();
    let endpoint = browser.subscription["endpoint"].as_str().unwrap();
    let secrets =
        [endpoint.rsplit('/').next(), browser.subscription["keys"]["auth"].as_str(), KEY.lines().nth(1)];
    for secret in secrets.into_iter().flatten() {
        for said in [&log, &devices] {
            assert!(!said.contains(secret), "{secret} stands in {said}");
        }
    }
}

#[test]
fn a_notification_and_the_messages_of_a_queue_reach_the_browser_and_nobody_else_reads_them() {
    let (service, host) = begin();
    let browser = register(&service, &host, "ann", PUBLIC.trim());
    let content = json!({
        "title": "Order 7", "text": "It is on its way \u{1f69a}", "link": "https://shop.example/7", "data": {"order": 7},
        "webpush": {"urgency": "high", "topic": "order-7", "requireInteraction": true},
    });
    let id = host.notify(&json!({"to": ["webpush:ann"], "content": content})).remove(0);
    host.settled(&id, "delivered", SOON);
    assert_eq!(service.pushed(), json!({"ttl": "2419200", "urgency": "high", "topic": "order-7"}));
    assert_eq!(
        shown(&service, &browser, 1),
        [json!({"id": id, "title": "Order 7", "text": "It is on its way \u{1f69a}", "data": {"order": 7},
                "link": "https://shop.example/7", "options": {"requireInteraction": true}})]
    );

    host.subscribe("orders", "webpush:ann", &json!({"ttl": 60}));
    let long = "\u{1f469}\u{200d}\u{1f680} \"quoted\" ".repeat(500);
    host.post("orders", &[json!({"title": "Long", "text": long})]);
    assert_eq!(service.pushed(), json!({"ttl": "60"}));
    let cut = &shown(&service, &browser, 2)[1];
    let text = cut["text"].as_str().unwrap();
    assert!(
        text.ends_with('…') && text.len() > 3_000 && long.starts_with(text.trim_end_matches('…')),
        "{cut}"
    );
    nothing_tells(&host, &browser);
}

#[test]
fn a_browser_that_took_its_permission_back_ends_its_device() {
    let (service, host) = begin();
    let browser = register(&service, &host, "ann", PUBLIC.trim());
    service.expire(&browser);
    let id = host.notify(&json!({"to": ["webpush:ann"], "content": "Hello"})).remove(0);
    let dead = host.settled(&id, "dead", SOON);
    let last = failures(&dead).last().unwrap();
    assert!(
        last["code"] == 410 && last["reason"].as_str().unwrap().contains("no such subscription"),
        "{dead}"
    );
    let device = until("the device to end", SOON, || {
        Some(host.get("/v2/devices/ann").expect(200).json()).filter(|device| device["ended"].is_string())
    });
    assert!(device["reason"].as_str().unwrap().contains("no such subscription"), "{device}");
    host.request("POST", "/v2/notifications", &json!({"to": ["webpush:ann"], "content": "Hello"}))
        .expect(400);

    let again = service.subscribe(PUBLIC.trim());
    host.request("PUT", "/v2/devices/ann", &again.device());
    let id = host.notify(&json!({"to": ["webpush:ann"], "content": "Hello again"})).remove(0);
    host.settled(&id, "delivered", SOON);
    assert_eq!(shown(&service, &again, 1)[0]["text"], "Hello again");
}

#[test]
fn a_key_that_the_service_refuses_holds_what_is_to_be_sent_and_burns_no_try() {
    let (service, host) = begin();
    register(&service, &host, "ann", OTHER);
    let id = host.notify(&json!({"to": ["webpush:ann"], "content": "Hello"})).remove(0);
    let held = host.failed(&id, 1, SOON);
    let first = &failures(&held)[0];
    assert_eq!(
        (&first["code"], &first["scope"], &first["outcome"]),
        (&json!(400), &json!("account"), &json!("deferred"))
    );
    assert!(
        first["reason"].as_str().unwrap().contains("refuses the key or subject of the account `shop`"),
        "{held}"
    );
    assert_eq!(held["state"], "held", "{held}");
}

#[test]
fn what_is_no_subscription_is_refused_with_a_right_one_and_without_its_secrets() {
    let (service, host) = begin();
    let browser = service.subscribe(PUBLIC.trim());
    for (member, value, place) in [
        ("/address", json!("http://push.example.net/capability"), "address"),
        ("/keys/p256dh", json!("BAAA-capability"), "keys.p256dh"),
        ("/keys/auth", json!("capability"), "keys.auth"),
    ] {
        let mut device = browser.device();
        *device.pointer_mut(member).unwrap() = value;
        let refused = host.request("PUT", "/v2/devices/ann", &device).expect(400).text();
        assert!(
            refused.contains(place) && refused.contains("give ") && !refused.contains("capability"),
            "{refused}"
        );
    }
    let mut other = browser.device();
    other["attributes"] = json!({"key": OTHER});
    let refused = host.request("PUT", "/v2/devices/ann", &other).expect(400).text();
    assert!(refused.contains("attributes.key") && refused.contains(PUBLIC.trim()), "{refused}");
}

#[test]
fn a_browser_is_reached_from_the_command_line() {
    let (service, host) = begin();
    let browser = register(&service, &host, "ann", PUBLIC.trim());
    let arguments =
        ["send", "webpush:ann", "--project", "tests", "--subject", "Order 7", "--body", "It is here"];
    let dry = nuncio(&host, &[&arguments[..], &["--dry-run"]].concat());
    let text = String::from_utf8_lossy(&dry.stdout).into_owned();
    assert!(dry.status.success() && text.contains("\"title\":\"Order 7\""), "{dry:?}");
    assert!(
        text.contains("/***") && !text.contains(browser.subscription["clientHash"].as_str().unwrap()),
        "{text}"
    );
    assert!(service.shown(&browser).is_empty(), "a dry run sends nothing");
    let sent = nuncio(&host, &arguments);
    assert!(sent.status.success(), "{sent:?}");
    let one = &shown(&service, &browser, 1)[0];
    assert_eq!((&one["title"], &one["text"]), (&json!("Order 7"), &json!("It is here")));
}
