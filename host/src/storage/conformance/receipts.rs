//! Receipts find their delivery, whenever they come, and change it once.

use std::{sync::Arc, time::Duration};

use nuncio_core::{Cursor, DeliveryKey, Outcome, Settlement, State, Why};

use super::bench::{Bench, PROJECT, closed, dead, key, waits};
use crate::storage::{ReceiptWord, Sent, Tally, sqlite::Limits};

super::promises! {
    a_receipt_confirms_what_was_taken,
    what_is_taken_back_is_a_dead_letter_and_the_accounts_close,
    a_receipt_that_came_first_waits_for_its_delivery,
    a_receipt_by_the_delivery_is_of_its_driver_alone,
    all_parts_must_arrive,
    a_final_receipt_stays,
    what_is_tried_again_has_new_ids,
    a_receipt_of_a_replay_may_come_before_its_outcome,
    a_receipt_with_the_id_of_an_earlier_attempt_does_not_count,
    a_replay_after_a_receipt_goes_its_way_also_beside_what_was_ended_by_hand,
    an_address_that_is_gone_is_published,
    receipts_go_with_their_delivery,
}

const DRIVER: &str = "http";

fn word(id: &str, outcome: Outcome) -> ReceiptWord {
    let (id, reason) = (id.to_owned(), "the phone is off".to_owned());
    ReceiptWord { delivery: None, provider_id: id, outcome, code: 27, reason, at: 77 }
}

fn of(delivery: DeliveryKey, outcome: Outcome) -> ReceiptWord {
    ReceiptWord { delivery: Some(delivery), ..word("", outcome) }
}

impl Bench {
    /// A delivery that is not settled.
    async fn open(&mut self) -> DeliveryKey {
        let id = self.post(&["1"]).await.ids[0];
        self.fresh().await;
        key(id, 0)
    }

    /// The far side took a delivery and calls it so.
    async fn sent(&self, key: DeliveryKey, ids: &str) {
        self.sent_as(closed(key, State::Delivered, false), ids).await;
    }

    async fn sent_as(&self, settlement: Settlement, ids: &str) {
        let sent = Sent { key: settlement.key(), driver: DRIVER.into(), provider_id: ids.into() };
        let failed = Arc::new(|why| panic!("{why}"));
        self.store.record(vec![settlement], vec![sent], Cursor::default(), failed).await.unwrap();
    }

    async fn told(&self, word: ReceiptWord) {
        self.store.receipts(DRIVER, vec![word]).await.unwrap();
    }

    /// What the receipts of a delivery come to.
    async fn receipt(&self, key: DeliveryKey) -> Option<Outcome> {
        self.delivery(key).await.receipt.map(|one| one.outcome)
    }

    async fn tally(&self) -> Tally {
        self.store.gauges().await.unwrap().tally
    }
}

const ONE_DEAD: Tally = Tally { accepted: 1, delivered: 0, dead: 1, cancelled: 0, expired: 0, suppressed: 0 };

async fn a_receipt_confirms_what_was_taken(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let one = bench.open().await;
    bench.sent(one, "m-1").await;
    let view = bench.delivery(one).await;
    assert_eq!((view.provider_id.as_str(), view.receipt), ("m-1", None));
    bench.told(word("m-1", Outcome::Deferred)).await;
    assert_eq!(bench.receipt(one).await, Some(Outcome::Deferred));
    bench.reopen().await;
    bench.told(word("m-1", Outcome::Delivered)).await;
    let view = bench.delivery(one).await;
    let receipt = view.receipt.unwrap();
    assert_eq!(
        (view.state, receipt.outcome, receipt.code, receipt.at),
        (State::Delivered, Outcome::Delivered, 27, 77)
    );
}

async fn what_is_taken_back_is_a_dead_letter_and_the_accounts_close(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let one = bench.open().await;
    bench.sent(one, "m-1").await;
    bench.told(word("m-1", Outcome::Rejected)).await;
    let view = bench.delivery(one).await;
    assert_eq!(
        (view.state, view.reason.as_str()),
        (State::Dead, "rejected by a receipt 27: the phone is off")
    );
    assert_eq!(bench.tally().await, ONE_DEAD);
    bench.told(word("m-1", Outcome::Rejected)).await;
    bench.reopen().await;
    assert_eq!(bench.tally().await, ONE_DEAD);
    assert!(bench.backlog(10).await.is_empty());
}

async fn a_receipt_that_came_first_waits_for_its_delivery(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let (by_id, by_key) = (bench.open().await, bench.open().await);
    bench.told(word("m-1", Outcome::Deferred)).await;
    bench.told(word("m-1", Outcome::Delivered)).await;
    bench.told(of(by_key, Outcome::Rejected)).await;
    bench.reopen().await;
    bench.sent(by_id, "m-1").await;
    bench.sent(by_key, "").await;
    assert_eq!(bench.receipt(by_id).await, Some(Outcome::Delivered));
    assert_eq!(
        (bench.receipt(by_key).await, bench.state(by_key).await),
        (Some(Outcome::Rejected), State::Dead)
    );
}

async fn a_receipt_by_the_delivery_is_of_its_driver_alone(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let one = bench.open().await;
    bench.sent(one, "m-1").await;
    for foreign in [of(one, Outcome::Rejected), word("m-1", Outcome::Rejected)] {
        bench.store.receipts("other", vec![foreign]).await.unwrap();
    }
    assert_eq!((bench.receipt(one).await, bench.state(one).await), (None, State::Delivered));
    bench.told(of(key(one.message, 9), Outcome::Rejected)).await;
    bench.told(of(one, Outcome::Delivered)).await;
    assert_eq!(bench.receipt(one).await, Some(Outcome::Delivered));
    let unnamed = bench.open().await;
    bench.sent(unnamed, "").await;
    bench.store.receipts("other", vec![of(unnamed, Outcome::Rejected)]).await.unwrap();
    assert_eq!(bench.state(unnamed).await, State::Delivered);
    bench.told(of(unnamed, Outcome::Rejected)).await;
    assert_eq!(bench.state(unnamed).await, State::Dead);
}

async fn all_parts_must_arrive(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let (whole, torn) = (bench.open().await, bench.open().await);
    bench.sent(whole, "a-1 a-2").await;
    bench.sent(torn, "b-1 b-2").await;
    bench.told(word("a-1", Outcome::Delivered)).await;
    bench.told(word("b-2", Outcome::Delivered)).await;
    assert_eq!((bench.receipt(whole).await, bench.receipt(torn).await), (None, None));
    bench.told(word("a-2", Outcome::Delivered)).await;
    bench.told(word("b-1", Outcome::Rejected)).await;
    assert_eq!(bench.receipt(whole).await, Some(Outcome::Delivered));
    assert_eq!((bench.receipt(torn).await, bench.state(torn).await), (Some(Outcome::Rejected), State::Dead));
    assert_eq!(bench.delivery(torn).await.provider_id, "b-1 b-2");
}

async fn a_final_receipt_stays(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let one = bench.open().await;
    bench.sent(one, "m-1").await;
    for outcome in [Outcome::Delivered, Outcome::Rejected, Outcome::Deferred] {
        bench.told(word("m-1", outcome)).await;
        assert_eq!(
            (bench.receipt(one).await, bench.state(one).await),
            (Some(Outcome::Delivered), State::Delivered)
        );
    }
}

async fn what_is_tried_again_has_new_ids(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let one = bench.open().await;
    bench.sent(one, "old").await;
    bench.told(word("old", Outcome::Rejected)).await;
    bench.store.requeue(PROJECT, one).await.unwrap();
    bench.sent_as(closed(one, State::Delivered, true), "new").await;
    assert_eq!(bench.tally().await, Tally { accepted: 1, delivered: 1, ..Tally::default() });
    bench.told(word("old", Outcome::Rejected)).await;
    assert_eq!((bench.receipt(one).await, bench.state(one).await), (None, State::Delivered));
    bench.told(word("new", Outcome::Delivered)).await;
    assert_eq!(bench.receipt(one).await, Some(Outcome::Delivered));
}

async fn a_receipt_of_a_replay_may_come_before_its_outcome(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let fresh = bench.fresh().await.remove(0);
    let (taken_back, failed) = (bench.open().await, key(id, 0));
    bench.sent(taken_back, "old").await;
    bench.told(word("old", Outcome::Rejected)).await;
    bench.record(vec![dead(failed, fresh.lane, fresh.target, false)]).await;
    bench.told(of(failed, Outcome::Rejected)).await;
    for one in [taken_back, failed] {
        bench.store.requeue(PROJECT, one).await.unwrap();
    }
    bench.told(of(taken_back, Outcome::Delivered)).await;
    for one in [taken_back, failed] {
        bench.sent_as(closed(one, State::Delivered, true), "").await;
    }
    assert_eq!(bench.receipt(taken_back).await, Some(Outcome::Delivered));
    assert_eq!((bench.receipt(failed).await, bench.state(failed).await), (None, State::Delivered));
}

async fn a_receipt_with_the_id_of_an_earlier_attempt_does_not_count(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let (later, early, unnamed) = (bench.open().await, bench.open().await, bench.open().await);
    let rejected = |key, id: &str| ReceiptWord { delivery: Some(key), ..word(id, Outcome::Rejected) };
    bench.told(rejected(early, "old")).await;
    for (one, ids) in [(later, "new-1 new-2"), (early, "new"), (unnamed, "")] {
        bench.sent(one, ids).await;
    }
    bench.told(rejected(later, "old")).await;
    for one in [later, early] {
        assert_eq!((bench.receipt(one).await, bench.state(one).await), (None, State::Delivered));
    }
    for (one, id) in [(later, "new-2"), (early, ""), (unnamed, "any")] {
        bench.told(rejected(one, id)).await;
        assert_eq!(bench.state(one).await, State::Dead);
    }
}

async fn a_replay_after_a_receipt_goes_its_way_also_beside_what_was_ended_by_hand(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let fresh = bench.fresh().await.remove(0);
    let (one, beside) = (key(id, 0), bench.open().await);
    bench.sent(one, "m-1").await;
    bench.told(word("m-1", Outcome::Rejected)).await;
    bench.store.cancel(PROJECT, beside).await.unwrap();
    bench.store.requeue(PROJECT, one).await.unwrap();
    let later = bench.now() + 500;
    bench.record(vec![waits(one, fresh.lane, fresh.target, later, Why::Retry)]).await;
    assert_eq!((bench.delivery(one).await.at, bench.state(one).await), (later, State::Waiting));
    bench.record(vec![dead(one, fresh.lane, fresh.target, true)]).await;
    let ended = Tally { accepted: 2, dead: 1, cancelled: 1, ..Tally::default() };
    assert_eq!((bench.state(one).await, bench.tally().await), (State::Dead, ended));
}

async fn an_address_that_is_gone_is_published(mut bench: Bench) {
    bench.subscribe("a.example,b.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let target = bench.fresh().await.remove(0).target;
    bench.sent(key(id, 1), "m-1").await;
    bench.told(word("m-1", Outcome::Gone)).await;
    let gone = loop {
        if let Some(gone) = bench.published.recv().await.unwrap().gone_later.pop() {
            break gone;
        }
    };
    assert_eq!((gone.target, gone.place, gone.reason.as_str()), (target, 1, "the phone is off"));
    assert!(bench.delivery(key(id, 1)).await.reason.starts_with("gone by a receipt"));
}

async fn receipts_go_with_their_delivery(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let one = bench.open().await;
    bench.sent(one, "m-1").await;
    bench.empty_queue().await;
    bench.settle(vec![]).await;
    bench.turn(8 * 86_400_000);
    assert_eq!(bench.forget().await, 1);
    assert!(bench.store.delivery(PROJECT, one).await.unwrap().is_none());
    assert_eq!(bench.rows("receipt"), 0);
    bench.told(word("m-1", Outcome::Rejected)).await;
    assert_eq!(bench.rows("early"), 1);
    bench.turn(3_600_001);
    bench.forget().await;
    assert_eq!(bench.rows("early"), 0);
}

#[tokio::test]
async fn no_more_receipts_wait_than_may_and_none_for_too_long() {
    let limits = Limits { waiting_receipts: 2, receipts_wait: Duration::from_secs(1), ..Limits::default() };
    let mut bench = Bench::with(limits).await;
    bench.subscribe("a.example").await;
    let all = [bench.open().await, bench.open().await, bench.open().await];
    for id in ["m-0", "m-1", "m-2"] {
        bench.told(word(id, Outcome::Delivered)).await;
    }
    bench.sent(all[0], "m-0").await;
    bench.sent(all[1], "m-1").await;
    assert_eq!((bench.receipt(all[0]).await, bench.receipt(all[1]).await), (None, Some(Outcome::Delivered)));
    bench.turn(1_001);
    bench.sent(all[2], "m-2").await;
    assert_eq!(bench.receipt(all[2]).await, None);
}
