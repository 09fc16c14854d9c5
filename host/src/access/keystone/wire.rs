//! What is said to Keystone and what it answers: Identity API v3, "Authentication and token management".

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{config, times};

/// A token as `GET /v3/auth/tokens` and `POST /v3/auth/tokens` describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The user's id.
    pub(super) user: String,
    /// The project's id; `None` for a token of another scope.
    pub(super) project: Option<String>,
    /// The names of the roles.
    pub(super) roles: Vec<String>,
    /// When it ends, Unix milliseconds.
    pub(super) expires: i64,
}

#[derive(Deserialize)]
struct Answer {
    token: Described,
}

#[derive(Deserialize)]
struct Described {
    user: Named,
    project: Option<Named>,
    #[serde(default)]
    roles: Vec<Role>,
    expires_at: String,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Role {
    name: String,
}

/// Reads the description of a token; `None` for what is none.
pub(super) fn token(body: &[u8]) -> Option<Token> {
    let Answer { token } = serde_json::from_slice(body).ok()?;
    Some(Token {
        user: token.user.id,
        project: token.project.map(|project| project.id),
        roles: token.roles.into_iter().map(|role| role.name).collect(),
        expires: times::of_rfc3339(&token.expires_at)?,
    })
}

/// The body that asks for a token of the host's own, by password, within its project.
pub(super) fn login(account: &config::Keystone) -> Value {
    json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": account.username,
            "domain": {"name": account.user_domain_name},
            "password": account.password.as_ref().map_or("", |password| password.expose()),
        }}},
        "scope": {"project": {
            "name": account.project_name,
            "domain": {"name": account.project_domain_name},
        }},
    }})
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_token_of_a_project_is_read() {
        // As a Keystone 30.0.0 answered.
        let body = br#"{"token": {"methods": ["password"], "user": {"domain": {"id": "default", "name": "Default"},
            "id": "3e04", "name": "admin", "password_expires_at": null}, "audit_ids": ["zHkB"],
            "expires_at": "2026-11-22T12:51:44.000000Z", "issued_at": "2026-11-22T11:51:44.000000Z",
            "project": {"domain": {"id": "default", "name": "Default"}, "id": "0f73", "name": "admin"},
            "is_domain": false, "roles": [{"id": "8973", "name": "admin"}, {"id": "cdd1", "name": "reader"}]}}"#;
        let read = token(body).unwrap();
        assert_eq!((read.user.as_str(), read.project.as_deref()), ("3e04", Some("0f73")));
        assert_eq!(read.roles, ["admin", "reader"]);
        assert_eq!(times::rfc3339(read.expires).unwrap(), "2026-11-22T12:51:44.000Z");
    }

    #[test]
    fn a_token_without_a_project_has_none() {
        let body = br#"{"token": {"user": {"id": "u"}, "expires_at": "2026-11-22T12:51:44.000000Z"}}"#;
        assert_eq!(token(body).unwrap().project, None);
    }

    proptest! {
        #[test]
        fn any_answer_is_a_token_or_none(text in "\\PC{0,80}", at in "\\PC{0,30}") {
            drop(token(text.as_bytes()));
            let body = json!({"token": {"user": {"id": text}, "expires_at": at}}).to_string();
            drop(token(body.as_bytes()));
        }
    }
}
