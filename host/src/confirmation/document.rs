//! The request with which a web subscriber is asked, exactly as Zaqar's (zaqar/notification/notifier.py).

use nuncio_core::Kind;
use serde_json::{Map, Value, json};

use super::{Link, Purpose};
use crate::signed::Signer;

/// What is posted; `root` is where this host is reached from outside. `None` where nothing can be signed.
pub(super) fn document(kind: Kind, link: &Link, signer: &Signer, root: Option<&str>) -> Option<Value> {
    let grant = link.grant(Purpose::Confirm)?;
    let path = grant.paths().first()?;
    let queue = link.name();
    let (kind, message) = match kind {
        Kind::Unsubscribe => (
            "UnsubscribeConfirmation",
            format!(
                "You have unsubscribed successfully to the queue: {queue}, you can resubscribe it by using confirmed=True."
            ),
        ),
        _ => ("SubscriptionConfirmation", format!("You have chosen to subscribe to the queue: {queue}")),
    };
    let mut document = json!({
        "Message_Type": kind,
        "Message": message,
        "URL-Signature": signer.sign(&grant),
        "URL-Methods": "PUT",
        "URL-Paths": path,
        "X-Project-ID": link.project,
        "URL-Expires": grant.expires(),
        "SubscribeBody": {"confirmed": true},
        "UnsubscribeBody": {"confirmed": false},
        "queue_name": queue,
    });
    if let (Value::Object(members), Some(root)) = (&mut document, root) {
        members.extend(addresses(root, path));
    }
    Some(document)
}

/// Where an answer may be sent.
fn addresses(root: &str, path: &str) -> Map<String, Value> {
    let socket = root.strip_prefix("http").map_or_else(|| root.to_owned(), |rest| format!("ws{rest}"));
    [("WSGISubscribeURL", root), ("WebSocketSubscribeURL", &socket)]
        .map(|(name, root)| (name.to_owned(), format!("{root}{path}").into()))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::{PublicIds, SubscriptionId};

    #[test]
    fn the_addresses_come_with_a_public_url_alone() {
        let link = Link::new("p", "q", &PublicIds::new(&[1; 32]), SubscriptionId(7), 2_145_916_800_000);
        let bare = document(Kind::Confirmation, &link, &Signer::new(b"key"), None).unwrap();
        assert_eq!(bare["Message_Type"], "SubscriptionConfirmation");
        assert!(bare.get("WSGISubscribeURL").is_none());
        let full = document(Kind::Unsubscribe, &link, &Signer::new(b"key"), Some("https://h/n")).unwrap();
        let path = full["URL-Paths"].as_str().unwrap();
        assert_eq!(full["WSGISubscribeURL"], format!("https://h/n{path}"));
        assert_eq!(full["WebSocketSubscribeURL"], format!("wss://h/n{path}"));
        assert_eq!(full["Message_Type"], "UnsubscribeConfirmation");
    }
}
