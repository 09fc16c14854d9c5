//! Ordered lanes: what must not be overtaken, and what lets it go.

use super::*;

/// A live engine whose first lane is ordered.
fn ordered(rules: serde_json::Value) -> Bench {
    let mut bench = Bench::live(Limits::default());
    rule(&mut bench, rules);
    bench
}

fn rule(bench: &mut Bench, rules: serde_json::Value) {
    let serde_json::Value::Object(map) = rules else { panic!("an object") };
    let rules = LaneRules::parse(&map).expect("rules");
    bench.tell(Event::LaneRules { lane: LaneId(1), project: ProjectId(1), gate: GateId(1), rules });
}

/// A job of the sequence `sequence` in the first lane.
fn of(sequence: i64, message: i64) -> Job {
    Job { post: -sequence, ..job(message << 22, 1) }
}

fn flying(bench: &Bench) -> Vec<i64> {
    bench.flying().into_iter().map(|message| message >> 22).collect()
}

#[test]
fn a_sequence_goes_one_at_a_time_and_others_beside_it() {
    let mut bench = ordered(json!({"ordered": "/key"}));
    bench.commit(vec![of(1, 1), of(1, 2), of(2, 3), of(1, 4)]);
    assert_eq!(flying(&bench), [1, 3]);
    bench.finish(Report::delivered());
    assert_eq!(flying(&bench), [3, 2]);
}

#[test]
fn what_comes_after_a_failure_waits_for_it_in_the_store() {
    let mut bench = ordered(json!({"ordered": true}));
    bench.commit(vec![of(1, 1), of(1, 2)]);
    bench.finish(busy());
    assert_eq!(flying(&bench), [1], "at once, and before the others");
    bench.finish(busy());
    bench.commit(vec![of(1, 3)]);
    bench.sync();
    assert!(bench.dispatched.is_empty() && bench.engine.hot() == 1, "the first stays in memory");
    let waits = |message: i64| bench.rows().into_iter().rfind(|row| row.key == key(message << 22, 0));
    assert_eq!(waits(1).map(|row| row.not_before), Some(START + 1_000));
    let rest: Vec<_> = [waits(2), waits(3)].into_iter().flatten().collect();
    bench.wait(1_000);
    assert_eq!(flying(&bench), [1]);
    bench.finish(Report::delivered());
    bench.sync();
    bench.loaded(1, rest, None);
    assert_eq!(flying(&bench), [2]);
}

#[test]
fn what_is_given_up_releases_the_next_or_stops_its_sequence() {
    for (rules, next) in
        [(json!({"ordered": true}), vec![2]), (json!({"ordered": {"on_dead": "stop"}}), vec![])]
    {
        let mut bench = ordered(rules);
        bench.commit(vec![of(1, 1), of(1, 2)]);
        bench.finish(Report::rejected(Scope::Recipient, "404"));
        bench.sync();
        assert_eq!(flying(&bench), next);
        let stopped = bench.rows().iter().any(|row| row.why == Why::Stopped);
        assert_eq!(stopped, next.is_empty());
    }
}

#[test]
fn what_stopped_goes_on_by_hand() {
    let mut bench = ordered(json!({"ordered": {"on_dead": "stop"}}));
    bench.commit(vec![of(1, 1)]);
    bench.finish(Report::rejected(Scope::Recipient, "404"));
    bench.sync();
    let stopped = bench.rows()[0].clone();
    bench.tell(Event::Scheduled { lane: LaneId(1), due: stopped.due });
    bench.loaded(1, vec![Deferred { not_before: 0, why: Why::Retry, tries: 0, ..stopped }], None);
    assert_eq!(flying(&bench), [1]);
}

#[test]
fn after_a_restart_what_is_new_waits_for_what_was_deferred() {
    let mut bench = Bench::new(Limits::default());
    rule(&mut bench, json!({"ordered": true}));
    let place = MessageId(1 << 22).issued_ms();
    bench.start(2 << 22, vec![(LaneId(1), place)]);
    bench.scanned(vec![of(1, 2)], 2 << 22);
    assert!(bench.dispatched.is_empty());
    assert_eq!(bench.rows()[0].key, key(2 << 22, 0), "it goes behind the other, into the store");
}

#[test]
fn an_order_that_is_taken_back_lets_all_go() {
    let mut bench = ordered(json!({"ordered": true}));
    bench.commit(vec![of(1, 1), of(1, 2)]);
    rule(&mut bench, json!({}));
    bench.sync();
    let rows = bench.rows();
    bench.loaded(1, rows.into_iter().map(|row| Deferred { post: 0, ..row }).collect(), None);
    assert_eq!(flying(&bench), [1, 2]);
}

/// A row of the first lane, in its place.
fn row(message: i64, why: Why, tries: u32) -> Deferred {
    Deferred {
        key: key(message << 22, 0),
        first: 0,
        target: TargetId(10),
        lane: LaneId(1),
        due: MessageId(message << 22).issued_ms(),
        not_before: 0,
        why,
        n: tries,
        tries,
        since: START,
        bytes: 10,
        post: -1,
        until: 0,
    }
}

#[test]
fn what_comes_after_one_that_waits_leaves_memory_with_it() {
    let mut bench = ordered(json!({"ordered": true}));
    let waits = Deferred { not_before: START + 5_000, ..row(2, Why::Retry, 1) };
    let rows = vec![row(1, Why::Spilled, 0), waits, row(3, Why::Spilled, 0)];
    let scheduled = Event::Scheduled { lane: LaneId(1), due: rows[0].due };
    bench.tell(scheduled.clone());
    bench.loaded(1, rows, None);
    assert_eq!(flying(&bench), [1]);
    bench.tell(scheduled);
    bench.finish(Report::delivered());
    assert!(flying(&bench).is_empty());
}

#[test]
fn a_place_that_lies_ahead_of_a_clock_that_was_set_back_is_no_time_to_wait_for() {
    let mut bench = Bench::new(Limits::default());
    rule(&mut bench, json!({"ordered": true}));
    let place = MessageId(1 << 22).issued_ms();
    bench.now = place - 3_600_000;
    bench.start(2 << 22, vec![(LaneId(1), place)]);
    bench.scanned(vec![], 2 << 22);
    let rows = vec![row(1, Why::Retry, 1), row(2, Why::Spilled, 0)];
    bench.loaded(1, rows, None);
    assert_eq!(flying(&bench), [1]);
}
