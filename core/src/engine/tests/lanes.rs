//! What subscriptions ask of their lanes, and what destinations ask of those who come.

use std::time::Duration;

use super::*;

fn ruled(bench: &mut Bench, lane: i64, rules: serde_json::Value) {
    let serde_json::Value::Object(map) = rules else { panic!("an object") };
    let rules = LaneRules::parse(&map).expect("rules");
    let (lane, project, gate) = (LaneId(lane), ProjectId(1), GateId(1));
    bench.tell(Event::LaneRules { lane, project, gate, rules });
}

#[test]
fn no_more_of_a_lane_is_in_flight_than_it_may_have() {
    let mut bench = Bench::live(Limits::default());
    ruled(&mut bench, 1, json!({"max_in_flight": 2}));
    bench.commit((1..=4).map(|message| job(message, 1)).chain([job(5, 2)]).collect());
    assert_eq!(bench.flying(), [1, 5, 2], "the other lane is not kept waiting");
    bench.finish(Report::delivered());
    assert_eq!(bench.flying(), [5, 2, 3]);
}

#[test]
fn a_lane_keeps_its_rate_over_any_span() {
    let mut bench = Bench::live(Limits::default());
    ruled(&mut bench, 1, json!({"rate": "2/s"}));
    bench.commit(vec![job(1, 1)]);
    bench.wait(600);
    bench.commit((2..=5).map(|message| job(message, 1)).collect());
    assert_eq!((bench.flying(), bench.wake), (vec![1, 2], Some(START + 1_000)));
    bench.wait(399);
    assert_eq!(bench.flying(), [1, 2]);
    bench.wait(1);
    assert_eq!((bench.flying(), bench.wake), (vec![1, 2, 3], Some(START + 1_600)));
}

#[test]
fn a_rate_is_kept_when_the_clock_is_set_back() {
    let mut bench = Bench::live(Limits::default());
    ruled(&mut bench, 1, json!({"rate": "1/m"}));
    bench.commit(vec![job(1, 1)]);
    bench.now -= 3_600_000;
    bench.commit(vec![job(2, 1)]);
    assert_eq!((bench.flying(), bench.wake), (vec![1], Some(bench.now + 60_000)), "an hour is not waited");
}

#[test]
fn new_rules_hold_at_once() {
    let mut bench = Bench::live(Limits::default());
    ruled(&mut bench, 1, json!({"rate": "1/h", "max_in_flight": 1}));
    bench.commit((1..=3).map(|message| job(message, 1)).collect());
    assert_eq!(bench.flying(), [1]);
    ruled(&mut bench, 1, json!({"max_in_flight": 2}));
    assert_eq!(bench.flying(), [1, 2]);
    ruled(&mut bench, 1, json!({}));
    assert_eq!(bench.flying(), [1, 2, 3]);
}

#[test]
fn a_lane_rests_as_long_as_its_destination_asks_within_bounds() {
    for (asked, rest) in [(7, 7_000), (86_400, Limits::default().probe_max_ms)] {
        let mut bench = Bench::live(Limits::default());
        bench.commit(vec![job(1, 1), job(2, 2)]);
        bench.finish(down().retry_after(Duration::from_secs(asked)));
        bench.commit(vec![job(3, 1)]);
        assert_eq!(bench.flying(), [2], "only the lane that was asked");
        bench.wait(rest - 1);
        assert_eq!(bench.flying(), [2]);
        bench.wait(1);
        assert_eq!(bench.flying(), [2, 3], "{asked}");
    }
}

#[test]
fn a_policy_of_zaqar_does_not_rest() {
    let mut bench = Bench::live(Limits::default());
    bench.commit(vec![Job { policy: zaqar(), ..job(1, 1) }]);
    bench.finish(down().retry_after(Duration::from_secs(60)));
    bench.commit(vec![Job { policy: zaqar(), ..job(2, 1) }]);
    assert_eq!(bench.flying(), [2]);
}

#[test]
fn a_lane_that_leads_elsewhere_now_begins_anew() {
    let limits = Limits { breaker_failures: 1, breaker_span_ms: 0, max_in_flight: 1, ..Limits::default() };
    let mut bench = Bench::live(limits);
    bench.tell(Event::GateRules { gate: GateId(2), max: 8, held: false, rate: None });
    bench.commit(vec![job(1, 1)]);
    bench.finish(down());
    bench.sync();
    let row = bench.rows()[0].clone();
    assert!(bench.dispatched.is_empty() && bench.reads.is_empty());
    bench.lane(1, 1, 2);
    assert!(bench.notables.contains(&Notable::LaneResumed { lane: LaneId(1) }));
    bench.loaded(1, vec![row], None);
    assert_eq!(bench.flying(), [1]);
    bench.tell(Event::GateRules { gate: GateId(3), max: 8, held: true, rate: None });
    bench.commit(vec![job(2, 2), job(3, 2)]);
    bench.lane(2, 1, 3);
    let held: Vec<_> = bench.rows().iter().filter(|row| row.why == Why::Held).map(|row| row.key).collect();
    assert_eq!(held, [key(2, 0), key(3, 0)], "they wait in the store for that driver");
}

#[test]
fn a_lane_that_was_led_elsewhere_keeps_no_slot_from_those_who_wait() {
    let mut bench = Bench::live(Limits::default());
    let one_slot = |gate| Event::GateRules { gate: GateId(gate), max: 1, held: false, rate: None };
    bench.tell(one_slot(1));
    bench.tell(one_slot(2));
    bench.lane(4, 1, 2);
    bench.commit(vec![job(1, 1), job(2, 2), job(3, 3), job(4, 4)]);
    assert_eq!(bench.flying(), [1, 4]);
    bench.lane(2, 1, 2);
    bench.finish(Report::delivered());
    assert_eq!(bench.flying(), [4, 3], "the second waits at the other gate now");
    bench.finish(Report::delivered());
    assert_eq!(bench.flying(), [3, 2]);
}

#[test]
fn a_lane_that_is_called_and_led_elsewhere_at_once_lets_the_next_pass() {
    let mut bench = Bench::live(Limits::default());
    bench.tell(Event::GateRules { gate: GateId(1), max: 1, held: false, rate: None });
    bench.tell(Event::GateRules { gate: GateId(2), max: 1, held: false, rate: None });
    bench.commit(vec![job(1, 1), job(2, 2), job(3, 3)]);
    let (ticket, flown) = bench.dispatched.pop_front().expect("a flight");
    let ends = flown.open.iter().map(|open| (open.idx, End::Report(Report::delivered()))).collect();
    let rules = LaneRules::default();
    let moved = Event::LaneRules { lane: LaneId(2), project: ProjectId(1), gate: GateId(2), rules };
    let ended = Event::Finished { ticket, ms: 1, ends, timed_out: false };
    bench.tell_all(vec![ended, moved]);
    let mut flying = bench.flying();
    flying.sort_unstable();
    assert_eq!(flying, [2, 3]);
}

/// A gate whose destination takes so many in a while.
fn gate(bench: &mut Bench, rate: &str) {
    let rate = Rate::parse(rate).ok();
    assert!(rate.is_some(), "a rate");
    bench.tell(Event::GateRules { gate: GateId(1), max: 64, held: false, rate });
}

#[test]
fn the_lanes_of_a_destination_keep_its_rate_together_and_in_turn() {
    let mut bench = Bench::live(Limits::default());
    gate(&mut bench, "2/s");
    bench.commit([job(1, 1), job(2, 1), job(3, 2), job(4, 3)].into());
    assert_eq!((bench.flying(), bench.wake), (vec![1, 3], Some(START + 1_000)));
    bench.wait(999);
    bench.finish(Report::delivered());
    assert_eq!(bench.flying(), [3], "a slot that is free again is no attempt more");
    bench.wait(1);
    assert_eq!(bench.flying(), [3, 4, 2]);
}

#[test]
fn a_destination_without_a_rate_any_more_takes_all() {
    let mut bench = Bench::live(Limits::default());
    gate(&mut bench, "1/h");
    bench.commit((1..=3).map(|message| job(message, 1)).collect());
    assert_eq!(bench.flying(), [1]);
    bench.tell(Event::GateRules { gate: GateId(1), max: 64, held: false, rate: None });
    assert_eq!(bench.flying(), [1, 2, 3]);
}

#[test]
fn the_rate_of_a_destination_is_kept_when_the_clock_is_set_back() {
    let mut bench = Bench::live(Limits::default());
    gate(&mut bench, "1/m");
    bench.commit((1..=2).map(|message| job(message, 1)).collect());
    bench.now -= 3_600_000;
    bench.tell(Event::Tick);
    assert_eq!((bench.flying(), bench.wake), (vec![1], Some(bench.now + 60_000)), "an hour is not waited");
    bench.wait(60_000);
    assert_eq!(bench.flying(), [1, 2]);
}

fn gone(bench: &mut Bench, lane: i64) {
    bench.tell(Event::LaneGone { lane: LaneId(lane) });
}

fn forgotten(bench: &Bench) -> Vec<i64> {
    let lane = |notable: &Notable| match notable {
        Notable::LaneForgotten { lane } => Some(lane.0),
        _ => None,
    };
    bench.notables.iter().filter_map(lane).collect()
}

#[test]
fn a_lane_that_is_no_more_is_forgotten() {
    let mut bench = Bench::live(Limits::default());
    gone(&mut bench, 1);
    gone(&mut bench, 99);
    assert_eq!((forgotten(&bench), bench.engine.lanes.len()), (vec![1], 3));
}

#[test]
fn what_is_in_memory_or_on_its_way_keeps_its_lane() {
    let mut bench = Bench::live(Limits { max_in_flight: 1, ..Limits::default() });
    bench.commit(vec![job(1, 1), job(2, 1)]);
    gone(&mut bench, 1);
    bench.finish(Report::delivered());
    assert_eq!(bench.flying(), [2]);
    bench.finish(busy());
    bench.finish(busy());
    assert!(forgotten(&bench).is_empty(), "its row is on its way to the store");
    bench.sync();
    bench.wait(5_000);
    let row = bench.rows().pop().expect("a row");
    bench.loaded(1, vec![row], None);
    bench.finish(Report::delivered());
    assert_eq!(forgotten(&bench), [1]);
}

#[test]
fn a_lane_that_lives_again_is_kept() {
    let mut bench = Bench::live(Limits { max_in_flight: 1, ..Limits::default() });
    bench.commit(vec![job(1, 1), job(2, 2)]);
    gone(&mut bench, 1);
    gone(&mut bench, 2);
    bench.lane(1, 1, 1);
    bench.tell(Event::Scheduled { lane: LaneId(2), due: START });
    bench.loaded(2, vec![], None);
    while !bench.dispatched.is_empty() {
        bench.finish(Report::delivered());
    }
    bench.sync();
    assert_eq!((forgotten(&bench), bench.engine.lanes.len()), (vec![], 4));
}

fn gate_gone(bench: &mut Bench, gate: u32) {
    bench.tell(Event::GateGone { gate: GateId(gate) });
}

#[test]
fn a_gate_that_is_no_more_is_forgotten_with_its_last_lane_and_its_last_attempt() {
    let mut bench = Bench::live(Limits::default());
    for number in 2..100 {
        bench.tell(Event::GateRules { gate: GateId(number), max: 1, held: true, rate: None });
        bench.lane(i64::from(number) + 10, 1, number);
        gone(&mut bench, i64::from(number) + 10);
        gate_gone(&mut bench, number);
    }
    assert_eq!((bench.engine.gates.len(), bench.engine.led.len()), (1, 4));
    bench.commit(vec![job(1, 1)]);
    (1..=4).for_each(|lane| gone(&mut bench, lane));
    gate_gone(&mut bench, 1);
    assert_eq!((bench.engine.gates.len(), bench.engine.lanes.len()), (1, 1), "something is in flight");
    bench.finish(Report::delivered());
    bench.sync();
    assert_eq!((bench.engine.gates.len(), bench.engine.led.len()), (0, 0));
    gate_gone(&mut bench, 1);
}

#[test]
fn a_gate_whose_rules_are_told_again_stays() {
    let mut bench = Bench::live(Limits { max_in_flight: 1, ..Limits::default() });
    bench.commit(vec![job(1, 1), job(2, 1)]);
    gate_gone(&mut bench, 1);
    bench.tell(Event::GateRules { gate: GateId(1), max: 64, held: false, rate: None });
    for lane in 1..=4 {
        gone(&mut bench, lane);
    }
    bench.finish(Report::delivered());
    bench.finish(Report::delivered());
    bench.sync();
    assert_eq!((bench.engine.gates.len(), bench.engine.lanes.len()), (1, 0));
    bench.lane(1, 1, 1);
    bench.commit(vec![job(3, 1)]);
    assert_eq!(bench.flying(), [3]);
}

#[test]
fn lanes_of_a_gate_follow_it_and_those_that_left_it_do_not() {
    let mut bench = Bench::live(Limits::default());
    bench.tell(Event::GateRules { gate: GateId(2), max: 64, held: false, rate: None });
    bench.lane(2, 1, 2);
    bench.tell(Event::GateRules { gate: GateId(1), max: 64, held: true, rate: None });
    bench.commit(vec![job(1, 1), job(2, 2)]);
    assert_eq!(bench.flying(), [2]);
    bench.lane(1, 1, 2);
    gate_gone(&mut bench, 1);
    assert_eq!(bench.engine.lanes_of(GateId(2)), [LaneId(1), LaneId(2)]);
    assert_eq!(bench.engine.lanes_of(GateId(1)), [LaneId(3), LaneId(4)]);
}

#[test]
fn what_waits_by_its_rate_goes_on_when_the_clock_is_set_back() {
    let mut bench = Bench::live(Limits::default());
    ruled(&mut bench, 1, json!({"rate": "1/m"}));
    bench.commit(vec![job(1, 1), job(2, 1)]);
    bench.finish(Report::delivered());
    bench.now -= 86_400_000;
    bench.tell(Event::Tick);
    bench.wait(60_000);
    assert_eq!(bench.flying(), [2], "a day is not waited");
}
