//! Deliveries that are wrong.

use nuncio_plugin_sdk::{
    Batch, Notice, Outcomes, Refusal, Report, Scope, async_trait,
    core::wire::{Answer, Inbound},
    http::Request,
};

use crate::{
    right::Right,
    twist::{Twist, breaks, broken, twist},
};

/// Reads no answer.
#[derive(Default)]
struct Pessimist;
#[async_trait]
impl Twist for Pessimist {
    const NAME: &'static str = "pessimist";
    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        let report = right.deliver(notice).await.of(0);
        if report.code < 300 && report.reason.is_empty() {
            return Report::deferred(Scope::Recipient, "who knows").into();
        }
        report.into()
    }
}
twist!(Pessimist);

/// Counts on a subject.
#[derive(Default)]
struct Subjective;
#[async_trait]
impl Twist for Subjective {
    const NAME: &'static str = "subjective";
    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        assert!(!notice.content.subject.is_empty(), "a subject");
        right.deliver(notice).await
    }
}
twist!(Subjective);

/// Says everything twice where there is nothing to say.
#[derive(Default)]
struct Stutterer;
#[async_trait]
impl Twist for Stutterer {
    const NAME: &'static str = "stutterer";
    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        let outcomes = right.deliver(notice).await;
        if notice.content.text.is_empty() {
            return Outcomes::each(vec![(0, outcomes.of(0)), (0, outcomes.of(0))]);
        }
        outcomes
    }
}
twist!(Stutterer);

/// Counts recipients itself.
#[derive(Default)]
struct Counter;
#[async_trait]
impl Twist for Counter {
    const NAME: &'static str = "counter";
    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        Outcomes::each(vec![(0, right.deliver(notice).await.of(0))])
    }
}
twist!(Counter);

/// Makes an id of its own.
#[derive(Default)]
struct Nameless;
#[async_trait]
impl Twist for Nameless {
    const NAME: &'static str = "nameless";
    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        let mut other = *notice;
        other.id = "1";
        right.deliver(&other).await
    }
}
twist!(Nameless);

/// Sends where it should show.
#[derive(Default)]
struct Hasty;
#[async_trait]
impl Twist for Hasty {
    const NAME: &'static str = "hasty";
    async fn render(&self, right: &Right, notice: &Notice<'_>) -> Result<String, Refusal> {
        let empty = Request::new(Default::default());
        let request = right.request(notice).unwrap_or(empty);
        right.send(request, notice).await;
        right.render(notice)
    }
}
twist!(Hasty);

/// Forgets the last of a batch, and says the first twice.
#[derive(Default)]
struct Forgetful;
#[async_trait]
impl Twist for Forgetful {
    const NAME: &'static str = "forgetful";
    async fn deliver_batch(&self, right: &Right, batch: &Batch<'_>) {
        let Some((_, known)) = batch.notices().split_last() else { return };
        for (position, notice) in known.iter().enumerate() {
            batch.settle(position, right.deliver(notice).await);
        }
        batch.settle(0, Report::delivered());
    }
}
twist!(Forgetful);

/// Counts on text.
#[derive(Default)]
struct Literate;
#[async_trait]
impl Twist for Literate {
    const NAME: &'static str = "literate";
    async fn receive(&self, right: &Right, request: &Inbound, body: &[u8]) -> Result<Answer, Refusal> {
        std::str::from_utf8(body).unwrap();
        right.receive(request, body)
    }
}
twist!(Literate);

#[test]
fn a_success_that_is_not_told_is_seen() {
    let broken = broken::<Pessimist>();
    assert!(broken.contains(&"deliver-taken") && broken.contains(&"http-answers"), "{broken:?}");
}

#[test]
fn a_panic_on_a_message_is_told_with_the_message_and_the_line() {
    breaks::<Subjective>(
        "deliver-any-message",
        &["no subject: it panicked at", "content.rs:", "nothing at all"],
    );
}

#[test]
fn a_recipient_with_two_reports_is_seen() {
    breaks::<Stutterer>("deliver-any-message", &["nothing at all: there are 2 reports on recipient 0"]);
}

#[test]
fn recipients_are_told_by_their_index() {
    breaks::<Counter>("deliver-recipients", &["there is a report on recipient 0, who is not of the notice"]);
}

#[test]
fn an_id_that_is_not_sent_is_missed() {
    breaks::<Nameless>("idempotency", &["attempt 1 did not send", "attempt 2 did not send"]);
}

#[test]
fn a_dry_run_that_sends_is_seen() {
    breaks::<Hasty>("render", &["it dialled the server"]);
}

#[test]
fn each_item_of_a_batch_is_settled_once() {
    breaks::<Forgetful>("batch", &["item 0 was settled 2 times", "item 2 was not settled"]);
}

#[test]
fn an_inbound_request_that_makes_it_panic_is_told() {
    breaks::<Literate>("receive", &["with the body", "it panicked at", "content.rs:"]);
}
