//! The hub as a driver: what is delivered to `websocket:` is written to the connection that the subscription is
//! attached to.
//!
//! A subscription has a destination of its own. While nothing is attached to it the hub says that it is away, and its
//! deliveries wait in their order: no attempt is made and no retry window runs.

use std::time::Duration;

use async_trait::async_trait;
use nuncio_core::{
    Checked, ContentForm, Driver, Manifest, Notice, Options, Outcomes, Refusal, Report, Scope, SubscriberUri,
    zaqar,
};

use super::hub::{ConnectionId, Hub};

/// The name of the driver, and its scheme.
pub(crate) const NAME: &str = "websocket";
/// What follows the scheme where a connection subscribed itself.
const CONNECTION: &str = "connection/";
/// The longest name in a URI.
const MAX_NAME: usize = 64;

const DETACHED: &str = "no connection is attached to the subscription";

/// What the driver says of itself.
pub(crate) fn manifest() -> Manifest {
    let mut manifest = Manifest::new(NAME, env!("CARGO_PKG_VERSION"), &[NAME]);
    "WebSocket".clone_into(&mut manifest.title);
    manifest.content = ContentForm::Raw;
    manifest
}

/// The subscriber of a connection that subscribes itself.
pub(super) fn itself(connection: ConnectionId) -> String {
    format!("{NAME}:{CONNECTION}{connection}")
}

#[async_trait]
impl Driver for Hub {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        let Some(attached) = self.find(notice.meta.subscription) else { return detached(DETACHED).into() };
        let text = zaqar::notification(&notice.meta, notice.body).into_bytes();
        let frame = match attached.form.frame(text) {
            Ok(frame) => frame,
            Err(why) => return Report::rejected(Scope::Message, why).into(),
        };
        let Some(written) = attached.outbox.push(frame).await else {
            return detached("the connection is being closed").into();
        };
        match written.await {
            Ok(()) => Report::delivered().into(),
            Err(_) => detached("the connection ended before it was written").maybe_sent().into(),
        }
    }

    async fn check(&self, uri: &SubscriberUri, _: &Options) -> Result<Checked, Refusal> {
        let rest = uri.canonical().split_once(':').map_or("", |(_, rest)| rest);
        let sound = match rest.strip_prefix(CONNECTION) {
            Some(id) => ConnectionId::try_parse(id).is_ok_and(|id| self.has(id)),
            None => {
                rest.len() <= MAX_NAME
                    && rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
            }
        };
        if sound {
            return Ok(Checked::of(uri).with_destination(""));
        }
        let fix = "write `websocket:` and a name of at most 64 letters, digits, `_`, `-` and `.`; a connection that \
                   subscribes itself names no subscriber";
        Err(Refusal::new("uri", "not the name of a subscription that a connection could attach to").fix(fix))
    }

    fn away(&self, destination: &str) -> Option<String> {
        (!self.is_attached(destination)).then(|| DETACHED.to_owned())
    }
}

/// Not now, and through nobody's fault: it is tried again as soon as somebody is attached.
fn detached(why: &str) -> Report {
    Report::deferred(Scope::Account, why).retry_after(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nuncio_core::{Outcome, SubscriptionId};
    use proptest::prelude::*;
    use tokio_tungstenite::tungstenite::Message;

    use super::*;
    use crate::websocket::{form::Form, hub::Named, outbox::Outbox};

    async fn checked(hub: &Hub, uri: &str) -> Result<Checked, Refusal> {
        hub.check(&SubscriberUri::parse(uri).unwrap(), &Options::default()).await
    }

    #[tokio::test]
    async fn a_subscription_has_a_name_or_is_the_connections_own() {
        let hub = Hub::default();
        for good in ["websocket:", "websocket:worker-1", "WebSocket:a.b_c"] {
            assert_eq!(checked(&hub, good).await.unwrap().destination, "", "{good}");
        }
        let mine = hub.enter();
        assert!(checked(&hub, &itself(mine)).await.is_ok());
        hub.leave(mine);
        let long = format!("websocket:{}", "a".repeat(65));
        for bad in ["websocket://a", "websocket:a/b", "websocket:connection/1", &itself(mine), &long] {
            assert!(checked(&hub, bad).await.is_err(), "{bad}");
        }
    }

    async fn deliver(hub: &Hub, subscription: &str) -> Report {
        let (uri, options) = (SubscriberUri::parse("websocket:a").unwrap(), Options::default());
        let mut notice = Notice::new("id", &uri, &[], &options);
        (notice.meta.queue, notice.meta.ttl, notice.meta.subscription) = ("q", 60, subscription);
        notice.body = b"{\"k\": 1}";
        hub.deliver(&notice).await.of(0)
    }

    #[tokio::test]
    async fn what_is_written_is_delivered_and_all_else_waits() {
        let (hub, one) = (Hub::default(), Named { id: SubscriptionId(1), public: "s".to_owned() });
        let nobody = deliver(&hub, "s").await;
        assert!(nobody.outcome == Outcome::Deferred && nobody.scope == Scope::Account, "{nobody:?}");
        let (connection, outbox) = (hub.enter(), Arc::new(Outbox::new(1 << 10)));
        hub.attach(connection, &one, Form::Json, Arc::clone(&outbox));
        let written = async {
            let push = outbox.taken().await.pop_front().unwrap();
            let Message::Text(text) = push.frame else { panic!("a text frame") };
            let want = r#"{"ttl": 60, "body": {"k": 1}, "Message_Type": "Notification", "queue_name": "q"}"#;
            assert_eq!(text.as_str(), want);
            push.written.send(()).unwrap();
        };
        let (report, ()) = tokio::join!(deliver(&hub, "s"), written);
        assert_eq!(report.outcome, Outcome::Delivered);
        let lost = async { drop(outbox.taken().await) };
        let (report, ()) = tokio::join!(deliver(&hub, "s"), lost);
        assert!(report.outcome == Outcome::Deferred && report.maybe_sent, "{report:?}");
        outbox.close();
        assert_eq!(deliver(&hub, "s").await.scope, Scope::Account);
    }

    proptest! {
        #[test]
        fn any_uri_is_taken_or_refused(rest in "[ -~]{0,80}") {
            if let Ok(uri) = SubscriberUri::parse(&format!("websocket:{rest}")) {
                let (hub, options) = (Hub::default(), Options::default());
                drop(futures_util::FutureExt::now_or_never(hub.check(&uri, &options)).unwrap());
            }
        }
    }
}
