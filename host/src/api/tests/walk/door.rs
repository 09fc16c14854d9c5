//! How something is asked: over HTTP here.

use serde_json::Value;

use super::people::Person;
use crate::api::tests::house::House;

/// What somebody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// `Location`.
    pub(crate) place: String,
}

impl Told {
    /// The body, if the status is this.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Where things can be asked.
pub(crate) trait Door {
    /// Asks for something and says what was told.
    async fn send(&self, who: &Person, method: &str, path: &str, body: Option<Value>) -> Told;
}

impl Door for House {
    async fn send(&self, who: &Person, method: &str, path: &str, body: Option<Value>) -> Told {
        let patch = method == "PATCH" && path.matches('/').count() == 3;
        let kind = if patch { "application/openstack-messaging-v2.0-json-patch" } else { "application/json" };
        let headers = [
            ("x-project-id", who.project.unwrap_or_default()),
            ("x-auth-token", who.token.as_deref().unwrap_or_default()),
            // Whom nobody knows says in vain who he is.
            ("x-roles", "admin"),
            ("content-type", kind),
        ];
        let reply = self.with(method, path, body, &headers).await;
        let place = reply.header("location").to_owned();
        Told { status: reply.status, body: reply.body.to_string(), place }
    }
}
