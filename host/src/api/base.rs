//! `/`, `/v2/` and `/v2/ping`.

use axum::{
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{answer, face::Face, problem::Answer};
use crate::websocket::upgrade;

/// The resources of the home document: relation, path, methods (draft-nottingham-json-home-03).
const RESOURCES: &[(&str, &str, &[&str])] = &[
    ("queues", "/v2/queues{?marker,limit,detailed}", &["GET"]),
    ("queue", "/v2/queues/{queue_name}", &["GET", "PUT", "DELETE", "PATCH"]),
    ("queue_stats", "/v2/queues/{queue_name}/stats", &["GET"]),
    ("queue_share", "/v2/queues/{queue_name}/share", &["POST"]),
    ("queue_purge", "/v2/queues/{queue_name}/purge", &["POST"]),
    ("messages", "/v2/queues/{queue_name}/messages{?marker,limit,echo,include_claimed}", &["GET"]),
    ("post_messages", "/v2/queues/{queue_name}/messages", &["POST"]),
    ("messages_delete", "/v2/queues/{queue_name}/messages{?ids,pop}", &["DELETE"]),
    ("message_delete", "/v2/queues/{queue_name}/messages/{message_id}{?claim}", &["DELETE"]),
    ("message_get", "/v2/queues/{queue_name}/messages/{message_id}", &["GET"]),
    ("claim", "/v2/queues/{queue_name}/claims/{claim_id}", &["GET"]),
    ("post_claim", "/v2/queues/{queue_name}/claims{?limit}", &["POST"]),
    ("patch_claim", "/v2/queues/{queue_name}/claims/{claim_id}", &["PATCH"]),
    ("delete_claim", "/v2/queues/{queue_name}/claims/{claim_id}", &["DELETE"]),
    ("subscriptions_get", "/v2/queues/{queue_name}/subscriptions{?marker,limit}", &["GET"]),
    ("subscriptions_post", "/v2/queues/{queue_name}/subscriptions", &["POST"]),
    ("subscription", "/v2/queues/{queue_name}/subscriptions/{subscriptions_id}", &["GET", "DELETE"]),
    ("subscription_patch", "/v2/queues/{queue_name}/subscriptions/{subscriptions_id}", &["PATCH"]),
    ("ping", "/v2/ping", &["GET", "HEAD"]),
    // Zaqar serves these and does not list them.
    ("subscription_confirm", "/v2/queues/{queue_name}/subscriptions/{subscriptions_id}/confirm", &["PUT"]),
    ("topics", "/v2/topics{?marker,limit,detailed}", &["GET"]),
    ("topic", "/v2/topics/{topic_name}", &["GET", "PUT", "DELETE", "PATCH"]),
    ("topic_stats", "/v2/topics/{topic_name}/stats", &["GET"]),
    ("topic_purge", "/v2/topics/{topic_name}/purge", &["POST"]),
    ("topic_messages", "/v2/topics/{topic_name}/messages", &["GET", "POST", "DELETE"]),
    ("topic_message", "/v2/topics/{topic_name}/messages/{message_id}", &["GET", "DELETE"]),
    ("topic_subscriptions", "/v2/topics/{topic_name}/subscriptions", &["GET", "POST"]),
    (
        "topic_subscription",
        "/v2/topics/{topic_name}/subscriptions/{subscriptions_id}",
        &["GET", "PATCH", "DELETE"],
    ),
    (
        "topic_subscription_confirm",
        "/v2/topics/{topic_name}/subscriptions/{subscriptions_id}/confirm",
        &["PUT"],
    ),
    ("health", "/v2/health", &["GET"]),
];

/// `GET /`: which versions there are; or the beginning of a WebSocket connection.
pub(super) async fn root(State(face): State<Face>, request: Request) -> Response {
    if face.config.websocket.on_http_port() && upgrade::is_wanted(request.headers()) {
        return upgrade::accept(State(face), request).await;
    }
    versions().await.into_response()
}

/// Which versions there are.
async fn versions() -> Answer {
    answer::choices(&json!({"versions": [{
        "id": "2",
        "status": "CURRENT",
        "updated": "2014-9-24T04:06:47Z",
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.messaging-v2+json"}],
        "links": [{"href": "/v2/", "rel": "self"}],
    }]}))
}

/// `GET /v2/`: the home document.
pub(super) async fn home() -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json-home"), (header::CACHE_CONTROL, "max-age=86400")];
    (headers, document().to_string()).into_response()
}

/// The home document.
pub(crate) fn document() -> Value {
    let resources: Map<_, _> =
        RESOURCES.iter().map(|(name, path, allow)| resource(name, path, allow)).collect();
    json!({"resources": resources})
}

fn resource(name: &str, template: &str, allow: &[&str]) -> (String, Value) {
    let vars: Map<_, _> =
        variables(template).map(|name| (name.to_owned(), json!(format!("param/{name}")))).collect();
    let hints = json!({"allow": allow, "formats": {"application/json": {}}});
    let place = if vars.is_empty() {
        json!({"href": template, "hints": hints})
    } else {
        json!({"href-template": template, "href-vars": vars, "hints": hints})
    };
    (format!("rel/{name}"), place)
}

/// The variables of a URI template (RFC 6570).
fn variables(template: &str) -> impl Iterator<Item = &str> {
    template
        .split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}'))
        .flat_map(|(names, _)| names.trim_start_matches('?').split(','))
}

/// `GET /v2/ping`: whether the store answers.
pub(super) async fn ping(State(face): State<Face>) -> Answer {
    face.store.check().await?;
    Ok(answer::no_content())
}

/// `HEAD /v2/ping`: the process answers.
pub(super) async fn alive() -> Response {
    answer::no_content()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_names_its_variables() {
        let (name, place) = resource("queue", "/v2/queues/{queue_name}{?limit,marker}", &["GET"]);
        assert_eq!(name, "rel/queue");
        let want =
            json!({"queue_name": "param/queue_name", "limit": "param/limit", "marker": "param/marker"});
        assert_eq!(place["href-vars"], want);
        assert_eq!(resource("ping", "/v2/ping", &["GET"]).1["href"], "/v2/ping");
    }
}
