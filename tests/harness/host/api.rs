use std::time::Duration;

use serde_json::{Value, json};

use super::{process::Host, tenant::Tenant};
use crate::{
    http::{Answer, PROJECT},
    wait::until,
};

/// The verbs of the API, as the scenarios use them. All of them fail the test when the host cannot be reached.
impl Host {
    /// The same API on behalf of another project.
    #[must_use]
    pub fn tenant(&self, project: &str) -> Tenant {
        Tenant::new(self.address(), project)
    }

    /// One request over a new connection; `null` sends no body.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.tenant(PROJECT).request(method, path, body)
    }

    /// One GET.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &Value::Null)
    }

    /// Subscribes `uri` to `queue` and returns the subscription's id.
    #[track_caller]
    pub fn subscribe(&self, queue: &str, uri: &str, options: &Value) -> String {
        self.tenant(PROJECT).subscribe(queue, uri, options)
    }

    /// Posts one message for each of `bodies`, in one request.
    #[track_caller]
    pub fn post(&self, queue: &str, bodies: &[Value]) -> Answer {
        let messages: Vec<Value> = bodies.iter().map(|body| json!({"body": body})).collect();
        let path = format!("/v2/queues/{queue}/messages");
        self.request("POST", &path, &json!({"messages": messages})).expect(201)
    }

    /// Sends a notification and returns the ids of its deliveries, in the order of its recipients.
    #[track_caller]
    pub fn notify(&self, notification: &Value) -> Vec<String> {
        let answer = self.request("POST", "/v2/notifications", notification).expect(202).json();
        let deliveries = answer["deliveries"].as_array().expect("a list of deliveries");
        deliveries.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
    }

    /// All deliveries that `query` (`state=dead&queue=q`) asks for, page by page.
    #[must_use]
    #[track_caller]
    pub fn deliveries(&self, query: &str) -> Vec<Value> {
        self.tenant(PROJECT).deliveries(query)
    }

    /// One delivery with its failed attempts.
    #[must_use]
    #[track_caller]
    pub fn delivery(&self, id: &str) -> Value {
        self.get(&format!("/v2/deliveries/{id}")).expect(200).json()
    }

    /// Waits until the delivery `id` is in `state`, and returns it with its failures.
    #[track_caller]
    pub fn settled(&self, id: &str, state: &str, limit: Duration) -> Value {
        let mut last = Value::Null;
        until(&format!("delivery {id} to be {state}"), limit, || {
            last = self.delivery(id);
            (last["state"] == state).then(|| last.clone())
        })
    }

    /// Waits until `n` failed attempts of the delivery `id` were recorded, and returns it with them.
    #[track_caller]
    pub fn failed(&self, id: &str, n: usize, limit: Duration) -> Value {
        until(&format!("{n} failed attempts of delivery {id}"), limit, || {
            Some(self.delivery(id)).filter(|one| failures(one).len() >= n)
        })
    }

    /// The sum of all series of the counter or gauge `name`.
    #[must_use]
    #[track_caller]
    pub fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").expect(200).text();
        let series = text
            .lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])));
        series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }
}

/// The failed attempts of a delivery, in their order.
#[must_use]
#[track_caller]
pub fn failures(delivery: &Value) -> &[Value] {
    delivery["failures"].as_array().expect("a list of failed attempts")
}
