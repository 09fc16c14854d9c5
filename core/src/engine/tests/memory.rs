//! The hot set, the backlog, what is read back.

use super::*;

#[test]
fn beyond_the_hot_set_messages_are_read_back_later_and_in_order() {
    let mut bench = Bench::live(Limits { hot_deliveries: 4, max_in_flight: 1, ..Limits::default() });
    bench.commit((1..=6).map(|message| job(message, 1)).collect());
    assert_eq!(bench.engine.hot(), 4);
    bench.finish(Report::delivered());
    assert_eq!(bench.low(), Some(Cursor { message: MessageId(2), idx: 0 }));
    bench.sync();
    assert!(bench.reads.is_empty(), "three of four are taken: no room yet");
    bench.finish(Report::delivered());
    bench.sync();
    let asked = bench.reads.last().cloned();
    let Some(Action::Scan { cursor, .. }) = asked else { panic!("{asked:?}") };
    assert_eq!(cursor, Cursor { message: MessageId(5), idx: 0 });
    bench.scanned(vec![job(5, 1), job(6, 1)], 6);
    let mut order = Vec::new();
    while !bench.dispatched.is_empty() {
        order.push(bench.finish(Report::delivered()).message.0);
        bench.sync();
    }
    assert_eq!(order, [3, 4, 5, 6]);
}

#[test]
fn the_backlog_pins_the_low_watermark() {
    let mut bench = Bench::live(Limits { hot_deliveries: 2, ..Limits::default() });
    bench.commit((1..=4).map(|message| job(message, 1)).collect());
    bench.finish(Report::delivered());
    bench.finish(Report::delivered());
    bench.sync();
    assert_eq!(bench.low(), Some(Cursor { message: MessageId(3), idx: 0 }));
}

/// Messages up to `head` were committed of which nothing is due now.
fn pass(bench: &mut Bench, head: i64) {
    bench.tell(Event::Committed { jobs: vec![], rest: None, head: MessageId(head) });
}

fn recorded(bench: &Bench) -> Vec<(usize, i64)> {
    bench.records.iter().map(|(_, settlements, low)| (settlements.len(), low.message.0)).collect()
}

#[test]
fn the_watermark_moves_although_nothing_ends() {
    let mut bench = Bench::live(Limits::default());
    pass(&mut bench, 5);
    assert_eq!(recorded(&bench), [], "each would cost an fsync");
    bench.wait(1_000);
    pass(&mut bench, 7);
    bench.sync();
    bench.wait(60_000);
    assert_eq!(recorded(&bench), [(0, 6), (0, 8)], "and never twice the same");
}

#[test]
fn a_start_that_is_cut_off_does_not_read_everything_again() {
    let mut bench = Bench::new(Limits::default());
    bench.start(9_000, vec![]);
    bench.now += 1_000;
    bench.reads.clear();
    let next = Cursor { message: MessageId(4_097), idx: 0 };
    bench.tell(Event::Scanned { jobs: vec![], next, reached: MessageId(9_000), end: false });
    assert_eq!(recorded(&bench), [(0, 4_097)]);
}

#[test]
fn the_last_record_has_the_watermark_as_it_is() {
    let mut bench = Bench::live(Limits::default());
    pass(&mut bench, 5);
    bench.tell(Event::Drain);
    assert!(!bench.engine.idle());
    bench.sync();
    assert_eq!((recorded(&bench), bench.engine.idle()), (vec![(0, 6)], true));
}

#[test]
fn what_a_commit_did_not_hand_over_is_read_back_from_there() {
    let mut bench = Bench::live(Limits::default());
    let rest = Cursor { message: MessageId(2), idx: 3 };
    bench.tell(Event::Committed { jobs: vec![job(1, 1)], rest: Some(rest), head: MessageId(3) });
    let asked = bench.reads.last().cloned();
    assert!(matches!(asked, Some(Action::Scan { cursor, .. }) if cursor == rest), "{asked:?}");
    bench.finish(Report::delivered());
    bench.sync();
    assert_eq!(bench.low(), Some(rest), "what was not handed over pins the watermark");
}

#[test]
fn bytes_are_counted_as_well() {
    let mut bench = Bench::live(Limits { hot_bytes: 250, ..Limits::default() });
    bench.commit((1..=4).map(|message| job(message, 1)).collect());
    assert_eq!(bench.engine.hot(), 2);
}

#[test]
fn a_job_larger_than_the_hot_set_is_taken_alone() {
    let mut bench = Bench::live(Limits { hot_deliveries: 2, ..Limits::default() });
    bench.commit(vec![Job { open: (0..5).map(open).collect(), ..job(1, 1) }]);
    assert_eq!(bench.flying(), [1]);
}

#[test]
fn a_slow_lane_spills_what_is_beyond_its_share_and_gets_it_back_in_order() {
    let mut bench = Bench::live(Limits { hot_deliveries: 40, max_in_flight: 1, ..Limits::default() });
    bench.commit((1..=30).map(|message| car(message, 1)).collect());
    assert_eq!(bench.engine.hot(), 30, "it may turn out to be fast");
    bench.wait(5_000);
    bench.sync();
    let mut rows = bench.rows();
    assert!(rows.iter().all(|row| row.why == Why::Spilled && row.due <= bench.now));
    assert_eq!(bench.engine.hot(), 30 - rows.len());
    assert!(rows.len() >= 20, "an eighth of 40 may stay");
    rows.sort_by_key(|row| (row.due, row.key));
    bench.commit(vec![car(31, 1)]);
    bench.sync();
    assert_eq!(bench.rows().last().map(|row| row.key.message), Some(MessageId(31)), "it must not overtake");
    rows.push(bench.rows().last().cloned().unwrap());
    let mut order = Vec::new();
    while !bench.dispatched.is_empty() {
        order.push(bench.finish(Report::delivered()).message.0);
        bench.sync();
        if let Some(Action::Load { max, .. }) = bench.reads.last().cloned() {
            let rest = rows.split_off((max as usize).min(rows.len()).min(7));
            let next_due = rest.first().map(|row| row.due);
            let page = std::mem::replace(&mut rows, rest);
            bench.loaded(1, page, next_due);
        }
    }
    assert_eq!(order, (1..=31).collect::<Vec<_>>());
}

#[test]
fn a_stale_read_does_not_bring_back_what_was_settled_meanwhile() {
    let mut bench = Bench::live(Limits::default());
    bench.commit(vec![job(1, 1)]);
    bench.tell(Event::Scheduled { lane: LaneId(1), due: START });
    assert_eq!(bench.reads.len(), 1);
    bench.finish(busy());
    let row = bench.rows()[0].clone();
    bench.finish(Report::delivered());
    bench.sync();
    bench.loaded(1, vec![row], None);
    assert!(bench.dispatched.is_empty());
}

#[test]
fn one_read_at_a_time_and_a_failed_one_is_asked_again() {
    let mut bench = Bench::live(Limits::default());
    bench.tell(Event::Scheduled { lane: LaneId(1), due: START });
    bench.tell(Event::Scheduled { lane: LaneId(2), due: START });
    assert_eq!(bench.reads.len(), 1);
    bench.reads.clear();
    bench.tell(Event::ReadFailed);
    assert_eq!((bench.reads.len(), bench.wake), (0, Some(START + 1_000)));
    bench.wait(1_000);
    assert_eq!(bench.reads.len(), 1);
}

#[test]
fn rows_are_read_once_the_backlog_of_a_restart_is_taken() {
    let mut bench = Bench::new(Limits::default());
    bench.start(9, vec![(LaneId(1), START - 5)]);
    assert!(matches!(bench.reads[..], [Action::Scan { .. }]));
    bench.scanned(vec![], 9);
    assert!(matches!(bench.reads[..], [Action::Load { lane: LaneId(1), .. }]));
}

#[test]
fn recipients_of_a_mail_that_come_back_in_one_page_are_one_notice() {
    let mut bench = Bench::live(Limits::default());
    let mail = Job { open: (0..3).map(open).collect(), ..job(1, 1) };
    bench.tell(Event::GateRules { gate: GateId(1), max: 8, held: true, rate: None });
    bench.commit(vec![mail]);
    bench.sync();
    bench.tell(Event::GateRules { gate: GateId(1), max: 8, held: false, rate: None });
    let rows = bench.rows();
    bench.loaded(1, rows, None);
    assert_eq!((bench.dispatched.len(), bench.dispatched[0].1.open.len()), (1, 3));
}

#[test]
fn a_row_that_moved_to_another_lane_while_it_was_in_memory_is_attempted_there() {
    let mut bench = Bench::live(Limits { max_in_flight: 1, ..Limits::default() });
    let rule = |gate, held| Event::GateRules { gate: GateId(gate), max: 8, held, rate: None };
    bench.tell(rule(2, false));
    bench.lane(2, 1, 2);
    bench.tell(rule(1, true));
    bench.commit(vec![job(1, 1), job(2, 1)]);
    bench.sync();
    bench.tell(rule(1, false));
    let rows = bench.rows();
    bench.loaded(1, rows.clone(), None);
    assert_eq!(bench.flying(), [1]);
    let moved = Deferred { lane: LaneId(2), ..rows[1].clone() };
    bench.tell(Event::Scheduled { lane: LaneId(2), due: moved.due });
    bench.loaded(2, vec![moved.clone()], None);
    assert!(bench.reads.is_empty(), "it is in memory: reading it again and again would find nothing new");
    bench.tell(rule(1, true));
    bench.loaded(2, vec![moved], None);
    bench.finish(Report::delivered());
    assert_eq!((bench.flying(), bench.dispatched[0].1.lane), (vec![2], LaneId(2)));
}

#[test]
fn a_row_that_was_made_due_earlier_while_it_was_in_memory_is_found_there() {
    let mut bench = Bench::live(Limits { max_in_flight: 1, ..Limits::default() });
    let rule = |held| Event::GateRules { gate: GateId(1), max: 8, held, rate: None };
    bench.tell(rule(true));
    bench.commit(vec![job(1, 1), job(2, 1)]);
    bench.sync();
    bench.tell(rule(false));
    let rows: Vec<_> = bench.rows().into_iter().map(|row| Deferred { due: START + 900, ..row }).collect();
    bench.loaded(1, rows.clone(), None);
    let earlier = Deferred { due: START + 100, ..rows[1].clone() };
    bench.tell(Event::Scheduled { lane: LaneId(1), due: earlier.due });
    bench.wait(100);
    bench.loaded(1, vec![earlier.clone(), rows[0].clone()], None);
    bench.tell(rule(true));
    bench.finish(Report::delivered());
    bench.sync();
    bench.tell(rule(false));
    let asked = bench.reads.last().cloned();
    let Some(Action::Load { from, .. }) = asked else { panic!("{asked:?}") };
    assert!(from < (earlier.due, earlier.key), "{from:?}");
}
