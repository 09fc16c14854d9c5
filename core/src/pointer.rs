//! JSON pointers (RFC 6901) in which `*` stands for any one member, as in `/accounts/*/password`.

use serde_json::Value;

/// Whether `pointer` leads to what `pattern` means.
#[must_use]
pub fn is_at(pattern: &str, pointer: &str) -> bool {
    let (mut wanted, mut found) = (pattern.split('/'), pointer.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one == "*" || one == other => {}
            _ => return false,
        }
    }
}

/// Whether `pointer` leads to what `pattern` means, or into it.
#[must_use]
pub fn is_within(pattern: &str, pointer: &str) -> bool {
    let depth = pattern.split('/').count();
    let beginning: Vec<_> = pointer.split('/').take(depth).collect();
    is_at(pattern, &beginning.join("/"))
}

/// Everything in `value` that `pattern` means.
#[must_use]
pub fn all<'a>(value: &'a Value, pattern: &str) -> Vec<&'a Value> {
    let Some((before, after)) = pattern.split_once("/*") else {
        return value.pointer(pattern).into_iter().collect();
    };
    let members: Vec<&Value> = match value.pointer(before) {
        Some(Value::Object(map)) => map.values().collect(),
        Some(Value::Array(list)) => list.iter().collect(),
        _ => Vec::new(),
    };
    members.into_iter().flat_map(|member| all(member, after)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_asterisk_is_any_one_member() {
        assert!(is_at("/accounts/*/password", "/accounts/acme/password"));
        assert!(is_at("/token", "/token") && !is_at("/token", "/tokens") && !is_at("/token", "/token/a"));
        assert!(!is_at("/accounts/*/password", "/accounts/password"));
        assert!(is_within("/accounts/*/password", "/accounts/acme/password/env"));
        assert!(!is_within("/accounts/*/password", "/accounts/acme"));
    }

    #[test]
    fn all_that_a_pattern_means_is_found() {
        let value =
            json!({"accounts": {"a": {"password": 1}, "b": {"x": 2}, "c": {"password": 3}}, "token": 4});
        assert_eq!(all(&value, "/accounts/*/password"), [&json!(1), &json!(3)]);
        assert_eq!(all(&value, "/token"), [&json!(4)]);
        assert!(all(&value, "/none/*/x").is_empty());
    }
}
