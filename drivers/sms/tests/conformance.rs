//! What every driver is asked, with a message centre that takes every SMS.

use nuncio_driver_sms as _;
use nuncio_plugin_sdk::testing::Wire;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

nuncio_plugin_sdk::testing::conformance!(
    Kit::of("sms")
        .uri("sms:+15551230101")
        .uri("sms:+1-555-123-0101,+15551230102?body=Hello")
        .uri("sms:07700900123")
        .refuses("sms:")
        .refuses("sms:+0555")
        .refuses("sms:7042;phone-context=example.org")
        .server(|centre| json!({
            "default_region": "+44(0)",
            "accounts": {"acme": {
                "kind": "smpp", "url": format!("smpp://{centre}"), "system_id": "nuncio", "password": "hunter2-smpp",
                "sender": "Nuncio", "response_timeout": "1s",
            }},
        }))
        .golden("tests/golden")
        .peer(centre)
);

/// SMPP 3.4, as much of it as a centre needs that refuses nothing.
async fn centre(mut wire: Wire) {
    while let Ok(length) = wire.read_u32().await {
        let mut rest = vec![0; usize::try_from(length).unwrap_or(16).saturating_sub(4)];
        if wire.read_exact(&mut rest).await.is_err() {
            return;
        }
        let word =
            |at: usize| rest.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes);
        let (Some(command), Some(sequence)) = (word(0), word(8)) else { return };
        let body: &[u8] = if command == 4 { b"id-1\0" } else { b"" };
        if command == 4 {
            wire.count();
        }
        let mut answer = Vec::new();
        for word in [16 + u32::try_from(body.len()).unwrap_or(0), command | 0x8000_0000, 0, sequence] {
            answer.extend(word.to_be_bytes());
        }
        answer.extend(body);
        if wire.write_all(&answer).await.is_err() {
            return;
        }
    }
}
