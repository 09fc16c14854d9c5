//! What is said to Keystone and what it answers: Identity API v3, "Authentication and token management" and OS-TRUST.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};

use crate::{config, times};

/// The methods of Keystone by which somebody acts for another one, or with a part of his rights.
const DELEGATING: [&str; 4] = ["application_credential", "oauth1", "oauth2_credential", "ec2credential"];

/// A token as `GET /v3/auth/tokens` and `POST /v3/auth/tokens` describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The user's id.
    pub(super) user: String,
    /// The project's id; `None` for a token of another scope.
    pub(super) project: Option<String>,
    /// The names of the roles.
    pub(super) roles: Vec<String>,
    /// Their ids.
    pub(super) role_ids: Vec<String>,
    /// When it ends, Unix milliseconds.
    pub(super) expires: i64,
    /// Somebody was given it to act for the user: by a trust, an application credential or OAuth.
    pub(super) delegated: bool,
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
    #[serde(default)]
    methods: Vec<String>,
    #[serde(rename = "OS-TRUST:trust")]
    trust: Option<IgnoredAny>,
    #[serde(rename = "OS-OAUTH1")]
    oauth: Option<IgnoredAny>,
    application_credential: Option<IgnoredAny>,
}

impl Described {
    /// A token that is made from a delegated one keeps the methods of that.
    fn is_delegated(&self) -> bool {
        let told = self.trust.is_some() || self.oauth.is_some() || self.application_credential.is_some();
        told || self.methods.iter().any(|one| DELEGATING.contains(&one.as_str()))
    }
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Role {
    #[serde(default)]
    id: String,
    name: String,
}

/// A trust, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Trust {
    /// Its id.
    pub(super) id: String,
    /// Who trusts.
    #[serde(rename = "trustor_user_id")]
    pub(super) trustor: String,
    /// Who is trusted.
    #[serde(rename = "trustee_user_id")]
    pub(super) trustee: String,
    /// Where.
    #[serde(rename = "project_id")]
    pub(super) project: Option<String>,
    /// When it ends, RFC 3339; `None` for never.
    pub(super) expires_at: Option<String>,
    /// Whether its tokens are of who trusts; those of another trust are of who is trusted.
    #[serde(default)]
    pub(super) impersonation: bool,
    #[serde(default)]
    roles: Vec<Role>,
}

impl Trust {
    /// Whether it gives nothing but what `token` may itself.
    pub(super) fn is_within(&self, token: &Token) -> bool {
        self.roles.iter().all(|role| token.role_ids.contains(&role.id))
    }
}

/// Reads what is said of a trust; `None` for what is none.
pub(super) fn trust(body: &[u8]) -> Option<Trust> {
    #[derive(Deserialize)]
    struct Said {
        trust: Trust,
    }
    serde_json::from_slice(body).ok().map(|Said { trust }| trust)
}

/// Reads the description of a token; `None` for what is none.
pub(super) fn token(body: &[u8]) -> Option<Token> {
    let Answer { token } = serde_json::from_slice(body).ok()?;
    Some(Token {
        delegated: token.is_delegated(),
        user: token.user.id,
        project: token.project.map(|project| project.id),
        role_ids: token.roles.iter().map(|role| role.id.clone()).collect(),
        roles: token.roles.into_iter().map(|role| role.name).collect(),
        expires: times::of_rfc3339(&token.expires_at)?,
    })
}

/// Who this host is, by password.
pub(super) fn identity(account: &config::Keystone) -> Value {
    json!({"methods": ["password"], "password": {"user": {
        "name": account.username,
        "domain": {"name": account.user_domain_name},
        "password": account.password.as_ref().map_or("", |password| password.expose()),
    }}})
}

/// The scope of a token of the host's own: its project.
pub(super) fn project(account: &config::Keystone) -> Value {
    json!({"project": {"name": account.project_name, "domain": {"name": account.project_domain_name}}})
}

/// The scope of a token by a trust.
pub(super) fn by_trust(trust: &str) -> Value {
    json!({"OS-TRUST:trust": {"id": trust}})
}

/// The wish that `trustee` acts as `token` may, with all of its roles, until `end` (RFC 3339).
pub(super) fn wish(token: &Token, trustee: &str, end: &str) -> Value {
    let roles: Vec<_> = token.role_ids.iter().map(|id| json!({ "id": id })).collect();
    json!({"trust": {
        "trustor_user_id": token.user,
        "trustee_user_id": trustee,
        "project_id": token.project,
        "impersonation": true,
        "allow_redelegation": false,
        "roles": roles,
        "expires_at": end,
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
        assert_eq!(read.role_ids, ["8973", "cdd1"]);
        assert_eq!(times::rfc3339(read.expires).unwrap(), "2026-11-22T12:51:44.000Z");
    }

    #[test]
    fn a_token_without_a_project_has_none() {
        let body = br#"{"token": {"user": {"id": "u"}, "expires_at": "2026-11-22T12:51:44.000000Z"}}"#;
        assert_eq!(token(body).unwrap().project, None);
    }

    #[test]
    fn a_token_that_was_given_to_act_for_somebody_is_told_apart() {
        let delegated = |more: Value| {
            let mut body = json!({"user": {"id": "u"}, "expires_at": "2026-11-22T12:51:44.000000Z"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            token(json!({"token": body}).to_string().as_bytes()).unwrap().delegated
        };
        assert!(!delegated(json!({"methods": ["password", "totp"]})));
        assert!(!delegated(json!({"methods": ["token", "password"]})));
        for more in [
            json!({"methods": ["password", "token"], "OS-TRUST:trust": {"id": "t1", "impersonation": true}}),
            json!({"methods": ["application_credential"]}),
            json!({"methods": ["token"], "application_credential": {"id": "a", "restricted": true}}),
            json!({"methods": ["token", "oauth1"]}),
            json!({"methods": [], "OS-OAUTH1": {"consumer_id": "c"}}),
        ] {
            assert!(delegated(more.clone()), "{more}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_a_token_or_none(text in "\\PC{0,80}", at in "\\PC{0,30}") {
            drop(token(text.as_bytes()));
            let body = json!({"token": {"user": {"id": &text}, "expires_at": &at}}).to_string();
            drop(token(body.as_bytes()));
            prop_assert_eq!(trust(text.as_bytes()), None);
            let body = json!({"trust": {"id": &text, "trustor_user_id": "u", "trustee_user_id": at}}).to_string();
            prop_assert_eq!(trust(body.as_bytes()).map(|trust| trust.id), Some(text));
        }
    }
}
