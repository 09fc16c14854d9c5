use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::http::{Answer, Client};

/// A project that uses a host. All verbs fail the test when the host cannot be reached.
#[derive(Clone, Debug)]
pub struct Tenant {
    host: SocketAddr,
    project: String,
}

impl Tenant {
    pub(super) fn new(host: SocketAddr, project: &str) -> Self {
        Self { host, project: project.to_owned() }
    }

    /// One request over a new connection; `null` sends no body.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let mut client = Client::connect_as(self.host, &self.project).expect("the host listens");
        let json = ("Content-Type", "application/json");
        client.send(method, path, &[json], &body).expect("the host answers")
    }

    /// Subscribes `uri` to `queue` and returns the subscription's id.
    #[track_caller]
    pub fn subscribe(&self, queue: &str, uri: &str, options: &Value) -> String {
        let body = json!({"subscriber": uri, "ttl": 86_400, "options": options});
        let answer = self.request("POST", &format!("/v2/queues/{queue}/subscriptions"), &body).expect(201);
        answer.json()["subscription_id"].as_str().expect("an id").to_owned()
    }

    /// All deliveries that `query` (`state=dead&queue=q`) asks for, page by page.
    #[must_use]
    #[track_caller]
    pub fn deliveries(&self, query: &str) -> Vec<Value> {
        let mut found = Vec::new();
        let mut next = Some(format!("/v2/deliveries?{query}"));
        while let Some(path) = next {
            let page = self.request("GET", &path, &Value::Null).expect(200).json();
            found.extend(page["deliveries"].as_array().expect("a list of deliveries").iter().cloned());
            next = next_link(&page);
        }
        found
    }
}

fn next_link(page: &Value) -> Option<String> {
    let links = page["links"].as_array()?;
    let next = links.iter().find(|link| link["rel"] == "next")?;
    next["href"].as_str().map(str::to_owned)
}
