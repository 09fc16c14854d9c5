//! A program built with one line of the import list: what is not in the list does not exist.

use std::{env, path::PathBuf, time::Duration};

use nuncio_tests::{
    Recipe,
    command::{command, succeed},
};
use serde_json::{Value, json};

use crate::clock::SOON;

/// The program that was built with `--no-default-features --features driver-log`.
pub(crate) fn log_only() -> PathBuf {
    let path = env::var_os("NUNCIO_BIN_LOG_ONLY");
    path.map(PathBuf::from).expect("NUNCIO_BIN_LOG_ONLY names a host with one driver; ./tests/run builds it")
}

#[test]
fn removing_a_line_of_the_import_list_removes_its_scheme() {
    let listed = succeed(command(log_only(), Duration::from_secs(20)).args(["drivers", "list", "--json"]));
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let names: Vec<&str> =
        listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    // Connections are the host's own.
    assert_eq!(names, ["log", "websocket"]);

    let host = Recipe::new().binary(log_only()).start();
    for uri in ["http://127.0.0.1:1/", "https://example.org/", "mailto:ann@example.test"] {
        let scheme = uri.split(':').next().unwrap();
        let answer = host.request("POST", "/v2/queues/q/subscriptions", &json!({"subscriber": uri}));
        assert!(answer.expect(400).text().contains(scheme), "{uri}");
        let answer = host.request("POST", "/v2/notifications", &json!({"to": [uri], "content": "x"}));
        assert!(answer.expect(400).text().contains(scheme), "{uri}");
    }
    let ids = host.notify(&json!({"to": ["log:audit"], "content": "the last driver standing"}));
    host.settled(&ids[0], "delivered", SOON);
    assert!(host.log().contains("[Notification]") && host.log().contains("the last driver standing"));
}
