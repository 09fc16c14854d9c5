//! A driver that takes several notices at once.

use nuncio_plugin_sdk::core::abi;

use crate::{
    drivers::PANIC_LINE,
    host::Told,
    made::Made,
    notice::{Raw, json, lot},
};

fn statuses(made: &Made, count: usize) -> Vec<(u64, i32)> {
    made.host.completed(count).into_iter().map(|(token, said)| (token, said[0].status)).collect()
}

#[test]
fn a_batch_that_ends_at_once_is_completed_in_one_call() {
    let mut notices = lot(["ok", "retry", "unknown", "ok"]);
    let made = Made::new("together", "batch");
    notices[3].notice.uri = abi::Bytes::of(b"no uri");
    assert_eq!(made.submit(&notices), (abi::OK, 4));
    let told = made.host.told();
    let calls: Vec<_> = told.iter().filter(|one| matches!(one, Told::Completed { call: 1, .. })).collect();
    assert_eq!(calls.len(), 4, "{told:#?}");
    let (delivered, deferred, rejected) = (abi::DELIVERED, abi::DEFERRED, abi::REJECTED);
    assert_eq!(statuses(&made, 4), [(1, delivered), (2, deferred), (3, deferred), (4, rejected)]);
    let silent = &made.host.completed(4)[2].1[0];
    assert_eq!(
        (silent.flags, silent.reason.as_str()),
        (abi::MAYBE_SENT, "the driver said nothing of this notice")
    );
}

#[test]
fn what_was_settled_stays_when_another_panics() {
    let notices = lot(["ok", "late", "panic", "retry"]);
    let made = Made::new("together", "batch panic");
    made.submit(&notices);
    let told = made.host.completed(4);
    let of: Vec<_> = told.iter().map(|(_, said)| said[0].status).collect();
    assert_eq!(of, [abi::DELIVERED, abi::DELIVERED, abi::DEFERRED, abi::DEFERRED]);
    let reason = &told[2].1[0].reason;
    assert!(reason.ends_with(&format!("drivers.rs:{PANIC_LINE}: of paper")), "{reason}");
    assert_eq!(told[3].1[0].reason, "busy");
}

#[test]
fn an_item_is_completed_as_it_is_settled_and_its_memory_is_free_then() {
    let made = Made::new("together", "batch early");
    let mut ok = lot(["ok", "late"]);
    made.submit_pointers(&[&raw const *ok[0].notice, &raw const *ok[1].notice]);
    // The first is known while the second is still under way. Whoever looks at it later looks at a copy.
    made.host.completed(1);
    drop(ok.remove(0));
    made.host.completed(2);
    let told = made.host.wait(|told| told.iter().find_map(metric_of_ids));
    assert!(told.contains("id-ok id-late"), "{told}");
}

fn metric_of_ids(told: &Told) -> Option<String> {
    match told {
        Told::Called { json, .. } if json.contains("id-ok id-late") && !json.contains("dropped") => {
            Some(json.clone())
        }
        _ => None,
    }
}

#[test]
fn a_cancelled_item_ends_alone_and_the_last_one_ends_the_batch() {
    let notices = lot(["sleep", "ok", "sleep"]);
    let made = Made::new("together", "batch cancel");
    made.submit(&notices);
    assert_eq!(statuses(&made, 1), [(2, abi::DELIVERED)]);
    made.cancel(&[1]);
    assert_eq!(statuses(&made, 2), [(1, abi::CANCELLED), (2, abi::DELIVERED)]);
    made.cancel(&[3]);
    made.host.completed(3);
    // Nothing is under way any more, so this returns long before its grace is over.
    made.shutdown(u32::MAX);
    assert_eq!(statuses(&made, 3).len(), 3);
}

#[test]
fn more_than_the_driver_takes_are_several_batches() {
    let notices: Vec<Raw> = (1..=20).map(|token| Raw::of(token, json("ok"))).collect();
    let made = Made::new("together", "batches");
    assert_eq!(made.submit(&notices), (abi::OK, 20));
    assert!(statuses(&made, 20).iter().all(|(_, status)| *status == abi::DELIVERED));
    let batches = made
        .host
        .told()
        .iter()
        .filter(|one| matches!(one, Told::Called { json, .. } if json.contains("id-ok id-ok")))
        .count();
    assert_eq!(batches, 3, "8 + 8 + 4");
}
