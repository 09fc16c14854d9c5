//! The whole document: <https://spec.openapis.org/oas/v3.1.1.html>.

use std::collections::HashMap;

use axum::{
    Extension,
    http::header,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    base, claims, deliveries, devices, keys, messages, operation::Operation, parameters, queues, shapes,
    subscriptions, usage,
};
use crate::{
    api::routes::{Rule, Rules},
    config::{Config, Strategy},
};

/// What each problem that any operation may answer means.
const PROBLEMS: [(u16, &str); 10] = [
    (400, "The request breaks a rule; the description names the place and what to do."),
    (401, "Nobody has proven who asks."),
    (403, "Who asks may not do this."),
    (404, "There is no such thing here."),
    (406, "The client does not accept JSON."),
    (409, "Something stands in the way."),
    (415, "The body has a media type that is not read here."),
    (422, "The idempotency key was used for something else."),
    (429, "Too much at once; `Retry-After` says when to try again."),
    (503, "The host cannot take this now; nothing was stored. `Retry-After` says when to try again."),
];

/// The document of a host, as it is sent.
#[derive(Clone, Debug)]
pub(in crate::api) struct Document(Bytes);

impl Document {
    /// That of a host with this configuration and these routes.
    pub(in crate::api) fn new<'a>(config: &Config, routes: impl IntoIterator<Item = &'a Rules>) -> Self {
        Self(written(config, routes).to_string().into())
    }
}

/// `GET /v2/openapi.json`.
pub(in crate::api) async fn show(Extension(document): Extension<Document>) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "max-age=3600")];
    (kind, document.0).into_response()
}

fn written<'a>(config: &Config, routes: impl IntoIterator<Item = &'a Rules>) -> Value {
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Nuncio",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A notification host: Zaqar v2 on the wire, and what Zaqar lacks.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths(config, routes),
        "components": {
            "schemas": schemas(),
            "parameters": parameters::shared(),
            "responses": problems(),
            "securitySchemes": proofs(),
        },
        "security": security(config),
    })
}

/// Every operation that is served, with the action that a role must allow.
fn paths<'a>(config: &Config, routes: impl IntoIterator<Item = &'a Rules>) -> Value {
    let all = routes.into_iter().flat_map(Rules::iter);
    let served: HashMap<_, _> = all
        .map(|(path, method, rule)| ((method.as_str().to_ascii_lowercase(), path.replace("{*", "{")), rule))
        .collect();
    let mut paths = json!({});
    for operation in operations(config) {
        let (method, path) = operation.place();
        let Some(rule) = served.get(&(method.to_owned(), path.to_owned())) else { continue };
        let mut told = operation.told();
        if let Rule::Needs(action) = rule {
            told["x-action"] = action.name().into();
        }
        paths[path][method] = told;
    }
    paths
}

/// How a client proves who it is.
fn proofs() -> Value {
    json!({
        "token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
        "bearer": {"type": "http", "scheme": "bearer"},
        "signed": {
            "type": "apiKey", "in": "header", "name": "URL-Signature",
            "description": "With URL-Paths, URL-Methods and URL-Expires, as `share` answers them.",
        },
    })
}

/// With authentication off, nothing is asked for but headers that anybody may set.
fn security(config: &Config) -> Value {
    match config.auth.strategy {
        Strategy::None => json!([]),
        _ => json!([{"token": []}, {"bearer": []}, {"signed": []}]),
    }
}

fn operations(config: &Config) -> Vec<Operation> {
    let limits = &config.queues;
    let mut pull = queues::operations(limits);
    pull.extend(messages::operations(limits));
    pull.extend(subscriptions::operations(limits));
    let mut all = base::operations();
    all.extend(pull.iter().cloned().map(Operation::of_topic));
    all.extend(pull);
    all.extend([queues::listing_of("topics", limits), queues::listing_of("queues", limits), queues::share()]);
    all.extend(claims::operations(limits));
    all.extend(deliveries::operations());
    all.extend(devices::operations());
    all.extend(keys::operations());
    all.extend(usage::operations());
    all
}

fn schemas() -> Value {
    let mut all = shapes::all();
    let more = messages::shapes().into_iter().chain(deliveries::shapes()).chain([subscriptions::shape()]);
    for (name, schema) in more {
        all[name] = schema;
    }
    all
}

fn problems() -> Value {
    let content = json!({"application/json": {"schema": shapes::shared("Problem")}});
    let told = |(status, meaning): (u16, &str)| {
        (status.to_string(), json!({"description": meaning, "content": content}))
    };
    Value::Object(PROBLEMS.into_iter().map(told).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::router;

    fn whole_of(config: &Config) -> Value {
        let routes = [router::zaqar(), router::own(), router::bare()].map(|routes| routes.parts().1);
        written(config, routes.iter().map(|rules| &**rules))
    }

    fn whole() -> Value {
        whole_of(&Config::default())
    }

    fn places(document: &Value) -> BTreeSet<(String, String)> {
        let all = document["paths"].as_object().unwrap().iter();
        all.flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(|method| (path.clone(), method.to_uppercase()))
        })
        .collect()
    }

    #[test]
    fn the_document_tells_of_the_routes_and_of_no_others() {
        let routes = [router::zaqar(), router::own(), router::bare()].map(|routes| routes.parts().1);
        let served: BTreeSet<_> = routes
            .iter()
            .flat_map(|rules| rules.iter())
            .map(|(path, method, _)| (path.replace("{*", "{"), method.to_string()))
            .collect();
        assert_eq!(places(&whole()), served);
        let config = Config::default();
        let operations = operations(&config);
        let told = operations.iter().map(Operation::place);
        let told: BTreeSet<_> = told.map(|(method, path)| (path.to_owned(), method.to_uppercase())).collect();
        assert_eq!(told, served, "what no route serves is told of nowhere");
    }

    #[test]
    fn what_is_not_served_is_not_told_of() {
        let bare = router::bare().parts().1;
        let document = written(&Config::default(), [&*bare]);
        let paths = document["paths"].as_object().unwrap();
        assert!(paths.contains_key("/healthz") && paths.contains_key("/v2/confirm"));
        assert!(!paths.contains_key("/v2/queues") && !paths.contains_key("/v2/notifications"));
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_has_an_id_of_its_own() {
        fn visit(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(map) => {
                    found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    map.values().for_each(|one| visit(one, found));
                }
                Value::Array(list) => list.iter().for_each(|one| visit(one, found)),
                _ => {}
            }
        }
        let document = whole();
        let mut references = Vec::new();
        visit(&document, &mut references);
        for reference in references {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
        let paths = document["paths"].as_object().unwrap().values();
        let ids: Vec<_> = paths
            .flat_map(|methods| {
                methods.as_object().unwrap().values().map(|one| one["operationId"].to_string())
            })
            .collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    }

    #[test]
    fn limits_are_those_of_the_configuration() {
        let mut config = Config::default();
        config.queues.max_message_ttl = 777;
        let document = whole_of(&config);
        let metadata = "/paths/~1v2~1queues~1{queue}/put/requestBody/content/application~1json/schema";
        let ttl = format!("{metadata}/properties/_default_message_ttl/maximum");
        assert_eq!(document.pointer(&ttl), Some(&json!(777)));
    }
}
