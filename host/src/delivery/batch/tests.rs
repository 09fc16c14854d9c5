//! What becomes of the items of a batch, and which of them go together.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use nuncio_core::{
    Batch, Driver, Entry, Kind, Limits, Manifest, Message, MessageId, Notice, Options, Origin, Outcome,
    Outcomes, ProjectId, QueueId, Report, Scope, SubscriberUri, SubscriptionId, TargetId,
};
use serde_json::Map;
use tokio::sync::Notify;

use super::Batches;
use crate::{
    delivery::{answer::Answer, prepared::Prepared, targets::Ready},
    render::Rendered,
    storage::TargetView,
};

const LONG: Duration = Duration::from_secs(60);

/// Does what the body of each item says, all at once.
#[derive(Default)]
struct Obedient {
    batches: Mutex<Vec<usize>>,
    panic: Notify,
    dropped: Arc<AtomicUsize>,
}

/// Counts that it is gone.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl Driver for Obedient {
    async fn deliver(&self, _: &Notice<'_>) -> Outcomes {
        Report::rejected(Scope::Message, "not by a batch").into()
    }

    async fn deliver_batch(&self, batch: &Batch<'_>) {
        let _call = Dropped(Arc::clone(&self.dropped));
        self.batches.lock().unwrap().push(batch.notices().len());
        let each = batch.notices().iter().enumerate().map(|(position, notice)| async move {
            match notice.body {
                b"ok" => batch.settle(position, Outcome::Delivered),
                b"retry" => batch.settle(position, Report::deferred(Scope::Recipient, "busy")),
                b"sleep" => std::future::pending().await,
                b"panic" => {
                    self.panic.notified().await;
                    panic!("at item {position}");
                }
                _ => {}
            }
        });
        join_all(each).await;
    }
}

fn prepared(driver: &Arc<Obedient>, body: &'static str, deadline: Duration) -> Arc<Prepared> {
    let uri = Arc::new(SubscriberUri::parse("x://h/a").unwrap());
    let address = uri.canonical().to_owned();
    let view = TargetView {
        id: TargetId(1),
        subscription: SubscriptionId::NONE,
        project: "p".into(),
        queue: String::new(),
        queue_metadata: Map::new(),
        ended: false,
        expired: false,
        driver: "obedient".into(),
        uri: address.clone(),
        addresses: vec![address.clone()],
        newest_uri: address.clone(),
        newest_addresses: vec![address],
        newest_driver: "obedient".into(),
        options: Options::default(),
        gone: Vec::new(),
        frozen: false,
        consent: Default::default(),
    };
    let mut manifest = Manifest::new("obedient", "1", &["x"]);
    manifest.limits = Limits::default().batch(4);
    let entry = Entry {
        manifest: Arc::new(manifest),
        origin: Origin::Linked,
        driver: Arc::<Obedient>::clone(driver),
    };
    let ready = Ready {
        uri: Ok(Arc::clone(&uri)),
        entry: Some(entry.clone()),
        meter: Arc::new(crate::delivery::observe::Meter::of("obedient")),
        policy: Arc::default(),
        deadline,
        subscription: String::new(),
        view,
    };
    Arc::new(Prepared {
        ready: Arc::new(ready),
        message: Arc::new(message(body)),
        entry,
        uri,
        id: "d".into(),
        public: "m".into(),
        content: Rendered::default(),
        open: vec![(0, 0)],
        attempt: 1,
        began: 0,
        unsubscribe: None,
    })
}

fn message(body: &'static str) -> Message {
    Message {
        id: MessageId(1),
        post: 0,
        kind: Kind::Notification,
        project: ProjectId(1),
        queue: QueueId::NONE,
        created: 0,
        deliver_at: 0,
        deliver_until: 0,
        ttl: 60,
        delay: None,
        client: String::new(),
        content_type: "text/plain".into(),
        headers: Default::default(),
        attributes: Default::default(),
        body: body.into(),
        matched: Arc::from([]),
    }
}

/// Outcome and reason of an item, and whether the deadline said it.
fn said(answer: &Answer) -> (Outcome, String, bool, bool) {
    let report = answer.outcomes.of(0);
    (report.outcome, report.reason, report.maybe_sent, answer.timed_out)
}

#[tokio::test]
async fn each_item_of_a_mixed_batch_has_its_own_outcome() {
    let (driver, batches) = (Arc::new(Obedient::default()), Batches::default());
    let ask = |body, deadline| batches.ask(prepared(&driver, body, deadline));
    let sleep = async {
        let answer = ask("sleep", Duration::from_millis(20)).await;
        // The panic comes last: it must not reach those that have their outcome.
        driver.panic.notify_one();
        answer
    };
    let (ok, sleep, panic, retry) =
        tokio::join!(ask("ok", LONG), sleep, ask("panic", LONG), ask("retry", LONG));
    assert_eq!(*driver.batches.lock().unwrap(), [4]);
    assert_eq!(said(&ok), (Outcome::Delivered, String::new(), false, false));
    assert_eq!(said(&sleep), (Outcome::Deferred, "no answer within 20 ms".into(), true, true));
    assert_eq!(said(&panic), (Outcome::Deferred, "the driver panicked: at item 2".into(), true, false));
    assert_eq!(said(&retry), (Outcome::Deferred, "busy".into(), false, false));
}

#[tokio::test]
async fn an_item_without_a_word_at_the_end_may_have_been_sent() {
    let (driver, batches) = (Arc::new(Obedient::default()), Batches::default());
    let (silent, ok) = tokio::join!(
        batches.ask(prepared(&driver, "silent", LONG)),
        batches.ask(prepared(&driver, "ok", LONG))
    );
    let (outcome, reason, maybe_sent, _) = said(&silent);
    assert!(outcome == Outcome::Deferred && maybe_sent && reason.contains("said nothing"), "{reason}");
    assert_eq!(said(&ok).0, Outcome::Delivered);
}

#[tokio::test]
async fn those_that_are_ready_together_go_together_as_many_as_the_driver_takes() {
    let (driver, batches) = (Arc::new(Obedient::default()), Batches::default());
    let answers = join_all((0..10).map(|_| batches.ask(prepared(&driver, "ok", LONG)))).await;
    assert!(answers.iter().all(|answer| said(answer).0 == Outcome::Delivered));
    let mut sizes = driver.batches.lock().unwrap().clone();
    sizes.sort_unstable();
    assert_eq!(sizes, [2, 4, 4]);
}

#[tokio::test]
async fn one_that_hangs_holds_up_neither_its_batch_nor_those_behind_it() {
    let (driver, batches) = (Arc::new(Obedient::default()), Batches::default());
    let hanging = batches.ask(prepared(&driver, "sleep", LONG));
    let others = async {
        let beside = batches.ask(prepared(&driver, "ok", LONG)).await;
        let behind = batches.ask(prepared(&driver, "ok", LONG)).await;
        [said(&beside).0, said(&behind).0]
    };
    tokio::select! {
        biased;
        _ = hanging => panic!("nobody answers for it yet"),
        outcomes = others => assert_eq!(outcomes, [Outcome::Delivered; 2]),
    }
    assert_eq!(*driver.batches.lock().unwrap(), [2, 1]);
}

#[tokio::test]
async fn a_call_is_dropped_once_its_last_item_is_too_late() {
    let (driver, batches) = (Arc::new(Obedient::default()), Batches::default());
    let (first, last) = tokio::join!(
        batches.ask(prepared(&driver, "sleep", Duration::from_millis(5))),
        batches.ask(prepared(&driver, "sleep", Duration::from_millis(10)))
    );
    assert!(first.timed_out && last.timed_out);
    tokio::task::yield_now().await;
    assert_eq!(driver.dropped.load(Ordering::SeqCst), 1);
}
