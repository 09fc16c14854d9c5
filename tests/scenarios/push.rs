//! Notifications on phones, at Apple's and Google's services as their references describe them.

use std::{fs, process::Output};

use nuncio_tests::{
    Authority, Folder, Host, Recipe, Vendor, binary,
    command::{command, run, succeed},
    failures, node, until,
};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use serde_json::{Value, json};

use crate::clock::SOON;

/// Apple's example of a token.
const PHONE: &str = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";
const REGISTERED: &str = "bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1";
const RETRIES: &str = "retry = { schedule = [\"0s\", \"0s\", \"0s\"] }";

/// Apple, who knows the key and one phone, and a host whose account `app` has `key_id`.
fn apple(phone: Value, key_id: &str) -> (Vendor, Host) {
    let folder = Folder::new("apple");
    let tls = Authority::in_folder(&folder);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let read = |path| fs::read_to_string(path).unwrap();
    let config = json!({
        "cert": read(&tls.certificate), "key": read(&tls.key), "publicKey": key.public_key_pem(),
        "keyId": "ABC123DEFG", "teamId": "DEF123GHIJ", "topics": ["com.example.MyApp"], "devices": {PHONE: phone},
    });
    let vendor = Vendor::start("apns.js", &config);
    let file = folder.write("AuthKey_ABC123DEFG.p8", &key.serialize_pem());
    let section = format!(
        "[drivers.apns]\nca_file = {:?}\n[drivers.apns.accounts.app]\nteam_id = \"DEF123GHIJ\"\n\
         key_id = \"{key_id}\"\nkey = {{ file = {file:?} }}\ntopic = \"com.example.MyApp\"\n\
         url = \"https://localhost:{}\"",
        tls.ca_file, vendor.port
    );
    (vendor, Recipe::new().delivery(RETRIES).section(&section).start_in(folder))
}

fn with_phone(host: &Host) {
    let attributes = json!({"environment": "production"});
    let device = json!({"scheme": "apns", "address": PHONE.to_uppercase(), "attributes": attributes});
    host.request("PUT", "/v2/devices/ann-phone", &device).expect(201);
}

/// Google, who knows the service account and these devices, and a host with that account.
fn google(devices: &Value) -> (Vendor, Host) {
    let folder = Folder::new("google");
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let email = "push@demo.iam.gserviceaccount.com";
    let config =
        json!({"publicKey": key.public_key_pem(), "email": email, "project": "demo", "devices": devices});
    let vendor = Vendor::start("fcm.js", &config);
    let url = format!("http://127.0.0.1:{}", vendor.port);
    let account = json!({
        "type": "service_account", "project_id": "demo", "private_key_id": "key-1", "client_email": email,
        "private_key": key.serialize_pem(), "token_uri": format!("{url}/token"),
    });
    let file = folder.write("service-account.json", &account.to_string());
    let section =
        format!("[drivers.fcm.accounts.app]\nservice_account = {{ file = {file:?} }}\nurl = \"{url}\"");
    let host = Recipe::new().delivery(RETRIES).section(&section).start_in(folder);
    let device = json!({"scheme": "fcm", "address": REGISTERED});
    host.request("PUT", "/v2/devices/bob-phone", &device).expect(201);
    (vendor, host)
}

fn send(host: &Host, to: &str, more: &[&str]) -> Output {
    let mut nuncio = command(binary(), SOON);
    nuncio.arg("--config").arg(host.folder().join("nuncio.toml")).current_dir(host.folder().path());
    run(nuncio
        .args(["send", to, "--project", "tests", "--subject", "Order 7", "--body", "It is here"])
        .args(more))
}

fn ended(host: &Host, device: &str) -> Value {
    until("the device to end", SOON, || {
        let device = host.get(&format!("/v2/devices/{device}")).expect(200).json();
        Some(device).filter(|device| device["ended"].is_string())
    })
}

fn body(request: &Value) -> Value {
    serde_json::from_str(request["body"].as_str().unwrap()).unwrap()
}

#[test]
fn both_services_hold_to_the_examples_of_their_vendors() {
    let folder = Folder::new("vendors");
    let tls = Authority::in_folder(&folder);
    let script = node("push", "fakes.test.js").get_args().next().unwrap().to_owned();
    let mut node = command("node", SOON * 2);
    node.arg("--test").arg(script).env("PUSH_CERT", &tls.certificate).env("PUSH_KEY", &tls.key);
    let said = succeed(&mut node);
    assert!(said.contains("# pass 7\n") && said.contains("# fail 0\n"), "{said}");
}

#[test]
fn a_notification_and_the_messages_of_a_queue_reach_an_iphone() {
    let (apple, host) = apple(json!({"topic": "com.example.MyApp"}), "ABC123DEFG");
    with_phone(&host);
    host.subscribe("orders", "apns:ann-phone", &json!({"collapse_id": "order-7"}));
    let message =
        json!({"title": "Order 7", "text": "It is here \u{1f69a}", "badge": 1, "data": {"order": 7}});
    host.post("orders", &[message]);
    let seen = apple.next();
    assert_eq!(seen["reason"], Value::Null, "{seen}");
    assert_eq!(
        body(&seen),
        json!({"aps": {"alert": {"title": "Order 7", "body": "It is here \u{1f69a}"}, "badge": 1}, "data": {"order": 7}})
    );
    assert_eq!(seen["headers"]["apns-collapse-id"], "order-7");

    let dry = send(&host, "apns:ann-phone", &["--dry-run"]);
    let shown = String::from_utf8_lossy(&dry.stdout).into_owned();
    assert!(dry.status.success() && shown.contains("/3/device/***") && !shown.contains(PHONE), "{dry:?}");
    let sent = send(&host, "apns:ann-phone", &[]);
    assert!(sent.status.success(), "{sent:?}");
    assert_eq!(body(&apple.next())["aps"]["alert"], json!({"title": "Order 7", "body": "It is here"}));
    for said in [host.log(), host.get("/v2/devices").expect(200).text()] {
        assert!(!said.contains(PHONE) && !said.contains("BEGIN"), "{said}");
    }
}

#[test]
fn what_apple_drops_on_its_way_out_is_sent_again_with_the_same_id() {
    for once in ["goaway", "lost", "Shutdown"] {
        let (apple, host) = apple(json!({"topic": "com.example.MyApp", "once": once}), "ABC123DEFG");
        with_phone(&host);
        let id = host.notify(&json!({"to": ["apns:ann-phone"], "content": "Hello"})).remove(0);
        let (first, second) = (apple.next(), apple.next());
        assert_eq!((first["reason"].as_str(), second["reason"].as_str()), (Some(once), None));
        assert_eq!(first["headers"]["apns-id"], second["headers"]["apns-id"]);
        let moved = first["session"] != second["session"];
        assert_eq!(moved, once != "Shutdown", "{first} {second}");
        host.settled(&id, "delivered", SOON);
        assert!(apple.is_quiet(), "{once}: it was sent once more");
    }
}

#[test]
fn a_phone_without_the_app_ends_as_a_device_unless_it_was_registered_later() {
    let at = |unregistered: i64| json!({"topic": "com.example.MyApp", "unregistered": unregistered});
    let (_apple, host) = apple(at(4_000_000_000_000), "ABC123DEFG");
    with_phone(&host);
    let id = host.notify(&json!({"to": ["apns:ann-phone"], "content": "Hello"})).remove(0);
    host.settled(&id, "dead", SOON);
    assert!(ended(&host, "ann-phone")["reason"].as_str().unwrap().contains("Unregistered"));
    host.request("POST", "/v2/notifications", &json!({"to": ["apns:ann-phone"], "content": "x"})).expect(400);

    let (_apple, host) = apple(at(1_597_780_800_000), "ABC123DEFG");
    with_phone(&host);
    let id = host.notify(&json!({"to": ["apns:ann-phone"], "content": "Hello"})).remove(0);
    let dead = host.settled(&id, "dead", SOON);
    assert!(failures(&dead)[0]["reason"].as_str().unwrap().contains("registered again after that"), "{dead}");
    assert_eq!(host.get("/v2/devices/ann-phone").expect(200).json()["ended"], Value::Null);
}

#[test]
fn a_key_that_apple_does_not_know_holds_what_is_to_be_sent_and_burns_no_try() {
    let (_apple, host) = apple(json!({"topic": "com.example.MyApp"}), "ZZZ123DEFG");
    with_phone(&host);
    let id = host.notify(&json!({"to": ["apns:ann-phone"], "content": "Hello"})).remove(0);
    let held = host.failed(&id, 1, SOON);
    let first = &failures(&held)[0];
    assert_eq!((&first["code"], &first["scope"]), (&json!(403), &json!("account")), "{held}");
    assert!(first["reason"].as_str().unwrap().starts_with("403 InvalidProviderToken"), "{held}");
}

#[test]
fn what_is_no_token_is_refused_with_a_right_one_and_never_repeated() {
    let (_apple, host) = apple(json!({"topic": "com.example.MyApp"}), "ABC123DEFG");
    for (device, place) in [
        (json!({"scheme": "apns", "address": "capability"}), "address: "),
        (json!({"scheme": "apns", "address": PHONE, "account": "none"}), "account: "),
        (
            json!({"scheme": "apns", "address": PHONE, "attributes": {"environment": "test"}}),
            "attributes.environment: ",
        ),
    ] {
        let refused = host.request("PUT", "/v2/devices/x", &device).expect(400).text();
        assert!(refused.contains(place) && !refused.contains("capability"), "{refused}");
    }
}

#[test]
fn a_notification_and_the_messages_of_a_queue_reach_android() {
    let (google, host) = google(&json!({REGISTERED: {"once": "html"}}));
    host.subscribe("orders", "fcm:bob-phone", &json!({"ttl": 60}));
    host.post("orders", &[json!({"title": "Order 7", "text": "It is here", "data": {"order": 7}})]);
    assert_eq!(google.next()["path"], "/token");
    assert_eq!(google.next()["code"], 502);
    let seen = google.next();
    assert_eq!(seen["code"], 200, "{seen}");
    let message = &body(&seen)["message"];
    assert_eq!(message["notification"], json!({"title": "Order 7", "body": "It is here"}));
    assert_eq!((&message["data"], &message["token"]), (&json!({"order": "7"}), &json!(REGISTERED)));
    let sent = send(&host, "fcm:bob-phone", &[]);
    assert!(sent.status.success(), "{sent:?}");
    assert!(!host.log().contains(REGISTERED));
}

#[test]
fn a_phone_that_google_does_not_know_any_more_ends_as_a_device() {
    let (_google, host) = google(&json!({REGISTERED: {"unregistered": true}}));
    let id = host.notify(&json!({"to": ["fcm:bob-phone"], "content": "Hello"})).remove(0);
    let dead = host.settled(&id, "dead", SOON);
    let last = failures(&dead).last().unwrap();
    assert!(last["reason"].as_str().unwrap().starts_with("404 UNREGISTERED"), "{dead}");
    assert!(ended(&host, "bob-phone")["reason"].as_str().unwrap().contains("UNREGISTERED"));
}
