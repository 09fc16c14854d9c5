//! Values that nobody would write.

use proptest::{
    prelude::*,
    test_runner::{Config, TestError, TestRunner},
};
use serde_json::{Map, Value, json};

/// Puts `cases` values of `strategy` to `test`; the smallest that fails is told with why.
pub(super) fn hunt<S: Strategy>(
    cases: u32,
    strategy: S,
    shown: impl Fn(&S::Value) -> String,
    test: impl Fn(&S::Value) -> Result<(), String>,
) -> Option<String> {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&strategy, |value| test(&value).map_err(TestCaseError::fail));
    match result {
        Ok(()) => None,
        Err(TestError::Fail(why, value)) => Some(format!("{}: {why}", shown(&value))),
        Err(TestError::Abort(why)) => Some(format!("the search for a bad value ended early: {why}")),
    }
}

/// Text with everything in it.
pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,24}",
        proptest::collection::vec(any::<char>(), 0..12).prop_map(|all| all.into_iter().collect()),
        Just(String::new()),
        Just("x".repeat(70_000)),
        Just("a\r\nb: c\0".to_owned()),
        Just("https://ann:kit@example.org:0/?#".to_owned()),
    ]
}

/// Any JSON, not deep.
pub(super) fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((text(), inner), 0..4)
                .prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

/// `base` with garbage at one or more of `names`. What is called by a file is left out of harm's way: a constructor may
/// open it.
pub(super) fn object(
    base: Map<String, Value>,
    names: Vec<String>,
) -> impl Strategy<Value = Map<String, Value>> {
    let names = if names.is_empty() { vec!["kit".to_owned()] } else { names };
    // Mostly text, since a value of a wrong type is refused before anybody looks at it.
    let number = any::<i32>().prop_map(Value::from);
    let value = prop_oneof![4 => text().prop_map(Value::from), 1 => number, 1 => json()];
    let member = (proptest::sample::select(names), value);
    proptest::collection::vec(member, 1..3).prop_map(move |members| {
        let mut object = base.clone();
        for (name, value) in members {
            let file =
                ["file", "path", "dir", "folder", "sendmail", "command"].iter().any(|one| name.contains(one));
            let value = match value {
                Value::String(text) if file => Value::from(format!("/nowhere/kit/{text}")),
                other => other,
            };
            object.insert(name, value);
        }
        object
    })
}

/// `uris` with a piece cut out, put in or replaced, and `schemes` before any text.
pub(super) fn uri(uris: Vec<String>, schemes: Vec<String>) -> impl Strategy<Value = String> {
    let edited = (proptest::sample::select(uris), any::<prop::sample::Index>(), 0_usize..6, text());
    let edited = edited.prop_map(|(uri, at, cut, text)| {
        let characters: Vec<char> = uri.chars().collect();
        let at = at.index(characters.len().max(1));
        let head = characters.iter().take(at);
        let tail = characters.iter().skip(at + cut);
        head.copied().chain(text.chars().take(200)).chain(tail.copied()).collect()
    });
    let fresh =
        (proptest::sample::select(schemes), text()).prop_map(|(scheme, text)| format!("{scheme}:{text}"));
    prop_oneof![4 => edited, 1 => fresh]
}
