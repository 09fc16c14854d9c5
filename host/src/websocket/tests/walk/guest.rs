//! Somebody on a connection.

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    api::tests::walk::{
        door::Told,
        people::Person,
        things::{Things, plain},
    },
    websocket::tests::client::{CLIENT, Client, House},
};

use super::asked::bodies;

/// Somebody on a connection.
pub(super) struct Guest {
    pub(super) client: Client,
    who: String,
}

/// What was told of what is there, and of what is nowhere.
pub(super) struct Pair {
    pub(super) there: Told,
    pub(super) nowhere: Told,
    /// Who asked for what, for a failure's text.
    pub(super) what: String,
}

impl Guest {
    /// `person`, who has not said who he is, and writes that all he asks for is of `project`.
    pub(super) async fn new(house: &House, person: &Person, project: &str) -> Self {
        let mut client = house.client().await;
        // Whom nobody knows says in vain who he is.
        client.headers = json!({"Client-ID": CLIENT, "X-Project-ID": project, "X-Roles": "admin"});
        Self { client, who: person.name.clone() }
    }

    /// The same who has shown his token.
    pub(super) async fn known(house: &House, person: &Person, project: &str) -> Self {
        let mut guest = Self::new(house, person, project).await;
        assert_eq!(guest.authenticate(person, None).await, 200, "{}", guest.who);
        guest
    }

    /// Shows the token of `person`; the status.
    pub(super) async fn authenticate(&mut self, person: &Person, project: Option<&str>) -> u64 {
        let mut headers = json!({});
        for (name, value) in [("X-Auth-Token", person.token.as_deref()), ("X-Project-ID", project)] {
            if let Some(value) = value {
                headers[name] = json!(value);
            }
        }
        let request = json!({"action": "authenticate", "headers": headers}).to_string();
        self.client.stream.send(Message::text(request)).await.unwrap();
        self.client.text().await["headers"]["status"].as_u64().unwrap()
    }

    /// Asks, and says what was told.
    pub(super) async fn ask(&mut self, action: &str, body: Value) -> Told {
        let (status, body) = self.client.ask(action, body).await;
        let status = u16::try_from(status).unwrap();
        plain(Told { status, body: body.to_string(), place: String::new() })
    }

    /// Asks for `action` in every way, once with what is there and once with what is not.
    pub(super) async fn both(&mut self, action: &str, there: &Things, nowhere: &Things) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for (one, other) in bodies(action, there).into_iter().zip(bodies(action, nowhere)) {
            let what = format!("{action} {one} {}", self.who);
            let (there, nowhere) = (self.ask(action, one).await, self.ask(action, other).await);
            pairs.push(Pair { there, nowhere, what });
        }
        pairs
    }
}
