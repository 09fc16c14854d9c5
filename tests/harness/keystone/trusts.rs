//! The service user of a host, and the trusts that others have in it.

use serde_json::{Value, json};

use super::server::{Account, Keystone};

impl Keystone {
    /// The section `[keystone]` for a host whose user is `service`: one that is no admin.
    #[must_use]
    pub fn section_of(&self, service: &Account) -> String {
        self.section("")
            .replace("username = \"admin\"", &format!("username = \"{}\"", service.user))
            .replace("project_name = \"admin\"", &format!("project_name = \"project-of-{}\"", service.user))
    }

    /// What is behind a token; `None` when it is nobody's.
    #[must_use]
    #[track_caller]
    pub fn behind(&self, token: &str) -> Option<Value> {
        let answer = self.as_admin("GET", "/v3/auth/tokens", &[("X-Subject-Token", token)], &Value::Null);
        (answer.status != 404).then(|| answer.expect(200).json()["token"].clone())
    }

    /// All trusts.
    #[must_use]
    #[track_caller]
    pub fn trusts(&self) -> Vec<Value> {
        let all = self.as_admin("GET", "/v3/OS-TRUST/trusts", &[], &Value::Null).expect(200).json();
        all["trusts"].as_array().expect("a list").clone()
    }

    /// A trust that the owner of `token` has in the user with the id `trustee`, as a member; its id.
    #[track_caller]
    pub fn trust(&self, token: &str, trustee: &str) -> String {
        let of = self.behind(token).expect("a token");
        let wish = json!({"trust": {
            "trustor_user_id": of["user"]["id"], "trustee_user_id": trustee, "project_id": of["project"]["id"],
            "impersonation": true, "roles": [{"name": "member"}],
        }});
        let made = self.ask("POST", "/v3/OS-TRUST/trusts", &[("X-Auth-Token", token)], &wish).expect(201);
        made.json()["trust"]["id"].as_str().expect("an id").to_owned()
    }

    /// Who trusts ends a trust.
    #[track_caller]
    pub fn withdraw(&self, token: &str, trust: &str) {
        let path = format!("/v3/OS-TRUST/trusts/{trust}");
        self.ask("DELETE", &path, &[("X-Auth-Token", token)], &Value::Null).expect(204);
    }
}
