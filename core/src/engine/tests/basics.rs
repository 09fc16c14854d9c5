//! Dispatch, retries, trains, recovery.

use super::*;

#[test]
fn a_committed_job_is_dispatched_and_its_success_recorded() {
    let mut bench = Bench::live(Limits::default());
    bench.commit(vec![job(7, 1)]);
    assert_eq!(bench.dispatched[0].1.open[0].n, 1);
    bench.finish(Report::delivered().code(204));
    let closed = Settlement::Closed {
        key: key(7, 0),
        state: State::Delivered,
        n: 1,
        at: START,
        code: 204,
        deferred: false,
    };
    assert_eq!(bench.settlements(), [&closed]);
    assert_eq!(bench.low(), Some(Cursor { message: MessageId(8), idx: 0 }));
    assert!(!bench.engine.idle());
    bench.sync();
    assert!(bench.engine.idle() && bench.engine.hot() == 0);
}

#[test]
fn a_retry_without_delay_is_recorded_and_goes_again_at_once() {
    let mut bench = Bench::live(Limits::default());
    bench.commit(vec![job(7, 1)]);
    bench.finish(busy());
    let again = bench.dispatched[0].1.open[0];
    assert_eq!((again.n, again.tries, again.stored), (2, 1, true));
    assert!(bench.rows()[0].due <= bench.now);
    bench.finish(Report::delivered());
    bench.sync();
    assert!(matches!(bench.settlements()[1], Settlement::Closed { n: 2, deferred: true, .. }));
    assert!(bench.reads.is_empty(), "the row of a delivery in memory is not read");
}

#[test]
fn a_later_retry_leaves_memory_and_is_read_when_due() {
    let mut bench = Bench::live(Limits::default());
    bench.commit(vec![job(7, 1)]);
    bench.finish(busy());
    bench.finish(busy());
    bench.sync();
    assert_eq!((bench.engine.hot(), bench.wake), (0, Some(START + 1_000)));
    let row = bench.rows()[1].clone();
    assert_eq!((row.due, row.why, row.n, row.tries), (START + 1_000, Why::Retry, 2, 2));
    bench.wait(1_000);
    bench.loaded(1, vec![row], None);
    assert_eq!(bench.dispatched[0].1.open[0].n, 3);
}

#[test]
fn recipients_of_a_mail_are_settled_each_and_deferred_together() {
    let mut bench = Bench::live(Limits::default());
    let mail = Job { open: vec![open(0), open(1), open(2), open(3)], ..job(7, 1) };
    bench.commit(vec![mail]);
    bench.end(false, |idx| {
        End::Report(match idx {
            0 => Report::delivered(),
            1 => Report::rejected(Scope::Recipient, "550"),
            _ => busy(),
        })
    });
    let (_, again) = &bench.dispatched[0];
    assert_eq!(again.open.iter().map(|open| open.idx).collect::<Vec<_>>(), [2, 3]);
    assert!(matches!(bench.settlements()[1], Settlement::Dead { attempts: 1, .. }));
    bench.finish(busy());
    bench.sync();
    bench.wait(1_000);
    let rows = bench.rows()[2..].to_vec();
    bench.loaded(1, rows, None);
    assert_eq!(bench.dispatched.len(), 1, "one notice for both");
}

#[test]
fn a_recipient_that_is_left_out_is_deferred() {
    let mut bench = Bench::live(Limits::default());
    bench.commit(vec![job(7, 1)]);
    let (ticket, _) = bench.dispatched.pop_front().unwrap();
    bench.tell(Event::Finished { ticket, ms: 5, ends: vec![], timed_out: false });
    assert_eq!(bench.rows().len(), 1);
}

#[test]
fn a_train_goes_one_at_a_time_in_order() {
    let mut bench = Bench::live(Limits::default());
    bench.commit(vec![car(1, 1), car(2, 1), job(3, 1)]);
    assert_eq!(bench.flying(), [1, 3]);
    bench.finish(busy());
    assert_eq!(bench.flying(), [3, 1], "a retry without delay keeps its place");
    bench.dispatched.rotate_left(1);
    bench.finish(busy());
    assert_eq!(bench.flying(), [3, 2], "a later retry lets the train move on");
}

#[test]
fn nothing_is_lost_between_a_page_of_the_backlog_and_the_commits_during_it() {
    let mut bench = Bench::new(Limits::default());
    bench.start(2, vec![]);
    bench.commit(vec![job(3, 1)]);
    bench.scanned(vec![job(1, 1), job(2, 1)], 2);
    assert_eq!(bench.flying(), [1, 2], "3 is behind the page");
    bench.scanned(vec![job(3, 1), job(4, 1)], 4);
    bench.commit(vec![job(4, 1), job(5, 1)]);
    assert_eq!(bench.flying(), [1, 2, 3, 4, 5], "4 was in the page and in the commit");
}

#[test]
fn the_low_watermark_waits_for_what_is_not_recorded() {
    let mut bench = Bench::live(Limits::default());
    bench.commit(vec![job(1, 1), job(2, 1), job(3, 1)]);
    bench.dispatched.swap(0, 1);
    bench.finish(Report::delivered());
    assert_eq!(bench.low(), Some(Cursor { message: MessageId(1), idx: 0 }));
    bench.sync();
    bench.finish(busy());
    assert_eq!(bench.low(), Some(Cursor { message: MessageId(3), idx: 0 }), "a row is a record");
}
