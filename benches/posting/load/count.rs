//! Looking in the end whether each message is there once: in its queue, or taken from it.

use anyhow::{Context as _, Result, ensure};
use nuncio_benches::{Journal, Line, machine::now_ns};
use serde::Deserialize;

use super::order::{Order, QUEUES, queue};

/// Bytes of messages in a page.
const PAGE_BYTES: usize = 4 << 20;

/// A page of a queue: as much of it as is needed.
#[derive(Deserialize)]
struct Page {
    messages: Vec<Message>,
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Message {
    body: Body,
}

#[derive(Deserialize)]
struct Body {
    /// The letter's number.
    n: String,
}

#[derive(Deserialize)]
struct Link {
    href: String,
}

/// Lists what is in the queues into `journal`, in which then each of `messages` messages must stand once.
pub(super) async fn count(order: &Order, journal: &mut Journal, messages: u64) -> Result<()> {
    let mut line = Line::connect(order.to).await?;
    let limit = (PAGE_BYTES / order.body_bytes).clamp(1, 1000);
    for index in 0..QUEUES {
        let path = format!("/v2/queues/{}/messages", queue(index));
        let mut next = Some(format!("{path}?limit={limit}&echo=true&include_claimed=true"));
        while let Some(path) = next.take() {
            let page = page(&mut line, &path).await?;
            for message in &page.messages {
                let number = u64::from_str_radix(&message.body.n, 16)?;
                ensure!(number < messages, "a message that was never posted: {number}");
                journal.arrived(0, number, 0, now_ns());
            }
            next = page.links.into_iter().next().filter(|_| !page.messages.is_empty()).map(|link| link.href);
        }
    }
    let (found, doubled) = (journal.received, journal.duplicates);
    ensure!(
        found == messages && doubled == 0,
        "of {messages} messages that were acknowledged {} are lost, {doubled} are there twice",
        messages - found
    );
    Ok(())
}

async fn page(line: &mut Line, path: &str) -> Result<Page> {
    let request = line.request("GET", path, b"");
    let said = line.ask(&request).await?;
    ensure!(said.status == 200, "{path} was answered {}: {}", said.status, said.text());
    serde_json::from_slice(said.body).with_context(|| format!("a page of {path}"))
}
