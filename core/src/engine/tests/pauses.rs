//! Breakers, accounts, held gates.

use std::time::Duration;

use super::*;

fn limits() -> Limits {
    Limits { breaker_failures: 2, breaker_span_ms: 1_000, probe_min_ms: 10_000, ..Limits::default() }
}

/// Fails what is in flight and what comes back at once, until nothing does.
fn fail(bench: &mut Bench, report: &Report) {
    while !bench.dispatched.is_empty() {
        bench.finish(report.clone());
    }
    bench.sync();
}

/// A lane whose breaker has just opened, with the rows that wait in it.
fn broken() -> (Bench, Vec<Deferred>) {
    let mut bench = Bench::live(limits());
    bench.commit(vec![job(1, 1)]);
    bench.finish(down());
    bench.wait(1_000);
    bench.commit(vec![job(2, 1)]);
    fail(&mut bench, &down());
    let mut rows = bench.rows();
    rows.reverse();
    rows.sort_by_key(|row| row.key);
    rows.dedup_by_key(|row| row.key);
    rows.sort_by_key(|row| (row.due, row.key));
    (bench, rows)
}

fn paused(bench: &Bench) -> Option<(i64, &str)> {
    bench.notables.iter().find_map(|notable| match notable {
        Notable::LanePaused { probe, reason, .. } => Some((*probe, reason.as_str())),
        _ => None,
    })
}

#[test]
fn a_breaker_opens_after_failures_in_a_row_that_span_some_time() {
    let (bench, rows) = broken();
    assert_eq!(paused(&bench), Some((START + 11_000, "connection refused")));
    assert_eq!((rows.len(), bench.engine.hot()), (2, 0), "what waits is in the store");
}

#[test]
fn failures_at_one_moment_do_not_open_a_breaker() {
    let mut bench = Bench::live(limits());
    bench.commit((1..=6).map(|message| job(message, 1)).collect());
    fail(&mut bench, &down());
    assert_eq!(paused(&bench), None);
}

#[test]
fn a_bad_mailbox_in_between_shows_that_the_destination_is_there() {
    let mut bench = Bench::live(limits());
    bench.commit(vec![job(1, 1), job(2, 1), job(3, 1)]);
    bench.finish(down());
    bench.finish(Report::rejected(Scope::Recipient, "no such user"));
    bench.wait(2_000);
    bench.finish(down());
    assert_eq!(paused(&bench), None);
}

#[test]
fn fresh_jobs_of_a_paused_lane_go_to_the_store() {
    let (mut bench, rows) = broken();
    bench.commit(vec![job(3, 1)]);
    bench.sync();
    assert!(bench.dispatched.is_empty() && bench.engine.hot() == 0);
    assert_eq!(bench.rows().last().map(|row| row.why), Some(Why::Spilled));
    assert_eq!(rows.len(), 2);
}

/// Answers the sweep for rows that keep their own times, which begins when rows are due.
fn sweep(bench: &mut Bench, rows: &[Deferred]) {
    while !bench.reads.is_empty() {
        bench.loaded(1, rows.to_vec(), None);
    }
}

#[test]
fn one_probe_at_a_time_and_the_wait_doubles() {
    let (mut bench, rows) = broken();
    bench.wait(10_000);
    sweep(&mut bench, &rows);
    assert_eq!(bench.dispatched.len(), 1, "one of two is the probe");
    fail(&mut bench, &down());
    bench.wait(19_999);
    sweep(&mut bench, &rows);
    assert!(bench.dispatched.is_empty());
    bench.wait(1);
    sweep(&mut bench, &rows);
    assert_eq!(bench.dispatched.len(), 1);
}

#[test]
fn a_probe_that_succeeds_closes_the_breaker_and_the_rest_follows() {
    let (mut bench, rows) = broken();
    bench.wait(10_000);
    sweep(&mut bench, &rows);
    let probe = bench.finish(Report::delivered());
    assert!(bench.notables.contains(&Notable::LaneResumed { lane: LaneId(1) }));
    bench.sync();
    let rest: Vec<_> = rows.into_iter().filter(|row| row.key.message != probe.message).collect();
    sweep(&mut bench, &rest);
    assert_eq!(bench.dispatched.len(), 1);
}

#[test]
fn a_probe_buries_what_has_no_time_left_with_the_reason() {
    let (mut bench, mut rows) = broken();
    for row in &mut rows {
        row.since = START - Policy::default().window_ms();
    }
    bench.wait(10_000);
    sweep(&mut bench, &rows);
    let settlements = bench.settlements();
    let Some(Settlement::Dead { reason, failure: None, deferred: true, .. }) = settlements.last() else {
        panic!("{settlements:?}")
    };
    assert_eq!(*reason, format!("destination down since {START}: connection refused"));
    assert!(bench.dispatched.is_empty());
}

#[test]
fn a_policy_of_zaqar_keeps_its_own_times() {
    let (mut bench, _) = broken();
    bench.commit(vec![Job { policy: zaqar(), ..job(3, 1) }]);
    assert_eq!(bench.flying(), [3], "whatever the breaker says");
    let mut bench = Bench::live(limits());
    bench.commit((1..=3).map(|message| Job { policy: zaqar(), ..job(message, 1) }).collect());
    for _ in 0..3 {
        bench.finish(down());
        bench.wait(1_000);
    }
    assert_eq!(paused(&bench), None, "nor do its failures move the breaker");
}

#[test]
fn a_refused_account_pauses_its_lane_at_once_and_burns_no_tries() {
    let mut bench = Bench::live(limits());
    bench.commit(vec![job(1, 1), job(2, 1), job(3, 2)]);
    bench.finish(Report::deferred(Scope::Account, "bad password"));
    bench.sync();
    assert_eq!(paused(&bench), Some((START + 10_000, "bad password")));
    let row = bench.rows()[0].clone();
    assert_eq!((row.why, row.n, row.tries), (Why::Held, 1, 0));
    bench.wait(10_000);
    bench.loaded(1, vec![row], None);
    let probe = bench.dispatched.back().map(|(_, job)| job.open[0]);
    assert_eq!(probe.map(|open| open.since), Some(START + 10_000), "its window begins anew");
}

#[test]
fn an_account_that_names_a_time_is_tried_again_then() {
    let mut bench = Bench::live(limits());
    bench.commit(vec![job(1, 1)]);
    bench.finish(Report::deferred(Scope::Account, "restarting").retry_after(Duration::from_millis(700)));
    bench.sync();
    assert_eq!(paused(&bench), Some((START + 700, "restarting")));
}

#[test]
fn what_cannot_be_rendered_is_held_without_an_attempt() {
    let mut bench = Bench::live(limits());
    bench.commit(vec![job(1, 1)]);
    bench.end(false, |_| End::Held("template `welcome` is missing".to_owned()));
    let row = bench.rows()[0].clone();
    assert_eq!((row.why, row.n, row.tries), (Why::Held, 0, 0));
    assert!(matches!(bench.settlements()[0], Settlement::Deferred { failure: None, .. }));
    assert_eq!(
        paused(&bench),
        Some((START + 1_000, "template `welcome` is missing")),
        "asking again costs nothing"
    );
}

/// After how many milliseconds each look at a lane comes, of which each ends as `end` says of its number.
fn waits(looks: usize, end: impl Fn(usize) -> End) -> Vec<i64> {
    let mut bench = Bench::live(limits());
    bench.commit(vec![job(1, 1)]);
    bench.end(false, |_| end(0));
    bench.sync();
    let mut waits = Vec::new();
    for look in 1..=looks {
        let (before, row) = (bench.now, bench.rows().pop().expect("a row"));
        bench.now = bench.wake.expect("the lane is looked at again");
        bench.tell(Event::Tick);
        bench.loaded(1, vec![row], None);
        bench.end(false, |_| end(look));
        bench.sync();
        waits.push(bench.now - before);
    }
    waits
}

#[test]
fn a_lane_that_this_host_cannot_serve_is_looked_at_soon_and_then_ever_later() {
    let held = |_| End::Held("it is being started again".to_owned());
    assert_eq!(waits(7, held), [1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
}

#[test]
fn what_is_refused_after_a_hold_is_asked_as_rarely_as_if_there_had_been_none() {
    let end = |look| match look {
        0 | 1 => End::Held("it is being started again".to_owned()),
        _ => End::Report(Report::deferred(Scope::Account, "bad password")),
    };
    assert_eq!(waits(4, end), [1_000, 2_000, 10_000, 20_000]);
}

#[test]
fn a_held_gate_lets_nothing_pass_and_goes_on_when_released() {
    let mut bench = Bench::live(limits());
    bench.tell(Event::GateRules { gate: GateId(1), max: 8, held: true, rate: None });
    bench.commit(vec![job(1, 1)]);
    bench.sync();
    assert!(bench.dispatched.is_empty() && bench.reads.is_empty() && bench.engine.hot() == 0);
    let row = bench.rows()[0].clone();
    assert_eq!(row.why, Why::Held);
    bench.wait(60_000);
    bench.tell(Event::GateRules { gate: GateId(1), max: 8, held: false, rate: None });
    bench.loaded(1, vec![row], None);
    assert_eq!(bench.dispatched[0].1.open[0].since, START + 60_000, "its window did not run");
}

#[test]
fn a_paused_lane_is_probed_in_time_though_the_clock_is_set_back() {
    let (mut bench, mut rows) = broken();
    bench.now -= 86_400_000;
    for row in &mut rows {
        row.due -= 86_400_000;
    }
    bench.tell(Event::Scheduled { lane: LaneId(1), due: rows[0].due });
    sweep(&mut bench, &rows);
    bench.wait(9_999);
    assert!(bench.dispatched.is_empty() && bench.reads.is_empty());
    bench.wait(1);
    sweep(&mut bench, &rows);
    assert_eq!(bench.dispatched.len(), 1);
}

#[test]
fn a_breaker_opens_though_the_clock_is_set_back_between_the_failures() {
    let mut bench = Bench::live(limits());
    bench.commit(vec![job(1, 1), job(2, 1), job(3, 1)]);
    bench.finish(down());
    bench.now -= 86_400_000;
    bench.finish(down());
    bench.wait(1_000);
    bench.finish(down());
    assert!(paused(&bench).is_some());
}
