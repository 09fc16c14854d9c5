//! What an operator holds tenants to, and what they are shown.

use nuncio_tests::{Recipe, Reply, Sink, Socket, failures, http::Answer, until};
use serde_json::{Value, json};

use crate::clock::SOON;

/// What the sink answers beside a status.
const SAID: &str = "said the sink";

/// A delivery that failed once, and all that its project is told of it.
fn failed(recipe: Recipe) -> (Value, String) {
    let sink = Sink::start();
    sink.on("/down", [Reply::Status(503)]);
    let host = recipe.start();
    host.subscribe("orders", &sink.url("/down"), &json!({}));
    host.post("orders", &[json!(1)]);
    let id = sink.wait_for("/down", 1, SOON)[0].webhook_id().to_owned();
    let delivery = host.failed(&id, 1, SOON);
    let told = json!([&delivery, host.deliveries("queue=orders")]).to_string();
    (delivery, told)
}

#[test]
fn what_a_subscriber_answered_is_shown_only_where_the_operator_allows_it() {
    let (delivery, told) = failed(Recipe::new());
    assert_eq!((&failures(&delivery)[0]["code"], failures(&delivery)[0].get("excerpt")), (&json!(503), None));
    assert!(!told.contains(SAID), "{told}");
    let (delivery, _) = failed(Recipe::new().delivery("show_responses = true"));
    assert_eq!(failures(&delivery)[0]["excerpt"], SAID, "{delivery}");
}

/// Asks until it is answered 429, which names the limit and says when to come back.
fn held_up(limit: &str, ask: impl Fn() -> Answer) {
    let answer = until(&format!("{limit}: 429"), SOON, || Some(ask()).filter(|answer| answer.status == 429));
    assert!(answer.text().contains(limit), "{}", answer.text());
    let seconds = answer.header("retry-after").and_then(|text| text.parse::<u64>().ok());
    assert!(seconds.is_some_and(|seconds| seconds >= 1), "{limit}: {answer:?}");
}

#[test]
fn a_project_is_held_to_its_rates_and_others_are_not() {
    let limits = "[limits]\nrequests_per_second = 3\n\
                  [tenants.poster]\nrequests_per_second = 0\nmessages_per_second = 5\n\
                  [tenants.rich]\nrequests_per_second = 0";
    let host = Recipe::new().section(limits).start();
    let post = || {
        let messages = json!({"messages": vec![json!({"body": 1}); 20]});
        host.tenant("poster").request("POST", "/v2/queues/q/messages", &messages)
    };
    // A POST is taken whole, and the next one waits for it.
    post().expect(201);
    held_up("limits.messages_per_second", post);
    held_up("limits.requests_per_second", || host.get("/v2/queues"));
    // An action of a connection is a request of the same project.
    let mut socket = Socket::connect(host.address());
    until("an action: 429", SOON, || (socket.answered("queue_list", &json!({})).0 == 429).then_some(()));
    for _ in 0..20 {
        host.tenant("rich").request("GET", "/v2/queues", &Value::Null).expect(200);
    }
    until("to be let in again", SOON, || (host.get("/v2/queues").status == 200).then_some(()));
}

#[test]
fn a_project_stores_no_more_than_its_quota() {
    let limits = "[limits]\nqueues = 1\nsubscriptions = 1\nstored_messages = 3\n\
                  [tenants.rich]\nqueues = 0\nstored_messages = 0";
    let host = Recipe::new().section(limits).start();
    host.post("one", &[json!(1), json!(2)]);
    let refused = |path: &str, body: Value, status: u16, why: &str| {
        let answer = host.request("POST", path, &body).expect(status);
        assert!(answer.text().contains(why), "{path}: {}", answer.text());
    };
    let two = json!({"messages": [{"body": 3}, {"body": 4}]});
    refused(
        "/v2/queues/two/messages",
        json!({"messages": [{"body": 3}]}),
        400,
        "limits.queues is reached (1)",
    );
    refused("/v2/queues/one/messages", two.clone(), 403, "limits.stored_messages = 3");
    host.subscribe("one", "log:here", &json!({}));
    refused("/v2/queues/one/subscriptions", json!({"subscriber": "log:there"}), 400, "limits.subscriptions");
    for queue in ["one", "two"] {
        let path = format!("/v2/queues/{queue}/messages");
        host.tenant("rich").request("POST", &path, &two).expect(201);
    }
    assert_eq!(host.get("/v2/usage").expect(200).json()["stored"]["messages"], 2);
}
