//! Facts about filters, and the compiled form against the plain rules.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Filter, Limits, MAX_DEPTH, MAX_VALUES, Scope, reference};
use crate::{Attributes, Options, Refusal};

fn body(policy: Value) -> Result<Filter, Refusal> {
    Filter::parse(&policy, Scope::Body, Limits::default())
}

fn matches(policy: &Value, message: &Value) -> bool {
    body(policy.clone()).unwrap().matches(&Attributes::default(), || Some(message))
}

#[track_caller]
fn check(policy: Value, yes: &[Value], no: &[Value]) {
    for message in yes {
        assert!(matches(&policy, message), "{policy} wants {message}");
    }
    for message in no {
        assert!(!matches(&policy, message), "{policy} does not want {message}");
    }
}

#[test]
fn values_are_alternatives_and_keys_are_not() {
    check(
        json!({"sport": ["rugby", "tennis"], "price": [100, null, true]}),
        &[
            json!({"sport": "tennis", "price": 1e2, "x": 1}),
            json!({"sport": ["chess", "rugby"], "price": null}),
            json!({"sport": "rugby", "price": [false, true]}),
        ],
        &[
            json!({"sport": "rugby"}),
            json!({"sport": "Rugby", "price": 100}),
            json!({"sport": "rugby", "price": "100"}),
            json!({"sport": {"rugby": 1}, "price": 100}),
        ],
    );
}

#[test]
fn anything_but_needs_a_value_that_is_none_of_them() {
    check(
        json!({"a": [{"anything-but": ["x", 5]}]}),
        &[json!({"a": "y"}), json!({"a": ["x", "y"]}), json!({"a": 6}), json!({"a": null})],
        &[json!({"a": "x"}), json!({"a": ["x", 5.0]}), json!({}), json!({"a": []}), json!({"a": {}})],
    );
    check(
        json!({"a": [{"anything-but": {"prefix": "order-"}}]}),
        &[json!({"a": "data-entry"}), json!({"a": "order_number"})],
        &[json!({"a": "order-cancelled"}), json!({})],
    );
    for (operator, value) in [("suffix", "z"), ("wildcard", "x*z"), ("equals-ignore-case", "XYZ")] {
        let policy = json!({"a": [{"anything-but": {operator: [value, "other"]}}]});
        check(policy, &[json!({"a": "abc"})], &[json!({"a": "xyz"}), json!({})]);
    }
    check(json!({"a": [{"anything-but": "x"}, {"exists": false}]}), &[json!({})], &[json!({"a": "x"})]);
}

#[test]
fn texts_are_compared_by_their_ends_and_without_case() {
    check(
        json!({"a": [{"prefix": "bas"}]}),
        &[json!({"a": "baseball"})],
        &[json!({"a": "rugby"}), json!({"a": 1})],
    );
    check(json!({"a": [{"suffix": "ball"}]}), &[json!({"a": "baseball"})], &[json!({"a": "ballet"})]);
    check(
        json!({"a": [{"equals-ignore-case": "Straße Ä"}]}),
        &[json!({"a": "STRAßE ä"})],
        &[json!({"a": "strasse ä"})],
    );
    check(
        json!({"a": [{"wildcard": "*.example.*"}]}),
        &[json!({"a": "x.example.org"})],
        &[json!({"a": "example.org"})],
    );
}

#[test]
fn numbers_are_compared_as_numbers() {
    check(
        json!({"n": [{"numeric": [">", 0, "<=", 150]}, {"numeric": ["=", -5]}]}),
        &[json!({"n": 150}), json!({"n": 0.1}), json!({"n": -5.0}), json!({"n": [-1, 3]})],
        &[json!({"n": 0}), json!({"n": "3"}), json!({"n": 150.000_001}), json!({"n": 1e300})],
    );
}

#[test]
fn addresses_lie_in_networks() {
    check(
        json!({"ip": [{"cidr": "10.0.0.0/24"}, {"cidr": "2001:db8::/32"}]}),
        &[json!({"ip": "10.0.0.255"}), json!({"ip": "2001:db8::1"})],
        &[json!({"ip": "10.0.1.0"}), json!({"ip": "host"}), json!({"ip": 10})],
    );
}

#[test]
fn a_key_exists_whatever_its_value() {
    check(
        json!({"a": [{"exists": true}]}),
        &[json!({"a": null}), json!({"a": []}), json!({"a": {}}), json!({"a": 1})],
        &[json!({"b": 1})],
    );
    check(json!({"a": [{"exists": false}]}), &[json!({}), json!({"b": 1})], &[json!({"a": null})]);
}

#[test]
fn keys_nest_and_an_object_in_a_list_matches_as_a_whole() {
    check(
        json!({"items": {"sku": ["a"], "n": [{"numeric": [">", 1]}]}}),
        &[
            json!({"items": {"sku": "a", "n": 2}}),
            json!({"items": [1, {"sku": "b"}, [{"sku": "a", "n": 2}]]}),
        ],
        &[json!({"items": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}]}), json!({"items": "a"}), json!({})],
    );
    check(
        json!({"a": {"b": [{"exists": false}]}}),
        &[json!({}), json!({"a": 1}), json!({"a": []}), json!({"a": [{"b": 1}, {}]})],
        &[json!({"a": {"b": 1}}), json!({"a": [{"b": 1}]})],
    );
}

#[test]
fn alternatives_are_policies() {
    check(
        json!({"source": ["cpu"], "$or": [{"name": ["x"], "n": [1]}, {"space": ["y"]}]}),
        &[json!({"source": "cpu", "space": "y"}), json!({"source": "cpu", "name": "x", "n": 1})],
        &[json!({"source": "cpu", "name": "x"}), json!({"space": "y"}), json!({"source": "cpu"})],
    );
}

#[test]
fn a_body_that_is_no_object_does_not_match() {
    let filter = body(json!({"a": [{"exists": false}]})).unwrap();
    for message in [Some(json!([{}])), Some(json!("a")), Some(json!(null)), None] {
        assert!(!filter.matches(&Attributes::default(), || message.as_ref()), "{message:?}");
    }
}

#[test]
fn attributes_are_looked_at_without_the_body() {
    let filter = Filter::parse(&json!({"kind": ["order"]}), Scope::Attributes, Limits::default()).unwrap();
    let attributes = |value: Value| Attributes::new(value.as_object().cloned().unwrap()).unwrap();
    assert!(filter.matches(&attributes(json!({"kind": "order"})), || unreachable!()));
    assert!(!filter.matches(&attributes(json!({})), || unreachable!()));
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let scoped = |scope| move |policy: Value| Filter::parse(&policy, scope, Limits::default());
    for (policy, place) in [
        (json!([]), ": must be an object"),
        (json!({"a": "x"}), "/a: must be a list of values, even of one; write [\"x\"]"),
        (json!({"a": []}), "/a: is empty"),
        (json!({"a": [["x"]]}), "/a/0: must be a string"),
        (json!({"a": ["x", {"prefx": "y"}]}), "/a/1: unknown operator `prefx`; did you mean `prefix`?"),
        (json!({"a": [{"colour": "y"}]}), "/a/0: unknown operator `colour`; write one of anything-but"),
        (json!({"a": [{"prefix": "y", "suffix": "z"}]}), "/a/0: must have exactly one operator"),
        (json!({"a": [{}]}), "/a/0: must have exactly one operator"),
        (json!({"a": [{"prefix": ""}]}), "/a/0/prefix: must be a string"),
        (json!({"a": [{"prefix": ["x"]}]}), "/a/0/prefix: must be a string"),
        (json!({"a": [{"wildcard": "a**"}]}), "/a/0/wildcard: has two"),
        (json!({"a": [{"exists": "yes"}]}), "/a/0/exists: must be true or false"),
        (json!({"a": [{"cidr": "10.0.0.1/8"}]}), "/a/0/cidr: `10.0.0.1/8` has bits set"),
        (json!({"a": [{"numeric": [">", 0, "<", 1e10]}]}), "/a/0/numeric/3: 10000000000.0 is out of range"),
        (json!({"a": [{"numeric": ["~", 0]}]}), "/a/0/numeric/0: unknown comparison"),
        (json!({"a": [1.000_000_1]}), "/a/0: 1.0000001 is too exact"),
        (json!({"a": [{"anything-but": []}]}), "/a/0/anything-but: is empty"),
        (
            json!({"a": [{"anything-but": {"sufix": "x"}}]}),
            "/a/0/anything-but: unknown operator `sufix`; did you mean `suffix`?",
        ),
        (json!({"a": [{"anything-but": {"prefix": [1]}}]}), "/a/0/anything-but/prefix/0: must be a string"),
        (json!({"$or": [{"a": ["x"]}]}), "/$or: must be a list of at least two policies"),
        (json!({"$or": [{"a": ["x"]}, {}]}), "/$or/1: must be a policy"),
        (json!({"$or": [{"a": ["x"]}, {"b": 1}]}), "/$or/1/b: must be a list"),
        (json!({"a": {"b/c": [[]]}}), "/a/b~1c/0: must be"),
        (json!({"a": {}}), "/a: is empty"),
    ] {
        let refusal = scoped(Scope::Body)(policy).unwrap_err().to_string();
        assert!(refusal.starts_with(place), "{refusal}");
    }
    let nested = scoped(Scope::Attributes)(json!({"a": {"b": ["x"]}})).unwrap_err().to_string();
    assert!(nested.starts_with("/a: must be a list: attributes have no members"), "{nested}");
    let name = scoped(Scope::Attributes)(json!({"a b": ["x"]})).unwrap_err().to_string();
    assert!(name.starts_with("/a b: the name of an attribute"), "{name}");
}

#[test]
fn limits_are_those_of_sns_and_named() {
    let three_by_four = json!({"a": {"b": {"c": [1, 2, 3, 4]}}, "d": {"e": [1, 2, 3]}});
    assert!(body(three_by_four).is_ok(), "3 x 4 x 2 x 3 = 72");
    let too_many =
        json!({"a": {"b": {"c": [1, 2, 3, 4]}}, "d": {"e": [1, 2, 3]}, "f": [{"anything-but": [1, 2, 3]}]});
    let refusal = body(too_many).unwrap_err().to_string();
    assert!(
        refusal.contains("216 combinations") && refusal.contains("queues.max_filter_combinations"),
        "{refusal}"
    );
    let alternatives =
        json!({"$or": [{"a": [1, 2]}, {"a": [3], "b": [4, 5]}], "c": (0..37).collect::<Vec<_>>()});
    assert!(body(alternatives).is_ok(), "(2 + 2) x 37 = 148");
    let keys = |n: usize| Value::Object((0..n).map(|n| (format!("k{n}"), json!(["x"]))).collect());
    assert!(body(keys(5)).is_ok());
    let refusal = body(keys(6)).unwrap_err().to_string();
    assert!(refusal.contains("6 keys") && refusal.contains("queues.max_filter_keys"), "{refusal}");
    let refusal = body(json!({"a": ["x".repeat(256 << 10)]})).unwrap_err().to_string();
    assert!(refusal.contains("queues.max_filter_size"), "{refusal}");
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| (1..depth).fold(json!({"k": ["x"]}), |inner, _| json!({"k": inner}));
    assert!(body(nested(MAX_DEPTH)).is_ok());
    let refusal = body(nested(MAX_DEPTH + 1)).unwrap_err().to_string();
    assert!(refusal.contains("nested deeper than"), "{refusal}");
}

#[test]
fn of_a_very_long_list_only_the_first_values_are_looked_at() {
    let list = |at: usize| {
        let mut values = vec![json!(0); at];
        values.push(json!("x"));
        json!({"a": values})
    };
    assert!(matches(&json!({"a": ["x"]}), &list(MAX_VALUES - 1)));
    assert!(!matches(&json!({"a": ["x"]}), &list(MAX_VALUES)));
}

#[test]
fn equal_filters_have_equal_texts_and_come_back() {
    let options = |text: &str| serde_json::from_str::<Options>(text).unwrap();
    let one = options(r#"{"filter": {"b": [1], "a": ["x"]}, "filter_scope": "body", "subject": "s"}"#);
    let same = options(r#"{"filter_scope": "body", "filter": {"a": ["x"], "b": [1]}}"#);
    assert_eq!(Filter::text(&one), Filter::text(&same));
    assert_ne!(Filter::text(&one), Filter::text(&options(r#"{"filter": {"a": ["x"], "b": [1]}}"#)));
    let stored = Filter::stored(&Filter::text(&one)).unwrap();
    assert_eq!(Some(stored), Filter::of(&one, Limits::default()).unwrap());
    for none in ["{}", r#"{"filter": null}"#, r#"{"filter": {}}"#, r#"{"filter_scope": "body"}"#] {
        assert_eq!(Filter::of(&options(none), Limits::default()), Ok(None));
        assert_eq!(Filter::text(&options(none)), "");
    }
    let refusal = Filter::of(&options(r#"{"filter": {"a": 1}}"#), Limits::default()).unwrap_err().to_string();
    assert!(refusal.starts_with("/filter/a: "), "{refusal}");
    let refusal =
        Filter::of(&options(r#"{"filter_scope": "bodi"}"#), Limits::default()).unwrap_err().to_string();
    assert!(refusal.contains("/filter_scope: ") && refusal.contains("did you mean `body`?"), "{refusal}");
}

/// Few letters and names, so that policies and messages often meet.
fn word() -> impl Strategy<Value = String> {
    "[aAbñ*]{1,3}"
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        (-3_i64..4).prop_map(|n| json!(n as f64 / 2.0)),
        word().prop_map(Value::from),
        Just(json!("10.0.0.7")),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned)
}

fn message() -> impl Strategy<Value = Value> {
    let value = scalar().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map(name(), value, 0..4).prop_map(|map| Value::Object(map.into_iter().collect()))
}

fn condition() -> impl Strategy<Value = Value> {
    let operator = prop::sample::select(vec!["prefix", "suffix", "equals-ignore-case", "wildcard"]);
    let comparison = prop::sample::select(vec!["=", "<", "<=", ">", ">="]);
    prop_oneof![
        3 => scalar(),
        1 => any::<bool>().prop_map(|exists| json!({"exists": exists})),
        2 => (operator.clone(), word()).prop_map(|(name, text)| json!({name: text})),
        1 => (operator, word()).prop_map(|(name, text)| json!({"anything-but": {name: text}})),
        1 => prop::collection::vec(scalar(), 1..3).prop_map(|list| json!({"anything-but": list})),
        1 => (comparison, -2_i64..3).prop_map(|(name, n)| json!({"numeric": [name, n]})),
        1 => (-2_i64..3, -2_i64..3).prop_map(|(low, high)| json!({"numeric": [">=", low, "<", high]})),
        1 => Just(json!({"cidr": "10.0.0.0/24"})),
    ]
}

fn policy() -> impl Strategy<Value = Value> {
    let keys = prop::collection::btree_map(
        name(),
        prop::collection::vec(condition(), 1..3).prop_map(Value::from),
        1..3,
    );
    let leaf = keys.prop_map(|map| Value::Object(map.into_iter().collect()));
    leaf.prop_recursive(2, 8, 2, |inner| {
        prop_oneof![
            (name(), inner.clone()).prop_map(|(name, inner)| json!({name: inner})),
            (inner.clone(), inner).prop_map(|(one, other)| json!({"$or": [one, other]})),
        ]
    })
}

/// Anything at all, with the words of policies among its names.
fn anything() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "$or",
            "prefix",
            "numeric",
            "anything-but",
            "exists",
            "wildcard",
            "cidr",
            "a"
        ])
        .prop_map(str::to_owned),
        "\\PC{0,3}",
    ];
    let text = prop_oneof!["\\PC{0,5}", Just(">".to_owned()), Just("a*".to_owned())];
    prop_oneof![scalar(), any::<f64>().prop_map(|n| json!(n)), text.prop_map(Value::from)].prop_recursive(
        4,
        24,
        4,
        move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(name.clone(), inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
            ]
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_json_is_a_policy_or_refused_and_evaluates(policy in anything(), message in anything()) {
        for scope in [Scope::Body, Scope::Attributes] {
            if let Ok(filter) = Filter::parse(&policy, scope, Limits::default()) {
                filter.matches(&Attributes::default(), || Some(&message));
            }
        }
    }

    #[test]
    fn the_compiled_form_says_what_the_plain_rules_say(policy in policy(), messages in prop::collection::vec(message(), 8)) {
        if let Ok(filter) = Filter::parse(&policy, Scope::Body, Limits::default()) {
            for message in messages {
                let wanted = reference::holds(policy.as_object().unwrap(), message.as_object().unwrap());
                prop_assert_eq!(filter.matches(&Attributes::default(), || Some(&message)), wanted, "{} {}", policy, message);
            }
        }
    }
}
