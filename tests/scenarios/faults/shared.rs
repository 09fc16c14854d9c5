use std::{thread, time::Duration};

use nuncio_tests::{Accepted, Account, Host, Sink, until};
use serde_json::json;

use crate::{
    clock::SOON,
    load::{Load, Route},
};

/// The project of all these scenarios.
pub(super) const PROJECT: &str = "tests";
/// Posts of a single message to one subscriber.
pub(super) const SINGLE: Route = Route { project: PROJECT, queue: "q", batch: 1, subscribers: 1 };
/// Posts of many messages to one subscriber.
pub(super) const BATCH: Route = Route { project: PROJECT, queue: "q", batch: 20, subscribers: 1 };

/// Runs `harm` while four clients post to `host`, which has one subscriber at `sink`.
pub(super) fn under_load(host: &mut Host, sink: &Sink, load: &Load, harm: impl FnOnce(&mut Host)) {
    load.aim(Some(host.address()));
    thread::scope(|scope| {
        for route in [SINGLE, SINGLE, BATCH, BATCH] {
            scope.spawn(move || load.post(route, &[sink]));
        }
        let _finish = load.finish_after();
        harm(host);
    });
}

/// Waits until all is delivered to `sink`, and gives the account that this was so.
#[track_caller]
pub(super) fn all_delivered(host: &Host, sink: &Sink, accepted: &Accepted) -> Account {
    until("every accepted delivery to arrive", SOON * 4, || {
        thread::sleep(Duration::from_millis(100));
        (sink.taken_ids().len() >= accepted.deliveries()).then_some(())
    });
    let account = settled(host);
    account.closes(accepted);
    account.agrees_with(&[sink]);
    assert_eq!(account.count("delivered"), account.total(), "{account}");
    account
}

/// Waits until nothing waits, and gives the account.
#[track_caller]
pub(super) fn settled(host: &Host) -> Account {
    until("nothing to wait any more", SOON, || {
        let waiting = host.deliveries("state=waiting&limit=1000");
        thread::sleep(Duration::from_millis(50));
        waiting.is_empty().then_some(())
    });
    Account::of(host, &[PROJECT])
}

/// Sends a notification of one recipient at `url`, now or at a Unix time; the id of its delivery.
#[track_caller]
pub(super) fn notify(host: &Host, accepted: &mut Accepted, url: &str, deliver_at: Option<u64>) -> String {
    let mut body = json!({"to": [url], "content": "x"});
    if let Some(at) = deliver_at {
        body["deliver_at"] = at.into();
    }
    let answer = host.request("POST", "/v2/notifications", &body).expect(202);
    accepted.notification(&answer).remove(0)
}
