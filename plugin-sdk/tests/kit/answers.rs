//! Drivers that misread their server.

use nuncio_plugin_sdk::{Notice, Outcome, Outcomes, Report, Scope, async_trait, connect::GuardedConnector};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    right::{Right, place},
    twist::{Twist, breaks, broken, twist},
};

/// Makes a twist of what is done to one report.
macro_rules! reports {
    ($twist:ident, $name:literal, |$report:ident| $body:expr) => {
        #[derive(Default)]
        struct $twist;
        #[async_trait]
        impl Twist for $twist {
            const NAME: &'static str = $name;
            async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
                let mut $report = right.deliver(notice).await.of(0);
                $body;
                $report.into()
            }
        }
        twist!($twist);
    };
}

reports!(Resigned, "resigned", |report| {
    if report.reason.contains("refused by") {
        report = Report::rejected(Scope::Recipient, "nobody is there");
    }
});

reports!(Narrow, "narrow", |report| {
    if report.reason.contains("without an answer") {
        report.scope = Scope::Recipient;
    }
});

reports!(Gullible, "gullible", |report| {
    if report.reason.contains("not HTTP") {
        report.outcome = Outcome::Delivered;
    }
});

reports!(Attached, "attached", |report| {
    if report.code == 410 {
        report.outcome = Outcome::Rejected;
    }
});

reports!(Eager, "eager", |report| {
    report.retry_after = None;
});

/// Tries again by itself.
#[derive(Default)]
struct Stubborn;
#[async_trait]
impl Twist for Stubborn {
    const NAME: &'static str = "stubborn";
    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        match right.deliver(notice).await {
            first if first.of(0).code >= 500 => right.deliver(notice).await,
            first => first,
        }
    }
}
twist!(Stubborn);

/// Takes one read for one answer.
#[derive(Default)]
struct Glancing;
#[async_trait]
impl Twist for Glancing {
    const NAME: &'static str = "glancing";
    async fn deliver(&self, _: &Right, notice: &Notice<'_>) -> Outcomes {
        let glance = async {
            let (host, _) = place(notice.uri).ok()?;
            let (name, port) = host.rsplit_once(':')?;
            let policy = nuncio_plugin_sdk::core::net::Policy::new(&["127.0.0.0/8".to_owned()], &[]).ok()?;
            let connector = GuardedConnector::new(policy.into());
            let mut stream = connector.connect(name, port.parse().ok()?).await.ok()?;
            stream.write_all(b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n").await.ok()?;
            let mut answer = [0; 9];
            let read = stream.read(&mut answer).await.ok()?;
            (read == answer.len()).then_some(())
        };
        match glance.await {
            Some(()) => Report::delivered().into(),
            None => Report::deferred(Scope::Destination, "half an answer").into(),
        }
    }
}
twist!(Glancing);

#[test]
fn a_server_that_is_down_is_no_reason_to_give_up() {
    breaks::<Resigned>(
        "server-refuses",
        &["Rejected/Recipient (nobody is there) instead of Deferred/Destination"],
    );
}

#[test]
fn a_reset_is_about_the_destination() {
    breaks::<Narrow>(
        "server-resets",
        &["a reset connection: Deferred/Recipient", "instead of Deferred/Destination"],
    );
}

#[test]
fn garbage_is_no_success() {
    breaks::<Gullible>("server-garbage", &["an answer of garbage: Delivered"]);
}

#[test]
fn an_answer_in_pieces_is_an_answer() {
    let broken = broken::<Glancing>();
    assert!(broken.contains(&"server-slow"), "{broken:?}");
    assert!(!broken.contains(&"deliver-taken"), "the same answer in one piece is understood: {broken:?}");
}

#[test]
fn a_status_that_is_misread_is_named() {
    breaks::<Attached>("http-answers", &["an answer of 410: Rejected/Recipient (410 Gone) instead of Gone"]);
}

#[test]
fn a_wish_to_wait_is_passed_on() {
    breaks::<Eager>("http-retry-after", &["`Retry-After: 17` became None"]);
}

#[test]
fn one_delivery_is_one_request() {
    breaks::<Stubborn>("http-once", &["an answer of 500: 2 requests"]);
}
