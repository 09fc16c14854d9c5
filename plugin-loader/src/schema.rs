//! JSON Schema 2020-12: settings are validated before a driver is made.

use boon::{CompileError, Compiler, Draft, ErrorKind, SchemaIndex, Schemas, UrlLoader, ValidationError};
use nuncio_core::{Refusal, SettingsError, closest, pointer};
use serde_json::Value;

/// Where a driver's schema stands while it is compiled.
const PLACE: &str = "nuncio:settings";

/// The most violations that are told at once.
const MOST: usize = 64;

/// A schema stands alone: what it refers to elsewhere is not fetched.
struct Nowhere;

impl UrlLoader for Nowhere {
    fn load(&self, url: &str) -> Result<Value, Box<dyn std::error::Error>> {
        Err(format!("refers to {url}, and a schema must stand alone").into())
    }
}

/// Validates `settings` by a driver's `schema`. The values at the pointers of `secrets` are never repeated.
///
/// A schema that is `null` allows everything; settings that are `null` count as none at all.
///
/// # Errors
/// Every violation with its JSON pointer; or that the schema itself is wrong.
pub fn validate(settings: &Value, schema: &Value, secrets: &[String]) -> Result<(), SettingsError> {
    if schema.is_null() {
        return Ok(());
    }
    let (schemas, compiled) = compile(schema)?;
    let none = Value::Object(serde_json::Map::new());
    let settings = if settings.is_null() { &none } else { settings };
    let Err(error) = schemas.validate(settings, compiled) else { return Ok(()) };
    let mut refusals = Vec::new();
    let told = Told { schema, secrets };
    told.gather(&error, &mut refusals);
    refusals.truncate(MOST);
    Err(SettingsError(refusals))
}

/// Whether `schema` can be used at all.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn usable(schema: &Value) -> Result<(), Refusal> {
    if schema.is_null() {
        return Ok(());
    }
    compile(schema).map(drop).map_err(|refusal| Refusal { at: "/settings".into(), ..refusal })
}

fn compile(schema: &Value) -> Result<(Schemas, SchemaIndex), Refusal> {
    let mut compiler = Compiler::new();
    compiler.set_default_draft(Draft::V2020_12);
    compiler.use_loader(Box::new(Nowhere));
    let mut schemas = Schemas::new();
    compiler.add_resource(PLACE, schema.clone()).map_err(|error| unusable(&error))?;
    let compiled = compiler.compile(PLACE, &mut schemas).map_err(|error| unusable(&error))?;
    Ok((schemas, compiled))
}

fn unusable(error: &CompileError) -> Refusal {
    Refusal::new("", format!("the driver's schema of its settings is wrong: {error}"))
        .fix("tell the driver's author")
}

/// How violations are told.
struct Told<'a> {
    schema: &'a Value,
    secrets: &'a [String],
}

impl Told<'_> {
    fn gather(&self, error: &ValidationError<'_, '_>, refusals: &mut Vec<Refusal>) {
        let at = error.instance_location.to_string();
        match &error.kind {
            ErrorKind::Required { want } => {
                refusals.extend(
                    want.iter()
                        .map(|key| Refusal::new(format!("{at}/{}", token(key)), "is missing").fix("set it")),
                );
            }
            ErrorKind::AdditionalProperties { got } => {
                refusals.extend(got.iter().map(|key| self.unknown(&at, key)));
            }
            ErrorKind::FalseSchema => refusals.push(Refusal::new(at, "is not known here").fix("remove it")),
            // One sentence for a choice of forms: what each of them would have wanted says more than is asked.
            ErrorKind::AnyOf | ErrorKind::OneOf(_) if !self.is_narrow(error) => {
                refusals.push(Refusal::new(at, "has none of the forms that it may have"));
            }
            _ if error.causes.is_empty() => refusals.push(self.plain(at, error)),
            _ => {}
        }
        for cause in self.worth_telling(error) {
            self.gather(cause, refusals);
        }
    }

    /// Of the causes of a choice, those of its one form that is not just `null`; of anything else, all.
    fn worth_telling<'e, 's, 'v>(
        &self,
        error: &'e ValidationError<'s, 'v>,
    ) -> impl Iterator<Item = &'e ValidationError<'s, 'v>> {
        let is_choice = matches!(error.kind, ErrorKind::AnyOf | ErrorKind::OneOf(_));
        let told = !is_choice || self.is_narrow(error);
        error.causes.iter().filter(move |cause| told && !(is_choice && is_null_wanted(cause)))
    }

    /// A choice between one form and `null`, as `Option` makes it.
    fn is_narrow(&self, error: &ValidationError<'_, '_>) -> bool {
        error.causes.iter().filter(|cause| !is_null_wanted(cause)).count() == 1
    }

    fn unknown(&self, at: &str, key: &str) -> Refusal {
        let refusal = Refusal::new(format!("{at}/{}", token(key)), "is no setting of this driver");
        let names = self.schema.get("properties").and_then(Value::as_object);
        let names =
            names.filter(|_| at.is_empty()).into_iter().flat_map(|map| map.keys().map(String::as_str));
        let names: Vec<&str> = names.collect();
        match closest(key, names.iter().copied()) {
            Some(name) => refusal.fix(format!("did you mean `{name}`?")),
            None if names.is_empty() => refusal.fix("remove it"),
            None => refusal.fix(format!("there are: {}", names.join(", "))),
        }
    }

    fn plain(&self, at: String, error: &ValidationError<'_, '_>) -> Refusal {
        let secret = self.secrets.iter().any(|one| pointer::is_within(one, &at));
        // These repeat what they found; the others do not.
        let why = match &error.kind {
            ErrorKind::Pattern { want, .. } => format!("does not match the pattern {want}"),
            ErrorKind::Format { want, .. } => format!("is no {want}"),
            ErrorKind::Not => "has a form that it must not have".to_owned(),
            _ if secret => "is not as the driver's schema wants it".to_owned(),
            kind => kind.to_string(),
        };
        Refusal::new(at, why)
    }
}

fn is_null_wanted(error: &ValidationError<'_, '_>) -> bool {
    matches!(&error.kind, ErrorKind::Type { want, .. } if want.iter().eq([boon::Type::Null]))
}

/// A member's name as a token of a JSON pointer (RFC 6901 section 3).
fn token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(settings: &Value, schema: &Value) -> Vec<String> {
        let error = validate(settings, schema, &["/password".to_owned()]).unwrap_err();
        error.0.iter().map(ToString::to_string).collect()
    }

    fn schema() -> Value {
        json!({"type": "object", "additionalProperties": false, "required": ["relay"], "properties": {
            "relay": {"type": "string"}, "port": {"type": "integer", "minimum": 1},
            "password": {"type": "string", "writeOnly": true, "minLength": 8},
            "limit": {"anyOf": [{"$ref": "#/$defs/Limit"}, {"type": "null"}]},
            "mode": {"enum": ["a", "b"]}},
            "$defs": {"Limit": {"type": "object", "properties": {"n": {"type": "integer"}}}}})
    }

    #[test]
    fn what_fits_passes() {
        let settings =
            json!({"relay": "x", "port": 25, "limit": null, "mode": "a", "password": "long enough"});
        assert_eq!(validate(&settings, &schema(), &[]), Ok(()));
        assert_eq!(validate(&json!({"any": 1}), &Value::Null, &[]), Ok(()));
        assert_eq!(validate(&Value::Null, &json!({"type": "object"}), &[]), Ok(()));
    }

    #[test]
    fn every_violation_is_told_with_its_pointer() {
        let told =
            refused(&json!({"prot": 1, "port": 0, "limit": {"n": "x"}, "mode": "c"}), &schema()).join("\n");
        for wanted in [
            "/relay: is missing",
            "/prot: is no setting",
            "did you mean `port`?",
            "/port: ",
            "/limit/n: ",
            "/mode: ",
        ] {
            assert!(told.contains(wanted), "{wanted} in\n{told}");
        }
    }

    #[test]
    fn the_value_of_a_secret_is_not_repeated() {
        for value in [json!("hunter2"), json!(314_159), json!({"a": "hunter2"}), json!(["hunter2"])] {
            let told = refused(&json!({"relay": "x", "password": value}), &schema()).join("\n");
            assert!(told.contains("/password"), "{told}");
            assert!(!told.contains("hunter2") && !told.contains("314"), "{told}");
        }
    }

    #[test]
    fn a_wrong_schema_is_the_authors_fault_and_fetches_nothing() {
        let told = refused(&json!({}), &json!({"type": 3})).join("\n");
        assert!(told.contains("schema of its settings is wrong"), "{told}");
        let told = refused(&json!({}), &json!({"$ref": "file:///etc/passwd"})).join("\n");
        assert!(told.contains("stand alone") || told.contains("file:///etc/passwd"), "{told}");
    }
}
