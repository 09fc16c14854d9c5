//! What every driver is asked, with a relay that takes every mail.

use nuncio_driver_mailto as _;
use nuncio_plugin_sdk::testing::Wire;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

nuncio_plugin_sdk::testing::conformance!(
    Kit::of("mailto")
        .uri("mailto:ann@example.org?subject=Alarm")
        .uri("mailto:Bob@Example.org,c@example.org?cc=d@example.org")
        .refuses("mailto:")
        .refuses("mailto:ann")
        .server(|relay| json!({
            "relay": format!("smtp://{relay}"), "tls": "none", "from": "Nuncio <nuncio@example.org>",
            "username": "ann", "password": "hunter2-relay",
        }))
        .golden("tests/golden")
        .peer(relay)
);

/// RFC 5321, as much of it as a relay needs that refuses nothing.
async fn relay(wire: Wire) {
    let mut wire = BufReader::new(wire);
    let (mut answer, mut data) = ("220 relay.example ESMTP", false);
    loop {
        if !answer.is_empty() && wire.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
        let mut line = Vec::new();
        if !matches!(wire.read_until(b'\n', &mut line).await, Ok(1..)) {
            return;
        }
        answer = match (data, line.trim_ascii_end()) {
            (true, b".") => {
                wire.get_ref().count();
                data = false;
                "250 2.0.0 queued"
            }
            (true, _) => "",
            (false, b"DATA") => {
                data = true;
                "354 end with a dot"
            }
            (false, command) if command.starts_with(b"EHLO") => {
                "250-relay.example\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 AUTH PLAIN"
            }
            (false, command) if command.starts_with(b"AUTH") => "235 2.7.0 welcome",
            (false, _) => "250 2.0.0 ok",
        };
    }
}
