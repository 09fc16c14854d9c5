//! Slots: who goes when.

use super::*;

fn limits() -> Limits {
    Limits { first_slots: 2, ..Limits::default() }
}

fn lanes_flying(bench: &Bench) -> Vec<i64> {
    bench.dispatched.iter().map(|(_, job)| job.lane.0).collect()
}

#[test]
fn turns_go_over_the_projects_and_then_over_their_lanes() {
    let mut bench = Bench::live(Limits { max_in_flight: 6, ..Limits::default() });
    bench.lane(4, 2, 1);
    let storm = (1..=9).map(|message| job(message, 1)).chain([job(10, 2), job(11, 4), job(12, 4)]);
    bench.commit(storm.collect());
    assert_eq!(lanes_flying(&bench), [1, 4, 2, 4, 1, 1], "two projects in turns, and two lanes of the first");
}

#[test]
fn a_gate_starts_with_few_slots_and_grows_by_one_a_round() {
    let mut bench = Bench::live(limits());
    bench.commit((1..=20).map(|message| job(message, 1)).collect());
    assert_eq!(bench.dispatched.len(), 2);
    for _ in 0..2 {
        bench.finish(Report::delivered());
    }
    assert_eq!(bench.dispatched.len(), 3);
    for _ in 0..3 {
        bench.finish(Report::delivered());
    }
    assert_eq!(bench.dispatched.len(), 4);
}

#[test]
fn a_gate_does_not_grow_beyond_its_maximum() {
    let mut bench = Bench::live(limits());
    bench.tell(Event::GateRules { gate: GateId(1), max: 3, held: false, rate: None });
    bench.commit((1..=40).map(|message| job(message, 1)).collect());
    for _ in 0..30 {
        bench.finish(Report::delivered());
        assert!(bench.dispatched.len() <= 3);
    }
}

#[test]
fn a_gate_halves_when_the_destination_fails_but_not_for_a_bad_mailbox() {
    let mut bench = Bench::live(Limits { first_slots: 8, ..Limits::default() });
    bench.commit((1..=30).map(|message| job(message, 1)).collect());
    bench.finish(Report::rejected(Scope::Recipient, "no such user"));
    assert_eq!(bench.dispatched.len(), 8);
    bench.finish(down());
    bench.finish(down());
    for _ in 0..5 {
        bench.finish(Report::delivered());
    }
    assert_eq!(bench.dispatched.len(), 4, "8, 4, 2, and one more for each of two rounds of answers");
}

#[test]
fn lanes_wait_at_a_gate_in_the_order_in_which_they_came() {
    let mut bench = Bench::live(Limits { first_slots: 1, ..Limits::default() });
    bench.tell(Event::GateRules { gate: GateId(1), max: 1, held: false, rate: None });
    bench.commit(vec![job(1, 1), job(2, 2), job(3, 3), job(4, 1), job(5, 2)]);
    let mut order = Vec::new();
    while !bench.dispatched.is_empty() {
        order.push(bench.finish(Report::delivered()).message.0);
    }
    assert_eq!(order, [1, 2, 3, 4, 5]);
}

#[test]
fn a_full_gate_does_not_keep_others_from_their_slots() {
    let mut bench = Bench::live(limits());
    bench.tell(Event::GateRules { gate: GateId(2), max: 4, held: false, rate: None });
    bench.lane(9, 1, 2);
    bench.commit((1..=20).map(|message| job(message, 1)).chain([job(21, 9)]).collect());
    assert_eq!(bench.flying(), [1, 21, 2]);
}

#[test]
fn lanes_that_time_out_share_a_quarter_of_the_slots() {
    let mut bench = Bench::live(Limits { max_in_flight: 8, ..Limits::default() });
    bench.tell(Event::GateRules { gate: GateId(2), max: 4, held: false, rate: None });
    bench.lane(9, 1, 2);
    bench.commit(vec![job(1, 1), job(2, 2)]);
    for _ in 0..2 {
        let report = down().maybe_sent();
        bench.end(true, |_| End::Report(report.clone()));
    }
    bench.dispatched.clear();
    bench.commit((3..=30).map(|message| job(message, 1 + message % 2)).collect());
    assert_eq!(bench.engine.in_flight(), 2, "their two retries are a quarter of eight");
    bench.commit(vec![job(31, 9)]);
    assert_eq!(bench.flying(), [31], "others go");
}

#[test]
fn no_more_is_in_flight_than_all_gates_may_have() {
    let mut bench = Bench::live(Limits { max_in_flight: 3, ..Limits::default() });
    bench.commit((1..=9).map(|message| job(message, 1 + message % 3)).collect());
    assert_eq!(bench.engine.in_flight(), 3);
}

#[test]
fn dispatch_pauses_while_too_much_is_undurable() {
    let mut bench = Bench::live(Limits { undurable: 2, max_in_flight: 1, ..Limits::default() });
    bench.commit((1..=4).map(|message| job(message, 1)).collect());
    bench.finish(Report::delivered());
    bench.finish(Report::delivered());
    assert!(bench.dispatched.is_empty());
    bench.sync();
    assert_eq!(bench.flying(), [3]);
}

#[test]
fn nothing_is_dispatched_after_a_failed_commit_until_one_works() {
    let mut bench = Bench::live(Limits { max_in_flight: 1, ..Limits::default() });
    bench.commit(vec![job(1, 1), job(2, 1), job(3, 1)]);
    bench.finish(Report::delivered());
    bench.tell(Event::StoreFailed);
    bench.finish(Report::delivered());
    assert!(bench.dispatched.is_empty());
    bench.sync();
    assert_eq!(bench.flying(), [3]);
}

#[test]
fn settlements_are_gathered_while_a_batch_is_being_written() {
    let mut bench = Bench::live(Limits::default());
    bench.commit((1..=5).map(|message| job(message, 1)).collect());
    for _ in 0..5 {
        bench.finish(Report::delivered());
    }
    assert_eq!(bench.records.len(), 1);
    bench.sync();
    assert_eq!(bench.records[1].1.len(), 4);
}
