//! Webhooks over TLS and HTTP/2, against nginx.

use nuncio_tests::{Nginx, Recipe, failures};
use serde_json::json;

use crate::clock::SOON;

#[test]
fn https_is_verified_and_speaks_http2() {
    let nginx = Nginx::start();
    let trust = format!("[drivers.http]\nca_file = \"{}\"", nginx.authority().ca_file.display());
    let host = Recipe::new().section(&trust).start();
    let ids = host.notify(&json!({"to": [nginx.https("/hook")], "content": "over tls"}));
    host.settled(&ids[0], "delivered", SOON);
    assert_eq!(nginx.wait_for(1, SOON), [format!("POST /hook HTTP/2.0 {}", ids[0])]);
}

#[test]
fn a_second_connection_resumes_the_session_of_the_first() {
    let nginx = Nginx::start();
    let trust = format!("[drivers.http]\nca_file = \"{}\"", nginx.authority().ca_file.display());
    let host = Recipe::new().section(&trust).start();
    for n in 1..=2 {
        let ids = host.notify(&json!({"to": [nginx.https_once("/")], "content": "over tls"}));
        host.settled(&ids[0], "delivered", SOON);
        assert_eq!(nginx.wait_for_sessions(n, SOON).last(), Some(&(n == 2)), "connection {n}");
    }
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let nginx = Nginx::start();
    let host = Recipe::new().delivery("retry = { schedule = [\"0s\"] }").start();
    let ids = host.notify(&json!({"to": [nginx.https("/hook")], "content": "over tls"}));
    let dead = host.settled(&ids[0], "dead", SOON);
    assert!(failures(&dead)[0]["reason"].as_str().unwrap().to_lowercase().contains("certificate"), "{dead}");
}
