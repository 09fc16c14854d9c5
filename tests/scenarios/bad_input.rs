//! Bad input: a clear answer that names the place and the fix; nothing is stored.

use std::{fs, time::Duration};

use nuncio_tests::{
    Folder, Recipe, binary,
    command::{command, run},
};
use serde_json::{Value, json};

/// A request, the status that answers it, and what the answer must name.
type Bad = (&'static str, &'static str, Value, u16, &'static [&'static str]);

const GOOD: &str = "log:x";

fn bad_subscriptions() -> Vec<Bad> {
    let refused = |body: Value, names: &'static [&'static str]| {
        ("POST", "/v2/queues/q/subscriptions", body, 400, names)
    };
    vec![
        refused(json!({"subscriber": "http://"}), &["host"]),
        refused(json!({"subscriber": "no scheme"}), &["scheme"]),
        refused(json!({"subscriber": "gopher://example.org/"}), &["gopher"]),
        refused(json!({"subscriber": "mailto:a@b.c?subject=x%0d%0aBcc:%20d@e.f"}), &["subject"]),
        refused(json!({"subscriber": GOOD, "ttl": 1}), &["ttl", "60"]),
        refused(json!({"subscriber": GOOD, "options": []}), &["options"]),
        refused(json!({"ttl": 60}), &["subscriber"]),
    ]
}

fn bad_messages() -> Vec<Bad> {
    let refused =
        |body: Value, names: &'static [&'static str]| ("POST", "/v2/queues/q/messages", body, 400, names);
    vec![
        refused(json!({"messages": []}), &["essages"]),
        refused(json!({"messages": [{"ttl": 60}]}), &["body"]),
        refused(json!({"messages": [{"body": 1, "ttl": 1}]}), &["60"]),
        refused(json!({"messages": [{"body": "x".repeat(300_000)}]}), &["max_messages_post_size"]),
        ("POST", "/v2/queues/a%20queue/messages", json!({"messages": [{"body": 1}]}), 400, &["queue"]),
    ]
}

fn bad_notifications() -> Vec<Bad> {
    let refused =
        |body: Value, names: &'static [&'static str]| ("POST", "/v2/notifications", body, 400, names);
    let with = |key: &str, value: Value| json!({"to": [GOOD], "content": "x", key: value});
    vec![
        refused(json!({"to": [], "content": "x"}), &["to"]),
        refused(json!({"to": ["gopher://x"], "content": "x"}), &["gopher"]),
        refused(json!({"to": [GOOD, "http://"], "content": "x"}), &["to[1]"]),
        refused(json!({"to": [GOOD], "template": "nowhere"}), &["nowhere"]),
        refused(with("optins", json!({})), &["optins", "options"]),
        refused(with("options", json!({"sujbect": "y"})), &["sujbect", "subject"]),
        refused(with("options", json!({"filter": {}})), &["options.filter", "leave the filter out"]),
        refused(with("options", json!({"attach": []})), &["attach", "not in this version"]),
        refused(with("deliver_at", json!("tomorrow")), &["deliver_at"]),
        refused(with("attachments", json!([{"name": "a/b", "data": ""}])), &["attachments[0].name", "path"]),
        refused(with("attachments", json!([{"name": "a", "data": "%"}])), &["attachments[0].data", "base64"]),
    ]
}

fn bad_questions() -> Vec<Bad> {
    vec![
        ("GET", "/v2/deliveries?state=asleep", Value::Null, 400, &["asleep", "waiting"]),
        ("GET", "/v2/deliveries/no-such-id", Value::Null, 404, &[]),
        ("GET", "/v2/nowhere", Value::Null, 404, &[]),
    ]
}

#[test]
fn every_bad_request_is_answered_with_its_place_and_stores_nothing() {
    let host = Recipe::new().start();
    let all = [bad_subscriptions(), bad_messages(), bad_notifications(), bad_questions()].concat();
    let mut wrong = Vec::new();
    for (method, path, body, status, names) in all {
        let answer = host.request(method, path, &body);
        let text = answer.text();
        if answer.status != status || !names.iter().all(|name| text.contains(name)) {
            let mut body = body.to_string();
            body.truncate(120);
            wrong.push(format!(
                "{method} {path} {body}\n  wanted {status} naming {names:?}\n  got    {} {text}",
                answer.status
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert_eq!(host.get("/v2/queues/q/subscriptions").expect(200).json()["subscriptions"], json!([]));
    assert_eq!(host.get("/v2/queues/q/messages?echo=true").expect(200).json()["messages"], json!([]));
    for state in ["waiting", "held", "delivered", "dead"] {
        assert_eq!(host.deliveries(&format!("state={state}")), Vec::<Value>::new());
    }
}

#[test]
fn broken_json_is_a_400() {
    let host = Recipe::new().start();
    let mut client = host.connect().unwrap();
    let answer = client.send("POST", "/v2/queues/q/messages", &[], b"{\"messages\": [{\"body\": 1}").unwrap();
    assert!(answer.expect(400).text().contains("could not be parsed"));
    client.send("GET", "/healthz", &[], b"").unwrap().expect(200);
}

#[test]
fn every_error_in_a_configuration_is_shown_with_its_place() {
    let folder = Folder::new("config");
    let file = folder.write(
        "nuncio.toml",
        "[http]\nlisten = \"0.0.0.0:8888\"\n\n[delivery]\nmax_in_fligth = 4\ndeadline = \"soon\"\n\
         allow_networks = [\"10.1.0.0/99\"]\n",
    );
    let output = run(command(binary(), Duration::from_secs(20)).args(["check", "--config"]).arg(&file));
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(78), "EX_CONFIG of sysexits: {said}");
    for part in ["nuncio.toml:2", "max_in_fligth", "max_in_flight", "nuncio.toml:6", "10.1.0.0/99"] {
        assert!(said.contains(part), "{part} is not named:\n{said}");
    }
    let refused = run(command(binary(), Duration::from_secs(20)).args(["serve", "--config"]).arg(&file));
    assert_eq!(refused.status.code(), Some(78));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a refused start leaves nothing behind");
}

#[test]
fn settings_for_a_driver_that_is_not_there_are_refused() {
    let folder = Folder::new("config");
    let file = folder.write("nuncio.toml", "[drivers.pigeon]\nloft = 1\n");
    for subcommand in ["check", "serve"] {
        let output =
            run(command(binary(), Duration::from_secs(20)).args([subcommand, "--config"]).arg(&file));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{said}");
        assert!(
            said.contains("pigeon") && said.contains("mailto"),
            "it names neither what is wrong nor what there is: {said}"
        );
    }
}

#[test]
fn bad_arguments_end_with_the_exit_codes_of_sysexits() {
    let cases: [(&[&str], i32); 4] = [
        (&["no-such-command"], 64),
        (&["send", "--no-such-option", "log:"], 64),
        (&["send", "http://", "--body", "x"], 65),
        (&["explain", "mailto:"], 65),
    ];
    for (arguments, code) in cases {
        let output = run(command(binary(), Duration::from_secs(20)).args(arguments));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(!said.is_empty(), "{arguments:?} ended without a word");
    }
}
