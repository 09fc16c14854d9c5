//! The account: what the host says it delivered, checked at the receivers.

use std::{collections::BTreeMap, time::Duration};

use axum::http::Method;
use serde_json::{Value, json};
use tokio::time::{self, Instant};

use super::{client::Client, narrator::Narrator, play::Posted, stage::Stage};
use crate::cli::{fault::Fault, output::Tone};

/// How long the host may take to write the last outcomes down.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);

/// One delivery as the host lists it.
#[derive(Debug)]
struct Listed {
    id: String,
    to: String,
    state: String,
    attempts: u64,
}

/// What arrived at one receiver.
#[derive(Clone, Copy, Debug, Default)]
struct Arrived {
    expected: usize,
    received: usize,
    again: u32,
}

/// Prints the account; whether everything arrived.
pub(super) async fn settle(
    stage: &Stage,
    client: &Client,
    posted: Posted,
    narrator: &Narrator,
) -> Result<bool, Fault> {
    let listed = listed(client, posted.deliveries()).await?;
    let mut receivers: BTreeMap<&str, Arrived> = BTreeMap::new();
    let mut missing = Vec::new();
    for one in &listed {
        let (name, receipts) = stage.receiver(&one.to);
        let times = receipts.times(&one.id);
        let arrived = receivers.entry(name).or_default();
        arrived.expected += 1;
        arrived.received += usize::from(times > 0);
        arrived.again += times.saturating_sub(1);
        if times == 0 || one.state != "delivered" {
            missing.push(format!("{} to {}: {}, received {times} times", one.id, one.to, one.state));
        }
    }
    if listed.len() != posted.deliveries() {
        missing.push(format!(
            "{} deliveries were expected, {} are listed",
            posted.deliveries(),
            listed.len()
        ));
    }
    told(&listed, &receivers, &missing, posted, narrator);
    Ok(missing.is_empty())
}

/// The deliveries that the host lists, once all are settled or time is up.
async fn listed(client: &Client, expected: usize) -> Result<Vec<Listed>, Fault> {
    let end = time::sleep(WRITTEN_WITHIN);
    tokio::pin!(end);
    let mut tick = time::interval_at(Instant::now(), Duration::from_millis(50));
    loop {
        let answer = client.ask(Method::GET, "/v2/deliveries?limit=1000", None).await?;
        let all: Vec<_> = answer.body["deliveries"].as_array().into_iter().flatten().map(listed_as).collect();
        let settled = all.iter().filter(|one| one.state == "delivered").count();
        if settled >= expected || end.is_elapsed() {
            return Ok(all);
        }
        tokio::select! {
            _ = tick.tick() => {}
            () = &mut end => {}
        }
    }
}

fn listed_as(value: &Value) -> Listed {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    Listed {
        id: text("id"),
        to: text("to"),
        state: text("state"),
        attempts: value["attempts"].as_u64().unwrap_or(0),
    }
}

fn told(
    listed: &[Listed],
    receivers: &BTreeMap<&str, Arrived>,
    missing: &[String],
    posted: Posted,
    narrator: &Narrator,
) {
    let attempts: u64 = listed.iter().map(|one| one.attempts).sum();
    let retried = listed.iter().filter(|one| one.attempts > 1).count();
    let delivered = listed.iter().filter(|one| one.state == "delivered").count();
    let arrived = receivers.iter().map(|(name, one)| {
        (*name, json!({"expected": one.expected, "received": one.received, "again": one.again}))
    });
    narrator.event(
        "account",
        json!({
            "messages": posted.messages, "notified": posted.notified, "deliveries": listed.len(),
            "delivered": delivered, "attempts": attempts, "retried": retried,
            "received": arrived.collect::<BTreeMap<_, _>>(), "missing": missing,
        }),
    );
    narrator.heading("The account");
    narrator.say(format!(
        "  {:<17} {} messages for {} subscribers, 1 notification for {} recipients",
        "posted", posted.messages, posted.subscribers, posted.notified
    ));
    narrator.say(format!(
        "  {:<17} {delivered} of {}, by {attempts} attempts",
        "delivered",
        posted.deliveries()
    ));
    narrator.say(format!("  {:<17} {retried} that had failed at first", "tried again"));
    for (name, one) in receivers {
        let again = if one.again == 0 { String::new() } else { format!(", {} of them again", one.again) };
        narrator.say(format!("  {name:<17} has {} of {}{again}", one.received, one.expected));
    }
    let output = narrator.output;
    if missing.is_empty() {
        narrator.say(format!("\n{}", output.toned(Tone::Good, "Everything arrived.")));
    } else {
        let all: String = missing.iter().map(|one| format!("\n  {one}")).collect();
        narrator.say(format!("\n{}{all}", output.toned(Tone::Bad, "Something is missing:")));
    }
}
