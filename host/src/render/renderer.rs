//! Named and inline templates.

use std::collections::BTreeMap;

use minijinja::{Environment, UndefinedBehavior};
use nuncio_core::{ContentForm, Kind, Message, Meta, Options, Refusal, zaqar};
use serde_json::{Map, Value, json};

use super::{defaults, rendered::Rendered};
use crate::config::Config;

/// Steps a template may take: a tenant's loop must not hold a worker.
const FUEL: u64 = 200_000;

/// The largest text or HTML a template may make, in bytes.
const MAX_OUTPUT: usize = 4 << 20;

/// Why a message cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The named template is not in the configuration (any more): the delivery waits for it.
    #[error("no template is called `{0}`: add [templates.{0}] to the configuration")]
    Missing(String),
    /// The template fails on this message.
    #[error("template {name}: {why}")]
    Failed {
        /// Which template.
        name: String,
        /// What failed, with its line.
        why: String,
    },
}

/// The message as rendering needs it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The body as posted.
    pub body: &'a [u8],
    /// Where it comes from.
    pub meta: Meta<'a>,
    /// Unix milliseconds of its acceptance.
    pub created: i64,
    /// The name of a template that came with the message.
    pub template: Option<&'a str>,
}

impl<'a> Source<'a> {
    /// The source of a stored message.
    #[must_use]
    pub fn of(message: &'a Message, meta: Meta<'a>) -> Self {
        let template = message.headers.get("template").map(String::as_str);
        Self { body: &message.body, meta, created: message.created, template }
    }
}

/// Renders messages by the templates of the configuration and by those that stand in options.
#[derive(Debug)]
pub struct Renderer {
    environment: Environment<'static>,
    names: BTreeMap<String, Parts>,
}

/// Which parts a named template has.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    subject: bool,
    text: bool,
    html: bool,
}

impl Renderer {
    /// Compiles the templates of the configuration.
    ///
    /// # Errors
    /// The first template that does not compile, with its line.
    pub fn new(config: &Config) -> Result<Self, RenderError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Lenient);
        environment.set_fuel(Some(FUEL));
        let mut names = BTreeMap::new();
        for (name, template) in &config.templates {
            let parts = [("subject", &template.subject), ("txt", &template.text), ("html", &template.html)];
            for (part, source) in parts {
                let Some(source) = source else { continue };
                environment
                    .add_template_owned(format!("{name}.{part}"), source.clone())
                    .map_err(|error| failed(&format!("{name}.{part}"), &error))?;
            }
            names.insert(
                name.clone(),
                Parts {
                    subject: template.subject.is_some(),
                    text: template.text.is_some(),
                    html: template.html.is_some(),
                },
            );
        }
        Ok(Self { environment, names })
    }

    /// Looks at the templates that options name or contain, when somebody subscribes.
    ///
    /// # Errors
    /// A template that is not there, or an inline one that does not compile.
    pub fn check(&self, options: &Options) -> Result<(), Refusal> {
        if let Some(name) = options.text("template") {
            self.check_name(name)
                .map_err(|refusal| Refusal { at: "/options/template".to_owned(), ..refusal })?;
        }
        for (key, name) in [("text", "inline.txt"), ("html", "inline.html")] {
            if let Some(source) = options.text(key) {
                self.environment.template_from_named_str(name, source).map_err(|error| {
                    Refusal::new(format!("/options/{key}"), failed(name, &error).to_string())
                })?;
            }
        }
        Ok(())
    }

    /// Looks whether a template of this name is there.
    ///
    /// # Errors
    /// A refusal that names those that are.
    pub fn check_name(&self, name: &str) -> Result<(), Refusal> {
        if self.names.contains_key(name) {
            return Ok(());
        }
        let there: Vec<_> = self.names.keys().map(String::as_str).collect();
        let fix = if there.is_empty() {
            format!("add [templates.{name}] to the configuration")
        } else {
            format!("add [templates.{name}] to the configuration, or use one of {}", there.join(", "))
        };
        Err(Refusal::new("/template", format!("no template is called `{name}`")).fix(fix))
    }

    /// Renders one message for a driver that wants `form`.
    ///
    /// # Errors
    /// A template that is missing, or fails on this message.
    pub fn content(
        &self,
        source: Source<'_>,
        options: &Options,
        form: ContentForm,
    ) -> Result<Rendered, RenderError> {
        // What the host itself writes is as it was written.
        if matches!(source.meta.kind, Kind::Confirmation | Kind::Unsubscribe) {
            return Ok(if form == ContentForm::Raw {
                Rendered::default()
            } else {
                defaults::readable(source.body)
            });
        }
        let named = options.text("template").or(source.template);
        let inline = options.text("text").is_some() || options.text("html").is_some();
        let mut content = match named {
            Some(name) => self.named(name, &variables(source))?,
            None if inline => Rendered::default(),
            // Such a driver makes its own form of a queue's message.
            None if form == ContentForm::Raw && !source.meta.queue.is_empty() => {
                return Ok(Rendered::default());
            }
            None if form == ContentForm::Zaqar && !source.meta.queue.is_empty() => {
                Rendered::text(zaqar::notification(&source.meta, source.body))
            }
            None => defaults::readable(source.body),
        };
        if inline {
            let variables = variables(source);
            if let Some(text) = options.text("text") {
                content.text = self.inline("inline.txt", text, &variables)?;
            }
            if let Some(html) = options.text("html") {
                content.html = self.inline("inline.html", html, &variables)?;
            }
        }
        if let Some(subject) = options.text("subject") {
            content.subject = subject.to_owned();
        }
        content.subject = one_line(&content.subject);
        if content.text.is_empty() && !content.html.is_empty() {
            content.text = nanohtml2text::html2text(&content.html);
        }
        Ok(content)
    }

    /// Renders the template `name` with the members of `about`.
    ///
    /// # Errors
    /// A template that is missing, or fails.
    pub fn alone(&self, name: &str, about: &Value) -> Result<Rendered, RenderError> {
        self.named(name, &minijinja::Value::from(minijinja::value::Serde(about)))
    }

    fn named(&self, name: &str, variables: &minijinja::Value) -> Result<Rendered, RenderError> {
        let parts = self.names.get(name).copied().ok_or_else(|| RenderError::Missing(name.to_owned()))?;
        let part = |there: bool, part: &str| {
            if !there {
                return Ok(String::new());
            }
            let full = format!("{name}.{part}");
            let text =
                self.environment.get_template(&full).and_then(|template| template.render(variables.clone()));
            text.map_err(|error| failed(&full, &error)).and_then(|text| bounded(&full, text))
        };
        let (subject, text) = (part(parts.subject, "subject")?, part(parts.text, "txt")?);
        Ok(Rendered::text(text).with_subject(subject).with_html(part(parts.html, "html")?))
    }

    fn inline(&self, name: &str, source: &str, variables: &minijinja::Value) -> Result<String, RenderError> {
        let text = self.environment.render_named_str(name, source, variables.clone());
        text.map_err(|error| failed(name, &error)).and_then(|text| bounded(name, text))
    }
}

/// What a template sees: the members of an object body, and `message` with everything.
fn variables(source: Source<'_>) -> minijinja::Value {
    let body: Value = serde_json::from_slice(source.body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(source.body).into_owned()));
    let mut all = match &body {
        Value::Object(map) => map.clone(),
        _ => Map::new(),
    };
    all.insert(
        "message".to_owned(),
        json!({
            "id": source.meta.message, "queue": source.meta.queue, "project": source.meta.project,
            "created_ms": source.created, "headers": source.meta.headers, "body": body,
        }),
    );
    minijinja::Value::from(minijinja::value::Serde(&all))
}

fn failed(name: &str, error: &minijinja::Error) -> RenderError {
    // As the error shows itself it names the template and the line a second time.
    let line = error.line().map_or_else(String::new, |line| format!("line {line}: "));
    let detail = error.detail().map_or_else(String::new, |detail| format!(": {detail}"));
    RenderError::Failed { name: name.to_owned(), why: format!("{line}{}{detail}", error.kind()) }
}

fn bounded(name: &str, text: String) -> Result<String, RenderError> {
    if text.len() <= MAX_OUTPUT {
        return Ok(text);
    }
    let why = format!("makes {} bytes, the limit is {MAX_OUTPUT}", text.len());
    Err(RenderError::Failed { name: name.to_owned(), why })
}

/// A subject is one line, whatever a template or a body puts into it.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control())
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Template;

    fn renderer() -> Renderer {
        let template = Template {
            subject: Some("{{ name }}\r\nBcc: x".into()),
            text: Some("Hello {{ name }}".into()),
            html: Some("<p>{{ name }}</p>".into()),
        };
        let config = Config { templates: [("hi".to_owned(), template)].into(), ..Config::default() };
        Renderer::new(&config).unwrap()
    }

    fn content(body: &str, options: Value, form: ContentForm, queue: &str) -> Result<Rendered, RenderError> {
        let mut meta = Meta::default();
        meta.queue = queue;
        let source = Source { body: body.as_bytes(), meta, created: 0, template: None };
        renderer().content(source, &serde_json::from_value(options).unwrap(), form)
    }

    #[test]
    fn a_named_template_makes_all_parts_and_html_is_escaped() {
        let options = json!({"template": "hi"});
        let made = content(r#"{"name": "<Ann>"}"#, options, ContentForm::Rendered, "").unwrap();
        assert_eq!(
            made,
            Rendered::text("Hello <Ann>").with_subject("<Ann> Bcc: x").with_html("<p>&lt;Ann&gt;</p>")
        );
    }

    #[test]
    fn a_queue_message_without_template_is_zaqars_json_for_mail_and_readable_for_the_rest() {
        let zaqar = content("1", json!({"subject": "S"}), ContentForm::Zaqar, "q").unwrap();
        assert!(zaqar.text.contains("\"Message_Type\"") && zaqar.subject == "S");
        assert_eq!(content("\"a\"", json!({}), ContentForm::Rendered, "q").unwrap().text, "a");
        assert_eq!(content("\"a\"", json!({}), ContentForm::Raw, "q").unwrap(), Rendered::default());
        assert_eq!(content("\"a\"", json!({}), ContentForm::Zaqar, "").unwrap().text, "a");
    }

    #[test]
    fn html_alone_gets_a_text() {
        let made = content("1", json!({"html": "<p>Hi <b>you</b></p>"}), ContentForm::Rendered, "q").unwrap();
        assert_eq!(made.text.trim(), "Hi you");
    }

    #[test]
    fn a_missing_template_is_told_from_one_that_fails() {
        let missing = content("1", json!({"template": "no"}), ContentForm::Rendered, "").unwrap_err();
        assert_eq!(missing, RenderError::Missing("no".into()));
        let failed = content("1", json!({"text": "{{ 1 / 0 }}"}), ContentForm::Rendered, "").unwrap_err();
        assert!(matches!(failed, RenderError::Failed { .. }), "{failed}");
    }

    #[test]
    fn a_template_that_never_ends_is_stopped() {
        let text = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        let error = content("1", json!({"text": text}), ContentForm::Rendered, "").unwrap_err().to_string();
        assert!(error.contains("fuel"), "{error}");
    }

    #[test]
    fn options_are_checked_at_the_door() {
        let check = |options: Value| renderer().check(&serde_json::from_value(options).unwrap());
        assert!(check(json!({"template": "hi", "text": "{{ a }}"})).is_ok());
        let error = check(json!({"template": "ho"})).unwrap_err().to_string();
        assert!(error.contains("/options/template") && error.contains("hi"), "{error}");
        let error = check(json!({"html": "{{ a"})).unwrap_err().to_string();
        assert!(error.contains("/options/html") && error.contains("line 1"), "{error}");
    }
}
