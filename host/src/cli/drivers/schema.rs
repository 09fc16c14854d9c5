//! A JSON Schema as lines for people: what a key is called, what it takes, its default, what it is for.

use serde_json::Value;

/// One key of a schema.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its name; of a key within a table with dots.
    pub(super) name: String,
    /// What it takes.
    pub(super) kind: String,
    /// Its default as JSON, `required`, or `secret` marks.
    pub(super) notes: String,
    /// What it is for.
    pub(super) doc: String,
}

/// Tables within tables are followed so deep.
const MAX_DEPTH: usize = 8;

/// The keys of `schema`, by name; `secrets` are JSON pointers.
pub(super) fn lines(schema: &Value, secrets: &[String]) -> Vec<Line> {
    let mut reader = Reader { root: schema, secrets, lines: Vec::new() };
    reader.object(schema, "", 0);
    reader.lines
}

struct Reader<'a> {
    root: &'a Value,
    secrets: &'a [String],
    lines: Vec<Line>,
}

impl<'a> Reader<'a> {
    fn object(&mut self, schema: &'a Value, pointer: &str, depth: usize) {
        let Some(properties) = schema["properties"].as_object() else { return };
        for (name, property) in properties {
            let pointer = format!("{pointer}/{name}");
            let resolved = self.resolve(property);
            let required = schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
            let mut notes = Vec::new();
            match property.get("default").or_else(|| resolved.get("default")) {
                Some(Value::Null) | None if required => notes.push("required".to_owned()),
                Some(Value::Null) | None => {}
                Some(default) => notes.push(format!("default {default}")),
            }
            if self.secrets.contains(&pointer) {
                notes.push("secret".to_owned());
            }
            let doc = [property, resolved].iter().find_map(|one| one["description"].as_str());
            self.lines.push(Line {
                name: pointer.trim_start_matches('/').replace('/', "."),
                kind: self.kind(property, depth),
                notes: notes.join(", "),
                doc: doc.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "),
            });
            if depth < MAX_DEPTH {
                self.object(resolved, &pointer, depth + 1);
            }
        }
    }

    fn kind(&self, schema: &'a Value, depth: usize) -> String {
        let schema = self.resolve(schema);
        if depth > MAX_DEPTH {
            return "any".to_owned();
        }
        if let Some(all) = schema["enum"].as_array() {
            return all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
        }
        if let Some(one) = schema.get("const") {
            return one.to_string();
        }
        if let Some(any) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
            let mut kinds: Vec<_> = any.iter().map(|one| self.kind(one, depth + 1)).collect();
            kinds.retain(|kind| kind != "null");
            kinds.dedup();
            return kinds.join(" | ");
        }
        let mut kind = match &schema["type"] {
            Value::String(one) => one.clone(),
            Value::Array(any) => any
                .iter()
                .filter_map(Value::as_str)
                .filter(|one| *one != "null")
                .collect::<Vec<_>>()
                .join(" | "),
            _ => "any".to_owned(),
        };
        if kind == "array" && schema.get("items").is_some() {
            kind = format!("array of {}", self.kind(&schema["items"], depth + 1));
        }
        match schema["format"].as_str() {
            Some(format) => format!("{kind} ({format})"),
            None => kind,
        }
    }

    /// What a `$ref` within the schema stands for.
    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let pointer = schema["$ref"].as_str().and_then(|target| target.strip_prefix('#'));
        pointer.and_then(|pointer| self.root.pointer(pointer)).unwrap_or(schema)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn keys_have_kinds_defaults_marks_and_meanings() {
        let schema = json!({
            "$defs": {"Tls": {"enum": ["on", "off"], "description": "How."}},
            "properties": {
                "port": {"type": ["integer", "null"], "format": "uint16", "default": 25, "description": "The\n port."},
                "password": {"type": "string"},
                "tls": {"$ref": "#/$defs/Tls", "default": "on"},
                "hosts": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
                "proxy": {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]},
            },
            "required": ["password"],
        });
        let told: Vec<_> = lines(&schema, &["/password".into()])
            .into_iter()
            .map(|line| format!("{}: {}; {}; {}", line.name, line.kind, line.notes, line.doc))
            .collect();
        let want = [
            "hosts: array of string; ; ",
            "password: string; required, secret; ",
            "port: integer (uint16); default 25; The port.",
            "proxy: object; ; ",
            "proxy.url: string; required; ",
            "tls: \"on\" | \"off\"; default \"on\"; How.",
        ];
        assert_eq!(told, want);
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema =
            json!({"properties": {"a": {"$ref": "#"}, "b": {"anyOf": [{"$ref": "#/properties/b"}]}}});
        assert_eq!(lines(&schema, &[]).len(), 2 * (MAX_DEPTH + 1));
    }

    proptest! {
        #[test]
        fn any_schema_of_a_stranger_is_read(kind in "[a-z$]{0,8}", name in "\\PC{0,8}", text in "\\PC{0,8}") {
            let schema = json!({"properties": {&name: {&kind: &text}}, &kind: [{&name: &text}], "required": &text});
            prop_assert_eq!(lines(&schema, &[]).len(), 1);
            prop_assert!(lines(&json!(text), &[]).is_empty());
        }
    }
}
