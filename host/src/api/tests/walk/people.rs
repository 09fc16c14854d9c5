//! Who asks.

use crate::{access::KeyWish, api::Face};

/// What somebody shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    /// Who it is, for a failure's text.
    pub(crate) name: String,
    /// The token.
    pub(crate) token: Option<String>,
    /// `X-Project-ID`.
    pub(crate) project: Option<&'static str>,
}

/// The project whose things are there.
pub(crate) const OWNER: &str = "owner";
/// Another one.
pub(crate) const STRANGER: &str = "stranger";

impl Person {
    /// Somebody of `project` with this role.
    pub(crate) async fn of(face: &Face, project: &'static str, role: &str) -> Self {
        let wish =
            KeyWish { project: project.to_owned(), roles: vec![role.to_owned()], ..KeyWish::default() };
        let made = face.access.keys().create(wish).await.unwrap();
        Self { name: format!("{role} of {project}"), token: Some(made.text().to_string()), project: None }
    }

    /// The same, who says that he is of `project`.
    pub(crate) fn claiming(self, project: &'static str) -> Self {
        Self { name: format!("{} as {project}", self.name), project: Some(project), ..self }
    }

    /// Those whom nobody knows: without a token, with a wrong one, with one that was revoked or has expired.
    pub(crate) async fn unknown(face: &Face) -> Vec<Self> {
        let revoked = Self::of(face, OWNER, "admin").await;
        let id = revoked.token.as_deref().unwrap().split('_').nth(1).unwrap().to_owned();
        assert!(face.access.keys().revoke(&id).await.unwrap());
        let soon = face.clock.now_ms() + 50;
        let roles = vec!["admin".to_owned()];
        let wish = KeyWish { project: OWNER.to_owned(), roles, expires: Some(soon), ..KeyWish::default() };
        let expired = face.access.keys().create(wish).await.unwrap().text().to_string();
        while face.clock.now_ms() < soon {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let named = |name: &str, token: Option<&str>| Self {
            name: name.to_owned(),
            token: token.map(str::to_owned),
            project: Some(OWNER),
        };
        vec![
            named("nobody", None),
            named("with an empty token", Some(" ")),
            named("with rubbish", Some("rubbish")),
            named("with an expired key", Some(&expired)),
            Self { name: "with a revoked key".to_owned(), ..revoked },
        ]
    }
}
