//! Endings other than success, and the owner's wishes.

use super::*;

fn only(bench: &Bench) -> &Settlement {
    let [settlement] = bench.settlements()[..] else { panic!("{:?}", bench.settlements()) };
    settlement
}

#[test]
fn a_gone_address_is_buried_and_reported() {
    let mut bench = Bench::live(Limits::default());
    bench.commit(vec![job(1, 1)]);
    bench.finish(Report::gone("410"));
    assert!(matches!(only(&bench), Settlement::Dead { failure: Some(_), .. }));
    assert_eq!(bench.notables, [Notable::AddressGone { key: key(1, 0), target: TargetId(10) }]);
}

#[test]
fn what_was_not_sent_is_closed_without_an_attempt() {
    for (end, ends_as) in [(End::Cancelled, State::Cancelled), (End::Suppressed, State::Suppressed)] {
        let mut bench = Bench::live(Limits::default());
        bench.commit(vec![job(1, 1)]);
        bench.end(false, |_| end.clone());
        assert!(matches!(only(&bench), Settlement::Closed { state, n: 0, .. } if *state == ends_as));
    }
}

#[test]
fn a_delivery_whose_time_has_passed_expires_before_it_is_sent() {
    let mut bench = Bench::live(Limits::default());
    bench.commit(vec![Job { until: START, ..job(1, 1) }]);
    assert!(bench.dispatched.is_empty());
    assert!(matches!(only(&bench), Settlement::Closed { state: State::Expired, n: 0, .. }));
}

#[test]
fn a_failure_after_its_time_expires_it() {
    let mut bench = Bench::live(Limits::default());
    bench.commit(vec![Job { until: START + 10, ..job(1, 1) }]);
    bench.now += 10;
    bench.finish(Report::deferred(Scope::Account, "bad password"));
    assert!(matches!(only(&bench), Settlement::Closed { state: State::Expired, n: 1, .. }));
}

#[test]
fn reasons_and_excerpts_are_capped() {
    let mut bench = Bench::live(Limits::default());
    bench.commit(vec![job(1, 1)]);
    let long = "é".repeat(5_000);
    bench.finish(Report::deferred(Scope::Recipient, long.clone()).excerpt(long));
    let Settlement::Deferred { failure: Some(failure), .. } = only(&bench) else { panic!("no failure") };
    assert_eq!((failure.reason.chars().count(), failure.excerpt.chars().count()), (512, 1_024));
}

#[test]
fn a_waiting_delivery_is_cancelled_at_once() {
    let mut bench = Bench::live(Limits { max_in_flight: 1, ..Limits::default() });
    bench.commit(vec![job(1, 1), job(2, 1)]);
    bench.tell(Event::Cancel { keys: vec![key(2, 0)] });
    assert_eq!(bench.answers, [CancelAnswer::Cancelled]);
    assert!(matches!(only(&bench), Settlement::Closed { state: State::Cancelled, .. }));
    bench.finish(Report::delivered());
    assert!(bench.dispatched.is_empty());
}

#[test]
fn one_recipient_of_a_waiting_mail_is_cancelled_and_the_others_go() {
    let mut bench = Bench::live(Limits { max_in_flight: 1, ..Limits::default() });
    bench.commit(vec![job(1, 1), Job { open: (0..3).map(open).collect(), ..job(2, 1) }]);
    bench.tell(Event::Cancel { keys: vec![key(2, 1)] });
    bench.finish(Report::delivered());
    let open: Vec<_> = bench.dispatched[0].1.open.iter().map(|open| open.idx).collect();
    assert_eq!(open, [0, 2]);
}

#[test]
fn many_are_cancelled_together_and_each_is_answered() {
    let mut bench = Bench::live(Limits { max_in_flight: 1, ..Limits::default() });
    let mail = Job { open: (0..3).map(open).collect(), ..job(2, 1) };
    bench.commit(vec![job(1, 1), mail, car(3, 1), job(4, 2), job(5, 1)]);
    let keys = vec![key(5, 0), key(1, 0), key(2, 2), key(2, 0), key(4, 0), key(3, 0), key(9, 0)];
    bench.tell(Event::Cancel { keys });
    use CancelAnswer::{Cancelled, InFlight, NotHot};
    assert_eq!(bench.answers, [Cancelled, InFlight, Cancelled, Cancelled, Cancelled, Cancelled, NotHot]);
    bench.finish(Report::delivered());
    let open: Vec<_> = bench.dispatched.iter().map(|(_, job)| (job.message.0, job.open.len())).collect();
    assert_eq!(open, [(2, 1)]);
    bench.finish(Report::delivered());
    bench.sync();
    assert_eq!((bench.dispatched.len(), bench.engine.hot()), (0, 0));
}

#[test]
fn a_delivery_in_flight_is_cancelled_instead_of_retried() {
    let mut bench = Bench::live(Limits::default());
    bench.commit(vec![job(1, 1)]);
    bench.tell(Event::Cancel { keys: vec![key(1, 0)] });
    assert_eq!(bench.answers, [CancelAnswer::InFlight]);
    bench.finish(busy());
    assert!(matches!(only(&bench), Settlement::Closed { state: State::Cancelled, n: 1, .. }));
}

#[test]
fn a_delivery_on_its_way_to_the_store_is_cancelled_behind_its_row() {
    let mut bench = Bench::live(Limits::default());
    bench.tell(Event::GateRules { gate: GateId(1), max: 8, held: true, rate: None });
    bench.commit(vec![job(1, 1)]);
    bench.tell(Event::Cancel { keys: vec![key(1, 0)] });
    assert_eq!(bench.answers, [CancelAnswer::Cancelled]);
    bench.sync();
    assert!(matches!(bench.settlements()[1], Settlement::Closed { deferred: true, .. }));
    assert_eq!(bench.engine.hot(), 0);
}

#[test]
fn a_delivery_that_is_not_in_memory_is_left_to_the_store() {
    let mut bench = Bench::live(Limits::default());
    bench.tell(Event::Scheduled { lane: LaneId(1), due: START });
    bench.tell(Event::Cancel { keys: vec![key(1, 0)] });
    assert_eq!(bench.answers, [CancelAnswer::NotHot]);
    let row = Deferred {
        key: key(1, 0),
        first: 0,
        target: TargetId(10),
        lane: LaneId(1),
        due: START,
        not_before: 0,
        why: Why::Scheduled,
        n: 0,
        tries: 0,
        since: START,
        bytes: 10,
        post: 0,
        until: 0,
    };
    bench.loaded(1, vec![row], None);
    assert!(bench.dispatched.is_empty(), "the read may be older than the cancellation");
    assert_eq!(bench.reads.len(), 1, "it is read once more");
}

#[test]
fn draining_dispatches_nothing_more_and_records_what_comes() {
    let mut bench = Bench::live(Limits { max_in_flight: 1, ..Limits::default() });
    bench.commit(vec![job(1, 1), job(2, 1)]);
    bench.tell(Event::Drain);
    bench.tell(Event::Scheduled { lane: LaneId(1), due: START });
    bench.finish(Report::delivered());
    assert!(bench.dispatched.is_empty() && bench.reads.is_empty());
    assert!(matches!(only(&bench), Settlement::Closed { state: State::Delivered, .. }));
    bench.sync();
    assert!(bench.engine.idle());
}

#[test]
fn what_waits_for_somebodys_word_holds_neither_its_lane_nor_its_tries() {
    let mut bench = Bench::live(Limits { max_in_flight: 1, ..Limits::default() });
    bench.commit(vec![job(1, 1), job(2, 1)]);
    let due = bench.now + 60_000;
    bench.end(false, |_| End::Parked(due));
    let Settlement::Deferred { row, failure: None } = only(&bench) else {
        panic!("{:?}", bench.settlements())
    };
    assert_eq!((row.why, row.due, row.n, row.tries), (Why::Unconfirmed, due, 0, 0));
    assert!(bench.notables.is_empty(), "the lane goes on: {:?}", bench.notables);
    assert_eq!(bench.dispatched.len(), 1, "the next one is tried");
}
