//! What is done in the demonstration: subscribe, post, notify.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};

use super::{client::Client, narrator::Narrator, stage::Stage};
use crate::cli::{fault::Fault, table::Table};

/// Where the messages are posted.
pub(super) const QUEUE: &str = "/v2/queues/demo";

/// What was posted, and how many deliveries it must become.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Posted {
    pub(super) messages: usize,
    pub(super) subscribers: usize,
    pub(super) notified: usize,
}

impl Posted {
    pub(super) const fn deliveries(self) -> usize {
        self.messages * self.subscribers + self.notified
    }
}

/// Shows the drivers that the host found; the schemes they serve.
pub(super) async fn drivers(client: &Client, narrator: &Narrator) -> Result<BTreeSet<String>, Fault> {
    let answer = client.ask(Method::GET, "/v2/drivers", None).await?;
    let text = |driver: &Value, name: &str| driver[name].as_str().unwrap_or_default().to_owned();
    let list = |driver: &Value| -> Vec<String> {
        let schemes = driver["schemes"].as_array().into_iter().flatten();
        schemes.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (mut schemes, mut table) = (BTreeSet::new(), Table::new(&["  driver", "schemes", "what it is"]));
    for driver in answer.body["drivers"].as_array().into_iter().flatten() {
        let served = list(driver);
        let name = format!("  {}", text(driver, "name"));
        table.row([&name, &served.join(", "), &text(driver, "title")]);
        narrator
            .event("driver", json!({"name": driver["name"], "schemes": served, "title": driver["title"]}));
        schemes.extend(served);
    }
    narrator.heading("Drivers found");
    narrator.say(table.to_string().trim_end());
    Ok(schemes)
}

/// Subscribes, posts three messages and sends one notification, by the host's own API.
pub(super) async fn act(
    stage: &Stage,
    client: &Client,
    schemes: &BTreeSet<String>,
    narrator: &Narrator,
) -> Result<Posted, Fault> {
    let served = |uris: Vec<String>| -> Vec<String> {
        let is_served = |uri: &String| uri.split(':').next().is_some_and(|scheme| schemes.contains(scheme));
        uris.into_iter().filter(is_served).collect()
    };
    let ask = async |method: Method, path: &str, what: &str, body: Value| -> Result<Value, Fault> {
        let answer = client.ask(method.clone(), path, Some(&body)).await?;
        narrator.request(&method, path, answer.status, what);
        Ok(answer.body)
    };
    narrator.heading("What is asked of the host");
    ask(Method::PUT, QUEUE, "", json!({})).await?;
    let subscribers = served(stage.subscribers());
    for uri in &subscribers {
        ask(Method::POST, &format!("{QUEUE}/subscriptions"), uri, json!({"subscriber": uri, "ttl": 86_400}))
            .await?;
    }
    let messages = json!({"messages": [
        {"body": {"subject": "Order 1", "text": "Two loaves of rye", "total": 9.8}},
        {"body": "Order 2: a walnut cake"},
        {"body": {"subject": "Order 3", "text": "Nothing but the sourdough", "total": 4.9}},
    ]});
    let answer = ask(Method::POST, &format!("{QUEUE}/messages"), "3 messages", messages).await?;
    let accepted = answer["resources"].as_array().map_or(0, Vec::len);
    let mut posted = Posted { messages: accepted, subscribers: subscribers.len(), notified: 0 };
    let to = served(stage.notified());
    if !to.is_empty() {
        let what = format!("to {} URIs, without a queue", to.len());
        let content = json!({"subject": "The oven is hot", "text": "Baking begins now."});
        let answer =
            ask(Method::POST, "/v2/notifications", &what, json!({"to": to, "content": content})).await?;
        posted.notified = answer["deliveries"].as_array().map_or(0, Vec::len);
    }
    Ok(posted)
}
