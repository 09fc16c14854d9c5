//! An operation as the document tells it.

use serde_json::{Map, Value, json};

use super::parameters;

const JSON: &str = "application/json";

/// What a request must say of who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// Zaqar's own routes: the project and the Client-ID.
    Client,
    /// Our additions: the project.
    Project,
    /// Nothing.
    Nothing,
}

/// One method of one path.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    method: &'static str,
    path: String,
    id: String,
    summary: &'static str,
    asks: Asks,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: Vec<(String, Value)>,
}

impl Operation {
    /// An operation of Zaqar's API.
    pub(super) fn zaqar(method: &'static str, path: &str, id: &str, summary: &'static str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            id: id.to_owned(),
            summary,
            asks: Asks::Client,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
        }
    }

    /// An operation that Zaqar lacks.
    pub(super) fn own(method: &'static str, path: &str, id: &str, summary: &'static str) -> Self {
        Self { asks: Asks::Project, ..Self::zaqar(method, path, id, summary) }
    }

    /// An operation that asks for no header.
    pub(super) fn bare(method: &'static str, path: &str, id: &str, summary: &'static str) -> Self {
        Self { asks: Asks::Nothing, ..Self::zaqar(method, path, id, summary) }
    }

    /// Parameters beside those of the path and of who asks.
    pub(super) fn with(mut self, parameters: impl IntoIterator<Item = Value>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// A JSON body that must be there.
    pub(super) fn body(self, schema: Value) -> Self {
        self.body_of(JSON, schema, true)
    }

    /// A JSON body that may be left out.
    pub(super) fn optional(self, schema: Value) -> Self {
        self.body_of(JSON, schema, false)
    }

    /// A body of a media type.
    pub(super) fn body_of(mut self, media: &str, schema: Value, required: bool) -> Self {
        let mut content = Map::new();
        content.insert(media.to_owned(), json!({"schema": schema}));
        self.body = Some(json!({"required": required, "content": content}));
        self
    }

    /// An answer with JSON.
    pub(super) fn answers(self, status: u16, meaning: &str, schema: Value) -> Self {
        self.answers_as(status, meaning, JSON, schema)
    }

    /// An answer of a media type.
    pub(super) fn answers_as(mut self, status: u16, meaning: &str, media: &str, schema: Value) -> Self {
        let mut content = Map::new();
        content.insert(media.to_owned(), json!({"schema": schema}));
        self.answers.push((status.to_string(), json!({"description": meaning, "content": content})));
        self
    }

    /// An answer without a body.
    pub(super) fn empty(mut self, status: u16, meaning: &str) -> Self {
        self.answers.push((status.to_string(), json!({"description": meaning})));
        self
    }

    /// What the last answer leads to: operations that take `value` of it as their path's `parameter`, on the same queue.
    pub(super) fn leads(mut self, operations: &[&str], parameter: &str, value: &str) -> Self {
        let queue = self.path.contains("{queue}").then_some("$request.path.queue");
        if let Some((_, told)) = self.answers.last_mut() {
            for operation in operations {
                let mut link = json!({"operationId": operation, "parameters": {parameter: value}});
                if let Some(queue) = queue {
                    link["parameters"]["queue"] = queue.into();
                }
                told["links"][operation] = link;
            }
        }
        self
    }

    /// Any answer.
    pub(super) fn any(mut self) -> Self {
        self.answers
            .push(("default".to_owned(), json!({"description": "What the driver answers, or a problem."})));
        self
    }

    /// Answers that are problems, beside those that every operation has.
    pub(super) fn refuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.answers.extend(statuses.into_iter().map(|status| (status.to_string(), problem(status))));
        self
    }

    /// The same operation of a topic.
    pub(super) fn of_topic(self) -> Self {
        let mut answers = self.answers;
        for links in answers.iter_mut().filter_map(|(_, told)| told.get_mut("links")?.as_object_mut()) {
            *links = std::mem::take(links).into_iter().map(|(name, link)| of_topics(&name, link)).collect();
        }
        Self {
            path: self.path.replace("queues", "topics").replace("{queue}", "{topic}"),
            id: format!("topic_{}", self.id),
            answers,
            ..self
        }
    }

    /// Its method, lower case, and its path.
    pub(super) fn place(&self) -> (&'static str, &str) {
        (self.method, &self.path)
    }

    /// As OpenAPI writes it: <https://spec.openapis.org/oas/v3.1.1.html#operation-object>.
    pub(super) fn told(&self) -> Value {
        let mut parameters: Vec<Value> = parameters::of_path(&self.path).collect();
        parameters.extend(parameters::of_caller(self.asks));
        parameters.extend(self.parameters.iter().cloned());
        let mut answers: Map<String, Value> = Map::new();
        for status in common(self.asks) {
            answers.insert(status.to_string(), problem(*status));
        }
        answers.extend(self.answers.iter().cloned());
        let mut told = json!({
            "operationId": self.id,
            "summary": self.summary,
            "tags": [self.tag()],
            "parameters": parameters,
            "responses": answers,
        });
        if let Some(body) = &self.body {
            told["requestBody"] = body.clone();
        }
        if self.asks == Asks::Nothing {
            told["security"] = json!([]);
        }
        told
    }

    fn tag(&self) -> &str {
        let parts: Vec<_> =
            self.path.split('/').filter(|part| !part.is_empty() && !part.starts_with('{')).collect();
        match parts.as_slice() {
            ["v2", _, noun @ ("messages" | "claims" | "subscriptions"), ..] | ["v2", noun, ..] => noun,
            _ => "host",
        }
    }
}

fn of_topics(name: &str, mut link: Value) -> (String, Value) {
    let name = format!("topic_{name}");
    link["operationId"] = name.as_str().into();
    if let Some(parameters) = link["parameters"].as_object_mut()
        && parameters.remove("queue").is_some()
    {
        parameters.insert("topic".to_owned(), "$request.path.topic".into());
    }
    (name, link)
}

/// What any request may be answered that must say who asks.
const fn common(asks: Asks) -> &'static [u16] {
    match asks {
        Asks::Client | Asks::Project => &[400, 401, 403, 404, 406, 429, 503],
        Asks::Nothing => &[],
    }
}

fn problem(status: u16) -> Value {
    json!({"$ref": format!("#/components/responses/{status}")})
}
